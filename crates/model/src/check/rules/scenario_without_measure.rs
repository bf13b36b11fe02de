//! Quality scenario that cannot be measured.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::schema::Collection;

/// Quality scenario that cannot be measured.
pub static RULE: Rule = Rule {
    id: "scenario-without-measure",
    title: "Quality scenario that cannot be measured",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        A quality scenario has no measure or no response.\n\n\
        Without both, nobody can say whether the system meets it.\n\n\
        Write what the system does, and a number with a unit.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for scenario in subject.list(Collection::Scenarios) {
        for field in ["response", "measure"].into_iter().filter(|field| !scenario.has(field)) {
            findings.field(scenario, field, format!("The scenario {} has no {field}.", scenario.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().add("scenarios", &[("name", "Rush"), ("response", "Stays quick.")])
}

fn good() -> Case {
    Case::new().add("scenarios", &[("name", "Rush"), ("response", "Stays quick."), ("measure", "95 % under 300 ms")])
}
