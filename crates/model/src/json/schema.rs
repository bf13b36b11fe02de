//! The JSON Schema of the format, generated from the table of the model.

use serde_json::{Map, Value as Json, json};

use super::{FORMAT, VERSION};
use crate::schema::{COLLECTIONS, Collection, Field, Shape};

/// The schema's own address; it is a name and need not lead anywhere.
const ADDRESS: &str = "https://example.invalid/drystone/document.schema.json";

/// JSON Schema 2020-12 of what is written.
pub fn schema() -> Json {
    let mut properties = head();
    for collection in COLLECTIONS {
        let table = collection.table();
        properties.insert(
            table.name.into(),
            json!({
                "type": "array",
                "title": table.title,
                "description": table.help,
                "items": { "$ref": format!("#/$defs/{}", table.name) },
            }),
        );
    }
    let trashed = COLLECTIONS.map(|collection| {
        json!({ "$ref": format!("#/$defs/{}", collection.name()),
            "properties": { "collection": { "const": collection.name() } }, "required": ["collection"] })
    });
    properties.insert(
        "trash".into(),
        json!({
            "type": "array",
            "title": "Trash",
            "description": "Deleted records and what went with them, each with its collection.",
            "items": { "anyOf": trashed },
        }),
    );
    let mut definitions = texts();
    definitions.insert("section".into(), section());
    for collection in COLLECTIONS {
        definitions.insert(collection.name().into(), record(collection));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "Drystone document",
        "description": "An architecture document with its typed model, complete.",
        "type": "object",
        "properties": properties,
        "required": ["format", "version", "title", "sections"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// The same as text, as it is published.
pub fn schema_text() -> String {
    super::text(&schema())
}

fn head() -> Map<String, Json> {
    let line = |title: &str, description: &str| json!({ "type": "string", "title": title, "description": description });
    let entries = [
        ("$schema", line("Schema", "The address of this schema.")),
        ("format", json!({ "const": FORMAT, "description": "Says that this is a Drystone document." })),
        ("version", json!({ "const": VERSION, "description": "The version of the format." })),
        ("id", line("Id", "The document's id.")),
        ("title", line("Title", "The document's title.")),
        ("slug", line("Slug", "The title in lower case with dashes.")),
        ("template", line("Template", "The template's id.")),
        ("created", line("Created", "When it was created.")),
        ("updated", line("Updated", "When it was last changed.")),
        ("crlf", json!({ "type": "boolean", "description": "Whether the Markdown file has CR LF at line ends." })),
        (
            "bom",
            json!({ "type": "boolean", "description": "Whether the Markdown file begins with a byte order mark." }),
        ),
        (
            "sections",
            json!({
                "type": "array",
                "title": "Sections",
                "description": "The prose in document order; a section comes after the one it is nested in.",
                "items": { "$ref": "#/$defs/section" },
            }),
        ),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn section() -> Json {
    let parts = json!({ "$ref": "#/$defs/parts" });
    json!({
        "type": "object",
        "title": "Section",
        "description": "A heading and the Markdown below it.",
        "properties": {
            "id": { "type": "string", "minLength": 1, "title": "Id" },
            "parent": { "type": ["string", "null"], "title": "Nested in", "description": "The id of the section around it." },
            "level": { "type": "integer", "minimum": 0, "maximum": 6, "title": "Heading level",
                "description": "0 is text before the first heading." },
            "title": { "type": "string", "title": "Heading", "description": "As people read it." },
            "titleSource": parts,
            "key": { "type": ["string", "null"], "title": "Key", "description": "The template's place it fills." },
            "path": { "type": "string", "title": "Path", "description": "As the command line takes it." },
            "text": { "type": "string", "title": "Text", "description": "Markdown, as people read it." },
            "source": parts,
            "form": {
                "type": "object",
                "title": "Form",
                "description": "What stands around heading and text in the file it came from.",
                "properties": {
                    "style": { "enum": ["atx", "setext", "none"] },
                    "lead": { "type": "string" },
                    "gap": { "type": "string" },
                    "tail": { "type": "string" },
                    "foot": { "type": "string" },
                    "origin": { "enum": ["imported", "imported-last"] },
                },
                "required": ["style", "lead", "gap", "tail", "foot", "origin"],
                "additionalProperties": false,
            },
        },
        "required": ["id", "level", "title", "text"],
        "additionalProperties": false,
    })
}

/// Texts that may hold references.
fn texts() -> Map<String, Json> {
    let hint = |description: &str| json!({ "type": "string", "description": description });
    let reference = json!({
        "type": "object",
        "title": "Reference",
        "description": "A place in a text that shows a field of a record.",
        "properties": {
            "id": { "$ref": "#/$defs/id" },
            "field": { "type": "string", "minLength": 1, "description": "The field's name." },
            "spelled": hint("Written like this, as long as it says the same."),
            "items": hint("A list, one item a line, each after this."),
            "joined": hint("A list on one line with this between."),
            "hanging": hint("A text whose further lines begin with this."),
            "counted": hint("A numbered list, one item a line; this stands before the second."),
            "ordered": hint("Records on one line: their ids in order with commas, a semicolon, and what stands between them."),
        },
        "required": ["id", "field"],
        "additionalProperties": false,
    });
    let entries = [
        (
            "id",
            json!({ "type": "string", "pattern": "^[0-9a-f]{1,32}$", "title": "Id", "description": "A record's id." }),
        ),
        ("reference", reference),
        (
            "parts",
            json!({
                "type": "array",
                "title": "Source",
                "description": "A text as it is stored, where that differs from what people read: text and references in turn.",
                "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/reference" }] },
            }),
        ),
        (
            "prose",
            json!({
                "title": "Text",
                "description": "Markdown; with its source where it holds references.",
                "anyOf": [
                    { "type": "string" },
                    {
                        "type": "object",
                        "properties": { "text": { "type": "string" }, "source": { "$ref": "#/$defs/parts" } },
                        "required": ["text", "source"],
                        "additionalProperties": false,
                    },
                ],
            }),
        ),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn record(collection: Collection) -> Json {
    let table = collection.table();
    let follows = |title: &str, description: &str| json!({ "type": "string", "readOnly": true, "title": title, "description": description });
    let mut properties = Map::new();
    properties.insert("id".into(), json!({ "$ref": "#/$defs/id" }));
    properties.insert("slug".into(), follows("Slug", "The name in lower case with dashes; not read."));
    properties.insert("path".into(), follows("Path", "As the command line takes it; not read."));
    properties.insert("label".into(), follows("Label", "What people call it; not read."));
    properties.insert(
        "order".into(),
        json!({ "type": "string", "title": "Order",
            "description": "Sorts the records; without it they stand as they are listed." }),
    );
    properties.insert("collection".into(), json!({ "const": table.name, "description": "Needed in the trash only." }));
    properties.insert(
        "deleted".into(),
        json!({ "type": "boolean", "title": "Deleted",
            "description": "In the trash by itself, and not only because of what it belongs to." }),
    );
    let mut conflicts = Map::new();
    for field in table.fields.iter().filter(|field| !field.secret) {
        properties.insert(field.name.into(), described(field));
        if !field.is_derived() {
            conflicts.insert(field.name.into(), json!({ "type": "array", "items": shape(field.shape) }));
        }
    }
    properties.insert(
        "conflicts".into(),
        json!({
            "type": "object",
            "title": "Conflicts",
            "description": "Fields that several people set at once, with every value but the one that counts.",
            "properties": conflicts,
            "additionalProperties": false,
        }),
    );
    let mut required = vec!["id"];
    let needed = table.fields.iter().filter(|field| field.required && field.name != "number");
    required.extend(needed.map(|field| field.name));
    json!({
        "type": "object",
        "title": table.singular,
        "description": table.help,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn described(field: &Field) -> Json {
    let mut out = shape(field.shape);
    out["title"] = json!(field.title);
    out["description"] = match field.kinds {
        [] => json!(field.help),
        kinds => json!(format!("{} Of {}.", field.help, kinds.join(", "))),
    };
    if field.is_derived() {
        out["readOnly"] = json!(true);
    }
    out
}

fn shape(shape: Shape) -> Json {
    let id = json!({ "$ref": "#/$defs/id" });
    match shape {
        Shape::Line => json!({ "type": "string" }),
        Shape::Text => json!({ "$ref": "#/$defs/prose" }),
        Shape::Number => json!({ "type": "integer", "minimum": 0, "maximum": i32::MAX }),
        Shape::Date => json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Shape::Choice(choices) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            json!({ "type": "string", "enum": words })
        }
        Shape::List => json!({ "type": "array", "items": { "$ref": "#/$defs/prose" } }),
        Shape::Tags => json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        Shape::Map => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Ref(_) => id,
        Shape::Refs(_) | Shape::Targets => json!({ "type": "array", "items": id, "uniqueItems": true }),
    }
}
