//! Component in prose that the model lacks.

use std::collections::BTreeMap;

use crate::check::prose::{self, folded};
use crate::check::{Area, Case, Checked, CheckedSection, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::schema::Collection;
use crate::templates::normalise;
use crate::value::Value;

/// Component in prose that the model lacks.
pub static RULE: Rule = Rule {
    id: "name-not-in-model",
    title: "Component in prose that the model lacks",
    severity: Severity::Info,
    area: Area::Prose,
    scope: Scope::Document,
    explanation: "\
        A list or a heading among the components names something that is no element of the model.\n\n\
        Prose and model drift apart: diagrams, flows and checks do not know of it.\n\n\
        Add the element, call it by its name, or take it out of the text.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let named =
        |section: &CheckedSection| matches!(section.key.as_deref(), Some("components" | "components.component"));
    if subject.elements().next().is_none() || !subject.sections.iter().any(named) {
        return;
    }
    let names = subject.normal_names();
    let known = |name: &str| names.contains(&folded(name)) || names.contains(&normalise(name));
    for section in subject.sections {
        let key = section.key.as_deref().unwrap_or_default();
        if key == "components.component" && !known(&section.title) && prose::bracketed(&section.title).is_none() {
            let title = section.title.clone();
            findings
                .section(section, format!("“{title}” is no element of the model."))
                .fix(add_title(&title), add(&title));
        }
        if key != "components" {
            continue;
        }
        for line in prose::lines(&section.rendered).filter(|line| !line.code) {
            let name = prose::leading_name(line.text).filter(|name| !known(name) && !is_label(name));
            if let Some(name) = name {
                let what = format!("“{name}” is no element of the model.");
                findings.line(section, line.number, what).fix(add_title(name), add(name));
            }
        }
    }
}

/// The name of a field is not that of a component.
fn is_label(name: &str) -> bool {
    let name = folded(name);
    let fields = Collection::Elements.table().fields.iter();
    let mut labels = fields.flat_map(|field| field.labels.iter().copied().chain([field.title]));
    labels.any(|label| folded(label) == name)
}

fn add_title(name: &str) -> String {
    format!("Add the component {name}")
}

fn add(name: &str) -> Vec<Edit> {
    let fields = [("name", name), ("kind", "component")];
    let fields: BTreeMap<String, Value> = fields.map(|(name, text)| (name.to_owned(), Value::text(text))).into();
    vec![Edit::Add { collection: "elements".into(), id: None, fields, after: None }]
}

fn bad() -> Case {
    Case::new()
        .element("Web client", "web-client", &[])
        .section("components", "Components", "- **Web client**: shows it\n- **Orders API**: takes orders")
        .inner("components.component", "Search", "Finds books.")
}

fn good() -> Case {
    Case::new()
        .element("Web client", "web-client", &[])
        .section("components", "Components", "- **web client**: shows it\n- **Purpose**: the shop\n- a **bold** word")
        .inner("components.component", "1. Web Client", "Shows books.")
}
