//! Two sections with one heading.

use foldhash::HashSet;

use crate::check::prose::folded;
use crate::check::{Area, Case, Checked, Example, Findings, Rule, Scope, Severity};

/// Two sections with one heading.
pub static RULE: Rule = Rule {
    id: "heading-twice",
    title: "Two sections with one heading",
    severity: Severity::Info,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        Two sections next to each other have the same heading.\n\n\
        Links to a heading lead to the first one only, and readers do not know which one counts.\n\n\
        Put them together, or give one another heading.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::default();
    for section in subject.sections.iter().filter(|section| section.level > 0) {
        let title = folded(&section.title);
        if !title.is_empty() && !seen.insert((section.parent, title)) {
            findings.section(section, format!("There is another section “{}” beside this one.", section.title));
        }
    }
}

fn bad() -> Case {
    Case::new().section("", "Caching", "Redis.").section("", "caching", "In memory.")
}

fn good() -> Case {
    Case::new().section("", "Caching", "Redis.").inner("", "Caching", "In memory.")
}
