//! The page on the model, from its table.

use super::{COLLECTIONS, Field, Shape};

/// docs/model.md.
pub fn documentation() -> String {
    let mut out = String::from(
        "# The model\n\n\
         What a document's model consists of: the collections, their fields, and what a field holds. This page is generated from the \
         table in `crates/model/src/schema`; `cargo xtask generate` writes it.\n\n\
         **Paths.** `drystone show DOC PATH` and `drystone set DOC PATH VALUE` take dotted paths: a collection, a record by its slug or \
         id, a field. Steps, nodes, instances and alternatives belong to another record and stand below it; they are also known by their \
         place from 1. `schemaManagement` may be written `schema-management`.\n\n\
         ```sh\n\
         drystone set shop elements.web-client.purpose \"Sells things.\"\n\
         drystone set shop elements.web-client.dependencies \"API, Orders DB\"\n\
         drystone set shop relationships.web-client--api.timeout \"2 s\"\n\
         drystone set shop flows.checkout.steps.1.text \"The customer pays.\"\n\
         drystone set shop environments.production.nodes.web.instances.api.count 3\n\
         drystone set shop decisions.4.status accepted\n\
         drystone set shop elements.api '{\"owner\": \"Team Shop\", \"tags\": [\"core\"]}'\n\
         ```\n\n\
         `set` adds a record that is not there yet, `drystone add` adds one with several fields, `drystone remove` puts one into the trash, \
         and a value of `\"\"` empties a field.\n\n\
         **What a field holds** decides how it is written and how it merges when two people change it apart:\n\n\
         | shape | written as | merges |\n|---|---|---|\n\
         | line | one line | the last writer counts; the other value is kept until someone picks |\n\
         | text | Markdown | letter by letter |\n\
         | number | a whole number from 0 | as a line |\n\
         | date | `2026-11-24` | as a line |\n\
         | choice | one of the words | as a line |\n\
         | list | one item a line, or a JSON array | item by item |\n\
         | tags | words with commas, or a JSON array | word by word |\n\
         | map | `name = value` lines, or a JSON object | name by name |\n\
         | ref | a name, slug or id | as a line |\n\
         | refs | names, slugs or ids with commas | one by one |\n\
         | targets | names, slugs or ids with commas | not stored: relationships are added and deleted |\n",
    );
    for collection in COLLECTIONS {
        let table = collection.table();
        out += &format!("\n## {}\n\n`{}`. {}", table.title, table.name, table.help);
        if let (Some(owner), Some(above)) = (table.owner, collection.owners().first()) {
            out += &match collection.owners().len() {
                1 => format!(" Each belongs to one of `{}` by its field `{owner}`.", above.name()),
                _ => format!(" Each can belong to a record by its field `{owner}`."),
            };
        }
        if let Some(nesting) = table.nesting {
            out += &format!(" They nest by `{nesting}`.");
        }
        out += "\n\n| field | holds | |\n|---|---|---|\n";
        for field in table.fields.iter().filter(|field| !field.internal) {
            out += &row(field);
        }
    }
    out
}

fn row(field: &Field) -> String {
    let required = if field.required { ", required" } else { "" };
    let mut help = field.help.to_owned();
    if !field.kinds.is_empty() {
        help += &format!(" Only of {}.", field.kinds.join(", "));
    }
    format!("| `{}` | {}{required} | {help} |\n", field.name, holds(field.shape))
}

fn holds(shape: Shape) -> String {
    let words: Vec<&str> = shape.choices().iter().map(|choice| choice.value).collect();
    let targets: Vec<&str> = shape.targets().iter().map(|collection| collection.name()).collect();
    match shape {
        Shape::Choice(_) => format!("choice: {}", words.join(", ")),
        Shape::Ref(_) | Shape::Refs(_) if targets.is_empty() => format!("{} to any record", shape.name()),
        Shape::Ref(_) | Shape::Refs(_) => format!("{} to {}", shape.name(), targets.join(", ")),
        _ => shape.name().to_owned(),
    }
}
