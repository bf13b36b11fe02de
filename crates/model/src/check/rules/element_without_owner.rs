//! Element that nobody answers for.

use crate::check::kinds;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Element that nobody answers for.
pub static RULE: Rule = Rule {
    id: "element-without-owner",
    title: "Element that nobody answers for",
    severity: Severity::Info,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        Neither the element nor what it is part of names an owner.\n\n\
        Questions and incidents go nowhere.\n\n\
        Name a team or a person, on the element or once on the system around it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in subject.elements() {
        let kind = element.text("kind");
        let own_rule = kinds::ANSWERING.contains(&kind);
        if own_rule || kinds::is_foreign(kind) || !subject.inherited(element, "owner").is_empty() {
            continue;
        }
        // Said once, on the outermost one.
        if subject.model.parent(&element.id).is_none() {
            findings.field(element, "owner", format!("{} has no owner.", element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[("owner", "Team Books")]).element(
        "Store",
        "database",
        &[("parent", "Shop")],
    )
}
