//! Advice of the template left in the text.

use foldhash::HashSet;

use crate::check::prose;
use crate::check::{Area, Case, Checked, CheckedSection, Example, Findings, Rule, Scope, Severity};
use crate::edit::Edit;
use crate::templates;
use crate::value::Value;

/// Advice of the template left in the text.
pub static RULE: Rule = Rule {
    id: "placeholder-left",
    title: "Advice of the template left in the text",
    severity: Severity::Warning,
    area: Area::Section,
    scope: Scope::Document,
    explanation: "\
        A section, a heading or a field still holds advice in brackets, as the template has it.\n\n\
        A reader cannot tell whether nothing is known or nothing was written, and takes the advice for \
        content.\n\n\
        Write what the advice asks for, or take it out.",
    example: Example { bad, good },
    check,
};

fn check(subject: &Checked<'_>, findings: &mut Findings<'_>) {
    let known = known();
    for section in subject.sections.iter().filter(|section| !is_only_advice(section)) {
        if let Some(advice) = prose::bracketed(&section.title).filter(|_| section.level > 0) {
            findings.section(section, format!("The heading is still the template's {advice}."));
        }
        let mut own = HashSet::default();
        collect(section.guidance.as_deref().unwrap_or_default(), &mut own);
        for line in prose::lines(&section.text).filter(|line| line.text.contains('[')) {
            let whole = prose::bracketed(line.text).filter(|_| !line.code);
            let advice =
                whole.or_else(|| brackets(line.text).find(|part| known.contains(*part) || own.contains(*part)));
            if let Some(advice) = advice {
                let shown = subject.line_at(section, line.start);
                let title = &section.title;
                findings.line(section, shown, format!("“{title}” still holds the template's {advice}."));
            }
        }
    }
    for record in subject.all() {
        for (name, value) in &record.fields {
            let holds = |text: &str| text.ends_with(']') && prose::bracketed(text).is_some();
            if !holds(value.as_str()) && !value.items().iter().any(|item| holds(item)) {
                continue;
            }
            let Some(field) = record.collection.field(name) else { continue };
            let what = format!("The {} of {} is still advice in brackets.", field.title.to_lowercase(), record.label());
            let finding = findings.field(record, name, what);
            if !field.required {
                let kept = Value::list(value.items().iter().filter(|item| !holds(item)).cloned());
                let value = Some(kept).filter(|kept| !kept.is_empty());
                finding.fix(
                    "Take the advice out",
                    vec![Edit::Set { id: record.id.clone(), field: (*name).into(), value }],
                );
            }
        }
    }
}

/// A section of which another rule says that there is nothing but advice.
fn is_only_advice(section: &CheckedSection) -> bool {
    super::section_only_guidance::is_only_guidance(section)
}

/// The bracketed advice of the built-in templates.
fn known() -> HashSet<String> {
    let mut all = HashSet::default();
    templates::all().iter().flat_map(|template| &template.slots).for_each(|slot| collect(&slot.guidance, &mut all));
    all
}

fn collect(guidance: &str, all: &mut HashSet<String>) {
    // A node of a Mermaid example is no advice: that has words with spaces.
    let advice = guidance.lines().flat_map(brackets).filter(|part| part.matches(' ').count() > 1);
    all.extend(advice.map(str::to_owned));
}

/// The parts of a line between brackets, the brackets included.
fn brackets(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let part = &rest[rest.find('[')?..];
        let end = part.find(']')? + 1;
        rest = &part[end..];
        Some(&part[..end])
    })
}

fn bad() -> Case {
    Case::new().element("Orders", "service", &[("purpose", "[What this component does]")]).section(
        "security",
        "Security Architecture",
        "Tokens of an hour.\n\n- **Rotation**: [How keys are changed]",
    )
}

fn good() -> Case {
    Case::new().element("Orders", "service", &[("purpose", "Takes orders")]).section(
        "security",
        "Security Architecture",
        "Tokens of an hour, as in [the guide](guide.md).\n\n- [ ] Rotate keys\n- [x] Sign",
    )
}
