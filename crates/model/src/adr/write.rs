//! Decisions as the files of a folder.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::graph::Model;
use crate::record::Record;
use crate::reference;
use crate::schema::{Collection, Shape};
use crate::value::Value;

use super::compose::{Fence, WIDE, compose};
use super::inline::addresses;
use super::outcome::Fields;
use super::parse::parse;
use super::status::{self, Relation};
use super::{AdrFile, AdrFormat, naming, resolve, skip};

/// A decision as it is to be written.
pub(super) struct Sheet {
    /// Its number; every sheet has one.
    pub number: String,
    /// Whether the format's file names do not tell the number.
    pub numbered: bool,
    /// The title.
    pub title: String,
    /// What is written as it is.
    pub fields: Fields,
    /// The options.
    pub alternatives: Vec<Fields>,
    /// Lines such as `Superseded by [5. Title](0005-title.md)`.
    pub successors: Vec<String>,
    /// Lines such as `Amends [5. Title](0005-title.md)`.
    pub relations: Vec<String>,
    /// Names of elements.
    pub elements: Vec<String>,
}

/// Writes every decision that is not in the trash, one file each.
pub fn write(model: &Model, format: AdrFormat) -> Vec<AdrFile> {
    let mut decisions: Vec<&Record> = model.list(Collection::Decisions).collect();
    decisions.sort_by_cached_key(|decision| naming::order(decision.text("number")));
    let numbers = numbers(&decisions);
    let names = names(&decisions, &numbers, format);
    let targets: HashMap<&str, (String, &str)> = decisions
        .iter()
        .zip(&numbers)
        .zip(&names)
        .map(|((decision, number), name)| {
            (decision.id.as_str(), (called(decision, number, name, format), name.as_str()))
        })
        .collect();
    let mut successors: HashMap<&str, Vec<&str>> = HashMap::new();
    for decision in &decisions {
        for replaced in decision.list("supersedes") {
            successors.entry(replaced).or_default().push(&decision.id);
        }
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    let files = decisions.iter().zip(&numbers).zip(&names).map(|((decision, number), name)| {
        let place = sorted.binary_search(&name).map_or(0, |at| at + 1);
        let mut sheet = sheet(decision, number, model);
        sheet.numbered = format == AdrFormat::Log4brains && place.to_string() != *number;
        let after = successors.get(decision.id.as_str()).filter(|_| decision.text("status") == "superseded");
        let line = |relation: &Relation, id: &str| match targets.get(id) {
            Some((text, name)) => status::write(relation, text, &encoded(name)),
            None => {
                status::write(relation, &model.get(id).map_or_else(|| id.to_owned(), Record::label), &format!("#{id}"))
            }
        };
        sheet.successors = after.into_iter().flatten().map(|id| line(&Relation::SupersededBy, id)).collect();
        let replaced = decision.list("supersedes").iter().map(|id| line(&Relation::Supersedes, id));
        let said = mentioned(&sheet);
        let silent = |id: &str, phrase: &str| {
            let name = targets.get(id).and_then(|(_, name)| resolve::name(name));
            phrase == resolve::MENTIONS && name.is_some_and(|name| said.contains(&name))
        };
        let links = links(decision).filter(|(id, phrase)| !silent(id, phrase));
        sheet.relations = replaced.chain(links.map(|(id, phrase)| line(&Relation::Other(phrase.into()), id))).collect();
        AdrFile { name: name.clone(), bytes: settled(&sheet, format).into_bytes() }
    });
    files.collect()
}

fn links(decision: &Record) -> impl Iterator<Item = (&str, &str)> {
    let map: Option<&BTreeMap<String, String>> = match decision.get("links") {
        Some(Value::Map(map)) => Some(map),
        _ => None,
    };
    map.into_iter().flatten().map(|(id, phrase)| (id.as_str(), phrase.as_str()))
}

/// Every decision's number; one that has none yet gets the next.
fn numbers(decisions: &[&Record]) -> Vec<String> {
    let known = decisions.iter().map(|decision| decision.text("number")).filter(|number| !number.is_empty());
    let mut next = known.map(|number| naming::order(number).0).filter(|number| *number < 1 << 30).max().unwrap_or(0);
    let mut number = |decision: &&Record| {
        let own = decision.text("number");
        if naming::number(own).is_some_and(|(_, rest)| rest.is_empty()) {
            return own.to_owned();
        }
        next += 1;
        next.to_string()
    };
    decisions.iter().map(&mut number).collect()
}

/// The names of their files, no two the same. log4brains has dates in them;
/// without one the day of the decision before counts.
fn names(decisions: &[&Record], numbers: &[String], format: AdrFormat) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut day = "1970-01-01";
    let mut all = Vec::with_capacity(decisions.len());
    for (decision, number) in decisions.iter().zip(numbers) {
        let own = decision.text("date");
        day = if own.is_empty() { day } else { own };
        let name = naming::file_name(format, number, day, decision.text("title"), decision.text("source"));
        let stem = skip::stem(&name).unwrap_or(&name).to_owned();
        let mut unique = name;
        let mut count = 1;
        while !taken.insert(unique.to_lowercase()) {
            count += 1;
            unique = format!("{stem}-{count}.md");
        }
        all.push(unique);
    }
    all
}

/// What a link to a decision says.
fn called(decision: &Record, number: &str, name: &str, format: AdrFormat) -> String {
    match format {
        AdrFormat::Nygard => format!("{number}. {}", decision.text("title")),
        AdrFormat::Log4brains => skip::stem(name).unwrap_or(name).to_owned(),
        _ => format!("ADR-{}", naming::padded(number)),
    }
}

/// A file's name as an address.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            ' ' | '%' | '#' | '?' | '(' | ')' | '<' | '>' | '\\' => out.push_str(&format!("%{:02X}", c as u32)),
            _ => out.push(c),
        }
    }
    out
}

fn sheet(decision: &Record, number: &str, model: &Model) -> Sheet {
    let apart = ["number", "title", "supersedes", "links", "elements", "source", "decision"];
    let own = |record: &Record| record.collection == Collection::Decisions;
    let fields = |record: &Record| -> Fields {
        let kept = |name: &&&str| !apart.contains(name) || **name == "decision" && own(record);
        record
            .fields
            .iter()
            .filter(|(name, _)| kept(name))
            .filter_map(|(name, value)| read(name, value, model))
            .collect()
    };
    let element = |id: &String| {
        let record = model.live(id)?;
        let slug = || model.slug_of(record).to_owned();
        let leads = |name: &String| model.name_to_id(&[Collection::Elements], name).is_ok_and(|found| found == *id);
        Some(record.label()).filter(leads).or_else(|| Some(slug()).filter(leads)).or_else(|| Some(id.clone()))
    };
    let options = model.owned(&decision.id, Collection::Alternatives);
    Sheet {
        number: number.to_owned(),
        numbered: false,
        title: one_line(decision.text("title"), model),
        fields: fields(decision),
        alternatives: options.map(|option| named(fields(option), option, model)).collect(),
        successors: Vec::new(),
        relations: Vec::new(),
        elements: decision.list("elements").iter().filter_map(element).collect(),
    }
}

fn named(mut fields: Fields, option: &Record, model: &Model) -> Fields {
    fields.insert("name", Value::text(one_line(&option.label(), model)));
    fields
}

fn one_line(text: &str, model: &Model) -> String {
    let text = reference::render(text, model);
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A value as people read it; nothing for an empty one.
fn read(name: &'static str, value: &Value, model: &Model) -> Option<(&'static str, Value)> {
    let line = matches!(
        Collection::Alternatives.field(name).map(|field| field.shape).filter(|_| name == "url"),
        Some(Shape::Line)
    );
    let value = match value {
        Value::Text(text) if line => Value::text(one_line(text, model)),
        Value::Text(text) => Value::text(reference::render(text, model).replace("\r\n", "\n")),
        Value::List(items) => {
            let items = items.iter().map(|item| reference::render(item, model).replace("\r\n", "\n").trim().to_owned());
            Value::List(items.filter(|item| !item.is_empty()).collect())
        }
        other => other.clone(),
    };
    (!value.is_empty()).then_some((name, value))
}

/// Files that the prose of a decision links to.
fn mentioned(sheet: &Sheet) -> BTreeSet<String> {
    let all = std::iter::once(&sheet.fields).chain(&sheet.alternatives);
    let addresses = all.flat_map(resolve::prose).flat_map(|text| addresses(&text));
    addresses.filter_map(|address| resolve::name(&address)).collect()
}

/// The file's text, so that it is read as it was meant: what would be read as
/// something else is enclosed.
fn settled(sheet: &Sheet, format: AdrFormat) -> String {
    let mut fences: BTreeSet<Fence> = BTreeSet::new();
    for _ in 0..4 {
        let text = compose(sheet, format, &fences);
        let before = fences.len();
        match differences(sheet, &text, format) {
            Some(wrong) if wrong.is_empty() => return text,
            Some(wrong) => fences.extend(wrong),
            None if !fences.insert(WIDE) => fences.extend(texts(sheet)),
            None => {}
        }
        if fences.len() == before {
            break;
        }
    }
    compose(sheet, format, &texts(sheet).chain([WIDE]).collect())
}

/// Texts that are not read as they were written; `None` when something else is
/// not.
fn differences(sheet: &Sheet, text: &str, format: AdrFormat) -> Option<Vec<Fence>> {
    let parsed = parse(text, Some(&sheet.number), format != AdrFormat::Log4brains);
    if parsed.alternatives.len() != sheet.alternatives.len() || parsed.title != sheet.title {
        return None;
    }
    let mut wrong = Vec::new();
    let pairs =
        std::iter::once((&sheet.fields, &parsed.fields)).chain(sheet.alternatives.iter().zip(&parsed.alternatives));
    for (at, (meant, read)) in pairs.enumerate() {
        let names: BTreeSet<&'static str> = meant.keys().chain(read.keys()).copied().collect();
        for name in names.into_iter().filter(|name| meant.get(name) != read.get(name)) {
            wrong.push((at, name));
        }
    }
    if wrong.is_empty() {
        return Some(wrong);
    }
    // What is read beyond what was meant comes from one of the texts.
    let known: BTreeSet<Fence> = texts(sheet).collect();
    let all = std::iter::once(&sheet.fields).chain(&sheet.alternatives);
    let meant: BTreeSet<Fence> =
        all.enumerate().flat_map(|(at, fields)| fields.keys().map(move |name| (at, *name))).collect();
    wrong.retain(|fence| meant.contains(fence));
    (!wrong.is_empty() && wrong.iter().all(|fence| known.contains(fence))).then_some(wrong)
}

/// The texts of a decision and its options.
fn texts(sheet: &Sheet) -> impl Iterator<Item = Fence> {
    let all = std::iter::once(&sheet.fields).chain(&sheet.alternatives).enumerate();
    all.flat_map(|(at, fields)| {
        let collection = if at == 0 { Collection::Decisions } else { Collection::Alternatives };
        let text = move |name: &&'static str| collection.field(name).is_some_and(|field| field.shape == Shape::Text);
        fields.keys().copied().filter(move |name| text(name)).map(move |name| (at, name)).collect::<Vec<_>>()
    })
}
