//! Cycle in a project that allows none.

use crate::check::layers;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Cycle in a project that allows none.
pub static RULE: Rule = Rule {
    id: "project-cycle",
    title: "Cycle in a project that allows none",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        Elements depend on each other in a circle, and the project says `no-cycles`. Asynchronous \
        relationships count here.\n\n\
        The project decided that everything can be understood and replaced by itself.\n\n\
        Turn one of the relationships around, or move what both need into a third element.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    if !subject.project.no_cycles {
        return;
    }
    for cycle in layers::cycles(subject, |_| true) {
        let first = cycle.first().and_then(|id| subject.element(id));
        if let Some(first) = first {
            findings.record(first, format!("The project allows no cycle: {}.", layers::in_words(subject, &cycle)));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .project("[check]\nno-cycles = true\n")
        .element("Orders", "service", &[])
        .element("Billing", "service", &[])
        .relate("Orders", "Billing", &[])
        .relate("Billing", "Orders", &[("interaction", "asynchronous")])
}

fn good() -> Case {
    Case::new()
        .project("[check]\nno-cycles = true\n")
        .element("Orders", "service", &[])
        .element("Billing", "service", &[])
        .relate("Orders", "Billing", &[])
}
