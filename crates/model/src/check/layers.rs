//! Dependencies among siblings: a relationship between two elements deep
//! inside is also one between what they are in, next to each other.

use super::Checked;
use super::cycles::Graph;
use crate::record::Record;

/// The elements next to each other that a relationship leads between; `None`
/// when one end is in the other.
pub fn siblings<'a>(subject: &Checked<'a>, relationship: &'a Record) -> Option<(&'a str, &'a str)> {
    let mut from: Vec<&str> = subject.upwards(relationship.text("from")).collect();
    let mut to: Vec<&str> = subject.upwards(relationship.text("to")).collect();
    loop {
        match (from.pop(), to.pop()) {
            (Some(from), Some(to)) if from == to => {}
            (Some(from), Some(to)) => return Some((from, to)),
            _ => return None,
        }
    }
}

/// Cycles of dependencies among siblings, each once. People are not part of
/// any: they use what answers them.
pub fn cycles<'a>(subject: &Checked<'a>, counts: impl Fn(&Record) -> bool) -> Vec<Vec<&'a str>> {
    let mut graph = Graph::default();
    let person = |id: &str| subject.element(id).is_some_and(|element| element.text("kind") == "person");
    for relationship in subject.relationships().filter(|relationship| counts(relationship)) {
        if let Some((from, to)) = siblings(subject, relationship)
            && !person(from)
            && !person(to)
        {
            graph.arrow(from, to);
        }
    }
    graph.cycles()
}

/// A cycle in words: `Orders → Billing → Orders`.
pub fn in_words(subject: &Checked<'_>, cycle: &[&str]) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = cycle.iter().take(SHOWN).map(|id| subject.name(id)).collect();
    if cycle.len() > SHOWN {
        names.push(format!("{} more", cycle.len() - SHOWN));
    }
    names.extend(cycle.first().map(|id| subject.name(id)));
    names.join(" → ")
}
