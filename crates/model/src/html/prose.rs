//! Markdown to HTML that can do no harm: raw HTML is shown and not obeyed,
//! addresses are those of pages and mail, pictures that would have to be
//! fetched are links. What references show becomes links to the records.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

use comrak::nodes::{AstNode, NodeCodeBlock, NodeLink, NodeValue};
use comrak::options::BrokenLinkReference;
use comrak::{Arena, Options, ResolvedReference};

use super::escape::escape;
use crate::graph::Model;
use crate::reference::{self, CLOSE, Hint, OPEN, Reference};
use crate::schema::Shape;
use crate::value::Value;

/// How deep what references show may itself hold references.
const DEPTH: usize = 4;
/// How much references of one text may show, in bytes.
const SHOWN: usize = 1 << 22;

/// What texts of the document share.
#[derive(Default)]
pub(super) struct Shared {
    /// Where each live record stands on the page, by id.
    pub anchors: HashMap<String, String>,
    /// Where headings stand, by the anchors that Markdown viewers give them.
    pub headings: HashMap<String, String>,
    /// Targets of `[label]: address` lines, by label in lower case.
    pub links: HashMap<String, String>,
    /// Source of footnotes, by name.
    pub notes: HashMap<String, String>,
}

/// A record that a text names.
struct Mention {
    anchor: Option<String>,
    text: String,
}

/// A text to be shown.
pub(super) struct Prose<'a> {
    pub model: &'a Model,
    pub shared: &'a Arc<Shared>,
    /// The level of the heading above the text.
    pub level: u8,
    /// Makes footnotes of this text its own; unique on the page.
    pub scope: &'a str,
}

impl Prose<'_> {
    /// Blocks: paragraphs, lists, tables, code.
    pub fn blocks(&self, stored: &str) -> String {
        let mut mentions = Vec::new();
        let mut room = SHOWN;
        let mut text = self.embed(stored, &mut mentions, DEPTH, &mut room);
        self.add_notes(&mut text);
        let html = self.render(&text, &mentions);
        finish(&html, &mentions)
    }

    /// The same without a paragraph around it where there is only one.
    pub fn inline(&self, stored: &str) -> String {
        let html = self.blocks(stored);
        let trimmed = html.trim();
        let inner = trimmed.strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
        inner.filter(|inner| !inner.contains("<p>")).map_or_else(|| trimmed.to_owned(), str::to_owned)
    }

    /// Puts a mark where a record is named, and the text where one is shown.
    fn embed(&self, stored: &str, mentions: &mut Vec<Mention>, depth: usize, room: &mut usize) -> String {
        reference::render_with(stored, |reference| {
            if *room == 0 || depth == 0 {
                return "(…)".into();
            }
            let shown = self.show(reference, mentions);
            *room = room.saturating_sub(shown.len());
            match shown.contains(OPEN) && !self.names(reference) {
                true => self.embed(&shown, mentions, depth - 1, room),
                false => shown,
            }
        })
    }

    /// Whether a reference names records, and so becomes links.
    fn names(&self, reference: &Reference) -> bool {
        self.named(reference).is_some()
    }

    fn named(&self, reference: &Reference) -> Option<Vec<String>> {
        let record = self.model.get(&reference.id)?;
        let field = record.collection.field(&reference.field)?;
        let spelled = matches!(reference.hint, Hint::Spelled(_));
        match (field.shape, record.get(field.name)) {
            _ if field.name == record.collection.table().label => Some(vec![record.id.clone()]),
            (Shape::Ref(_), Some(Value::Text(id))) => Some(vec![id.to_string()]),
            (Shape::Refs(_), Some(Value::List(ids))) if !spelled => Some(ids.clone()),
            (Shape::Targets, _) if !spelled => {
                self.model.derived(record, field).map(|targets| targets.items().to_vec())
            }
            _ => None,
        }
    }

    fn show(&self, reference: &Reference, mentions: &mut Vec<Mention>) -> String {
        let Some(ids) = self.named(reference) else { return reference::show(reference, self.model) };
        let separator = match &reference.hint {
            Hint::Items(prefix) => format!("\n{prefix}"),
            Hint::Joined(separator) => separator.clone(),
            _ => ", ".into(),
        };
        let single = ids.len() == 1;
        let marks = ids.into_iter().map(|id| {
            let text = match self.model.get(&id) {
                _ if single => reference::show(reference, self.model),
                Some(record) => record.label(),
                None => "(?)".into(),
            };
            mentions.push(Mention { anchor: self.shared.anchors.get(&id).cloned(), text: reference::clean(&text) });
            format!("{OPEN}{}{CLOSE}", mentions.len() - 1)
        });
        marks.collect::<Vec<_>>().join(&separator)
    }

    /// Footnotes that are used here and written in another section.
    fn add_notes(&self, text: &mut String) {
        if self.shared.notes.is_empty() || !text.contains("[^") {
            return;
        }
        let own = notes(text);
        let used: std::collections::BTreeSet<&str> =
            text.split("[^").skip(1).filter_map(|rest| rest.split_once(']')).map(|(name, _)| name).collect();
        let foreign: Vec<&String> = used
            .into_iter()
            .filter(|name| !own.iter().any(|(known, _)| known == name))
            .filter_map(|name| self.shared.notes.get(name))
            .collect();
        let mut room = SHOWN;
        let mut added = String::new();
        for note in foreign {
            added.push_str("\n\n");
            added.push_str(&self.embed(note, &mut Vec::new(), 0, &mut room));
        }
        text.push_str(&added);
    }

    fn render(&self, text: &str, mentions: &[Mention]) -> String {
        let shared = Arc::clone(self.shared);
        let mut options = Options::default();
        options.extension.table = true;
        options.extension.strikethrough = true;
        options.extension.tasklist = true;
        options.extension.autolink = true;
        options.extension.footnotes = true;
        options.extension.alerts = true;
        options.extension.front_matter_delimiter = Some("---".into());
        options.parse.broken_link_callback = Some(Arc::new(move |link: BrokenLinkReference| {
            let url = shared.links.get(&link.original.to_lowercase())?.clone();
            Some(ResolvedReference { url, title: String::new() })
        }));
        let arena = Arena::new();
        let root = comrak::parse_document(&arena, text, &options);
        let nodes: Vec<&AstNode> = root.descendants().collect();
        for node in nodes {
            self.tame(node, mentions, &arena);
        }
        let mut html = String::with_capacity(text.len() * 2);
        // Writing to a string never fails.
        let _ = comrak::format_html(root, &options, &mut html);
        html
    }

    /// Takes out of a node what could do harm, and fits it into the page.
    fn tame<'n>(&self, node: &'n AstNode<'n>, mentions: &[Mention], arena: &'n Arena<'n>) {
        let mut before = None;
        let mut unwrap = false;
        {
            let value = &mut node.data.borrow_mut().value;
            match value {
                NodeValue::Heading(heading) => heading.level = (self.level + heading.level).clamp(1, 6),
                NodeValue::HtmlInline(html) => *value = inline_html(html),
                NodeValue::HtmlBlock(block) => *value = code(std::mem::take(&mut block.literal)),
                NodeValue::FrontMatter(text) => *value = code(std::mem::take(text)),
                NodeValue::CodeBlock(block) => block.info = plain(&block.info, mentions),
                NodeValue::FootnoteReference(note) => note.name = format!("{}-{}", self.scope, note.name),
                NodeValue::FootnoteDefinition(note) => note.name = format!("{}-{}", self.scope, note.name),
                NodeValue::Link(link) => match self.address(&link.url, mentions) {
                    Some(url) => **link = NodeLink { url, title: plain(&link.title, mentions) },
                    None => unwrap = true,
                },
                NodeValue::Image(image) if is_picture(&image.url) => image.title = plain(&image.title, mentions),
                NodeValue::Image(image) => {
                    before = Some(if node.first_child().is_some() { "Image: " } else { "Image" });
                    match self.address(&image.url, mentions).filter(|_| !is_in_link(node)) {
                        Some(url) => *value = NodeValue::Link(Box::new(NodeLink { url, title: String::new() })),
                        None => unwrap = true,
                    }
                }
                _ => {}
            }
        }
        if let Some(text) = before {
            node.prepend(arena.alloc(NodeValue::Text(text.into()).into()));
        }
        if unwrap {
            let children: Vec<&AstNode> = node.children().collect();
            for child in children {
                node.insert_before(child);
            }
            node.detach();
        }
    }

    /// An address that may stand on the page; headings of the document by
    /// where they are on it.
    fn address(&self, url: &str, mentions: &[Mention]) -> Option<String> {
        let url = plain(url, mentions);
        if let Some(fragment) = url.strip_prefix('#') {
            let lower = fragment.to_lowercase();
            return Some(format!("#{}", self.shared.headings.get(&lower).map_or(fragment, String::as_str)));
        }
        is_harmless(&url).then_some(url)
    }
}

fn is_in_link<'n>(node: &'n AstNode<'n>) -> bool {
    node.ancestors().skip(1).any(|above| matches!(above.data.borrow().value, NodeValue::Link(_)))
}

/// Whether an address leads to a page or to mail, and runs nothing.
pub(super) fn is_harmless(url: &str) -> bool {
    let bare: String = url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let lower = bare.to_lowercase();
    match lower.split_once(':') {
        None => !lower.is_empty(),
        Some((scheme, _)) if ["http", "https", "mailto"].contains(&scheme) => true,
        Some((before, _)) => before.contains(['/', '?', '#']),
    }
}

/// Whether this is a picture that is itself in the address.
fn is_picture(url: &str) -> bool {
    let kinds = ["png", "gif", "jpeg", "webp"];
    let data = url.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
    data.is_some_and(|(kind, data)| {
        kinds.contains(&kind) && data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    })
}

/// HTML within a line: a break is one, a comment is nothing, all else is shown.
fn inline_html(html: &str) -> NodeValue {
    let lower = html.to_lowercase();
    if lower.starts_with("<br") && lower[3..].chars().all(|c| c == '/' || c == '>' || c.is_whitespace()) {
        return NodeValue::LineBreak;
    }
    let shown = if html.starts_with("<!--") { String::new() } else { html.to_owned() };
    NodeValue::Text(shown.into())
}

fn code(literal: String) -> NodeValue {
    NodeValue::CodeBlock(Box::new(NodeCodeBlock { literal, closed: true, ..NodeCodeBlock::default() }))
}

/// A text with every mark replaced by what it stands for.
fn plain(text: &str, mentions: &[Mention]) -> String {
    marked(text, |mention| mention.text.clone(), mentions)
}

fn marked(text: &str, mut show: impl FnMut(&Mention) -> String, mentions: &[Mention]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let found = after
            .split_once(CLOSE)
            .and_then(|(number, after)| Some((mentions.get(number.parse::<usize>().ok()?)?, after)));
        match found {
            Some((mention, after)) => {
                out.push_str(&show(mention));
                rest = after;
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out.replace(CLOSE, "")
}

/// Puts links where the marks are, and what readers need around tables, code
/// and boxes. All text is escaped by now, so `<` begins a tag.
fn finish(html: &str, mentions: &[Mention]) -> String {
    let mut out = String::with_capacity(html.len());
    let mut in_link = false;
    let mut ids = HashSet::new();
    for (at, piece) in html.split('<').enumerate() {
        let (tag, text) = match piece.split_once('>') {
            Some((tag, text)) if at > 0 => (tag, text),
            _ => ("", piece),
        };
        match tag {
            "" => {}
            "table" => out.push_str(r#"<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>"#),
            "/table" => out.push_str("</table></div>"),
            "pre" => out.push_str(r#"<pre tabindex="0">"#),
            tag if tag.starts_with("input ") && tag.contains("checked") => {
                out.push_str(r#"<span class="box" role="img" aria-label="Done">☑</span>"#);
            }
            tag if tag.starts_with("input ") => {
                out.push_str(r#"<span class="box" role="img" aria-label="To do">☐</span>"#);
            }
            tag => {
                in_link = if tag.starts_with("a ") { true } else { in_link && tag != "/a" };
                out.push('<');
                let tag = with_own_id(tag, &mut ids);
                out.push_str(&marked(&tag, |mention| escape(&mention.text), mentions));
                out.push('>');
            }
        }
        out.push_str(&marked(text, |mention| link(mention, in_link), mentions));
    }
    out
}

/// A tag without its id where that is taken: notes may be written twice.
fn with_own_id<'t>(tag: &'t str, ids: &mut HashSet<&'t str>) -> Cow<'t, str> {
    let parts = tag.split_once(" id=\"").and_then(|(before, rest)| Some((before, rest.split_once('"')?)));
    match parts {
        Some((before, (id, after))) if !ids.insert(id) => Cow::Owned(format!("{before}{after}")),
        _ => Cow::Borrowed(tag),
    }
}

fn link(mention: &Mention, in_link: bool) -> String {
    let text = escape(&mention.text);
    match &mention.anchor {
        Some(anchor) if !in_link => format!(r##"<a class="mention" href="#{}">{text}</a>"##, escape(anchor)),
        Some(_) => text,
        None => format!(r#"<span class="gone" title="Not in the model any more">{text}</span>"#),
    }
}

/// Footnotes of a text with their source, indented lines included.
pub(super) fn notes(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in outside_code(text) {
        if let Some(name) = line.strip_prefix("[^").and_then(|rest| rest.split_once("]:")).map(|(name, _)| name) {
            found.push((name.to_owned(), line.to_owned()));
            open = true;
        } else if let Some((_, note)) = found.last_mut().filter(|_| open) {
            if line.is_empty() || line.starts_with("    ") || line.starts_with('\t') {
                let _ = write!(note, "\n{line}");
            } else {
                open = false;
            }
        }
    }
    found
}

/// Targets of `[label]: address` lines.
pub(super) fn links(text: &str) -> Vec<(String, String)> {
    let target = |line: &str| {
        let (label, rest) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
        let url = rest.split_whitespace().next()?.trim_start_matches('<').trim_end_matches('>');
        (!label.starts_with('^') && !label.is_empty()).then(|| (label.to_lowercase(), url.to_owned()))
    };
    outside_code(text).filter_map(target).collect()
}

fn outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// What is left of HTML without its tags, for contents and titles.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for (at, piece) in html.split('<').enumerate() {
        out.push_str(if at == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) });
    }
    out.trim().to_owned()
}
