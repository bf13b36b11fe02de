//! Technology that the project does not allow.

use std::collections::BTreeSet;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity, TechnologyRule};

/// Technology that the project does not allow.
pub static RULE: Rule = Rule {
    id: "project-technology",
    title: "Technology that the project does not allow",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        An element or a relationship uses a technology that the project forbids, or that is not among those \
        it allows.\n\n\
        The project decided what it can operate and hire for.\n\n\
        Use another one, or change `[technologies]` in the project's file; a decision says why. Versions and \
        what follows in brackets do not count: “PostgreSQL 17” is “PostgreSQL”.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements() {
        let rules = subject.project.technologies.iter();
        for rule in rules.filter(|rule| rule.kind.is_none_or(|kind| element.text("kind") == kind)) {
            for technology in element.list("technologies").iter().filter(|technology| !is_allowed(rule, technology)) {
                let what = format!("The project does not allow {technology}, which {} uses.", element.label());
                findings.field(element, "technologies", what);
            }
        }
    }
    let forbidding =
        subject.project.technologies.iter().filter(|rule| rule.kind.is_none() && !rule.forbidden.is_empty());
    for rule in forbidding {
        for relationship in subject.relationships().filter(|one| one.has("technology")) {
            let technology = relationship.text("technology");
            if is_forbidden(rule, technology) {
                let what = format!("The project does not allow {technology} between {}.", subject.title(relationship));
                findings.field(relationship, "technology", what);
            }
        }
    }
}

fn is_allowed(rule: &TechnologyRule, technology: &str) -> bool {
    !is_forbidden(rule, technology) && (rule.allowed.is_empty() || names(&rule.allowed, technology))
}

fn is_forbidden(rule: &TechnologyRule, technology: &str) -> bool {
    names(&rule.forbidden, technology)
}

/// Whether the words before a version are one of these.
fn names(list: &BTreeSet<String>, technology: &str) -> bool {
    let lower = technology.trim().to_lowercase();
    let is_version =
        |word: &&str| word.starts_with('(') || word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = lower.split_whitespace().take_while(|word| !is_version(word)).collect();
    list.contains(&lower) || list.contains(&words.join(" "))
}

fn bad() -> Case {
    Case::new()
        .project("[technologies]\nforbidden = [\"MongoDB\"]\ndatabase = { allowed = [\"PostgreSQL\"] }\n")
        .element("Store", "database", &[("technologies", "MongoDB 7")])
}

fn good() -> Case {
    Case::new()
        .project("[technologies]\nforbidden = [\"MongoDB\"]\ndatabase = { allowed = [\"PostgreSQL\"] }\n")
        .element("Store", "database", &[("technologies", "PostgreSQL 17")])
        .element("API", "service", &[("technologies", "Rust")])
}
