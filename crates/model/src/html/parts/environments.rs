//! Environments: what stands where, and all of them side by side.

use std::collections::BTreeMap;

use super::{DEPTH, RECORD};
use crate::compare::{self, Difference, Running};
use crate::html::fields::Card;
use crate::html::{Page, escape};
use crate::record::Record;
use crate::schema::Collection;

pub(super) fn write(page: &mut Page) {
    let environments = page.list(Collection::Environments);
    if !page.part("Environments", environments.len()) {
        return;
    }
    if environments.len() > 1 {
        side_by_side(page, &environments);
    }
    for environment in environments {
        page.open_card(environment, Card { level: RECORD, ..Card::default() });
        let owned = page.index.owned(&environment.id).to_vec();
        for node in owned.into_iter().filter(|node| page.model.parent(&node.id).is_none()).collect::<Vec<_>>() {
            self::node(page, node, 1);
        }
        page.close_card();
    }
    page.end_part();
}

fn node<'a>(page: &mut Page<'a>, node: &'a Record, depth: usize) {
    let level = RECORD + u8::try_from(depth).unwrap_or(RECORD).min(RECORD);
    let count = if node.has("count") { format!("{} × ", node.number("count")) } else { String::new() };
    page.open_card(node, Card { level, without: &["environment", "parent", "count"], before: &count });
    let instances = page.index.owned(&node.id).to_vec();
    if !instances.is_empty() {
        page.add("<ul class=\"instances\">\n");
        for instance in instances {
            self::instance(page, instance);
        }
        page.add("</ul>\n");
    }
    if depth < DEPTH {
        for inner in page.index.children(&node.id).to_vec() {
            self::node(page, inner, depth + 1);
        }
    }
    page.close_card();
}

fn instance<'a>(page: &mut Page<'a>, instance: &'a Record) {
    page.done.insert(&instance.id);
    let (anchor, element) = (page.anchor(instance), page.link(instance.text("element")));
    let count = if instance.has("count") { format!("{} × ", instance.number("count")) } else { String::new() };
    let badges = page.badges(instance);
    page.add(&format!("<li id=\"{anchor}\">{count}{element}{badges}"));
    page.fields(instance, &["node", "element", "count"], RECORD);
    page.add("</li>\n");
}

/// A table of elements by environments with how many of them run where.
fn side_by_side(page: &mut Page, environments: &[&Record]) {
    let running: Vec<BTreeMap<String, Running>> =
        environments.iter().map(|environment| compare::running(page.model, &environment.id)).collect();
    let elements: Vec<&Record> = page
        .model
        .list(Collection::Elements)
        .filter(|element| running.iter().any(|running| running.contains_key(&element.id)))
        .collect();
    if elements.is_empty() {
        return;
    }
    let names: Vec<String> = environments.iter().map(|environment| page.link(&environment.id)).collect();
    let mut heads = vec!["Element"];
    heads.extend(names.iter().map(String::as_str));
    heads.push("Difference");
    page.table("Environments side by side", "compared", &heads);
    for element in elements {
        let row: Vec<Option<&Running>> = running.iter().map(|running| running.get(&element.id)).collect();
        let mut cells = String::new();
        for running in &row {
            cells.push_str(&cell(*running));
        }
        let link = page.link(&element.id);
        page.add(&format!("<tr><th scope=\"row\">{link}</th>{cells}<td>{}</td></tr>\n", difference(&row)));
    }
    page.end_table();
}

fn cell(running: Option<&Running>) -> String {
    match running {
        None => "<td class=\"none\">–</td>".into(),
        Some(running) => {
            let nodes = escape(&running.nodes.join(", "));
            format!("<td><strong>{}</strong> <span class=\"where\">{nodes}</span></td>", running.count)
        }
    }
}

/// How an element's row differs, in words.
fn difference(row: &[Option<&Running>]) -> &'static str {
    let first = row.first().copied().flatten();
    let differs = row.iter().skip(1).map(|other| compare::difference(first, *other));
    let found: Vec<Difference> = differs.filter(|difference| *difference != Difference::Same).collect();
    match found.first() {
        None => "",
        Some(_) if row.iter().any(Option::is_none) => "<span class=\"badge is-differs\">Missing in some</span>",
        Some(Difference::Counts) => "<span class=\"badge is-differs\">Other number</span>",
        Some(_) => "<span class=\"badge is-differs\">Other nodes</span>",
    }
}
