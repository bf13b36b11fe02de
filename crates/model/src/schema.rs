//! The one table of what a document's model consists of: collections, their
//! fields, what a field holds and when it applies. From it come the paths of
//! the command line, the inspector, the JSON Schema, the documentation and the
//! rules of merging.

mod architecture;
mod attachments;
mod decisions;
mod documentation;
mod operations;
mod shape;

pub use documentation::documentation;
pub use shape::{Choice, Shape, is_day};

/// Kinds of records. The order is that of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// People, systems, containers, components.
    Elements,
    /// What elements have to do with each other.
    Relationships,
    /// Named sequences through the elements.
    Flows,
    /// The steps of flows.
    Steps,
    /// Where it runs.
    Environments,
    /// Machines, clusters, regions and infrastructure of an environment.
    Nodes,
    /// Elements that run on nodes.
    Instances,
    /// Statements on security, scaling, resilience and observability.
    Concerns,
    /// Architecture decisions.
    Decisions,
    /// Alternatives that a decision considered.
    Alternatives,
    /// What may come.
    Considerations,
    /// What may go wrong.
    Risks,
    /// The glossary.
    Terms,
    /// Quality scenarios.
    Scenarios,
    /// How sure one is of something, and why.
    Evidence,
    /// Trust boundaries.
    Boundaries,
    /// Classes of data.
    Classes,
    /// Diagrams of the model.
    Views,
    /// Findings that are accepted, with a reason.
    Suppressions,
    /// Photos and files, on whatever they show.
    Attachments,
}

/// Every collection, in the order of exports.
pub const COLLECTIONS: [Collection; 20] = [
    Collection::Elements,
    Collection::Relationships,
    Collection::Flows,
    Collection::Steps,
    Collection::Environments,
    Collection::Nodes,
    Collection::Instances,
    Collection::Concerns,
    Collection::Decisions,
    Collection::Alternatives,
    Collection::Considerations,
    Collection::Risks,
    Collection::Terms,
    Collection::Scenarios,
    Collection::Evidence,
    Collection::Boundaries,
    Collection::Classes,
    Collection::Views,
    Collection::Suppressions,
    Collection::Attachments,
];

/// What a collection is called and what its records hold.
pub struct Table {
    /// As in paths and JSON, such as `elements`.
    pub name: &'static str,
    /// One of them, such as `element`.
    pub singular: &'static str,
    /// As a heading, such as “Elements”.
    pub title: &'static str,
    /// What they are, one sentence.
    pub help: &'static str,
    /// The field that names a record.
    pub label: &'static str,
    /// The field with the record that a record belongs to and goes with, such
    /// as a step's flow; `None` for what stands by itself.
    pub owner: Option<&'static str>,
    /// The field that nests records of the same collection in each other.
    pub nesting: Option<&'static str>,
    /// In the order of forms and exports.
    pub fields: &'static [Field],
}

/// A field of a collection.
#[derive(Debug)]
pub struct Field {
    /// As in JSON and paths, such as `schemaManagement`; paths also take
    /// `schema-management`.
    pub name: &'static str,
    /// As a label, such as “Schema management”.
    pub title: &'static str,
    /// What to write, one sentence.
    pub help: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Kinds of element that have it; empty: all.
    pub kinds: &'static [&'static str],
    /// A record makes no sense without it.
    pub required: bool,
    /// Labels in Markdown under which it is read, besides the title.
    pub labels: &'static [&'static str],
    /// Written and read by programs alone: in no form, no text and no search.
    pub internal: bool,
    /// Opens something: stays in the document, and goes into no export either.
    pub secret: bool,
}

/// A field that applies to all kinds, for the tables.
const fn field(name: &'static str, title: &'static str, shape: Shape, help: &'static str) -> Field {
    Field { name, title, help, shape, kinds: &[], required: false, labels: &[], internal: false, secret: false }
}

impl Field {
    const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    const fn of(mut self, kinds: &'static [&'static str]) -> Field {
        self.kinds = kinds;
        self
    }

    const fn labels(mut self, labels: &'static [&'static str]) -> Field {
        self.labels = labels;
        self
    }

    const fn internal(mut self) -> Field {
        self.internal = true;
        self
    }

    const fn secret(mut self) -> Field {
        (self.internal, self.secret) = (true, true);
        self
    }

    /// Whether its value follows from other records and is not stored.
    pub fn is_derived(&self) -> bool {
        matches!(self.shape, Shape::Targets)
    }

    /// Whether a record of this kind has it.
    pub fn applies(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// In lower case with dashes, as in paths: `schema-management`.
    pub fn dashed(&self) -> String {
        let mut out = String::new();
        for c in self.name.chars() {
            if c.is_ascii_uppercase() {
                out.push('-');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    }
}

impl Collection {
    /// What it is called and what its records hold.
    pub fn table(self) -> &'static Table {
        match self {
            Collection::Elements => &architecture::ELEMENTS,
            Collection::Relationships => &architecture::RELATIONSHIPS,
            Collection::Flows => &architecture::FLOWS,
            Collection::Steps => &architecture::STEPS,
            Collection::Boundaries => &architecture::BOUNDARIES,
            Collection::Classes => &architecture::CLASSES,
            Collection::Views => &architecture::VIEWS,
            Collection::Environments => &operations::ENVIRONMENTS,
            Collection::Nodes => &operations::NODES,
            Collection::Instances => &operations::INSTANCES,
            Collection::Concerns => &operations::CONCERNS,
            Collection::Risks => &operations::RISKS,
            Collection::Scenarios => &operations::SCENARIOS,
            Collection::Decisions => &decisions::DECISIONS,
            Collection::Alternatives => &decisions::ALTERNATIVES,
            Collection::Considerations => &decisions::CONSIDERATIONS,
            Collection::Terms => &decisions::TERMS,
            Collection::Evidence => &decisions::EVIDENCE,
            Collection::Suppressions => &decisions::SUPPRESSIONS,
            Collection::Attachments => &attachments::ATTACHMENTS,
        }
    }

    /// As in paths and JSON.
    pub fn name(self) -> &'static str {
        self.table().name
    }

    /// By its name in paths.
    pub fn find(name: &str) -> Option<Collection> {
        COLLECTIONS.into_iter().find(|collection| collection.name() == name)
    }

    /// A field by its name, in any of its spellings.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        let exact = self.table().fields.iter().find(|field| field.name == name);
        exact.or_else(|| {
            let plain = |text: &str| -> String {
                text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
            };
            let wanted = plain(name);
            self.table().fields.iter().find(|field| plain(field.name) == wanted)
        })
    }

    /// Where a record of this one belongs: the collections its owner or
    /// nesting field may name.
    pub fn owners(self) -> &'static [Collection] {
        let Some(owner) = self.table().owner else { return &[] };
        match self.field(owner).map(|field| field.shape) {
            Some(Shape::Ref(collections)) => collections,
            _ => &[],
        }
    }
}

/// The kinds of elements, in the order of menus.
pub fn element_kinds() -> &'static [Choice] {
    match Collection::Elements.field("kind").map(|field| field.shape) {
        Some(Shape::Choice(choices)) => choices,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_consistent() {
        let mut names = HashSet::new();
        for collection in COLLECTIONS {
            let table = collection.table();
            assert!(names.insert(table.name), "{} is there twice", table.name);
            assert_eq!(Collection::find(table.name), Some(collection));
            assert!(collection.field(table.label).is_some(), "{}: its label {} is no field", table.name, table.label);
            let mut fields = HashSet::new();
            for field in table.fields {
                assert!(fields.insert(field.name), "{}.{} is there twice", table.name, field.name);
                assert!(field.help.ends_with('.'), "{}.{}: the help is a sentence", table.name, field.name);
                let known = |kind: &str| element_kinds().iter().any(|choice| choice.value == kind);
                assert!(field.kinds.iter().all(|kind| known(kind)), "{}.{}: unknown kind", table.name, field.name);
            }
            for name in table.owner.iter().chain(&table.nesting) {
                let shape = collection.field(name).map(|field| field.shape);
                assert!(matches!(shape, Some(Shape::Ref(_))), "{}.{name} is a reference", table.name);
            }
        }
    }

    #[test]
    fn fields_are_found_in_any_spelling() {
        for name in ["schemaManagement", "schema-management", "schema_management", "Schema Management"] {
            assert_eq!(Collection::Elements.field(name).unwrap().name, "schemaManagement");
        }
        assert_eq!(Collection::Elements.field("schemaManagement").unwrap().dashed(), "schema-management");
    }
}
