//! A folder's files into edits: all of them, or none.

use std::collections::{BTreeMap, HashSet};

use crate::edit::Edit;
use crate::graph::Model;
use crate::markdown;
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{Collection, Shape};
use crate::value::Value;

use super::outcome::Fields;
use super::parse::{OPTIONS, Parsed, parse};
use super::{AdrDecision, AdrFile, AdrFormat, AdrImport, AdrNote, AdrSkipped, FILE, FILES, FOLDER};
use super::{detect, format, naming, resolve, skip};

/// A record on its way into the model.
pub(super) struct Entry<'a> {
    /// Its file.
    pub file: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
    /// Of the decision.
    pub id: String,
    /// In the folder; empty until all are known.
    pub number: String,
    /// What the file says.
    pub parsed: Parsed,
}

/// Reads a folder. Without a format the one of most of its files counts.
///
/// # Errors
/// A file that is not UTF-8, exceeds a limit or holds what no field takes, with
/// its line; a folder without any record. Nothing is read then.
pub fn read(
    files: &[AdrFile],
    format: Option<AdrFormat>,
    model: &Model,
    fresh_id: &mut dyn FnMut() -> String,
) -> Result<AdrImport> {
    limits(files)?;
    let format = format.or_else(|| detect(files)).unwrap_or(AdrFormat::Madr4);
    let mut skipped = Vec::new();
    let mut entries = Vec::new();
    let mut sorted: Vec<&AdrFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    for file in sorted {
        match one(file, format)? {
            Ok(parsed) => {
                let (id, number) = (String::new(), String::new());
                entries.push(Entry { file: &file.name, bytes: &file.bytes, id, number, parsed });
            }
            Err(why) => skipped.push(AdrSkipped { file: file.name.clone(), why }),
        }
    }
    if entries.is_empty() {
        return Err(Refusal::not_found(
            "There is no decision record among these files.",
            "Give the folder with the records, such as docs/decisions.",
        ));
    }
    number(&mut entries, format);
    for entry in &mut entries {
        entry.id = fresh_id();
    }
    let mut notes = Vec::new();
    let further = resolve::all(&mut entries, model, &mut notes);
    let mut import = AdrImport { edits: Vec::new(), notes, decisions: Vec::new(), skipped, format };
    let mut taken: HashSet<String> =
        model.every(Collection::Decisions).map(|decision| decision.text("number").to_owned()).collect();
    for entry in entries {
        add(entry, model, &mut taken, fresh_id, &mut import)?;
    }
    import.edits.extend(further);
    import.notes.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(import)
}

fn limits(files: &[AdrFile]) -> Result<()> {
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    let what = match (files.len(), bytes) {
        (count, _) if count > FILES => format!("These are {count} files; at most {FILES} are imported at once."),
        (_, bytes) if bytes > FOLDER => {
            format!("The files have {} MB; at most {} MB are imported at once.", bytes >> 20, FOLDER >> 20)
        }
        _ => return Ok(()),
    };
    Err(Refusal::new(RefusalKind::TooLarge, what, "Give only the folder with the records."))
}

/// Reads a file, or says why it is none of the records.
fn one(file: &AdrFile, format: AdrFormat) -> Result<std::result::Result<Parsed, String>> {
    if let Some(why) = skip::by_name(&file.name) {
        return Ok(Err(why.into()));
    }
    if file.bytes.len() > FILE {
        let what = format!("The file has {} bytes; a record has at most {FILE}.", file.bytes.len());
        let advice = "Move the long parts to other files, or leave it out.";
        return Err(Refusal::new(RefusalKind::TooLarge, what, advice).at(format!("{}:1", file.name)));
    }
    let text = markdown::text(&file.bytes, &file.name)?.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Ok(Err("It is empty.".into()));
    }
    let base = skip::base(&file.name);
    let dated = format::file_day(base).filter(|_| format == AdrFormat::Log4brains);
    let number = naming::of_file(base).filter(|_| format != AdrFormat::Log4brains);
    if number.is_none() && dated.is_none() && !format::looks_like_record(&file.name, &text) {
        return Ok(Err("It is no decision record: a title, a context and a decision or status are missing.".into()));
    }
    let mut parsed = parse(&text, number.as_deref(), format != AdrFormat::Log4brains);
    if let Some(line) = parsed.crowded {
        let what = format!("The record has more than {OPTIONS} options.");
        let advice = "Take out those that were not seriously considered.";
        return Err(Refusal::new(RefusalKind::TooLarge, what, advice).at(format!("{}:{line}", file.name)));
    }
    if number.is_some() {
        parsed.number = number;
    }
    if let Some(day) = dated.filter(|_| !parsed.dated) {
        parsed.fields.insert("date", Value::text(day));
    }
    if parsed.title.trim().is_empty() {
        let stem = skip::stem(base).unwrap_or(base).trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        parsed.title = crate::path::name_of(if stem.is_empty() { "untitled" } else { stem });
        parsed.notes.push((1, "It has no heading; the title is taken from the file's name.".into()));
    }
    Ok(Ok(parsed))
}

/// Gives a number to the records that have none: their place among the files
/// where there are only such, else the next ones.
fn number(entries: &mut [Entry], format: AdrFormat) {
    let highest =
        entries.iter().filter_map(|entry| entry.parsed.number.as_deref()).map(|number| naming::order(number).0);
    let mut next = highest.max().map_or(1, |highest| highest.saturating_add(1));
    for (at, entry) in entries.iter_mut().enumerate() {
        entry.number = match entry.parsed.number.take() {
            Some(number) => number,
            None if format == AdrFormat::Log4brains => (at + 1).to_string(),
            None => {
                next = next.saturating_add(1);
                (next - 1).to_string()
            }
        };
    }
    entries.sort_by_cached_key(|entry| (naming::order(&entry.number), entry.file.to_owned()));
}

fn add(
    entry: Entry,
    model: &Model,
    taken: &mut HashSet<String>,
    fresh_id: &mut dyn FnMut() -> String,
    import: &mut AdrImport,
) -> Result<()> {
    let Entry { file, id, number, parsed, .. } = entry;
    let Parsed { title, line, mut fields, alternatives, notes, .. } = parsed;
    let note = |(line, what): (usize, String)| AdrNote { file: file.to_owned(), line, what };
    import.notes.extend(notes.into_iter().map(note));
    if taken.insert(number.clone()) {
        fields.insert("number", Value::text(&number));
    } else {
        import.notes.push(note((line, format!("There is a decision {number} already; this one gets another number."))));
    }
    fields.insert("title", Value::text(&title));
    fields.insert("source", Value::text(file));
    let at = format!("{file}:{line}");
    import.edits.push(edit(Collection::Decisions, &id, fields, model, &at)?);
    for mut alternative in alternatives {
        alternative.insert("decision", Value::text(&id));
        if alternative.get("name").is_none_or(Value::is_empty) {
            alternative.insert("name", Value::text("Unnamed"));
        }
        import.edits.push(edit(Collection::Alternatives, &fresh_id(), alternative, model, &at)?);
    }
    import.decisions.push(AdrDecision { id, number, title, file: file.to_owned() });
    Ok(())
}

/// The edit that adds a record, its values in their one form. References are
/// among the records that are added, so only the others are looked at.
fn edit(collection: Collection, id: &str, fields: Fields, model: &Model, at: &str) -> Result<Edit> {
    let mut checked = BTreeMap::new();
    for (name, value) in fields {
        let Some(field) = collection.field(name) else { continue };
        let value = match field.shape {
            Shape::Ref(_) | Shape::Refs(_) => value,
            shape => shape.check(value, model).map_err(|refusal| {
                let message = format!("{}: {}", field.title, refusal.message);
                Refusal { message, ..refusal }.at(at)
            })?,
        };
        if !value.is_empty() {
            checked.insert(name.to_owned(), value);
        }
    }
    Ok(Edit::Add { collection: collection.name().into(), id: Some(id.to_owned()), fields: checked, after: None })
}
