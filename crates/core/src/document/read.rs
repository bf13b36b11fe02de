//! Reading a document: sections in document order, with cycles that concurrent
//! moves can make broken the same way on every device.

use std::collections::{BTreeMap, HashSet};

use automerge::{AutoCommit, ObjId, ROOT, ReadDoc, ScalarValue, Value, ValueRef};

use drystone_model::json::SectionForm;

use super::{Document, HeadingStyle};

/// A heading's form as it is stored.
pub(super) fn style_word(style: HeadingStyle) -> &'static str {
    match style {
        HeadingStyle::Atx => "atx",
        HeadingStyle::Setext => "setext",
        HeadingStyle::None => "none",
    }
}

/// Where a section came from; decides how its surroundings are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made in Drystone.
    Made,
    /// From a file, with another section after it.
    Imported,
    /// The last one of a file.
    ImportedLast,
}

impl Origin {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Origin::Made => "made",
            Origin::Imported => "imported",
            Origin::ImportedLast => "imported-last",
        }
    }
}

/// A section as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Stable id.
    pub id: String,
    /// The section it is nested in.
    pub parent: Option<String>,
    /// Heading level, 1 to 6; 0 without heading.
    pub level: u8,
    /// Heading levels below the parent.
    pub jump: u8,
    /// Fractional index among its siblings.
    pub order: String,
    /// How the heading is written.
    pub style: HeadingStyle,
    /// Indentation before the heading.
    pub lead: String,
    /// Between `#` and title.
    pub gap: String,
    /// The heading's source.
    pub title: String,
    /// From the title's end to the body.
    pub tail: String,
    /// The Markdown below the heading.
    pub body: String,
    /// White space after the body.
    pub foot: String,
    /// Where it came from.
    pub origin: Origin,
    /// The place of a template it was made for, or "".
    pub key: String,
}

impl Section {
    /// What stands around heading and text in the file it came from.
    pub fn form(&self) -> Option<SectionForm> {
        let form = |origin: &str| SectionForm {
            style: style_word(self.style).into(),
            lead: self.lead.clone(),
            gap: self.gap.clone(),
            tail: self.tail.clone(),
            foot: self.foot.clone(),
            origin: origin.into(),
        };
        (self.origin != Origin::Made).then(|| form(self.origin.as_str()))
    }
}

impl Document {
    /// The document's name.
    pub fn title(&self) -> String {
        text(&self.doc, &ROOT, "title")
    }

    /// The template's id.
    pub fn template(&self) -> String {
        string(&self.doc, &ROOT, "template")
    }

    /// The text of the template's file, for a template that is not built in.
    pub fn template_file(&self) -> String {
        string(&self.doc, &ROOT, "templateFile")
    }

    /// The device that made it, in hexadecimal digits; "" for documents of schema 1.
    pub fn creator(&self) -> String {
        string(&self.doc, &ROOT, "creator")
    }

    /// When it was created, milliseconds since 1970.
    pub fn created_ms(&self) -> u64 {
        number(&self.doc, &ROOT, "created")
    }

    /// When it was deleted, or 0.
    pub fn deleted_ms(&self) -> u64 {
        number(&self.doc, &ROOT, "deleted")
    }

    /// Whether lines are written out with `\r\n`.
    pub fn crlf(&self) -> bool {
        string(&self.doc, &ROOT, "newline") == "crlf"
    }

    /// Whether a byte order mark is written out.
    pub fn bom(&self) -> bool {
        boolean(&self.doc, &ROOT, "bom")
    }

    /// All sections that are not deleted and not in a deleted one, each after
    /// its parent.
    pub fn sections(&self) -> Vec<Section> {
        let all = self.all_sections();
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, (section, deleted)) in &all {
            if !deleted {
                children.entry(section.parent.as_deref().unwrap_or("")).or_default().push(id);
            }
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|a, b| (&all[*a].0.order, a).cmp(&(&all[*b].0.order, b)));
        }
        let mut ordered = Vec::with_capacity(all.len());
        let mut stack: Vec<(&str, u8)> = children.get("").into_iter().flatten().rev().map(|id| (*id, 0)).collect();
        while let Some((id, above)) = stack.pop() {
            let mut section = all[id].0.clone();
            section.level = if section.style == HeadingStyle::None { 0 } else { (above + section.jump.max(1)).min(6) };
            stack.extend(children.get(id).into_iter().flatten().rev().map(|child| (*child, section.level)));
            ordered.push(section);
        }
        ordered
    }

    /// Sections in the trash, with their headings.
    pub fn deleted_sections(&self) -> Vec<(String, String)> {
        let all = self.all_sections().into_iter().filter(|(_, (_, deleted))| *deleted);
        all.map(|(id, (section, _))| (id, section.title)).collect()
    }

    /// One section's heading as stored.
    pub fn section_title(&self, id: &str) -> Option<String> {
        let section = object(&self.doc, &sections_map(&self.doc)?, id)?;
        Some(text(&self.doc, &section, "title"))
    }

    /// The place of a template that a section was made for, "" for none.
    pub fn section_key(&self, id: &str) -> Option<String> {
        let section = object(&self.doc, &sections_map(&self.doc)?, id)?;
        Some(string(&self.doc, &section, "key"))
    }

    /// One section's body.
    pub fn body(&self, id: &str) -> Option<String> {
        let sections = sections_map(&self.doc)?;
        let section = object(&self.doc, &sections, id)?;
        Some(text(&self.doc, &section, "body"))
    }

    /// Every section with whether it is deleted, parents free of cycles.
    fn all_sections(&self) -> BTreeMap<String, (Section, bool)> {
        let Some(map) = sections_map(&self.doc) else { return BTreeMap::new() };
        let mut all = BTreeMap::new();
        for item in self.doc.map_range(&map, ..) {
            if matches!(item.value, ValueRef::Object(_)) {
                all.insert(item.key.to_string(), self.section(&item.id(), &item.key));
            }
        }
        break_cycles(&mut all);
        all
    }

    /// A section with whether it is deleted. All of it is read in one go: field
    /// by field takes many times as long.
    fn section(&self, object: &ObjId, id: &str) -> (Section, bool) {
        let mut deleted = false;
        let mut section = Section {
            id: id.to_owned(),
            parent: None,
            level: 0,
            jump: 1,
            order: String::new(),
            style: HeadingStyle::Atx,
            lead: String::new(),
            gap: String::new(),
            title: String::new(),
            tail: String::new(),
            body: String::new(),
            foot: String::new(),
            origin: Origin::Made,
            key: String::new(),
        };
        for item in self.doc.map_range(object, ..) {
            match item.key.as_ref() {
                "title" => section.title = self.doc.text(item.id()).unwrap_or_default(),
                "body" => section.body = self.doc.text(item.id()).unwrap_or_default(),
                key => {
                    let value = item.value.clone().into_value();
                    let Some(value) = value.as_scalar() else { continue };
                    match key {
                        "deleted" => deleted = matches!(value, ScalarValue::Boolean(true)),
                        "jump" => section.jump = u8::try_from(as_number(value)).unwrap_or(1),
                        _ => section.set(key, as_string(value)),
                    }
                }
            }
        }
        (section, deleted)
    }
}

impl Section {
    fn set(&mut self, key: &str, value: String) {
        match key {
            "parent" => self.parent = Some(value).filter(|parent| !parent.is_empty()),
            "order" => self.order = value,
            "lead" => self.lead = value,
            "gap" => self.gap = value,
            "tail" => self.tail = value,
            "foot" => self.foot = value,
            "key" => self.key = value,
            "style" => {
                self.style = match value.as_str() {
                    "none" => HeadingStyle::None,
                    "setext" => HeadingStyle::Setext,
                    _ => HeadingStyle::Atx,
                }
            }
            "origin" => {
                self.origin = match value.as_str() {
                    "imported" => Origin::Imported,
                    "imported-last" => Origin::ImportedLast,
                    _ => Origin::Made,
                }
            }
            _ => {}
        }
    }
}

fn as_string(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Str(value) => value.to_string(),
        _ => String::new(),
    }
}

fn as_number(value: &ScalarValue) -> u64 {
    match value {
        ScalarValue::Int(value) | ScalarValue::Timestamp(value) => u64::try_from(*value).unwrap_or(0),
        ScalarValue::Uint(value) => *value,
        _ => 0,
    }
}

/// Two people who each move one section into the other make a cycle, and a
/// parent can be one this device has not heard of. Such sections would vanish;
/// instead the one with the smallest id in a cycle, and any orphan, stands at
/// the top, on every device the same.
fn break_cycles(all: &mut BTreeMap<String, (Section, bool)>) {
    let ids: Vec<String> = all.keys().cloned().collect();
    let mut settled: HashSet<String> = HashSet::new();
    for id in ids {
        let mut path: Vec<String> = Vec::new();
        let mut current = id;
        loop {
            if settled.contains(&current) {
                break;
            }
            if let Some(start) = path.iter().position(|seen| *seen == current) {
                if let Some(smallest) = path[start..].iter().min().cloned()
                    && let Some((section, _)) = all.get_mut(&smallest)
                {
                    section.parent = None;
                }
                break;
            }
            let parent = all.get(&current).and_then(|(section, _)| section.parent.clone());
            path.push(current.clone());
            match parent {
                Some(parent) if all.contains_key(&parent) => current = parent,
                Some(_) => {
                    if let Some((section, _)) = all.get_mut(&current) {
                        section.parent = None;
                    }
                    break;
                }
                None => break,
            }
        }
        settled.extend(path);
    }
}

pub(super) fn sections_map(doc: &AutoCommit) -> Option<ObjId> {
    object(doc, &ROOT, "sections")
}

pub(super) fn object(doc: &AutoCommit, parent: &ObjId, key: &str) -> Option<ObjId> {
    match doc.get(parent, key) {
        Ok(Some((Value::Object(_), id))) => Some(id),
        _ => None,
    }
}

fn scalar(doc: &AutoCommit, object: &ObjId, key: &str) -> Option<ScalarValue> {
    match doc.get(object, key) {
        Ok(Some((Value::Scalar(value), _))) => Some(value.into_owned()),
        _ => None,
    }
}

pub(super) fn string(doc: &AutoCommit, object: &ObjId, key: &str) -> String {
    scalar(doc, object, key).as_ref().map(as_string).unwrap_or_default()
}

pub(super) fn number(doc: &AutoCommit, object: &ObjId, key: &str) -> u64 {
    scalar(doc, object, key).as_ref().map_or(0, as_number)
}

pub(super) fn boolean(doc: &AutoCommit, object: &ObjId, key: &str) -> bool {
    matches!(scalar(doc, object, key), Some(ScalarValue::Boolean(true)))
}

pub(super) fn text(doc: &AutoCommit, parent: &ObjId, key: &str) -> String {
    object(doc, parent, key).and_then(|id| doc.text(&id).ok()).unwrap_or_default()
}
