//! Database without schema management.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Database without schema management.
pub static RULE: Rule = Rule {
    id: "database-without-schema-management",
    title: "Database without schema management",
    severity: Severity::Warning,
    area: Area::Operations,
    scope: Scope::Record,
    explanation: "\
        A database does not say how its schema is changed.\n\n\
        Two versions of the programs meet one schema at each release.\n\n\
        Name the tool, and the order of migration and release.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for element in
        subject.elements().filter(|element| element.text("kind") == "database" && !element.has("schemaManagement"))
    {
        findings.field(
            element,
            "schemaManagement",
            format!("{} does not say how its schema is changed.", element.label()),
        );
    }
}

fn bad() -> Case {
    Case::new().element("Orders store", "database", &[])
}

fn good() -> Case {
    Case::new().element("Orders store", "database", &[("schema-management", "Migrations at start, forward only.")])
}
