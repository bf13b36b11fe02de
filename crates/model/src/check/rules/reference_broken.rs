//! Field that names something deleted or unknown.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::{Field, Shape};
use crate::value::Value;

/// Field that names something deleted or unknown.
pub static RULE: Rule = Rule {
    id: "reference-broken",
    title: "Field that names something deleted or unknown",
    severity: Severity::Error,
    area: Area::Model,
    scope: Scope::Record,
    explanation: "\
        A field of a record leads to another record that is in the trash, or was never in the document.\n\n\
        What depends on the link, such as a relationship's end or a decision's elements, is not shown or \
        shown wrong.\n\n\
        Choose another record, or restore the one that was meant. The fix takes the link out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for record in subject.all() {
        let fields = record.collection.table().fields.iter();
        for field in fields.filter(|field| matches!(field.shape, Shape::Ref(_) | Shape::Refs(_))) {
            let Some(value) = record.get(field.name) else { continue };
            let name = field.name;
            let ids = || std::iter::once(value.as_str()).chain(value.items().iter().map(String::as_str));
            let fits = |id: &&str| {
                let targets = field.shape.targets();
                let other = subject.model.live(id);
                other.is_some_and(|other| targets.is_empty() || targets.contains(&other.collection))
            };
            let broken: Vec<&str> = ids().filter(|id| !id.is_empty() && !fits(id)).collect();
            if broken.is_empty() {
                continue;
            }
            let what = describe(subject, record, field, &broken);
            let kept: Vec<&str> = ids().filter(fits).collect();
            let value = Some(Value::list(kept)).filter(|kept| !kept.is_empty());
            let finding = findings.field(record, name, what);
            if field.required {
                let what = format!("Delete the {}", record.collection.table().singular);
                finding.fix(what, vec![Edit::Delete { id: record.id.clone() }]);
            } else {
                let set = Edit::Set { id: record.id.clone(), field: name.into(), value };
                finding.fix(format!("Take the link out of {}", field.title), vec![set]);
            }
        }
    }
}

fn describe(subject: &Checked<'_>, record: &Record, field: &Field, broken: &[&str]) -> String {
    let names: Vec<String> = broken
        .iter()
        .map(|id| match subject.model.get(id) {
            Some(other) if subject.model.is_hidden(id) => format!("{}, which is in the trash", subject.title(other)),
            Some(other) => format!("{}, which does not belong there", subject.title(other)),
            None => "something that is not in the document".into(),
        })
        .collect();
    let kind = record.collection.table().singular;
    format!("“{}” of this {kind} leads to {}.", field.title, names.join(", "))
}

fn bad() -> Case {
    Case::new()
        .element("Cart", "service", &[])
        .element("Orders", "service", &[])
        .relate("Cart", "Orders", &[("description", "places orders at")])
        .add("decisions", &[("number", "1"), ("title", "Use carts"), ("elements", "Cart, Orders")])
        .delete("Cart")
}

fn good() -> Case {
    Case::new()
        .element("Cart", "service", &[])
        .element("Orders", "service", &[])
        .relate("Cart", "Orders", &[("description", "places orders at")])
        .add("decisions", &[("number", "1"), ("title", "Use carts"), ("elements", "Cart, Orders")])
}
