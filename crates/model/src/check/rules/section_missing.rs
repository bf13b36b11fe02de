//! Part of the template without a section.

use foldhash::HashSet;

use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Part of the template without a section.
pub static RULE: Rule = Rule {
    id: "section-missing",
    title: "Part of the template without a section",
    severity: Severity::Warning,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        The template asks for a part that the document has neither as a section nor in its model.\n\n\
        The template is the list of questions that readers of this kind of document have.\n\n\
        Add the section, or choose a template without it.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let slots = subject.template.iter().flat_map(|template| &template.slots);
    let keys: HashSet<&str> = subject.sections.iter().filter_map(|section| section.key.as_deref()).collect();
    for slot in slots.filter(|slot| !slot.repeatable && slot.parent_key().is_none()) {
        if !keys.contains(slot.key.as_str()) && !subject.holds(&slot.key) {
            findings.missing(&slot.key, format!("There is no section “{}”.", slot.title));
        }
    }
}

fn bad() -> Case {
    Case::new().template("compact").section("overview", "Overview", "A shop.")
}

fn good() -> Case {
    Case::new()
        .template("compact")
        .section("overview", "Overview", "A shop.")
        .section("diagram", "Architecture Diagram", "See the whiteboard.")
        .section("components", "Component Breakdown", "One program.")
        .section("security", "Security Considerations", "None yet.")
        .section("scalability", "Scaling Strategy", "One machine.")
        .add("flows", &[("name", "Check out")])
}
