//! Model without any prose.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Model without any prose.
pub static RULE: Rule = Rule {
    id: "documentation-missing",
    title: "Model without any prose",
    severity: Severity::Info,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        The document has elements, and no section has any text.\n\n\
        A model says what there is, and prose says why. Structurizr's inspections ask for both, too.\n\n\
        Write at least an overview.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let silent = subject.sections.iter().all(|section| section.rendered.trim().is_empty());
    if silent && subject.elements().next().is_some() {
        findings.missing("", "No section has any text.".into());
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).section("overview", "Overview", "A shop for books.")
}
