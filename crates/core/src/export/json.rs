//! The whole document as JSON.

use serde_json::{Value, json};

use crate::api::DocumentView;

/// The document with all sections, in document order.
pub fn export(view: &DocumentView) -> Value {
    let sections: Vec<Value> = view
        .sections
        .iter()
        .map(|section| {
            json!({
                "id": section.id,
                "parent": section.parent,
                "level": section.level,
                "title": section.title,
                "key": section.key,
                "path": section.path,
                "text": section.text,
            })
        })
        .collect();
    json!({
        "format": "drystone-document",
        "version": 1,
        "id": view.summary.id,
        "title": view.summary.title,
        "slug": view.summary.slug,
        "template": view.summary.template,
        "created": view.summary.created,
        "updated": view.summary.updated,
        "sections": sections,
    })
}
