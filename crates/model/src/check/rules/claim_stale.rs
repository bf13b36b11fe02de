//! Claim that is old.

use foldhash::HashMap;

use crate::check::days;
use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// Claim that is old.
pub static RULE: Rule = Rule {
    id: "claim-stale",
    title: "Claim that is old",
    severity: Severity::Warning,
    area: Area::Evidence,
    scope: Scope::Document,
    explanation: "\
        Something was assumed or observed longer ago than the project allows (`stale-days`, a year unless it \
        says otherwise), and nobody has looked since.\n\n\
        Systems change; what was true then is read as if it were true now.\n\n\
        Look again, and add what you found with today's date.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let limit = i64::from(subject.project.stale_days);
    let key = |evidence: &Record| (evidence.text("about").to_owned(), folded(evidence.text("claim")));
    let mut newest: HashMap<(String, String), i64> = HashMap::default();
    for evidence in subject.list(Collection::Evidence) {
        let Some(age) = days::between(evidence.text("date"), subject.today) else { continue };
        let least = newest.entry(key(evidence)).or_insert(age);
        *least = age.min(*least);
    }
    for evidence in subject.list(Collection::Evidence) {
        let basis = evidence.text("basis");
        let age = days::between(evidence.text("date"), subject.today).filter(|age| *age > limit);
        let Some(age) = age.filter(|_| matches!(basis, "assumed" | "observed")) else { continue };
        if newest.get(&key(evidence)).is_some_and(|least| *least <= limit) {
            continue;
        }
        let about = subject.name(evidence.text("about"));
        let claim = if evidence.has("claim") { format!("“{}”", evidence.label()) } else { "This".into() };
        findings.field(evidence, "date", format!("{claim} on {about} was {basis} {age} days ago."));
    }
}

fn bad() -> Case {
    Case::new().element("Pump 3", "custom", &[]).add(
        "evidence",
        &[("about", "Pump 3"), ("claim", "Runs on Modbus"), ("basis", "assumed"), ("date", "2025-06-01")],
    )
}

fn good() -> Case {
    Case::new()
        .element("Pump 3", "custom", &[])
        .add(
            "evidence",
            &[("about", "Pump 3"), ("claim", "Runs on Modbus"), ("basis", "assumed"), ("date", "2025-06-01")],
        )
        .add(
            "evidence",
            &[("about", "Pump 3"), ("claim", "runs on Modbus"), ("basis", "observed"), ("date", "2026-11-02")],
        )
        .add("evidence", &[("about", "Pump 3"), ("claim", "Built in 1998"), ("basis", "told"), ("date", "2024-11-02")])
}
