//! The document as one page of HTML: complete, without scripts, without
//! anything to fetch, readable on paper and by screen readers.

mod escape;
mod fields;
mod parts;
mod prose;

use std::collections::HashSet;
use std::sync::Arc;

use self::escape::{anchor, escape};
use self::prose::{Prose, Shared};
use crate::graph::{Index, Model, slug};
use crate::json::JsonSection;
use crate::naming::{label, shown};
use crate::record::Record;
use crate::schema::COLLECTIONS;

/// Everything that is not in the page is refused by the browser.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("html/page.css");
/// The deepest heading that HTML has.
const HEADINGS: u8 = 6;

/// What a page is made of.
pub struct HtmlInput<'a> {
    /// The document's title.
    pub title: &'a str,
    /// The language of the prose, such as `en`; English when empty.
    pub lang: &'a str,
    /// The template's name, for people; left out when empty.
    pub template: &'a str,
    /// When it was created, for people; left out when empty.
    pub created: &'a str,
    /// When it was last changed, for people; left out when empty.
    pub updated: &'a str,
    /// In document order, title and text as stored.
    pub sections: &'a [JsonSection],
    /// All records; what is in the trash is not shown.
    pub model: &'a Model,
}

/// The whole page.
pub fn page(input: &HtmlInput) -> String {
    let mut page = Page::new(input);
    page.sections();
    parts::write(&mut page);
    let title = escape(&shown(input.title, input.model));
    let lang: String = input.lang.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let lang = if lang.is_empty() { "en" } else { &lang };
    let (contents, facts) = (page.contents(), facts(input));
    let body = page.out;
    format!(
        r##"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Drystone">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<h1>{title}</h1>
{facts}</header>
<div class="page">
{contents}<main id="content" tabindex="-1">
{body}</main>
</div>
</body>
</html>
"##
    )
}

fn facts(input: &HtmlInput) -> String {
    let facts = [("Template", input.template), ("Created", input.created), ("Changed", input.updated)];
    let shown: Vec<String> = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value)))
        .collect();
    if shown.is_empty() { String::new() } else { format!("<dl class=\"facts\">\n{}</dl>\n", shown.concat()) }
}

/// An entry of the contents.
struct Entry {
    level: u8,
    anchor: String,
    /// HTML without links.
    title: String,
    /// How many records there are, for parts of the model.
    count: Option<usize>,
}

/// A page that is being written.
struct Page<'a> {
    out: String,
    input: &'a HtmlInput<'a>,
    model: &'a Model,
    index: Arc<Index<'a>>,
    shared: Arc<Shared>,
    /// The anchor of each section.
    section_anchors: Vec<String>,
    entries: Vec<Entry>,
    /// Records that are on the page already.
    done: HashSet<&'a str>,
    /// What scopes of texts begin with, and how many there are of it: that makes them unique.
    scope: String,
    texts: usize,
}

impl<'a> Page<'a> {
    fn new(input: &'a HtmlInput<'a>) -> Self {
        let index = Index::new(input.model);
        let mut taken: HashSet<String> = ["content", "contents", "model"].map(String::from).into();
        let mut unique = |wanted: String| {
            let mut anchor = wanted.clone();
            let mut count = 1;
            while !taken.insert(anchor.clone()) {
                count += 1;
                anchor = format!("{wanted}-{count}");
            }
            anchor
        };
        let mut shared = Shared::default();
        for record in COLLECTIONS.into_iter().flat_map(|collection| input.model.list(collection)) {
            shared.anchors.insert(record.id.clone(), unique(anchor(&index.model.path_of(record))));
        }
        let mut section_anchors = Vec::new();
        for (at, section) in input.sections.iter().enumerate() {
            let path = if section.path.is_empty() { format!("sections.{at}") } else { section.path.clone() };
            let anchor = unique(anchor(&path));
            let title = slug(&shown(&section.title, input.model));
            shared.headings.entry(title).or_insert_with(|| anchor.clone());
            section_anchors.push(anchor);
            for (label, url) in prose::links(&section.text) {
                shared.links.entry(label).or_insert(url);
            }
            for (name, note) in prose::notes(&section.text) {
                shared.notes.entry(name).or_insert(note);
            }
        }
        Page {
            out: String::new(),
            input,
            model: input.model,
            index: Arc::new(index),
            shared: Arc::new(shared),
            section_anchors,
            entries: Vec::new(),
            done: HashSet::new(),
            scope: "text".into(),
            texts: 0,
        }
    }

    /// An empty page on which a part is written while others are.
    fn beside(&self, scope: String) -> Page<'a> {
        Page {
            out: String::new(),
            input: self.input,
            model: self.model,
            index: self.index.clone(),
            shared: self.shared.clone(),
            section_anchors: Vec::new(),
            entries: Vec::new(),
            done: HashSet::new(),
            scope,
            texts: 0,
        }
    }

    /// Goes on with what was written beside.
    fn take_in(&mut self, part: Page<'a>) {
        self.out.push_str(&part.out);
        self.entries.extend(part.entries);
        self.done.extend(part.done);
    }

    fn add(&mut self, html: &str) {
        self.out.push_str(html);
    }

    /// Markdown below a heading of this level.
    fn blocks(&mut self, stored: &str, level: u8) -> String {
        let scope = self.next_scope();
        Prose { model: self.model, shared: &self.shared, level, scope: &scope }.blocks(stored)
    }

    fn inline(&mut self, stored: &str) -> String {
        let scope = self.next_scope();
        Prose { model: self.model, shared: &self.shared, level: HEADINGS, scope: &scope }.inline(stored)
    }

    fn next_scope(&mut self) -> String {
        self.texts += 1;
        format!("{}{}", self.scope, self.texts)
    }

    fn anchor(&self, record: &Record) -> String {
        self.shared.anchors.get(&record.id).map_or_else(|| anchor(&record.id), |anchor| escape(anchor))
    }

    /// A link to a record by its name.
    fn link(&self, id: &str) -> String {
        let name = self
            .model
            .get(id)
            .map_or_else(|| "(?)".into(), |record| escape(&fields::short(&label(record, self.model))));
        match self.shared.anchors.get(id) {
            Some(anchor) => format!(r##"<a class="mention" href="#{}">{name}</a>"##, escape(anchor)),
            None => format!(r#"<span class="gone" title="Not in the model any more">{name}</span>"#),
        }
    }

    /// Sections with their headings. A first one that says the document's
    /// title again is not shown a second time. Where there is another heading
    /// of the first level, all move down by one: a page has one title.
    fn sections(&mut self) {
        let sections = self.input.sections;
        let title = shown(self.input.title, self.model);
        let says_title =
            |section: &JsonSection| section.level == 1 && shown(&section.title, self.model).trim() == title.trim();
        let tops = sections.iter().filter(|section| section.level == 1).count();
        let first = sections.iter().position(|section| section.level > 0);
        let title_at = first.filter(|at| tops == 1 && says_title(&sections[*at]));
        let shift = u8::from(tops > 0 && title_at.is_none());
        for (at, section) in sections.iter().enumerate() {
            let anchor = escape(&self.section_anchors[at]);
            let level = (section.level + shift).min(HEADINGS);
            let heading = self.inline(&section.title);
            let has_heading = section.level > 0 && title_at != Some(at);
            if has_heading {
                let plain = prose::without_tags(&heading);
                self.entries.push(Entry { level, anchor: anchor.clone(), title: plain, count: None });
                let level = level.max(2);
                self.add(&format!("<section class=\"text\" aria-labelledby=\"{anchor}\">\n<h{level} id=\"{anchor}\">{heading}</h{level}>\n"));
            } else {
                self.add(&format!("<section class=\"text lead\" id=\"{anchor}\">\n"));
            }
            let text = self.blocks(&section.text, level.max(2));
            let has_inner = sections.get(at + 1).is_some_and(|next| next.level > section.level);
            if text.trim().is_empty() && has_heading && !has_inner {
                self.add("<p class=\"empty\">Nothing is written here yet.</p>\n");
            }
            self.add(&text);
            self.add("</section>\n");
        }
    }

    /// The contents, nested as headings are.
    fn contents(&self) -> String {
        if self.entries.is_empty() {
            return String::new();
        }
        let mut out = String::from(
            "<nav id=\"contents\" aria-labelledby=\"contents-title\">\n<h2 id=\"contents-title\">Contents</h2>\n",
        );
        let mut open: Vec<u8> = Vec::new();
        for entry in &self.entries {
            while open.len() > 1 && open.last().is_some_and(|level| *level > entry.level) {
                out.push_str("</li>\n</ol>\n");
                open.pop();
            }
            match open.last() {
                Some(level) if *level >= entry.level => out.push_str("</li>\n"),
                _ => {
                    out.push_str("<ol>\n");
                    open.push(entry.level);
                }
            }
            let count = entry.count.map_or_else(String::new, |count| format!(" <span class=\"count\">{count}</span>"));
            out.push_str(&format!("<li><a href=\"#{}\">{}</a>{count}\n", entry.anchor, entry.title));
        }
        out.push_str(&"</li>\n</ol>\n".repeat(open.len()));
        out.push_str("</nav>\n");
        out
    }
}

#[cfg(test)]
mod tests;
