//! Relationship that the project does not allow.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship that the project does not allow.
pub static RULE: Rule = Rule {
    id: "project-relationship",
    title: "Relationship that the project does not allow",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        A relationship leads where the project forbids it; or from elements for which it says where they may \
        lead, to another one.\n\n\
        The project decided who may know of whom.\n\n\
        Lead it through what is allowed, or change `[[forbidden]]` and `[[allowed]]` in the project's file.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let project = subject.project;
    if project.allowed.is_empty() && project.forbidden.is_empty() {
        return;
    }
    for relationship in subject.relationships() {
        let ends = (subject.element(relationship.text("from")), subject.element(relationship.text("to")));
        let (Some(from), Some(to)) = ends else { continue };
        let title = subject.title(relationship);
        if let Some(pair) = project.forbidden.iter().find(|pair| pair.matches(subject, from, to)) {
            let what = format!("The project forbids {title}{}", because(&pair.reason));
            findings.record(relationship, what);
            continue;
        }
        let mut bound = project.allowed.iter().filter(|pair| pair.from.iter().any(|one| one.matches(subject, from)));
        let Some(first) = bound.next() else { continue };
        if !std::iter::once(first).chain(bound).any(|pair| pair.matches(subject, from, to)) {
            let what = format!("{title} is not among what the project allows{}", because(&first.reason));
            findings.record(relationship, what);
        }
    }
}

fn because(reason: &str) -> String {
    match reason.trim().trim_end_matches('.') {
        "" => ".".into(),
        reason => format!(": {reason}."),
    }
}

fn bad() -> Case {
    Case::new()
        .project("[[forbidden]]\nfrom = \"kind:web-client\"\nto = \"kind:database\"\nreason = \"The API decides who may read.\"\n")
        .element("Web", "web-client", &[])
        .element("Store", "database", &[])
        .relate("Web", "Store", &[])
}

fn good() -> Case {
    Case::new()
        .project("[[allowed]]\nfrom = \"kind:web-client\"\nto = [\"kind:service\", \"tag:edge\"]\n")
        .element("Web", "web-client", &[])
        .element("API", "service", &[])
        .element("Door", "gateway", &[("tags", "edge")])
        .element("Store", "database", &[])
        .relate("Web", "API", &[])
        .relate("Web", "Door", &[])
        .relate("API", "Store", &[])
}
