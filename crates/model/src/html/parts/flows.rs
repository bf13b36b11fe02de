//! Flows as numbered steps; alternatives, loops and parallel parts hold others.

use super::{DEPTH, RECORD};
use crate::html::Page;
use crate::html::fields::Card;
use crate::record::Record;
use crate::schema::Collection;

const SHOWN: &[&str] = &["flow", "within", "kind", "text", "condition", "from", "to"];

pub(super) fn write(page: &mut Page) {
    let flows = page.list(Collection::Flows);
    if !page.part("Flows", flows.len()) {
        return;
    }
    for flow in flows {
        page.open_card(flow, Card { level: RECORD, ..Card::default() });
        let owned = page.index.owned(&flow.id).to_vec();
        let steps = owned.into_iter().filter(|step| page.model.parent(&step.id).is_none()).collect::<Vec<_>>();
        list(page, &steps, 0);
        page.close_card();
    }
    page.end_part();
}

fn list<'a>(page: &mut Page<'a>, steps: &[&'a Record], depth: usize) {
    if steps.is_empty() || depth > DEPTH {
        return;
    }
    page.add("<ol class=\"steps\">\n");
    for step in steps {
        one(page, step, depth);
    }
    page.add("</ol>\n");
}

fn one<'a>(page: &mut Page<'a>, step: &'a Record, depth: usize) {
    page.done.insert(&step.id);
    let anchor = page.anchor(step);
    let kind = step.text("kind");
    page.add(&format!("<li id=\"{anchor}\" class=\"step is-{}\">", crate::html::anchor(kind)));
    // An ordinary step need not say that it is one, but one with text may well.
    if !kind.is_empty() {
        let title = page.field(step, "kind", RECORD);
        page.add(&format!("<span class=\"badge kind\">{title}</span> "));
    }
    if step.has("condition") {
        let condition = page.field(step, "condition", RECORD);
        page.add(&format!("<span class=\"condition\">[{condition}]</span> "));
    }
    let ends: Vec<String> =
        ["from", "to"].into_iter().filter(|name| step.has(name)).map(|name| page.link(step.text(name))).collect();
    if !ends.is_empty() {
        let arrow = if step.has("from") { "" } else { "→ " };
        page.add(&format!("<span class=\"ends\">{arrow}{}</span> ", ends.join(" → ")));
    }
    let text = page.field(step, "text", RECORD);
    page.add(&format!("<div class=\"step-text\">{text}</div>"));
    page.fields(step, SHOWN, RECORD);
    let evidence = page.evidence(step);
    page.add(&evidence);
    let inner = page.index.children(&step.id).to_vec();
    list(page, &inner, depth + 1);
    page.add("</li>\n");
}
