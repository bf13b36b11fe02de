//! Field that several people set at once.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::value::Value;

/// Field that several people set at once.
pub static RULE: Rule = Rule {
    id: "conflict",
    title: "Field that several people set at once",
    severity: Severity::Warning,
    area: Area::Model,
    scope: Scope::Document,
    explanation: "\
        Several people gave a field different values at the same time; one of them counts until someone \
        picks.\n\n\
        What counts was chosen by a rule and not by a person. Somebody's intention is lost unless it is \
        looked at.\n\n\
        Compare the values and set the right one. The fix keeps the one that is shown.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for record in subject.all() {
        for (name, others) in &record.conflicts {
            let Some(field) = record.collection.field(name) else { continue };
            let say = |value: &Value| format!("“{}”", field.shape.format(value, subject.model));
            let shown = record.get(name).map_or_else(|| "nothing".into(), say);
            let others: Vec<String> = others.iter().map(say).collect();
            let title = field.title.to_lowercase();
            let what = format!(
                "The {title} of {} is {shown}, and at the same time {}.",
                subject.title(record),
                others.join(", ")
            );
            let value = record.get(name).cloned();
            let finding = findings.field(record, name, what);
            if *name != "number" {
                let set = Edit::Set { id: record.id.clone(), field: (*name).into(), value };
                finding.fix(format!("Keep {shown}"), vec![set]);
            }
        }
    }
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[("owner", "Ada")]).conflict("Orders", "owner", "Grace")
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[("owner", "Ada")])
}
