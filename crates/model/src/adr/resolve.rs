//! Which record a link leads to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::edit::Edit;
use crate::graph::Model;
use crate::schema::Collection;
use crate::value::Value;

use super::AdrNote;
use super::folder::Entry;
use super::inline::addresses;
use super::outcome::Fields;
use super::page::join;
use super::skip::base;
use super::status::{Related, Relation, Target};

/// What a link in prose says of the record it leads to.
pub(super) const MENTIONS: &str = "refers to";

/// The longest description of a relation, in bytes.
const PHRASES: usize = 1_000;
/// The most notes on links of one record that lead nowhere.
const NOTES: usize = 100;

/// Works out all relations of a folder's records, and puts them into their
/// fields. The edits are for decisions that are in the model already.
pub(super) fn all(entries: &mut [Entry], model: &Model, notes: &mut Vec<AdrNote>) -> Vec<Edit> {
    let known = Known::of(entries, model);
    let mut supersedes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut links: Vec<BTreeMap<String, String>> = Vec::new();
    let mut related = HashSet::new();
    for entry in entries.iter_mut() {
        let mut own = BTreeMap::new();
        let mut kept = Kept::default();
        for one in std::mem::take(&mut entry.parsed.related) {
            let Some(other) = known.find(&one.target, entry.file) else {
                notes.push(unresolved(entry.file, &one));
                kept.add(&one.keep);
                continue;
            };
            if other == entry.id {
                continue;
            }
            related.insert((entry.id.clone(), other.clone()));
            if !matches!(one.relation, Relation::Other(_)) {
                related.insert((other.clone(), entry.id.clone()));
            }
            match one.relation {
                Relation::SupersededBy => drop(supersedes.entry(other).or_default().insert(entry.id.clone())),
                Relation::Supersedes => drop(supersedes.entry(entry.id.clone()).or_default().insert(other)),
                Relation::Other(phrase) => {
                    if !phrases(&mut own, other, phrase) {
                        kept.add(&one.keep);
                    }
                }
            }
        }
        elements(entry, model, &mut kept, notes);
        kept.put(&mut entry.parsed.fields);
        links.push(own);
    }
    for (entry, own) in entries.iter_mut().zip(&mut links) {
        mentions(entry, &known, &related, own, notes);
    }
    for (entry, own) in entries.iter_mut().zip(links) {
        if !own.is_empty() {
            entry.parsed.fields.insert("links", Value::Map(own));
        }
        if let Some(replaced) = supersedes.remove(&entry.id) {
            entry.parsed.fields.insert("supersedes", Value::list(replaced));
        }
    }
    let further = supersedes.into_iter().filter_map(|(id, replaced)| {
        let before = model.get(&id)?.list("supersedes").iter().cloned();
        let all: BTreeSet<String> = replaced.into_iter().chain(before).collect();
        Some(Edit::Set { id, field: "supersedes".into(), value: Some(Value::list(all)) })
    });
    further.collect()
}

/// All that a record says of another one, with commas. False if that gets too
/// long.
fn phrases(own: &mut BTreeMap<String, String>, other: String, phrase: String) -> bool {
    let known = own.entry(other).or_insert_with(|| phrase.clone());
    if *known != phrase && !known.split(", ").any(|part| part == phrase) {
        if known.len() + phrase.len() > PHRASES {
            return false;
        }
        *known = format!("{known}, {phrase}");
    }
    true
}

fn unresolved(file: &str, one: &Related) -> AdrNote {
    let target = match &one.target {
        Target::File(name) => name,
        Target::Number(number) => number,
    };
    AdrNote { file: file.to_owned(), line: one.line, what: gone(target) }
}

fn gone(target: &str) -> String {
    format!("There is no record “{target}”; the line is kept as text.")
}

/// Lines that stay as text, those with a heading under it.
#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    under: BTreeMap<String, Vec<String>>,
    seen: HashSet<String>,
}

impl Kept {
    fn add(&mut self, text: &str) {
        if text.is_empty() || !self.seen.insert(text.to_owned()) {
            return;
        }
        match text.split_once("\n\n").filter(|(heading, _)| heading.starts_with('#')) {
            Some((heading, line)) => self.under.entry(heading.to_owned()).or_default().push(line.to_owned()),
            None => self.lines.push(text.to_owned()),
        }
    }

    /// Puts them behind the rest.
    fn put(self, fields: &mut Fields) {
        let mut more = fields.get("more").map_or_else(String::new, |value| value.as_str().to_owned());
        join(&mut more, &self.lines.join("\n\n"));
        for (heading, lines) in self.under {
            join(&mut more, &format!("{heading}\n\n{}", lines.join("\n")));
        }
        if !more.is_empty() {
            fields.insert("more", Value::text(more));
        }
    }
}

fn elements(entry: &mut Entry, model: &Model, kept: &mut Kept, notes: &mut Vec<AdrNote>) {
    let mut found = BTreeSet::new();
    for (name, line) in std::mem::take(&mut entry.parsed.elements) {
        match model.name_to_id(&[Collection::Elements], &name) {
            Ok(id) => drop(found.insert(id)),
            Err(refusal) => {
                let what = format!("{} It is kept as text.", refusal.message);
                notes.push(AdrNote { file: entry.file.to_owned(), line, what });
                kept.add(&format!("## Elements\n\n* {name}"));
            }
        }
    }
    if !found.is_empty() {
        entry.parsed.fields.insert("elements", Value::list(found));
    }
}

/// Links in prose to records that nothing else relates it to.
fn mentions(
    entry: &Entry,
    known: &Known,
    related: &HashSet<(String, String)>,
    own: &mut BTreeMap<String, String>,
    notes: &mut Vec<AdrNote>,
) {
    let mut noted: HashSet<String> =
        notes.iter().filter(|note| note.file == entry.file).map(|note| note.what.clone()).collect();
    let mut left = NOTES;
    let texts = std::iter::once(&entry.parsed.fields).chain(&entry.parsed.alternatives);
    for address in texts.flat_map(prose).flat_map(|text| addresses(&text)) {
        match known.find(&Target::File(address.clone()), entry.file) {
            Some(other) => {
                let there = related.contains(&(entry.id.clone(), other.clone()));
                if other != entry.id && !there {
                    own.entry(other).or_insert_with(|| MENTIONS.into());
                }
            }
            None if left > 0 && looks_like_record(&address) && !noted.contains(&gone(&address)) => {
                let what = format!("There is no record “{address}”; the link is left as it is.");
                if noted.insert(what.clone()) {
                    left -= 1;
                    notes.push(AdrNote { file: entry.file.to_owned(), line: line_of(entry, &address), what });
                }
            }
            None => {}
        }
    }
}

/// The line in which an address stands; the title's if it is spelled in
/// another way there.
fn line_of(entry: &Entry, address: &str) -> usize {
    let text = std::str::from_utf8(entry.bytes).unwrap_or_default();
    text.find(address).map_or(entry.parsed.line, |at| text[..at].matches('\n').count() + 1)
}

/// All texts of a record.
pub(super) fn prose(fields: &Fields) -> Vec<String> {
    let texts = fields.values().flat_map(|value| match value {
        Value::Text(text) => vec![text.to_string()],
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    });
    texts.collect()
}

fn looks_like_record(address: &str) -> bool {
    let local = !address.contains(':') && !address.starts_with('#');
    local
        && name(address).is_some_and(|name| super::naming::of_file(&format!("{name}.md")).is_some())
        && super::skip::stem(base(without_anchor(address))).is_some()
}

fn without_anchor(address: &str) -> &str {
    address.split(['#', '?']).next().unwrap_or(address)
}

/// The name of the file that an address leads to, in lower case, without its
/// ending. `None` for addresses of the web and of places in the same file.
pub(super) fn name(address: &str) -> Option<String> {
    let path = without_anchor(address);
    if path.contains("://") || path.starts_with("mailto:") {
        return None;
    }
    let plain = decoded(path);
    let lower = base(plain.trim_end_matches('/')).to_lowercase();
    let stem = super::skip::stem(&lower).unwrap_or(&lower).to_owned();
    (!stem.is_empty()).then_some(stem)
}

/// `%20` as a space.
pub(super) fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// Records by the names of their files and by their numbers.
struct Known<'a> {
    model: &'a Model,
    names: HashMap<String, Vec<(String, String)>>,
    numbers: HashMap<String, String>,
}

impl<'a> Known<'a> {
    /// Those of the folder come before those of the model.
    fn of(entries: &[Entry], model: &'a Model) -> Self {
        let mut known = Known { model, names: HashMap::new(), numbers: HashMap::new() };
        for entry in entries {
            known.add(entry.file, &entry.number, &entry.id);
        }
        let mut before = Known { model, names: HashMap::new(), numbers: HashMap::new() };
        for decision in model.list(Collection::Decisions) {
            before.add(decision.text("source"), decision.text("number"), &decision.id);
        }
        for (name, ids) in before.names {
            known.names.entry(name).or_insert(ids);
        }
        for (number, id) in before.numbers {
            known.numbers.entry(number).or_insert(id);
        }
        known
    }

    fn add(&mut self, file: &str, number: &str, id: &str) {
        if let Some(name) = name(file) {
            self.names.entry(name).or_default().push((file.to_lowercase(), id.to_owned()));
        }
        self.numbers.entry(number.to_owned()).or_insert_with(|| id.to_owned());
    }

    fn find(&self, target: &Target, from: &str) -> Option<String> {
        let address = match target {
            Target::Number(number) => return self.numbers.get(number).cloned(),
            Target::File(address) => address,
        };
        if let Some(id) = address.strip_prefix('#') {
            return self.model.get(id).map(|record| record.id.clone());
        }
        let found = self.names.get(&name(address)?)?;
        if let [(_, id)] = &found[..] {
            return Some(id.clone());
        }
        // Several folders have such a file: the one the path leads to counts.
        let path = followed(from, &decoded(without_anchor(address))).to_lowercase();
        let there = |(file, _): &&(String, String)| *file == path || *file == format!("{path}.md");
        found.iter().find(there).map(|(_, id)| id.clone())
    }
}

/// The path that a relative one leads to from a file.
fn followed(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
