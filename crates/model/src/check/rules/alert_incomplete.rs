//! Alert without a condition or a channel.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Alert without a condition or a channel.
pub static RULE: Rule = Rule {
    id: "alert-incomplete",
    title: "Alert without a condition or a channel",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        An alert does not say when it fires, or whom it reaches.\n\n\
        Nobody can set it up, nor know that it works.\n\n\
        Write the condition with a number and a time, and the channel.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let alerts = subject.list(Collection::Concerns).filter(|concern| concern.text("topic") == "alerting");
    for alert in alerts {
        for (field, what) in [("condition", "when it fires"), ("channel", "where it goes")] {
            if !alert.has(field) {
                findings.field(alert, field, format!("The alert {} does not say {what}.", alert.label()));
            }
        }
    }
}

fn bad() -> Case {
    Case::new().add("concerns", &[("topic", "alerting"), ("name", "Errors"), ("condition", "1 % for 5 minutes")])
}

fn good() -> Case {
    Case::new().add(
        "concerns",
        &[("topic", "alerting"), ("name", "Errors"), ("condition", "1 % for 5 minutes"), ("channel", "pager")],
    )
}
