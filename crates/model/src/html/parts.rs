//! The parts of the page that show the model, one for each kind of thing.

pub(super) mod concerns;
mod decisions;
mod environments;
mod flows;

use super::fields::Card;
use super::{Entry, Page};
use crate::parallel;
use crate::record::Record;
use crate::schema::{COLLECTIONS, Collection};

/// How deep cards are put into cards. What is nested deeper follows at the end.
pub(super) const DEPTH: usize = 24;
/// The heading level of parts.
const PART: u8 = 2;
/// The heading level of records.
pub(super) const RECORD: u8 = 3;

/// Every part that has something in it, in the order of reading.
pub(super) fn write(page: &mut Page) {
    if COLLECTIONS.into_iter().all(|collection| page.model.list(collection).next().is_none()) {
        return;
    }
    let parts: Vec<usize> = (0..PARTS.len()).collect();
    let written = parallel::map(&parts, page.model.len(), |at| {
        let mut part = page.beside(format!("part{at}-text"));
        PARTS[*at](&mut part);
        part
    });
    written.into_iter().for_each(|part| page.take_in(part));
    rest(page);
}

const PARTS: [fn(&mut Page<'_>); 16] = [
    elements,
    relationships,
    flows::write,
    environments::write,
    |page| nested(page, Collection::Boundaries),
    |page| nested(page, Collection::Classes),
    concerns::write,
    decisions::write,
    |page| nested(page, Collection::Considerations),
    |page| nested(page, Collection::Risks),
    |page| nested(page, Collection::Scenarios),
    glossary,
    |page| nested(page, Collection::Views),
    |page| nested(page, Collection::Evidence),
    |page| nested(page, Collection::Attachments),
    |page| nested(page, Collection::Suppressions),
];

impl<'a> Page<'a> {
    /// Begins a part, when there is anything to say in it.
    pub(super) fn part(&mut self, title: &str, count: usize) -> bool {
        if count == 0 {
            return false;
        }
        let anchor = format!("model-{}", crate::graph::slug(title));
        self.add(&format!(
            "<section class=\"part\" aria-labelledby=\"{anchor}\">\n<h{PART} id=\"{anchor}\">{title} <span class=\"count\">{count}</span></h{PART}>\n"
        ));
        self.entries.push(Entry { level: PART, anchor, title: title.to_owned(), count: Some(count) });
        true
    }

    pub(super) fn end_part(&mut self) {
        self.add("</section>\n");
    }

    /// Live records of a collection, in their order.
    pub(super) fn list(&self, collection: Collection) -> Vec<&'a Record> {
        self.model.list(collection).collect()
    }

    /// Those of them that are nested in nothing.
    pub(super) fn tops(&self, collection: Collection) -> Vec<&'a Record> {
        self.model.list(collection).filter(|record| self.model.parent(&record.id).is_none()).collect()
    }
}

fn elements(page: &mut Page) {
    let count = page.model.list(Collection::Elements).count();
    if !page.part("Elements", count) {
        return;
    }
    for record in page.tops(Collection::Elements) {
        element(page, record, 0);
    }
    page.end_part();
}

fn element<'a>(page: &mut Page<'a>, record: &'a Record, depth: usize) {
    let level = RECORD + u8::try_from(depth).unwrap_or(RECORD).min(RECORD);
    page.open_card(record, Card { level, without: &["parent"], ..Card::default() });
    context(page, record);
    let children = page.index.children(&record.id).to_vec();
    if depth < DEPTH && !children.is_empty() {
        page.add("<div class=\"inside\">\n");
        for child in children {
            element(page, child, depth + 1);
        }
        page.add("</div>\n");
    }
    page.close_card();
}

/// What else of the model has to do with an element.
fn context(page: &mut Page, record: &Record) {
    let users: Vec<String> = unique(page.index.arriving(&record.id).iter().map(|one| one.text("from")));
    let about = page.index.about(&record.id);
    let about: Vec<String> =
        unique(about.iter().filter(|one| one.collection != Collection::Evidence).map(|one| one.id.as_str()));
    let mut rows = String::new();
    for (title, ids) in [("Used by", users), ("See also", about)] {
        if !ids.is_empty() {
            let links: Vec<String> = ids.iter().map(|id| page.link(id)).collect();
            rows.push_str(&format!("<div><dt>{title}</dt><dd>{}</dd></div>\n", links.join(", ")));
        }
    }
    if !rows.is_empty() {
        page.add(&format!("<dl class=\"fields context\">\n{rows}</dl>\n"));
    }
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

fn relationships(page: &mut Page) {
    let list = page.list(Collection::Relationships);
    if !page.part("Relationships", list.len()) {
        return;
    }
    let heads = ["From", "To", "What happens", "How", "More"];
    page.table("Relationships", "stack relationships", &heads);
    for record in list {
        page.done.insert(&record.id);
        let anchor = page.anchor(record);
        let badges = page.badges(record);
        let what = page.rows(record, RELATIONSHIP_MORE, RECORD);
        let how = ["technology", "interaction", "protection"].map(|name| page.field(record, name, RECORD));
        let how: Vec<String> = how.into_iter().filter(|html| !html.is_empty()).collect();
        let (from, to) = (page.link(record.text("from")), page.link(record.text("to")));
        let description = page.field(record, "description", RECORD);
        let more = if what.is_empty() { String::new() } else { format!("<dl class=\"fields\">\n{what}</dl>") };
        page.add(&format!(
            "<tr id=\"{anchor}\"><th scope=\"row\">{from}</th><td>{to}</td><td>{description}{badges}</td><td>{}</td><td>{more}</td></tr>\n",
            how.join("<br>")
        ));
    }
    page.end_table();
    page.end_part();
}

/// What other columns of the table show.
const RELATIONSHIP_MORE: &[&str] = &["from", "to", "description", "technology", "interaction", "protection", "status"];

impl<'a> Page<'a> {
    /// A field's value as HTML; nothing when there is none.
    pub(super) fn field(&mut self, record: &Record, name: &str, level: u8) -> String {
        let Some(field) = record.collection.field(name) else { return String::new() };
        match record.get(name).cloned() {
            Some(value) => self.value(field, &value, level),
            None => String::new(),
        }
    }

    pub(super) fn table(&mut self, label: &str, class: &str, heads: &[&str]) {
        let heads: Vec<String> = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
        self.add(&format!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n<table class=\"model {class}\">\n<thead><tr>{}</tr></thead>\n<tbody>\n",
            heads.concat()
        ));
    }

    pub(super) fn end_table(&mut self) {
        self.add("</tbody>\n</table>\n</div>\n");
    }
}

/// A collection as cards, those of nested records inside of others.
fn nested(page: &mut Page, collection: Collection) {
    let count = page.model.list(collection).count();
    if !page.part(collection.table().title, count) {
        return;
    }
    for record in page.tops(collection) {
        nest(page, record, 0);
    }
    page.end_part();
}

fn nest<'a>(page: &mut Page<'a>, record: &'a Record, depth: usize) {
    let nesting = record.collection.table().nesting.unwrap_or_default();
    let level = RECORD + u8::try_from(depth).unwrap_or(RECORD).min(RECORD);
    page.open_card(record, Card { level, without: &[nesting], ..Card::default() });
    let children = page.index.children(&record.id).to_vec();
    if depth < DEPTH && !children.is_empty() {
        page.add("<div class=\"inside\">\n");
        for child in children {
            nest(page, child, depth + 1);
        }
        page.add("</div>\n");
    }
    page.close_card();
}

fn glossary(page: &mut Page) {
    let mut terms = page.list(Collection::Terms);
    if !page.part("Glossary", terms.len()) {
        return;
    }
    terms.sort_by_key(|term| (term.label().to_lowercase(), &term.id));
    page.add("<dl class=\"glossary\">\n");
    for term in terms {
        page.done.insert(&term.id);
        let (anchor, name, badges) = (page.anchor(term), super::escape(&term.label()), page.badges(term));
        let definition = page.field(term, "definition", RECORD);
        let synonyms = page.field(term, "synonyms", RECORD);
        let synonyms =
            if synonyms.is_empty() { synonyms } else { format!("<p class=\"synonyms\">Also: {synonyms}</p>") };
        page.add(&format!("<div id=\"{anchor}\"><dt>{name}{badges}</dt><dd>{definition}{synonyms}</dd></div>\n"));
    }
    page.add("</dl>\n");
    page.end_part();
}

/// What stood nowhere else, so that nothing is left out: records without the
/// one they belong to, and what is nested too deep.
fn rest(page: &mut Page) {
    let all = COLLECTIONS.into_iter().flat_map(|collection| page.model.list(collection));
    let left: Vec<&Record> = all.filter(|record| !page.done.contains(record.id.as_str())).collect();
    if !page.part("Other records", left.len()) {
        return;
    }
    for record in left {
        page.card(record, Card { level: RECORD, ..Card::default() });
    }
    page.end_part();
}
