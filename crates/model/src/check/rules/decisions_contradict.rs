//! Accepted decisions that contradict each other.

use foldhash::HashMap;

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Accepted decisions that contradict each other.
pub static RULE: Rule = Rule {
    id: "decisions-contradict",
    title: "Accepted decisions that contradict each other",
    severity: Severity::Error,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        Two decisions are both accepted, and one supersedes the other; or they affect the same element and \
        have the same title; or one chooses for an element what the other rejects for it.\n\n\
        Both cannot hold. Whoever reads only one of them builds the wrong thing.\n\n\
        Mark the older one as superseded and name it in “Supersedes” of the newer one. Where one supersedes \
        the other, the fix does that.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let accepted = |decision: &Record| decision.text("status") == "accepted";
    let all: Vec<&Record> = subject.list(Collection::Decisions).filter(|decision| accepted(decision)).collect();
    for decision in &all {
        for old in decision.list("supersedes").iter().filter_map(|id| subject.model.live(id)) {
            if old.id != decision.id && accepted(old) {
                let (title, older) = (subject.title(decision), subject.title(old));
                let what = format!("{title} supersedes {older}, and both are accepted.");
                let value = Some(Value::text("superseded"));
                let set = Edit::Set { id: old.id.clone(), field: "status".into(), value };
                findings.field(old, "status", what).fix(format!("Mark {older} as superseded"), vec![set]);
            }
        }
    }
    same_titles(subject, &all, findings);
    opposite_choices(subject, &all, findings);
}

fn same_titles(subject: &Checked<'_>, accepted: &[&Record], findings: &mut Findings<'_>) {
    let mut seen: HashMap<(&str, String), &Record> = HashMap::default();
    for decision in accepted {
        let title = folded(decision.text("title"));
        let mut other = None;
        for element in decision.list("elements") {
            let first = *seen.entry((element, title.clone())).or_insert(decision);
            other = other.or((first.id != decision.id).then_some((first, element)));
        }
        if let Some((other, element)) = other {
            let (one, two) = (subject.title(other), subject.title(decision));
            let what = format!("{one} and {two} are both accepted for {} under one title.", subject.name(element));
            findings.field(decision, "status", what);
        }
    }
}

fn opposite_choices<'a>(subject: &Checked<'a>, accepted: &[&'a Record], findings: &mut Findings<'_>) {
    let mut rejected: HashMap<(&str, String), &Record> = HashMap::default();
    for (decision, name) in considered(subject, accepted, "rejected") {
        let elements = decision.list("elements").iter();
        elements.for_each(|element| {
            rejected.entry((element, name.clone())).or_insert(decision);
        });
    }
    for (decision, name) in considered(subject, accepted, "chosen") {
        let elements = decision.list("elements").iter();
        let other = elements.filter_map(|element| rejected.get(&(element.as_str(), name.clone())));
        if let Some(other) = other.into_iter().find(|other| other.id != decision.id) {
            let (one, two) = (subject.title(decision), subject.title(other));
            findings.field(decision, "status", format!("{one} chooses what {two} rejects for the same element."));
        }
    }
}

/// The alternatives of decisions with this outcome, as they are compared.
fn considered<'a>(subject: &Checked<'a>, decisions: &[&'a Record], outcome: &str) -> Vec<(&'a Record, String)> {
    let mut all = Vec::new();
    for decision in decisions {
        let owned = subject.index.owned(&decision.id).iter().filter(|one| one.collection == Collection::Alternatives);
        let fitting = owned.filter(|one| one.text("outcome") == outcome);
        all.extend(fitting.map(|one| (*decision, folded(one.text("name")))));
    }
    all
}

fn bad() -> Case {
    Case::new()
        .element("Store", "database", &[])
        .add("decisions", &[("number", "1"), ("title", "Use MongoDB"), ("status", "accepted"), ("elements", "Store")])
        .add("decisions", &[("number", "2"), ("title", "Use SQLite"), ("status", "accepted"), ("supersedes", "1")])
        .add(
            "decisions",
            &[("number", "3"), ("title", "Use PostgreSQL"), ("status", "accepted"), ("elements", "Store")],
        )
        .add("alternatives", &[("decision", "1"), ("name", "PostgreSQL"), ("outcome", "rejected")])
        .add("alternatives", &[("decision", "3"), ("name", "PostgreSQL"), ("outcome", "chosen")])
        .add(
            "decisions",
            &[("number", "4"), ("title", "Use Postgresql"), ("status", "accepted"), ("elements", "Store")],
        )
}

fn good() -> Case {
    Case::new()
        .element("Store", "database", &[])
        .add("decisions", &[("number", "1"), ("title", "Use MongoDB"), ("status", "superseded"), ("elements", "Store")])
        .add("decisions", &[("number", "2"), ("title", "Use SQLite"), ("status", "accepted"), ("supersedes", "1")])
        .add(
            "decisions",
            &[("number", "3"), ("title", "Use PostgreSQL"), ("status", "accepted"), ("elements", "Store")],
        )
        .add("alternatives", &[("decision", "1"), ("name", "PostgreSQL"), ("outcome", "rejected")])
        .add("alternatives", &[("decision", "3"), ("name", "PostgreSQL"), ("outcome", "chosen")])
}
