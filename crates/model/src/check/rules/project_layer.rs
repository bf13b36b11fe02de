//! Relationship that leads up.

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Relationship that leads up.
pub static RULE: Rule = Rule {
    id: "project-layer",
    title: "Relationship that leads up",
    severity: Severity::Error,
    area: Area::Project,
    scope: Scope::Document,
    explanation: "\
        A relationship leads from a lower layer of the project to a higher one.\n\n\
        Layers are there so that what is below can be changed and tested without what is above.\n\n\
        Turn the relationship around, or move one of the elements. An asynchronous answer leads up too: name \
        it in the layer's own terms.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let layers = &subject.project.layers;
    if layers.is_empty() {
        return;
    }
    for relationship in subject.relationships() {
        let layer = |end: &str| {
            let element = subject.element(relationship.text(end))?;
            layers.iter().position(|layer| layer.matches(subject, element))
        };
        if let (Some(from), Some(to)) = (layer("from"), layer("to"))
            && to < from
        {
            let title = subject.title(relationship);
            findings.record(relationship, format!("{title} leads up, from {} to {}.", layers[from], layers[to]));
        }
    }
}

fn bad() -> Case {
    Case::new()
        .project("[check]\nlayers = [\"tag:interface\", \"tag:data\"]\n")
        .element("Web", "web-client", &[("tags", "interface")])
        .element("Store", "database", &[("tags", "data")])
        .relate("Store", "Web", &[])
}

fn good() -> Case {
    Case::new()
        .project("[check]\nlayers = [\"tag:interface\", \"tag:data\"]\n")
        .element("Web", "web-client", &[("tags", "interface")])
        .element("Store", "database", &[("tags", "data")])
        .relate("Web", "Store", &[])
}
