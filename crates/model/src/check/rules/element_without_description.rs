//! Element without a purpose.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Element without a purpose.
pub static RULE: Rule = Rule {
    id: "element-without-description",
    title: "Element without a purpose",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        An element does not say what it is there for.\n\n\
        A name alone is understood by those who gave it. Structurizr calls this field the description.\n\n\
        Write one sentence into the purpose.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements().filter(|element| !element.has("purpose") && !element.has("responsibilities")) {
        findings.field(element, "purpose", format!("{} does not say what it is there for.", element.label()));
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[])
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[("purpose", "Takes orders and hands them on.")])
}
