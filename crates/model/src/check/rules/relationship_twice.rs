//! One relationship written twice.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;

/// One relationship written twice.
pub static RULE: Rule = Rule {
    id: "relationship-twice",
    title: "One relationship written twice",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        Two relationships between the same two elements have the same description and technology.\n\n\
        Diagrams show two arrows where there is one, and the two come to differ.\n\n\
        Delete one of them, or say in the description how they differ.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    // Words are only looked at where two relationships have the same ends, and all
    // of it is only compared where hashes are the same: few are, and hashes are small.
    let hasher = RandomState::default();
    let ends = |one: &Record| hasher.hash_one((one.text("from"), one.text("to")));
    let said = |one: &Record| hasher.hash_one((ends(one), folded(one.text("description"))));
    let alike = repeated(repeated(subject.relationships().collect(), ends), said);
    let mut first: HashMap<(&str, &str), &Record> = HashMap::default();
    let mut seen: HashSet<(&str, &str, String, String)> = HashSet::default();
    for relationship in alike {
        let ends = (relationship.text("from"), relationship.text("to"));
        let words = |one: &Record| (ends.0, ends.1, folded(one.text("description")), folded(one.text("technology")));
        let before = *first.entry(ends).or_insert(relationship);
        if before.id == relationship.id {
            continue;
        }
        seen.insert(words(before));
        if seen.insert(words(relationship)) {
            continue;
        }
        let title = subject.title(relationship);
        let what = format!("{title} is there twice with the same words.");
        let delete = vec![Edit::Delete { id: relationship.id.clone() }];
        findings.record(relationship, what).fix(format!("Delete the second {title}"), delete);
    }
}

/// Those whose hash another one has too, in their order.
fn repeated(records: Vec<&Record>, hash: impl Fn(&Record) -> u64) -> Vec<&Record> {
    let hashes: Vec<u64> = records.iter().map(|record| hash(record)).collect();
    let mut once: HashSet<u64> = HashSet::default();
    let twice: HashSet<u64> = hashes.iter().copied().filter(|hash| !once.insert(*hash)).collect();
    records.into_iter().zip(hashes).filter(|(_, hash)| twice.contains(hash)).map(|(record, _)| record).collect()
}

fn bad() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[("description", "reads from")])
        .relate("Orders", "Store", &[("description", "Reads from")])
}

fn good() -> Case {
    Case::new()
        .element("Orders", "service", &[])
        .element("Store", "database", &[])
        .relate("Orders", "Store", &[("description", "reads from")])
        .relate("Orders", "Store", &[("description", "writes to")])
}
