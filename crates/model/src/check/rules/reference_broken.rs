//! Field that names something deleted or unknown.

use crate::check::{Area, Case, Example, Findings, Rule, Severity, Subject};
use crate::edit::Edit;
use crate::record::Record;
use crate::schema::{COLLECTIONS, Field, Shape};
use crate::value::Value;

/// Field that names something deleted or unknown.
pub static RULE: Rule = Rule {
    id: "reference-broken",
    title: "Field that names something deleted or unknown",
    severity: Severity::Error,
    area: Area::Model,
    explanation: "\
        A field of a record leads to another record that is in the trash, or was never in the document.\n\n\
        What depends on the link, such as a relationship's end or a decision's elements, is not shown or \
        shown wrong.\n\n\
        Choose another record, or restore the one that was meant. The fix takes the link out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for record in COLLECTIONS.into_iter().flat_map(|collection| subject.model.list(collection)) {
        for (name, value) in &record.fields {
            let Some(field) = record.collection.field(name) else { continue };
            let ids = match field.shape {
                Shape::Ref(_) => std::slice::from_ref(value).iter().map(Value::as_str).collect(),
                Shape::Refs(_) => value.items().iter().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            let fits = |id: &&str| {
                let targets = field.shape.targets();
                let other = subject.model.live(id);
                other.is_some_and(|other| targets.is_empty() || targets.contains(&other.collection))
            };
            let broken: Vec<&str> = ids.iter().copied().filter(|id| !id.is_empty() && !fits(id)).collect();
            if broken.is_empty() {
                continue;
            }
            let what = describe(subject, record, field, &broken);
            let kept: Vec<&str> = ids.iter().copied().filter(fits).collect();
            let value = Some(Value::list(kept)).filter(|kept| !kept.is_empty());
            let finding = findings.field(record, name, what);
            if field.required {
                let what = format!("Delete the {}", record.collection.table().singular);
                finding.fix(what, vec![Edit::Delete { id: record.id.clone() }]);
            } else {
                let set = Edit::Set { id: record.id.clone(), field: (*name).into(), value };
                finding.fix("Take the link out", vec![set]);
            }
        }
    }
}

fn describe(subject: &Subject<'_>, record: &Record, field: &Field, broken: &[&str]) -> String {
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
