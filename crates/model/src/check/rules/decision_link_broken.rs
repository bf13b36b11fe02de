//! Link of a decision to nothing.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;
use crate::value::Value;

/// Link of a decision to nothing.
pub static RULE: Rule = Rule {
    id: "decision-link-broken",
    title: "Link of a decision to nothing",
    severity: Severity::Error,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision links to a record that is in the trash, or was never in the document.\n\n\
        The reason for the link is lost with it.\n\n\
        Link to what took its place. The fix takes the link out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    // Addresses elsewhere are not looked at.
    let leads = |id: &str| subject.model.live(id).is_some() || id.contains("://");
    for decision in subject.list(Collection::Decisions) {
        let Some(Value::Map(links)) = decision.get("links") else { continue };
        let broken: Vec<(&String, &String)> = links.iter().filter(|(id, _)| !leads(id)).collect();
        for (id, word) in &broken {
            let name = subject.model.get(id).map_or_else(|| format!("“{id}”"), |record| subject.title(record));
            let title = subject.title(decision);
            let what = format!("{title} links to {name} ({word}), which is not there.");
            let kept = links.iter().filter(|(id, _)| leads(id));
            let kept = Value::Map(kept.map(|(id, word)| (id.clone(), word.clone())).collect());
            let value = Some(kept).filter(|kept| !kept.is_empty());
            let set = Edit::Set { id: decision.id.clone(), field: "links".into(), value };
            findings.field(decision, "links", what).fix(format!("Take the broken links of {title} out"), vec![set]);
        }
    }
}

fn bad() -> Case {
    Case::new().add("decisions", &[("number", "1"), ("title", "Use Rust"), ("links", "00000000000000ff = amends")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Rust")])
        .add("decisions", &[("number", "2"), ("title", "Use Tokio"), ("links", "0000000000000001 = amends")])
}
