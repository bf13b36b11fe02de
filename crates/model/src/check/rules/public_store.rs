//! Store of data that is public.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Store of data that is public.
pub static RULE: Rule = Rule {
    id: "public-store",
    title: "Store of data that is public",
    severity: Severity::Error,
    area: Area::Security,
    scope: Scope::Record,
    explanation: "\
        A database, cache, queue or file store can be reached from the internet.\n\n\
        Stores are made to be reached by programs that are trusted; open ones are found by scanners within \
        hours.\n\n\
        Put a service in front of it, or correct the exposure.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let stores = ["database", "cache", "queue", "file-store"];
    for element in subject.elements().filter(|element| stores.contains(&element.text("kind"))) {
        if element.text("exposure") == "public" {
            findings.field(element, "exposure", format!("The {} {} is public.", element.text("kind"), element.label()));
        }
    }
}

fn bad() -> Case {
    Case::new().element("Store", "database", &[("exposure", "public")])
}

fn good() -> Case {
    Case::new().element("Store", "database", &[("exposure", "internal")]).element(
        "API",
        "gateway",
        &[("exposure", "public")],
    )
}
