//! Decisions with the alternatives that were considered.

use std::collections::HashMap;

use super::RECORD;
use crate::html::fields::Card;
use crate::html::{Page, escape};
use crate::record::Record;
use crate::schema::Collection;

pub(super) fn write(page: &mut Page) {
    let decisions = page.list(Collection::Decisions);
    if !page.part("Decisions", decisions.len()) {
        return;
    }
    let mut successors: HashMap<&str, Vec<&Record>> = HashMap::new();
    for decision in &decisions {
        for older in decision.list("supersedes") {
            successors.entry(older).or_default().push(decision);
        }
    }
    for decision in decisions {
        let successors = successors.get(decision.id.as_str()).map_or(&[][..], Vec::as_slice);
        one(page, decision, successors);
    }
    page.end_part();
}

fn one<'a>(page: &mut Page<'a>, decision: &'a Record, successors: &[&Record]) {
    let number = match decision.text("number") {
        "" => String::new(),
        number => format!("<span class=\"number\">{}</span> ", escape(number)),
    };
    page.open_card(decision, Card { level: RECORD, without: &["number"], before: &number });
    let links: Vec<String> = successors.iter().map(|other| page.link(&other.id)).collect();
    if !links.is_empty() {
        page.add(&format!("<p class=\"note\">Superseded by {}</p>\n", links.join(", ")));
    }
    let alternatives = page.index.owned(&decision.id).to_vec();
    if !alternatives.is_empty() {
        let level = RECORD + 1;
        page.add(&format!(
            "<h{level} class=\"alternatives-title\">Alternatives considered</h{level}>\n<div class=\"inside\">\n"
        ));
        for alternative in alternatives {
            page.card(alternative, Card { level: level + 1, without: &["decision"], ..Card::default() });
        }
        page.add("</div>\n");
    }
    page.close_card();
}
