//! A Markdown file checked where it lies: what its text says is lifted in
//! memory, and findings name its lines.

use std::collections::BTreeMap;

use super::{CheckedSection, ProjectRules, Report, Subject, run};
use crate::graph::{Index, Model};
use crate::markdown::ParsedMarkdown;
use crate::markdown::lift::{LiftOptions, SectionText, lift};
use crate::templates::Template;

/// Checks a file by the rules and the project's.
pub fn check_file(
    parsed: &ParsedMarkdown,
    file: &str,
    template: Option<&Template>,
    today: &str,
    project: &ProjectRules,
) -> Report {
    let mut sections = CheckedSection::of_file(parsed, template);
    let texts = SectionText::of_file(&parsed.sections, sections.iter().map(|section| section.key.clone()));
    let mut next = 0_u64;
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    let options = LiftOptions { sections: None, diagrams: false, mentions: true };
    let lifting = lift(&texts, &Model::default(), &options, &mut fresh);
    let model = lifting.model(&Model::default());
    for change in lifting.sections {
        let Some(section) = sections.iter_mut().find(|section| section.id == change.id) else { continue };
        if let Some(body) = change.body {
            section.text = body;
        }
    }
    let index = Index::new(&model);
    run(&Subject {
        model: &model,
        index: &index,
        sections: &sections,
        template,
        today,
        project,
        file: Some(file),
        former_names: &BTreeMap::new(),
    })
}
