//! Photos and files on whatever they show.

use super::{Collection, Shape, Table, field};

/// Everything that can have attachments; sections are named by a field of
/// their own, since they are no records.
const ABOUT: Shape = Shape::Ref(&[
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
]);

pub(super) static ATTACHMENTS: Table = Table {
    name: "attachments",
    singular: "attachment",
    title: "Attachments",
    help: "Photos and files on a section or a record; what is in them is kept sealed beside the document.",
    label: "name",
    owner: Some("about"),
    nesting: None,
    fields: &[
        field("name", "Name", Shape::Line, "The file's name.").required(),
        field("about", "On", ABOUT, "The record it is on; it goes into the trash with that."),
        field("section", "Section", Shape::Line, "The id of the section it is on.").internal(),
        field("caption", "Caption", Shape::Text, "What it shows."),
        field("mediaType", "Media type", Shape::Line, "What kind of file it is, such as image/jpeg."),
        field("size", "Size", Shape::Number, "Its size in bytes."),
        field("by", "By", Shape::Line, "Who added it."),
        field("date", "Date", Shape::Date, "When it was added."),
        // One field, so that two who replace a file at once never mix id and key.
        field("content", "Content", Shape::Line, "The id of the sealed file and the key that opens it.").secret(),
    ],
};
