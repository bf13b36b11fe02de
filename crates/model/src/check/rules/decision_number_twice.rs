//! Two decisions of one number.

use foldhash::HashMap;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Two decisions of one number.
pub static RULE: Rule = Rule {
    id: "decision-number-twice",
    title: "Two decisions of one number",
    severity: Severity::Error,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        Two decisions have the same number.\n\n\
        People say “decision 7” and mean different ones.\n\n\
        Numbers are given when decisions are added and cannot collide; this one came from an import. Import \
        the folder again with one of the files renamed, or delete the copy.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen: HashMap<&str, &Record> = HashMap::default();
    for decision in subject.list(Collection::Decisions).filter(|decision| decision.has("number")) {
        let other = *seen.entry(decision.text("number").trim()).or_insert(decision);
        if other.id != decision.id {
            let what =
                format!("“{}” and “{}” are both number {}.", other.label(), decision.label(), decision.text("number"));
            findings.field(decision, "number", what);
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust")])
        .add("decisions", &[("number", "1"), ("title", "Use SQLite")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust")])
        .add("decisions", &[("number", "2"), ("title", "Use SQLite")])
}
