//! Where generated text goes: into sections that are there, and into new ones
//! in an order of their own.

use std::collections::HashMap;

use super::Generated;
use crate::markdown::lift::{SectionText, collection_of_title};
use crate::schema::Collection;
use crate::templates::{self, Template};

/// A section that is there or is going to be.
struct Node {
    key: String,
    /// The section that is there.
    section: Option<usize>,
    level: u8,
    heading: String,
    body: Vec<String>,
    children: Vec<usize>,
}

pub(super) struct Page<'a> {
    sections: &'a [SectionText],
    template: Option<&'a Template>,
    nodes: Vec<Node>,
    places: HashMap<String, usize>,
    by_section: HashMap<usize, usize>,
    /// Those that are in no other, in their order.
    tops: Vec<usize>,
    main_level: u8,
}

/// The deepest heading of Markdown.
pub(super) const DEEPEST: u8 = 6;

impl<'a> Page<'a> {
    pub fn new(sections: &'a [SectionText], template: Option<&'a Template>) -> Self {
        let main = sections.iter().filter(|section| section.key.as_ref().is_some_and(|key| !key.contains('.')));
        let main_level = main.map(|section| section.level).find(|level| *level > 0).unwrap_or(2);
        let mut page = Page {
            sections,
            template,
            nodes: Vec::new(),
            places: HashMap::new(),
            by_section: HashMap::new(),
            tops: Vec::new(),
            main_level,
        };
        for (index, section) in sections.iter().enumerate() {
            let listed = || collection_of_title(&section.title).map(|collection| key_of(collection).to_owned());
            let Some(key) = section.key.clone().or_else(listed).filter(|_| section.level > 0) else { continue };
            if !page.places.contains_key(&key) {
                let node = page.of_section(index);
                page.places.insert(key, node);
            }
        }
        page
    }

    /// The node of a section that is there.
    pub fn of_section(&mut self, index: usize) -> usize {
        if let Some(node) = self.by_section.get(&index) {
            return *node;
        }
        let section = &self.sections[index];
        let key = section.key.clone().unwrap_or_default();
        let node = self.push(Node {
            key,
            section: Some(index),
            level: section.level,
            heading: String::new(),
            body: Vec::new(),
            children: Vec::new(),
        });
        self.by_section.insert(index, node);
        self.tops.push(node);
        node
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The node of a place; a new section where the document has none.
    pub fn place(&mut self, key: &str) -> usize {
        if let Some(node) = self.places.get(key) {
            return *node;
        }
        let above = key.rsplit_once('.').map(|(above, _)| self.place(above));
        let heading = self.heading(key);
        let node = self.add(above, key, heading);
        self.places.insert(key.to_owned(), node);
        node
    }

    /// A new section below another one, or at the end.
    pub fn add(&mut self, above: Option<usize>, key: &str, heading: String) -> usize {
        let level = above.map_or(self.main_level, |above| self.nodes[above].level.saturating_add(1).min(DEEPEST));
        let node = self.push(Node {
            key: key.to_owned(),
            section: None,
            level,
            heading,
            body: Vec::new(),
            children: Vec::new(),
        });
        match above {
            Some(above) => self.nodes[above].children.push(node),
            None => self.tops.push(node),
        }
        node
    }

    fn heading(&self, key: &str) -> String {
        let own = self.template.and_then(|template| template.slot(key));
        let any = || templates::all().iter().rev().find_map(|template| template.slot(key));
        if let Some(slot) = own.or_else(any) {
            return slot.title.clone();
        }
        let words = key.rsplit('.').next().unwrap_or(key);
        titles()
            .find(|(known, _)| *known == key)
            .map_or_else(|| crate::path::name_of(words), |(_, title)| title.to_owned())
    }

    /// Whether the document has a place, or the template does.
    pub fn has_place(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// Whether the template has a place.
    pub fn expects(&self, key: &str) -> bool {
        self.template.is_none_or(|template| template.slot(key).is_some())
    }

    pub fn level(&self, node: usize) -> u8 {
        self.nodes[node].level
    }

    /// The text of a node's section as it stands, when it is there.
    pub fn text(&self, node: usize) -> &'a str {
        self.nodes[node].section.map_or("", |index| self.sections[index].body.as_str())
    }

    /// Adds to a node's text.
    pub fn write(&mut self, node: usize, text: String) {
        if !text.is_empty() {
            self.nodes[node].body.push(text);
        }
    }

    /// All of it, in order.
    pub fn finish(self) -> Vec<Generated> {
        let mut out = Vec::new();
        let mut tops = self.tops.clone();
        tops.sort_by_key(|top| self.nodes[*top].section.unwrap_or(usize::MAX));
        // Levels go no deeper than headings do, so neither does this.
        let mut todo: Vec<(usize, Option<String>)> = tops.into_iter().rev().map(|top| (top, None)).collect();
        while let Some((index, within)) = todo.pop() {
            let node = &self.nodes[index];
            let here = node.section.map(|section| self.sections[section].id.clone());
            let separator = if node.body.iter().all(|part| is_item(part)) { "\n" } else { "\n\n" };
            let body = node.body.join(separator);
            let within = here.or(within);
            if node.section.is_none() || !body.is_empty() {
                let heading = node.section.is_none().then(|| node.heading.clone());
                out.push(Generated { key: node.key.clone(), within: within.clone(), level: node.level, heading, body });
            }
            todo.extend(node.children.iter().rev().map(|child| (*child, within.clone())));
        }
        out
    }
}

fn is_item(part: &str) -> bool {
    part.trim_start().starts_with("- ")
}

/// The place of what is listed below a heading of its own.
pub(super) fn key_of(collection: Collection) -> &'static str {
    match collection {
        Collection::Considerations => "future",
        Collection::Terms => "glossary",
        Collection::Scenarios => "scenarios",
        _ => collection.name(),
    }
}

/// Headings of places that no template has.
fn titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    crate::schema::COLLECTIONS.into_iter().map(|collection| (key_of(collection), collection.table().title))
}
