//! Accepted decision about something removed.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Accepted decision about something removed.
pub static RULE: Rule = Rule {
    id: "decision-on-removed-element",
    title: "Accepted decision about something removed",
    severity: Severity::Info,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        All elements that an accepted decision affects were removed.\n\n\
        It binds nothing any more, and is still read as if it did.\n\n\
        Mark it as deprecated, or name the elements that it affects today. The fix marks it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let accepted = |decision: &&Record| decision.text("status") == "accepted" && decision.has("elements");
    for decision in subject.list(Collection::Decisions).filter(accepted) {
        let removed = |id: &String| subject.element(id).is_none_or(|element| element.text("status") == "removed");
        if decision.list("elements").iter().all(removed) {
            let value = Some(Value::text("deprecated"));
            let set = Edit::Set { id: decision.id.clone(), field: "status".into(), value };
            let title = subject.title(decision);
            let what = format!("All that {title} affects was removed.");
            findings.field(decision, "elements", what).fix(format!("Mark {title} as deprecated"), vec![set]);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Cart", "service", &[("status", "removed")])
        .add("decisions", &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("elements", "Cart")])
}

fn good() -> Case {
    Case::new().element("Cart", "service", &[("status", "removed")]).element("Orders", "service", &[]).add(
        "decisions",
        &[("number", "1"), ("title", "Use Rust"), ("status", "accepted"), ("elements", "Cart, Orders")],
    )
}
