//! What is understood of the seeds, of nasty texts and of real documents.

use std::path::Path;

use super::*;
use crate::edit;
use crate::markdown::generate::{CompleteOptions, complete};
use crate::markdown::split;
use crate::reference;
use crate::templates::match_sections;
use crate::value::Value;

mod nasty;

/// A document and its model, to lift and look into.
pub(super) struct Document {
    pub sections: Vec<SectionText>,
    pub model: Model,
    ids: u64,
    pub notes: Vec<LiftNote>,
}

impl Document {
    pub fn read(text: &str) -> Document {
        let parsed = split(text);
        let keys = match_sections(&parsed);
        let sections = parsed.into_iter().zip(keys).enumerate().map(|(index, (section, key))| SectionText {
            id: format!("{:016x}", 0xa000 + index),
            parent: section.parent,
            level: section.level,
            title: section.title,
            key,
            body: section.body,
        });
        Document { sections: sections.collect(), model: Model::default(), ids: 0, notes: Vec::new() }
    }

    /// Lifts everything; checks that every text reads as before, that the
    /// edits are taken as they are, and that doing it again changes nothing.
    pub fn lift(mut self) -> Document {
        let changed = self.lift_once();
        let before = (self.sections.clone(), self.model.clone());
        let again = self.lift_once();
        assert!(!again, "lifting again changed {}", self.difference(&before.0));
        assert!(self.model == before.1);
        // What was lifted is shown, so that an export is as the import was.
        let contradicted = self.notes.iter().any(|note| note.why.contains("something else"));
        if changed && !contradicted {
            let missing = complete(&self.sections, &self.model, &CompleteOptions::default());
            let missing: Vec<String> = missing
                .iter()
                .map(|part| format!("{part:?}: {}", reference::render(&part.body, &self.model)))
                .collect();
            assert!(missing.is_empty(), "{}", missing.join("\n"));
        }
        self
    }

    fn difference(&self, before: &[SectionText]) -> String {
        let changed = self.sections.iter().zip(before).filter(|(now, then)| now != then);
        changed.map(|(now, then)| format!("{:?}\nto {:?}\n", visible(&then.body), visible(&now.body))).collect()
    }

    pub fn lift_once(&mut self) -> bool {
        let options = LiftOptions { mentions: true, ..Default::default() };
        let mut fresh = || {
            self.ids += 1;
            format!("{:016x}", self.ids)
        };
        let lifting = lift(&self.sections, &self.model, &options, &mut fresh);
        let after = lifting.model(&self.model);
        let checked = edit::check(&self.model, lifting.edits.clone()).unwrap();
        assert_eq!(checked, lifting.edits, "edits are in the one form of their values");
        for change in &lifting.sections {
            let section = self.sections.iter_mut().find(|section| section.id == change.id).unwrap();
            for (text, new) in [(&mut section.title, &change.title), (&mut section.body, &change.body)] {
                if let Some(new) = new {
                    assert_eq!(reference::render(new, &after), reference::render(text, &self.model));
                    assert_ne!(new, text);
                    text.clone_from(new);
                }
            }
        }
        self.model = after;
        self.notes = lifting.notes;
        !lifting.sections.is_empty() || !lifting.edits.is_empty()
    }

    /// A field of the record with a label, as text.
    pub fn field(&self, collection: Collection, label: &str, field: &str) -> String {
        let record = self.record(collection, label);
        let Some(value) = record.get(field) else { return String::new() };
        let text = collection.field(field).unwrap().shape.format(value, &self.model);
        reference::render(&text, &self.model)
    }

    pub fn record(&self, collection: Collection, label: &str) -> &Record {
        let called = |record: &&Record| reference::render(&record.label(), &self.model) == label;
        let found = self.model.list(collection).find(called);
        found.unwrap_or_else(|| panic!("no {label} among {:?}", self.labels(collection)))
    }

    pub fn labels(&self, collection: Collection) -> Vec<String> {
        self.model.list(collection).map(|record| reference::render(&record.label(), &self.model)).collect()
    }

    pub fn why(&self, what: &str) -> Vec<&str> {
        let left = self.notes.iter().filter(|note| note.outcome == Outcome::Left && note.what.contains(what));
        left.map(|note| note.why.as_str()).collect()
    }
}

fn visible(text: &str) -> String {
    text.replace(reference::OPEN, "«").replace(reference::CLOSE, "»")
}

/// The seeds, as people fill them.
const COMPACT: &str = include_str!("tests/compact.md");
const FULL: &str = include_str!("tests/full.md");

#[test]
fn what_is_left_of_a_template_is_not_lifted() {
    for source in [include_str!("../../templates/compact.md"), include_str!("../../templates/full.md")] {
        let document = Document::read(source).lift();
        let names: Vec<String> = document.model.all().map(Record::label).collect();
        assert!(names.iter().all(|name| !name.contains('[')), "{names:?}");
        for collection in [Collection::Elements, Collection::Decisions, Collection::Environments, Collection::Concerns]
        {
            assert_eq!(document.labels(collection), Vec::<String>::new());
        }
    }
    // The steps of the compact seed are no advice.
    let document = Document::read(include_str!("../../templates/compact.md")).lift();
    assert_eq!(document.labels(Collection::Flows), ["Data Flow"]);
    assert_eq!(document.labels(Collection::Steps).len(), 6);
}

#[test]
fn the_compact_seed_is_understood() {
    let document = Document::read(COMPACT).lift();
    let element = |name: &str, field: &str| document.field(Collection::Elements, name, field);
    assert_eq!(
        document.labels(Collection::Elements),
        ["Frontend", "Backend API", "Database", "Cache", "Message Broker"]
    );
    assert_eq!(element("Frontend", "purpose"), "Shows the shop\nto people.");
    assert_eq!(element("Frontend", "responsibilities"), "Sign people in.\nShow products.");
    assert_eq!(element("Frontend", "interfaces"), "REST requests to the **Backend API**.");
    assert_eq!(element("Backend API", "pattern"), "Layered.");
    assert_eq!(element("Database", "schemaManagement"), "Migrations in the repository.");
    assert_eq!(element("Database", "backup"), "Daily.");
    assert_eq!(element("Cache", "ttl"), "5 minutes.");
    assert_eq!(element("Cache", "eviction"), "LRU.");
    assert_eq!(element("Frontend", "scaling"), "A CDN.");
    for (name, kind) in
        [("Frontend", "Web client"), ("Backend API", "Service"), ("Database", "Database"), ("Cache", "Cache")]
    {
        assert_eq!(element(name, "kind"), kind);
    }
    let topics: Vec<&str> = document.model.list(Collection::Concerns).map(|concern| concern.text("topic")).collect();
    assert_eq!(topics, ["authentication", "authorization", "data-protection", "input-validation"]);
    assert_eq!(
        document.field(Collection::Concerns, "All endpoints need a token.", "statement"),
        "All endpoints need a token."
    );
    assert_eq!(document.labels(Collection::Flows), ["Data Flow"]);
    let ends = |text: &str| {
        let step = document.record(Collection::Steps, text);
        let name = |field: &str| document.model.get(step.text(field)).map(Record::label).unwrap_or_default();
        format!("{} → {}", name("from"), name("to"))
    };
    assert_eq!(ends("The **Frontend** sends a request to the **Backend API**."), "Frontend → Backend API");
    assert_eq!(ends("The **Backend API** reads data from the **Database**."), "Backend API → Database");
    assert_eq!(ends("A user starts in the **Frontend**."), " → ");
    assert_eq!(document.why("Backend Services"), ["it is no topic, and no element is called so"]);
}

#[test]
fn the_full_seed_is_understood() {
    let document = Document::read(FULL).lift();
    let element = |name: &str, field: &str| document.field(Collection::Elements, name, field);
    assert_eq!(document.labels(Collection::Elements), ["Web Client", "Order Service", "Order Database"]);
    assert_eq!(element("Web Client", "technologies"), "TypeScript\nSvelte (with Vite)");
    assert_eq!(element("Web Client", "responsibilities"), "Show orders\nTake orders");
    assert_eq!((element("Web Client", "input"), element("Web Client", "output")), ("Clicks".into(), "Requests".into()));
    let described: Vec<String> = document
        .model
        .list(Collection::Relationships)
        .map(|record| {
            let name = |field: &str| document.model.get(record.text(field)).map(Record::label).unwrap_or_default();
            format!("{} → {}: {} ({})", name("from"), name("to"), record.text("description"), record.text("technology"))
        })
        .collect();
    assert_eq!(described, ["Web Client → Order Service:  ()", "Order Service → Order Database: stores orders (SQL)"]);
    assert_eq!(document.labels(Collection::Flows), ["Check out"]);
    let nested = document.record(Collection::Steps, "Tell the person");
    assert_eq!(
        document.model.parent(&nested.id).and_then(|id| document.model.get(id)).unwrap().text("kind"),
        "alternative"
    );
    let bottleneck = document.record(Collection::Concerns, "The Order Database takes one writer");
    assert_eq!((bottleneck.text("mitigation"), bottleneck.list("elements").len()), ("queue the writes", 1));
    let alert = document.model.list(Collection::Concerns).find(|concern| concern.text("topic") == "alerting").unwrap();
    assert_eq!((alert.text("condition"), alert.text("channel")), ("errors > 1 %", "the pager"));
    assert_eq!(document.labels(Collection::Environments), ["Development", "Production"]);
    assert_eq!(document.labels(Collection::Nodes), ["eu-west", "Cluster"]);
    assert_eq!(document.model.list(Collection::Instances).map(|it| it.number("count")).collect::<Vec<_>>(), [3]);
    let decision = |field: &str| document.field(Collection::Decisions, "Use PostgreSQL", field);
    assert_eq!(
        (decision("number"), decision("status"), decision("date")),
        ("1".into(), "Accepted".into(), "2026-01-02".into())
    );
    assert_eq!((decision("context"), decision("decision")), ("Orders must\nlast.".into(), "PostgreSQL 17.".into()));
    assert_eq!((decision("rationale"), decision("tradeOffs")), ("We know it.".into(), "One more thing to run".into()));
    assert_eq!(document.labels(Collection::Alternatives), ["SQLite", "MySQL", "Files", "Redis", "Nothing"]);
    assert_eq!(document.field(Collection::Alternatives, "MySQL", "pros"), "Known\nCheap");
    assert_eq!(document.field(Collection::Alternatives, "Files", "whyNot"), "they break");
    assert_eq!(document.labels(Collection::Considerations), ["Sell abroad", "Search", "Move to events"]);
    assert_eq!(document.field(Collection::Terms, "Cart", "definition"), "What one is going to buy");
    assert_eq!(document.field(Collection::Terms, "Order", "definition"), "What one bought");
    assert_eq!(document.field(Collection::Risks, "Vendor leaves", "mitigation"), "Escrow");
}

#[test]
fn what_is_there_is_linked_and_not_contradicted() {
    let mut document = Document::read(
        "# S\n\n## Components\n\n### Cache\n\n- **Purpose**: new\n- **TTL**: 5 s\n\n### cache store\n\n- **Owner**: Ada",
    );
    document.model.put_all([
        Record::new(Collection::Elements, "c0")
            .with("name", Value::text("Cache"))
            .with("kind", Value::text("cache"))
            .with("purpose", Value::text("old")),
        Record::new(Collection::Elements, "c1")
            .with("name", Value::text("Cache Store"))
            .with("kind", Value::text("cache")),
    ]);
    let document = document.lift();
    assert_eq!(document.labels(Collection::Elements), ["Cache", "Cache Store"]);
    assert_eq!(document.field(Collection::Elements, "Cache", "ttl"), "5 s");
    assert_eq!(document.field(Collection::Elements, "Cache Store", "owner"), "Ada");
    assert_eq!(document.why("Purpose of Cache"), ["the model already says something else"]);
    assert_eq!(document.why("cache store"), ["the model spells the name differently"]);
}

#[test]
fn only_chosen_sections_are_lifted() {
    let mut document = Document::read(COMPACT);
    let chosen = document.sections.iter().find(|section| section.title == "Cache").unwrap().id.clone();
    let options = LiftOptions { sections: Some(vec![chosen.clone()]), ..Default::default() };
    let lifting = lift(&document.sections, &document.model, &options, &mut || "ab".to_owned());
    assert_eq!(lifting.sections.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), [chosen]);
    document.model = lifting.model(&document.model);
    assert_eq!(document.labels(Collection::Elements), ["Cache"]);
}

#[test]
#[allow(clippy::print_stderr)]
fn real_documents_read_as_before() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let mut folders = vec![corpora.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "md" => files.push(path),
                _ => {}
            }
        }
    }
    if files.is_empty() {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("There are no corpora beside the checkout; nothing was tried.");
        }
        return;
    }
    let mut lifted = 0;
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).replace("\r\n", "\n");
        let document = Document::read(&text).lift();
        lifted += document.model.len();
        if file.ends_with("oxc.md") {
            let parser = document.record(Collection::Elements, "oxc_parser");
            assert_eq!(parser.text("purpose"), "JavaScript/TypeScript parsing");
            assert_eq!(document.model.trail(&parser.id), ["Core Processing Layer", "oxc_parser"]);
        }
    }
    assert!(lifted > 20, "{lifted}");
}
