//! Word of the glossary with two meanings.

use foldhash::HashMap;

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Word of the glossary with two meanings.
pub static RULE: Rule = Rule {
    id: "term-twice",
    title: "Word of the glossary with two meanings",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A word is in the glossary twice, as a term or as a synonym of another one.\n\n\
        Readers do not know which meaning counts.\n\n\
        Put the two together, or give one another name.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashMap<String, &Record> = HashMap::default();
    for term in subject.list(Collection::Terms) {
        let words = term.list("synonyms").iter().map(String::as_str).chain([term.text("name")]);
        for word in words.filter(|word| !word.trim().is_empty()) {
            let other = *seen.entry(folded(word)).or_insert(term);
            if other.id != term.id {
                findings.record(term, format!("“{word}” is also explained under “{}”.", other.label()));
            }
        }
    }
}

fn bad() -> Case {
    Case::new().add("terms", &[("name", "Order"), ("synonyms", "purchase")]).add("terms", &[("name", "Purchase")])
}

fn good() -> Case {
    Case::new().add("terms", &[("name", "Order"), ("synonyms", "purchase")]).add("terms", &[("name", "Invoice")])
}
