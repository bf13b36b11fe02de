//! Confidential data over an unprotected relationship.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::record::Record;

/// Confidential data over an unprotected relationship.
pub static RULE: Rule = Rule {
    id: "confidential-data-unprotected",
    title: "Confidential data over an unprotected relationship",
    severity: Severity::Error,
    area: Area::Security,
    scope: Scope::Record,
    explanation: "\
        A relationship carries confidential data, and its protection is none or not known.\n\n\
        Whoever is on the way can read it.\n\n\
        Encrypt the way and write down how.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for relationship in subject.relationships().filter(|one| matches!(one.text("protection"), "" | "none")) {
        if let Some(class) = confidential(subject, relationship.list("classification")) {
            let how =
                if relationship.has("protection") { "without protection" } else { "and does not say how protected" };
            let what = format!("{} carries {} {how}.", subject.title(relationship), class.label());
            findings.field(relationship, "protection", what);
        }
    }
}

/// The first of these data classes that is confidential.
pub(super) fn confidential<'a>(subject: &Checked<'a>, classes: &[String]) -> Option<&'a Record> {
    let classes = classes.iter().filter_map(|id| subject.model.live(id));
    classes.into_iter().find(|class| matches!(class.text("level"), "confidential" | "restricted"))
}

fn bad() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Orders", "service", &[])
        .add("classes", &[("name", "Payment data"), ("level", "confidential")])
        .relate("Web", "Orders", &[("classification", "Payment data"), ("protection", "none")])
}

fn good() -> Case {
    Case::new()
        .element("Web", "web-client", &[])
        .element("Orders", "service", &[])
        .add("classes", &[("name", "Payment data"), ("level", "confidential")])
        .add("classes", &[("name", "Books"), ("level", "public")])
        .relate("Web", "Orders", &[("classification", "Payment data"), ("protection", "encrypted")])
        .relate("Web", "Orders", &[("classification", "Books"), ("description", "searches")])
}
