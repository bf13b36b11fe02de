//! Suppression that accepts nothing.

use crate::check::near;
use crate::check::rules;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;

/// Suppression that accepts nothing.
pub static RULE: Rule = Rule {
    id: "suppression-unused",
    title: "Suppression that accepts nothing",
    severity: Severity::Warning,
    area: Area::Evidence,
    scope: Scope::Document,
    explanation: "\
        A suppression names a rule or a place at which nothing is found (any more).\n\n\
        It would hide the next finding there, for a reason that was meant for another one.\n\n\
        Delete it. A place that changed its name is better named by the record's id.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
    for suppression in subject.list(Collection::Suppressions) {
        if findings.is_used(&suppression.id) {
            continue;
        }
        let (rule, place) = (suppression.text("rule"), suppression.text("place"));
        let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
        let what = match ids.contains(&rule) {
            true => format!("{rule} finds nothing{at}."),
            false => match near::near(rule, ids.iter().copied()).first() {
                Some(near) => format!("There is no rule {rule}; perhaps {near} is meant."),
                None => format!("There is no rule {rule}."),
            },
        };
        let delete = vec![Edit::Delete { id: suppression.id.clone() }];
        findings.record(suppression, what).fix("Delete the suppression", delete);
    }
}

fn bad() -> Case {
    Case::new().add(
        "suppressions",
        &[("rule", "cache-without-ttl"), ("place", "elements.sessions"), ("reason", "It is tiny.")],
    )
}

fn good() -> Case {
    Case::new().element("Sessions", "cache", &[]).add(
        "suppressions",
        &[("rule", "cache-without-ttl"), ("place", "elements.sessions"), ("reason", "It is tiny.")],
    )
}
