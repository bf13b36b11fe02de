//! Decision that is older than what it supersedes.

use crate::check::days;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Decision that is older than what it supersedes.
pub static RULE: Rule = Rule {
    id: "successor-older",
    title: "Decision that is older than what it supersedes",
    severity: Severity::Warning,
    area: Area::Decision,
    scope: Scope::Document,
    explanation: "\
        A decision supersedes one that was decided later.\n\n\
        One of the two dates, or the link, is wrong.\n\n\
        Correct the date or take the link out. A date is that of the last change of status.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for decision in subject.list(Collection::Decisions).filter(|decision| decision.has("date")) {
        for old in decision.list("supersedes").iter().filter_map(|id| subject.model.live(id)) {
            // The old one's date may be the day on which it was superseded.
            let days = days::between(decision.text("date"), old.text("date")).unwrap_or(0);
            if days > 0 {
                let (new, old) = (subject.title(decision), subject.title(old));
                findings.field(
                    decision,
                    "date",
                    format!("{new} is {days} days older than {old}, which it supersedes."),
                );
            }
        }
    }
}

fn bad() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("date", "2026-05-01")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("date", "2026-04-01"), ("supersedes", "1")])
}

fn good() -> Case {
    Case::new()
        .add("decisions", &[("number", "1"), ("title", "Use Go"), ("date", "2026-04-01")])
        .add("decisions", &[("number", "2"), ("title", "Use Rust"), ("date", "2026-04-01"), ("supersedes", "1")])
}
