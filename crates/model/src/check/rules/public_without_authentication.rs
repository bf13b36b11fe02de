//! Public element without authentication.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Public element without authentication.
pub static RULE: Rule = Rule {
    id: "public-without-authentication",
    title: "Public element without authentication",
    severity: Severity::Error,
    area: Area::Security,
    scope: Scope::Document,
    explanation: "\
        An element can be reached from the internet, and no statement on authentication is about it or about \
        what it is part of.\n\n\
        Either anybody can use it, or readers cannot find out who can.\n\n\
        Add a concern on authentication and link it to the element. If it is meant for everybody, say so \
        there.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let covered = subject.concerned(&["authentication"]);
    for element in subject.elements().filter(|element| element.text("exposure") == "public") {
        if element.text("kind") != "person" && !subject.is_within(&element.id, &covered) {
            let what = format!("{} is public, and nothing says how its users are authenticated.", element.label());
            findings.field(element, "exposure", what);
        }
    }
}

fn bad() -> Case {
    Case::new().element("API", "gateway", &[("exposure", "public")])
}

fn good() -> Case {
    Case::new()
        .element("Shop", "system", &[])
        .element("API", "gateway", &[("exposure", "public"), ("parent", "Shop")])
        .add("concerns", &[("topic", "authentication"), ("name", "OpenID"), ("elements", "Shop")])
}
