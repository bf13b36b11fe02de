//! Decisions that supersede each other.

use crate::check::cycles::Graph;
use crate::check::layers;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;
use crate::value::Value;

/// Decisions that supersede each other.
pub static RULE: Rule = Rule {
    id: "supersedes-in-a-circle",
    title: "Decisions that supersede each other",
    severity: Severity::Error,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision supersedes itself, or several supersede one another in a circle.\n\n\
        None of them holds then.\n\n\
        Take the wrong link out of “Supersedes”; the newer decision supersedes the older one.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut graph = Graph::default();
    for decision in subject.list(Collection::Decisions) {
        for old in decision.list("supersedes").iter().filter(|old| subject.model.live(old).is_some()) {
            graph.arrow(&decision.id, old);
            if *old == decision.id {
                let kept =
                    Value::list(decision.list("supersedes").iter().filter(|other| **other != decision.id).cloned());
                let value = Some(kept).filter(|kept| !kept.is_empty());
                let set = Edit::Set { id: decision.id.clone(), field: "supersedes".into(), value };
                let title = subject.title(decision);
                let what = format!("{title} supersedes itself.");
                findings
                    .field(decision, "supersedes", what)
                    .fix(format!("Take the link from {title} to itself out"), vec![set]);
            }
        }
    }
    for cycle in graph.cycles() {
        let first = cycle.first().and_then(|id| subject.model.live(id));
        if let Some(first) = first {
            let words = layers::in_words(subject, &cycle);
            findings.field(first, "supersedes", format!("These supersede each other: {words}."));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("supersedes", "1")])
        .add("decisions", &[("number", "3"), ("title", "Use C"), ("supersedes", "Use C")])
        .set("Use Go", "supersedes", "Use Rust")
        .set("Use C", "supersedes", "Use C")
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("supersedes", "1")])
}
