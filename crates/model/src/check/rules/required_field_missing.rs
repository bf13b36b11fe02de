//! Required field without a value.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;

/// Required field without a value.
pub static RULE: Rule = Rule {
    id: "required-field-missing",
    title: "Required field without a value",
    severity: Severity::Error,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A record lacks a field without which it makes no sense, such as a name or a relationship's end.\n\n\
        This comes from imports and from merging; no command leaves such a record behind. It cannot be shown \
        or linked well.\n\n\
        Give the field a value, or delete the record.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for record in subject.all() {
        let table = record.collection.table();
        for field in table.fields.iter().filter(|field| field.required && !record.has(field.name)) {
            let field_title = field.title.to_lowercase();
            let what = format!("This {} needs a {field_title}.", table.singular);
            let delete = vec![Edit::Delete { id: record.id.clone() }];
            findings.field(record, field.name, what).fix(format!("Delete the {}", table.singular), delete);
        }
    }
}

fn bad() -> Case {
    Case::new().element("Shop", "system", &[]).add("relationships", &[("from", "Shop"), ("description", "uses")])
}

fn good() -> Case {
    Case::new().element("Shop", "system", &[]).element("Mail", "external", &[]).relate("Shop", "Mail", &[])
}
