//! Superseded decision without a successor.

use foldhash::HashMap;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::Collection;
use crate::value::Value;

/// Superseded decision without a successor.
pub static RULE: Rule = Rule {
    id: "superseded-without-successor",
    title: "Superseded decision without a successor",
    severity: Severity::Warning,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision is superseded, and no decision says that it supersedes it.\n\n\
        Readers learn that it does not hold any more and not what holds instead.\n\n\
        Name it in “Supersedes” of the decision that replaced it; if there is none, its status is \
        deprecated. The fix sets that.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let named = successors(subject);
    let superseded = |decision: &&Record| decision.text("status") == "superseded";
    for decision in subject.list(Collection::Decisions).filter(superseded) {
        if !named.contains_key(decision.id.as_str()) {
            let value = Some(Value::text("deprecated"));
            let set = Edit::Set { id: decision.id.clone(), field: "status".into(), value };
            let title = subject.title(decision);
            let what = format!("Nothing says what superseded {title}.");
            findings.field(decision, "status", what).fix(format!("Mark {title} as deprecated"), vec![set]);
        }
    }
}

/// For each decision those that say that they supersede it.
pub(super) fn successors<'a>(subject: &Checked<'a>) -> HashMap<&'a str, Vec<&'a Record>> {
    let mut named: HashMap<&str, Vec<&Record>> = HashMap::default();
    for decision in subject.list(Collection::Decisions) {
        for other in decision.list("supersedes").iter().filter(|other| **other != decision.id) {
            named.entry(other).or_default().push(decision);
        }
    }
    named
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("status", "superseded")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("status", "accepted")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("status", "superseded")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("status", "accepted"), ("supersedes", "1")])
}
