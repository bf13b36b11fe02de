//! Any bytes as a Markdown file: cut into sections, lifted, and read again.
//! Nothing may panic, and not a byte that people read may change.
#![no_main]

use drystone_model::markdown::lift::{LiftOptions, SectionText, lift};
use drystone_model::{Model, markdown, reference, templates};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parsed) = markdown::parse(bytes, "fuzz.md") else { return };
    let (_, keys) = templates::suggest(&parsed.sections);
    let texts = SectionText::of_file(&parsed.sections, keys);
    let mut next = 0_u64;
    let mut fresh = || {
        next += 1;
        format!("{next:016x}")
    };
    let options = LiftOptions { sections: None, diagrams: false, mentions: true };
    let lifting = lift(&texts, &Model::default(), &options, &mut fresh);
    let model = lifting.model(&Model::default());
    let mut found = 0;
    for before in &texts {
        let Some(change) = lifting.sections.iter().find(|change| change.id == before.id) else { continue };
        found += 1;
        if let Some(title) = &change.title {
            assert_eq!(reference::render(title, &model), before.title);
        }
        if let Some(body) = &change.body {
            assert_eq!(reference::render(body, &model), before.body);
        }
    }
    assert_eq!(found, lifting.sections.len(), "only sections of the file change");
});
