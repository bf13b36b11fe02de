//! High risk that nothing is done about.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;
use crate::schema::Collection;

/// High risk that nothing is done about.
pub static RULE: Rule = Rule {
    id: "risk-without-mitigation",
    title: "High risk that nothing is done about",
    severity: Severity::Warning,
    area: Area::Resilience,
    scope: Scope::Document,
    explanation: "\
        An open risk of high impact has no mitigation.\n\n\
        That it was seen does not help when it happens.\n\n\
        Write what is done about it, or mark it as accepted.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let open = |risk: &&Record| matches!(risk.text("status"), "" | "open") && risk.text("impact") == "high";
    for risk in subject.list(Collection::Risks).filter(open).filter(|risk| !risk.has("mitigation")) {
        findings.field(risk, "mitigation", format!("Nothing is done about “{}”.", risk.label()));
    }
}

fn bad() -> Case {
    Case::new().add("risks", &[("title", "The only expert leaves"), ("impact", "high")])
}

fn good() -> Case {
    Case::new()
        .add("risks", &[("title", "The only expert leaves"), ("impact", "high"), ("status", "accepted")])
        .add("risks", &[("title", "Rain"), ("impact", "low")])
}
