//! What goes in and out of the façade: plain data, the same for the window,
//! the browser and the command line. Times are RFC 3339 strings in UTC;
//! positions in text are UTF-16 code units, as editors count them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! data {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
        #[serde(rename_all = "camelCase")]
        $(#[$meta])*
        pub $kind $name $body
    )*};
}

mod attachments;
mod bundles;
mod compaction;
mod model;
mod nearby;
mod presence;
mod proof;
mod recovery;
mod sharing;

pub use attachments::*;
pub use bundles::*;
pub use compaction::*;
pub use model::*;
pub use nearby::*;
pub use presence::*;
pub use proof::*;
pub use recovery::*;
pub use sharing::*;

data! {
    /// A command without arguments.
    #[derive(Default)]
    pub struct Empty {}

    /// What this process is and where its data lives.
    pub struct AppInfo {
        /// Version of Drystone.
        pub version: String,
        /// The data folder, as a path.
        pub data_dir: String,
        /// Changes with every process start; section versions count within it.
        pub session: String,
        /// The name other members see for this device's user.
        pub user_name: String,
        /// Where the database key is kept.
        pub key_source: KeySource,
    }

    /// Where the key that opens the database is kept.
    pub enum KeySource {
        /// The operating system's keychain.
        Keychain,
        /// Derived from a passphrase with Argon2id.
        Passphrase,
        /// A key file, readable by its owner only.
        KeyFile,
    }

    /// How much of what the template expects is written.
    pub struct Completeness {
        /// Sections that have text.
        pub written: u32,
        /// Sections the template expects, and every other that exists.
        pub expected: u32,
    }

    /// One document in the library.
    pub struct DocumentSummary {
        /// 32 hexadecimal digits.
        pub id: String,
        /// The title.
        pub title: String,
        /// The title in lower case with dashes, for the command line.
        pub slug: String,
        /// `full` or `compact`.
        pub template: String,
        /// The workspace's id.
        pub workspace: String,
        /// When it was created.
        pub created: String,
        /// When it was last changed by anyone.
        pub updated: String,
        /// When it was deleted, if it was; a deleted document can be restored.
        pub deleted: Option<String>,
        /// How much is written.
        pub completeness: Completeness,
        /// Changes that are not yet stored at the relay.
        pub waiting: u32,
        /// The first words of the prose, for the library.
        pub excerpt: String,
    }

    /// How far a section is.
    pub enum SectionState {
        /// No text.
        Empty,
        /// Only bracketed placeholders from a template.
        Placeholder,
        /// Has text.
        Written,
    }

    /// One section of a document: a heading and the Markdown below it, down to
    /// the next heading.
    pub struct SectionView {
        /// Stable id.
        pub id: String,
        /// The section it is nested in.
        pub parent: Option<String>,
        /// Heading level, 1 to 6; 0 is text before the first heading.
        pub level: u8,
        /// The heading as Markdown source, references replaced by what they show.
        pub title: String,
        /// The record whose name the heading shows.
        pub record: Option<String>,
        /// The template's place this section fills, such as `security.authentication`.
        pub key: Option<String>,
        /// Path for the command line, such as `sections.security.authentication`.
        pub path: String,
        /// What the template advises to write here, as Markdown.
        pub guidance: Option<String>,
        /// How far it is.
        pub state: SectionState,
        /// The Markdown body as stored: references stand as U+E020 id.field hint U+E021. Lines end with `\n`.
        pub text: String,
        /// The body as people read it, where references make it differ.
        pub rendered: Option<String>,
        /// Grows with every update of `text`; see `section.edit`.
        pub version: u32,
    }

    /// A place of the template that the document does not have (yet).
    pub struct TemplateSlot {
        /// The place, such as `security.authentication`.
        pub key: String,
        /// The template's heading.
        pub title: String,
        /// What to write here, as Markdown.
        pub guidance: String,
        /// Heading level in the template.
        pub level: u8,
        /// True where any number of such sections may be added (components, use cases, decisions).
        pub repeatable: bool,
        /// The Markdown skeleton a new section of this kind starts with.
        pub skeleton: String,
    }

    /// A document with everything the editor shows.
    pub struct DocumentView {
        /// The library's view of it.
        pub summary: DocumentSummary,
        /// All sections in document order, each after its parent.
        pub sections: Vec<SectionView>,
        /// Places of the template that are not in the document, in the template's order, and all repeatable ones.
        pub missing: Vec<TemplateSlot>,
    }

    /// A built-in template.
    pub struct TemplateInfo {
        /// `full` or `compact`.
        pub id: String,
        /// Its name.
        pub title: String,
        /// One sentence on when to take it.
        pub description: String,
        /// Its places in order.
        pub slots: Vec<TemplateSlot>,
    }

    /// Names a document by its id.
    pub struct DocumentRef {
        /// 32 hexadecimal digits.
        pub document: String,
    }

    /// Creates a document from a template.
    pub struct CreateDocument {
        /// The title.
        pub title: String,
        /// `full`, `compact` or `arc42`; with a file the name of that for messages.
        pub template: String,
        /// The text of a template file to take instead.
        pub template_file: Option<String>,
        /// Workspace id; the default workspace when absent.
        pub workspace: Option<String>,
    }

    /// Changes a document's title.
    pub struct RenameDocument {
        /// The document.
        pub document: String,
        /// The new title.
        pub title: String,
    }

    /// Which documents to list.
    pub struct ListDocuments {
        /// Only this workspace.
        pub workspace: Option<String>,
        /// Also those that were deleted.
        pub deleted: bool,
    }

    /// Imports a Markdown file as a new document.
    pub struct ImportDocument {
        /// The file's name, for messages and as a title of last resort.
        pub name: String,
        /// The file's bytes in Base64.
        pub content: String,
        /// `full` or `compact`; the one that fits better when absent.
        pub template: Option<String>,
        /// The text of a template file to take instead.
        pub template_file: Option<String>,
        /// Workspace id; the default workspace when absent.
        pub workspace: Option<String>,
        /// `markdown` or `json`; by the name when absent.
        pub format: Option<String>,
        /// Lift all there is into the model, diagrams too, and not only what stands in a template's places.
        #[serde(default)]
        pub lift: bool,
        /// Add the sections and records to this document instead of making one.
        pub into: Option<String>,
    }

    /// What an import made.
    pub struct Imported {
        /// The new document.
        pub id: String,
        /// Its title.
        pub title: String,
        /// Its slug.
        pub slug: String,
        /// The template whose places its headings were matched with.
        pub template: String,
        /// How many sections it has.
        pub sections: u32,
        /// How many of them fill a place of the template.
        pub matched: u32,
        /// What was lifted into the model and what was left.
        pub lift: LiftReport,
    }

    /// Export formats.
    #[derive(Copy)]
    pub enum ExportFormat {
        /// Markdown, byte for byte what was imported where nothing was changed.
        Markdown,
        /// Everything, as JSON.
        Json,
        /// One page that needs nothing else.
        Html,
        /// The model as a Mermaid flowchart.
        Mermaid,
    }

    /// Exports a document.
    pub struct ExportDocument {
        /// The document.
        pub document: String,
        /// The format.
        pub format: ExportFormat,
    }

    /// An exported file.
    pub struct Exported {
        /// A file name that fits.
        pub name: String,
        /// Its media type.
        pub mime: String,
        /// Its bytes in Base64.
        pub content: String,
    }

    /// One replacement in a text. Positions count UTF-16 code units.
    pub struct Splice {
        /// Where.
        pub at: u32,
        /// How much to delete there.
        pub delete: u32,
        /// What to insert there.
        pub insert: String,
    }

    /// Edits a section's text. The edit is refused (`accepted: false`) when
    /// `version` is not the section's current version: the caller has yet to
    /// take in the `sectionChanged` events up to it, rebases and tries again.
    pub struct EditSection {
        /// The document.
        pub document: String,
        /// The section.
        pub section: String,
        /// The version the positions refer to.
        pub version: u32,
        /// Any string that names the calling editor; comes back in the event.
        pub client: String,
        /// Replacements, each in the text that the one before left.
        pub splices: Vec<Splice>,
    }

    /// Whether an edit was taken. When it was, it is durable.
    pub struct Edited {
        /// False: nothing was changed, rebase first.
        pub accepted: bool,
        /// The section's version now.
        pub version: u32,
    }

    /// Asks for the updates of a section's text after a version.
    pub struct SectionUpdates {
        /// The document.
        pub document: String,
        /// The section.
        pub section: String,
        /// The last version the caller has.
        pub since: u32,
    }

    /// One update of a section's text.
    pub struct SectionUpdate {
        /// The version it leads to; it applies to `version - 1`.
        pub version: u32,
        /// The editor it came from; empty when from elsewhere (another device, another process).
        pub client: String,
        /// Replacements, each in the text that the one before left.
        pub splices: Vec<Splice>,
    }

    /// Updates after a version, or the whole text when they are no longer at hand.
    pub struct SectionUpdatesReply {
        /// The section's version now.
        pub version: u32,
        /// In order; complete unless `text` is given.
        pub updates: Vec<SectionUpdate>,
        /// The whole text, when the updates asked for are no longer kept.
        pub text: Option<String>,
    }

    /// Adds a section.
    pub struct AddSection {
        /// The document.
        pub document: String,
        /// Nested in this section; at the top when absent.
        pub parent: Option<String>,
        /// Directly after this sibling; first when absent.
        pub after: Option<String>,
        /// The heading. Ignored with `key`, unless that place is repeatable.
        pub title: String,
        /// The place of the template it fills; parent and position then follow the template when both are absent.
        pub key: Option<String>,
    }

    /// Names a section.
    pub struct SectionRef {
        /// The document.
        pub document: String,
        /// The section.
        pub section: String,
    }

    /// Changes a heading.
    pub struct RenameSection {
        /// The document.
        pub document: String,
        /// The section.
        pub section: String,
        /// The new heading, as Markdown source, one line.
        pub title: String,
    }

    /// Moves a section with everything nested in it.
    pub struct MoveSection {
        /// The document.
        pub document: String,
        /// The section.
        pub section: String,
        /// Into this section; to the top when absent.
        pub parent: Option<String>,
        /// Directly after this sibling; first when absent.
        pub after: Option<String>,
    }

    /// A search.
    pub struct Search {
        /// Words; all must occur, the last may be unfinished.
        pub query: String,
        /// In this document only; in all of them when absent.
        pub document: Option<String>,
        /// At most this many hits.
        pub limit: u32,
    }

    /// A section or record found.
    pub struct SearchHit {
        /// The document.
        pub document: String,
        /// Its title.
        pub document_title: String,
        /// The section; empty when a record was found.
        pub section: String,
        /// Its heading, or the record's name.
        pub section_title: String,
        /// The record, when one was found.
        pub record: Option<String>,
        /// The record's collection.
        pub collection: Option<String>,
        /// Path for the command line.
        pub path: String,
        /// The passage; matches stand between U+E000 and U+E001.
        pub excerpt: String,
    }

    /// One change of a document.
    pub struct LogEntry {
        /// The change's hash, 64 hexadecimal digits.
        pub hash: String,
        /// When it was made, by its author's clock.
        pub time: String,
        /// Who made it; `you` or a member's name.
        pub author: String,
        /// What was done, in words.
        pub summary: String,
        /// Characters and fields written.
        pub operations: u32,
        /// Whether the relay has it.
        pub stored: bool,
    }

    /// One check of `doctor`.
    pub struct DoctorCheck {
        /// Stable name, such as `database.integrity`.
        pub check: String,
        /// Whether it is fine.
        pub ok: bool,
        /// What was found.
        pub detail: String,
        /// What to do, when it is not fine.
        pub advice: Option<String>,
    }

    /// What happened, sent to everyone who subscribed.
    #[serde(tag = "type")]
    pub enum Event {
        /// A document was added, renamed, deleted or restored.
        LibraryChanged {},
        /// Sections of a document were added, renamed, moved or deleted: open it again.
        #[serde(rename_all = "camelCase")]
        DocumentChanged {
            /// The document.
            document: String,
        },
        /// Records of the model were added or changed, by anyone.
        #[serde(rename_all = "camelCase")]
        ModelChanged {
            /// The document.
            document: String,
            /// The records as they are now; empty when all must be read again.
            records: Vec<RecordView>,
        },
        /// A section's text was updated, by anyone, this editor included.
        #[serde(rename_all = "camelCase")]
        SectionChanged {
            /// The document.
            document: String,
            /// The section.
            section: String,
            /// How.
            update: SectionUpdate,
        },
        /// Somebody came into a document, moved in it, or left.
        #[serde(rename_all = "camelCase")]
        PresenceChanged {
            /// The document.
            document: String,
            /// Everybody else in it now.
            people: Vec<PresentPerson>,
        },
        /// Synchronisation of a workspace moved on.
        #[serde(rename_all = "camelCase")]
        SyncChanged {
            /// How it is now.
            state: SyncState,
        },
        /// A bundle is being taken in.
        #[serde(rename_all = "camelCase")]
        BundleProgress {
            /// The workspace.
            workspace: String,
            /// Entries that were opened.
            done: u32,
            /// Entries that are new in it.
            total: u32,
        },
        /// A file of an attachment goes to the relay or comes from it.
        #[serde(rename_all = "camelCase")]
        AttachmentProgress {
            /// The workspace.
            workspace: String,
            /// The file's id.
            file: String,
            /// Pieces that went or came.
            done: u32,
            /// Pieces in all.
            total: u32,
        },
        /// A workspace was added or its members changed.
        WorkspacesChanged {},
        /// Events were lost because the subscriber was slow: read everything again.
        Lagged {},
    }
}
