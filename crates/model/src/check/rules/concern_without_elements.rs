//! Statement about nothing in particular.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Statement about nothing in particular.
pub static RULE: Rule = Rule {
    id: "concern-without-elements",
    title: "Statement about nothing in particular",
    severity: Severity::Info,
    area: Area::Operations,
    scope: Scope::Document,
    explanation: "\
        A statement on security, scaling, resilience or observability is linked to no element and no \
        relationship.\n\n\
        Who looks at an element does not see it, and checks cannot count on it.\n\n\
        Link it to the elements that it is about; the system, if it is about all.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for concern in subject.list(Collection::Concerns) {
        if !concern.has("elements") && !concern.has("relationships") {
            findings.field(concern, "elements", format!("“{}” is linked to no element.", concern.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().add("concerns", &[("topic", "retry"), ("statement", "Three times.")])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .add("concerns", &[("topic", "retry"), ("statement", "Three times."), ("elements", "Shop")])
}
