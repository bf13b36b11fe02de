//! The typed model, lifting and checks, as plain data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use drystone_model::Value;
use drystone_model::edit::Edit;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

data! {
    /// One word of a choice.
    pub struct ChoiceInfo {
        /// As it is stored.
        pub value: String,
        /// As it is shown.
        pub title: String,
    }

    /// A field of a collection.
    pub struct FieldInfo {
        /// As in JSON, such as `schemaManagement`.
        pub name: String,
        /// As a label.
        pub title: String,
        /// What to write, one sentence.
        pub help: String,
        /// `line`, `text`, `number`, `date`, `choice`, `list`, `tags`, `map`, `ref`, `refs`, or `targets` for what follows from relationships.
        pub shape: String,
        /// The words of a choice.
        pub choices: Vec<ChoiceInfo>,
        /// Collections that a reference may lead to; empty for all.
        pub targets: Vec<String>,
        /// Kinds of element that have it; empty for all.
        pub kinds: Vec<String>,
        /// A record makes no sense without it.
        pub required: bool,
        /// Not stored: it follows from other records.
        pub derived: bool,
    }

    /// A kind of records.
    pub struct CollectionInfo {
        /// As in paths and JSON, such as `elements`.
        pub name: String,
        /// One of them.
        pub singular: String,
        /// As a heading.
        pub title: String,
        /// What they are, one sentence.
        pub help: String,
        /// The field that names a record.
        pub label: String,
        /// The field with the record that a record belongs to and goes with.
        pub owner: Option<String>,
        /// The field that nests records of this collection in each other.
        pub nesting: Option<String>,
        /// In the order of forms.
        pub fields: Vec<FieldInfo>,
    }

    /// What a document's model consists of.
    pub struct ModelSchema {
        /// In the order of exports.
        pub collections: Vec<CollectionInfo>,
    }

    /// A record of the model.
    pub struct RecordView {
        /// Stable id.
        pub id: String,
        /// Such as `elements`.
        pub collection: String,
        /// Its path for the command line, such as `elements.web-client`.
        pub path: String,
        /// What people call it.
        pub label: String,
        /// The record it is nested in, free of cycles.
        pub parent: Option<String>,
        /// In the trash by itself.
        pub deleted: bool,
        /// In the trash, or in something that is.
        pub hidden: bool,
        /// Sorts it among its like.
        pub order: String,
        /// Fields that have a value.
        pub fields: BTreeMap<Cow<'static, str>, Value>,
        /// Fields that several people set at once, with the values that do not count until someone picks.
        pub conflicts: BTreeMap<Cow<'static, str>, Vec<Value>>,
    }

    /// All records of a document.
    pub struct ModelView {
        /// By collection and order, those in the trash included.
        pub records: Vec<RecordView>,
    }

    /// The whole text of a section, as stored: references included.
    pub struct SectionBody {
        /// The section.
        pub section: String,
        /// Its heading, unless it stays.
        pub title: Option<String>,
        /// Its text, unless it stays.
        pub text: Option<String>,
    }

    /// Edits the model, and section texts with it, as one change.
    pub struct ApplyEdits {
        /// The document.
        pub document: String,
        /// In their order; all are made or none.
        pub edits: Vec<Edit>,
        /// Section texts to replace in the same change.
        pub sections: Vec<SectionBody>,
        /// What it does, in words, for the history; made up when absent.
        pub summary: Option<String>,
        /// Consent to deleting much at once; without it that is refused with the code `confirm`.
        pub confirm: bool,
    }

    /// What edits made.
    pub struct Applied {
        /// Ids of the records that were added, in order.
        pub added: Vec<String>,
        /// What was done, in words.
        pub summary: String,
        /// Takes it back; to be applied as it is.
        pub undo: Vec<Edit>,
        /// Section texts as they were before.
        pub undo_sections: Vec<SectionBody>,
    }

    /// Lifts what prose says into the model, or shows what would be.
    pub struct LiftDocument {
        /// The document.
        pub document: String,
        /// Only these sections; all when absent.
        pub sections: Option<Vec<String>>,
        /// Whether diagrams (Mermaid, box drawings) are lifted too.
        pub diagrams: bool,
        /// False: only say what would be done.
        pub apply: bool,
    }

    /// One thing that lifting found.
    pub struct LiftFinding {
        /// The section.
        pub section: String,
        /// Its heading.
        pub section_title: String,
        /// The line in the section's text, from 1.
        pub line: u32,
        /// What it is, such as “Purpose of Web client”.
        pub what: String,
        /// Whether it is (or would be) in the model.
        pub lifted: bool,
        /// Why it was left as text; empty when lifted.
        pub why: String,
    }

    /// What lifting did or would do.
    #[derive(Default)]
    pub struct LiftReport {
        /// In the order of the document.
        pub findings: Vec<LiftFinding>,
        /// Records added, by collection.
        pub added: BTreeMap<String, u32>,
        /// How much was lifted.
        pub lifted: u32,
        /// How much was left as text.
        pub left: u32,
        /// What was done, with the way back; absent when it was only shown or there was nothing to do.
        pub applied: Option<Applied>,
    }

    /// Checks a document.
    pub struct CheckDocument {
        /// The document.
        pub document: String,
        /// The text of a file with project rules.
        pub rules: Option<String>,
    }

    /// How serious a finding is.
    #[derive(Copy, PartialOrd, Eq)]
    pub enum Severity {
        /// Worth knowing.
        Info,
        /// Should be mended.
        Warning,
        /// Wrong.
        Error,
    }

    /// Something a check found.
    pub struct CheckFinding {
        /// Stable within a report: names the finding for `check.fix`.
        pub id: String,
        /// The rule's id.
        pub rule: String,
        /// How serious it is.
        pub severity: Severity,
        /// One sentence.
        pub message: String,
        /// Path for the command line, or file and line.
        pub place: String,
        /// The section it is in.
        pub section: Option<String>,
        /// The record it is about.
        pub record: Option<String>,
        /// The field it is about.
        pub field: Option<String>,
        /// What the fix does, where there is one.
        pub fix: Option<String>,
        /// Why it is accepted, where it is.
        pub suppressed: Option<String>,
    }

    /// What checks found.
    pub struct CheckReport {
        /// Most serious first; accepted ones last.
        pub findings: Vec<CheckFinding>,
        /// How many errors that are not accepted.
        pub errors: u32,
        /// How many warnings that are not accepted.
        pub warnings: u32,
        /// How many of the rest that are not accepted.
        pub infos: u32,
        /// How many are accepted with a reason.
        pub suppressed: u32,
    }

    /// Applies the fix of a finding.
    pub struct FixFinding {
        /// The document.
        pub document: String,
        /// The finding's id.
        pub finding: String,
        /// The text of a file with project rules, as for the check.
        pub rules: Option<String>,
    }

    /// A rule that documents are checked by.
    pub struct RuleInfo {
        /// Its id.
        pub id: String,
        /// Its name.
        pub title: String,
        /// How serious its findings are, unless a project says otherwise.
        pub severity: Severity,
        /// What it is about.
        pub area: String,
        /// What, why, and how to mend it, as Markdown.
        pub explanation: String,
    }

    /// Compares two environments.
    pub struct CompareEnvironments {
        /// The document.
        pub document: String,
        /// One environment.
        pub a: String,
        /// The other.
        pub b: String,
    }

    /// An element in two environments.
    pub struct ComparisonRow {
        /// The element.
        pub element: String,
        /// Its name.
        pub label: String,
        /// How many there are in the first; 0 when it lacks it.
        pub in_a: u32,
        /// How many there are in the second.
        pub in_b: u32,
        /// The nodes it runs on in the first.
        pub nodes_a: Vec<String>,
        /// The nodes it runs on in the second.
        pub nodes_b: Vec<String>,
        /// Whether both have the same.
        pub same: bool,
    }

    /// What differs between two environments.
    pub struct Comparison {
        /// By element.
        pub rows: Vec<ComparisonRow>,
    }

    /// A file with its name.
    pub struct NamedFile {
        /// Its name, with folders and `/` between.
        pub name: String,
        /// Its bytes in Base64.
        pub content: String,
    }

    /// Imports a folder of decision records.
    pub struct ImportDecisions {
        /// The files.
        pub files: Vec<NamedFile>,
        /// `madr`, `adr-tools` or `log4brains`; found out when absent.
        pub format: Option<String>,
        /// Into this document; a new one when absent.
        pub into: Option<String>,
        /// The title of a new document.
        pub title: Option<String>,
        /// The workspace of a new document.
        pub workspace: Option<String>,
    }

    /// Exports decisions as files.
    pub struct ExportDecisions {
        /// The document.
        pub document: String,
        /// `madr`, `adr-tools` or `log4brains`.
        pub format: String,
    }

    /// Changes a document's template; nothing of the text changes.
    pub struct ChangeTemplate {
        /// The document.
        pub document: String,
        /// A built-in template's id.
        pub template: Option<String>,
        /// Or the text of a template file.
        pub file: Option<String>,
    }

    /// Something in the trash.
    pub struct TrashItem {
        /// `sections`, or a collection.
        pub collection: String,
        /// The section or record.
        pub id: String,
        /// What people call it.
        pub label: String,
    }
}
