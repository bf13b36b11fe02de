//! Mention of something in the trash.

use crate::check::{Area, Case, Checked, Example, Findings, Prose, Rule, Scope, Severity};
use crate::reference::{self, Reference};

/// Mention of something in the trash.
pub static RULE: Rule = Rule {
    id: "mention-of-deleted",
    title: "Mention of something in the trash",
    severity: Severity::Error,
    area: Area::Prose,
    scope: Scope::Document,
    explanation: "\
        A text mentions a record that was deleted.\n\n\
        Readers look for something that is not there any more, or believe that it still is.\n\n\
        Write about what took its place, or restore it. The fix leaves the name as plain words.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    for (prose, range, reference) in subject.mentions() {
        let hidden = subject.model.get(&reference.id).filter(|record| subject.model.is_hidden(&record.id));
        let Some(record) = hidden else { continue };
        let what = format!("This mentions {}, which is in the trash.", subject.title(record));
        let finding = findings.prose(*prose, range.start, what);
        if let Prose::Section(section) = *prose {
            let show = |other: &Reference| match other.id == reference.id {
                true => reference::show(other, subject.model),
                false => other.encode(),
            };
            finding.rewrite(
                "Leave the words without the mention",
                section,
                reference::render_with(&section.text, show),
            );
        }
    }
}

fn bad() -> Case {
    Case::new()
        .element("Cart", "service", &[])
        .section("overview", "Overview", "Orders come from {{Cart}}.")
        .delete("Cart")
}

fn good() -> Case {
    Case::new().element("Cart", "service", &[]).section("overview", "Overview", "Orders come from {{Cart}}.")
}
