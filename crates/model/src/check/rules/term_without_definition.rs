//! Word of the glossary without a meaning.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Word of the glossary without a meaning.
pub static RULE: Rule = Rule {
    id: "term-without-definition",
    title: "Word of the glossary without a meaning",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A word is in the glossary and is not explained.\n\n\
        The glossary is where readers look it up.\n\n\
        Write what it means here, in one sentence.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for term in subject.list(Collection::Terms).filter(|term| !term.has("definition")) {
        findings.field(term, "definition", format!("“{}” is not explained.", term.label()));
    }
}

fn bad() -> Case {
    Case::new().add("terms", &[("name", "Backorder")])
}

fn good() -> Case {
    Case::new().add("terms", &[("name", "Backorder"), ("definition", "An order for what is not in stock.")])
}
