//! Mention of something that never was here.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Mention of something that never was here.
pub static RULE: Rule = Rule {
    id: "mention-of-unknown",
    title: "Mention of something that never was here",
    severity: Severity::Error,
    area: Area::Prose,
    scope: Scope::Document,
    explanation: "\
        A text mentions a record, or a field of one, that the document does not have.\n\n\
        The place shows a question mark in brackets, and nobody can tell what was meant.\n\n\
        Mention what was meant, or write it in words.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for (prose, range, reference) in subject.mentions() {
        let record = subject.model.get(&reference.id);
        if record.is_none_or(|record| record.collection.field(&reference.field).is_none()) {
            findings.prose(*prose, range.start, "This mentions something that is not in the document.".into());
        }
    }
}

fn bad() -> Case {
    Case::new().section("overview", "Overview", "Orders come from {{#00000000deadbeef}}.")
}

fn good() -> Case {
    Case::new().element("Cart", "service", &[]).section("overview", "Overview", "Orders come from {{Cart}}.")
}
