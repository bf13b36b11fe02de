//! What the rules found: places, fixes, suppressions.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::subject::{Prose, lines_in};
use super::{Checked, CheckedSection, Rule, Severity};
use crate::edit::Edit;
use crate::record::Record;
use crate::reference;
use crate::schema::Collection;

/// What a finding is about, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The section's id.
    pub section: Option<String>,
    /// The record's id.
    pub record: Option<String>,
    /// The record's field.
    pub field: Option<String>,
    /// In a file, its line; else the line of the section's text; from 1.
    pub line: Option<u32>,
}

/// What would put it right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does, such as “Remove the relationship”.
    pub title: String,
    /// Edits of the model, to be made together.
    pub edits: Vec<Edit>,
    /// Sections by id with their new text, as stored.
    pub section_edits: Vec<(String, String)>,
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How much it matters in this project.
    pub severity: Severity,
    /// What is wrong, one sentence.
    pub message: String,
    /// Where: a path such as `elements.web-client.purpose`, in a file
    /// `ARCHITECTURE.md:12`.
    pub place: String,
    /// The path in the document, in files too.
    pub path: String,
    /// For programs.
    pub target: Target,
    /// The rule in short.
    pub explanation: &'static str,
    /// What would put it right.
    pub fix: Option<Fix>,
    /// Why it is accepted, when it is.
    pub suppressed: Option<String>,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Errors.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Infos.
    pub infos: u32,
    /// Suppressed, of any severity.
    pub suppressed: u32,
}

/// What checking a document gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The worst first, then by line for files, then in the order of the rules
    /// and of the document.
    pub findings: Vec<Finding>,
    /// Those that are accepted, with their reasons.
    pub suppressed: Vec<Finding>,
    /// How many.
    pub counts: Counts,
}

impl Report {
    /// Whether a finding is at least this severe; for exit codes.
    pub fn fails(&self, at: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= at)
    }
}

impl Finding {
    /// The same with a fix in the model.
    pub fn fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) {
        self.fix = Some(Fix { title: title.into(), edits, section_edits: Vec::new() });
    }

    /// The same with a fix in a section's text.
    pub fn rewrite(&mut self, title: impl Into<String>, section: &CheckedSection, text: String) {
        let section_edits = vec![(section.id.clone(), text)];
        self.fix = Some(Fix { title: title.into(), edits: Vec::new(), section_edits });
    }
}

/// Takes findings from the rules, one rule after the other.
pub struct Findings<'s> {
    subject: &'s Checked<'s>,
    lines: Option<&'s Lines>,
    rule: Option<(usize, &'static Rule, Severity)>,
    /// With the place of its rule in the list.
    found: Vec<(usize, Finding)>,
    used: HashSet<String>,
}

impl<'s> Findings<'s> {
    /// None yet; `lines` for files.
    pub(super) fn new(subject: &'s Checked<'s>, lines: Option<&'s Lines>) -> Self {
        Findings { subject, lines, rule: None, found: Vec::new(), used: HashSet::default() }
    }

    /// Takes in what was found beside. Of each rule, what comes first in the
    /// document is taken in first.
    pub(super) fn take_in(&mut self, others: Findings<'_>) {
        self.found.extend(others.found);
    }

    /// Runs a rule on the document or a part of it, unless the project turns
    /// it off. `place` is the rule's in the list.
    pub(super) fn check(&mut self, place: usize, rule: &'static Rule, subject: &Checked<'_>) {
        let severity = self.subject.project.severities.get(rule.id).copied().unwrap_or(Some(rule.severity));
        let Some(severity) = severity else { return };
        self.rule = Some((place, rule, severity));
        (rule.check)(subject, self);
        self.rule = None;
    }

    /// A finding on a record as a whole.
    pub fn record(&mut self, record: &Record, message: String) -> &mut Finding {
        let path = self.path(record);
        let target = Target { record: Some(record.id.clone()), ..Target::default() };
        self.push(path, target, message)
    }

    /// A finding on a field of a record.
    pub fn field(&mut self, record: &Record, field: &str, message: String) -> &mut Finding {
        let known = record.collection.field(field);
        let dashed = known.map_or_else(|| field.to_owned(), |field| field.dashed());
        let path = format!("{}.{dashed}", self.path(record));
        let field = Some(known.map_or(field, |field| field.name).to_owned());
        let target = Target { record: Some(record.id.clone()), field, ..Target::default() };
        self.push(path, target, message)
    }

    /// A finding on a section as a whole.
    pub fn section(&mut self, section: &CheckedSection, message: String) -> &mut Finding {
        let target = Target { section: Some(section.id.clone()), line: section.line, ..Target::default() };
        self.push(section.path.clone(), target, message)
    }

    /// A finding on a line of a section's text, counted from 0 as it is shown.
    pub fn line(&mut self, section: &CheckedSection, line: u32, message: String) -> &mut Finding {
        let first = section.text_line.or(section.line).unwrap_or(1);
        let target =
            Target { section: Some(section.id.clone()), line: Some(first.saturating_add(line)), ..Target::default() };
        self.push(section.path.clone(), target, message)
    }

    /// A finding at a place of a text, in bytes of the stored text.
    pub fn prose(&mut self, prose: Prose<'_>, offset: usize, message: String) -> &mut Finding {
        match prose {
            Prose::Section(section) => {
                let line = self.subject.line_at(section, offset);
                self.line(section, line, message)
            }
            Prose::Field(record, field) => self.field(record, field.name, message),
        }
    }

    /// A finding on a collection, such as one that is empty.
    pub fn collection(&mut self, collection: Collection, message: String) -> &mut Finding {
        self.push(collection.name().to_owned(), Target::default(), message)
    }

    /// A finding on the sections as a whole, or on one that is not there.
    pub fn missing(&mut self, key: &str, message: String) -> &mut Finding {
        let path = if key.is_empty() { "sections".into() } else { format!("sections.{key}") };
        self.push(path, Target::default(), message)
    }

    /// Whether some finding needs this suppression.
    pub fn is_used(&self, suppression: &str) -> bool {
        self.used.contains(suppression)
    }

    fn push(&mut self, path: String, mut target: Target, message: String) -> &mut Finding {
        // What a message quotes of a text is shown as people read it; a
        // reference that was cut off is left out.
        let message = match message.contains([reference::OPEN, reference::CLOSE]) {
            true => reference::render(&message, self.subject.model).replace([reference::OPEN, reference::CLOSE], ""),
            false => message,
        };
        let place = match (self.subject.file, self.lines) {
            (Some(file), Some(lines)) => {
                target.line = target.line.or_else(|| lines.of_target(&target));
                target.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
            }
            _ => path.clone(),
        };
        let (order, rule, severity, explanation) = match self.rule {
            Some((order, rule, severity)) => (order, rule.id, severity, rule.summary()),
            None => (0, "", Severity::Info, ""),
        };
        let finding =
            Finding { rule, severity, message, place, path, target, explanation, fix: None, suppressed: None };
        self.found.push((order, finding));
        let last = self.found.len() - 1;
        &mut self.found[last].1
    }

    fn path(&self, record: &Record) -> String {
        match self.subject.model.get(&record.id) {
            Some(record) => self.subject.model.path_of(record),
            None => format!("{}.{}", record.collection.name(), record.id),
        }
    }

    /// Marks what suppressions accept. A suppression without a place accepts
    /// all of its rule; one with a place accepts what is there and below.
    pub(super) fn suppress(&mut self) {
        let mut by_rule: HashMap<&str, BTreeMap<&str, &Record>> = HashMap::default();
        for suppression in self.subject.list(Collection::Suppressions) {
            let places = by_rule.entry(suppression.text("rule")).or_default();
            places.entry(suppression.text("place").trim()).or_insert(suppression);
        }
        for (_, finding) in &mut self.found {
            let Some(places) = by_rule.get(finding.rule) else { continue };
            let Some(suppression) = accepted(self.subject, finding, places) else { continue };
            let reason = suppression.text("reason").trim();
            finding.suppressed = Some(if reason.is_empty() { "No reason is given.".into() } else { reason.into() });
            self.used.insert(suppression.id.clone());
        }
    }

    pub(super) fn report(mut self) -> Report {
        // Rules find in the order of their list and of the document, and that
        // order stays among findings that are as severe and on one line.
        let in_file = self.lines.is_some();
        self.found
            .sort_by_key(|(rule, one)| (std::cmp::Reverse(one.severity), one.target.line.filter(|_| in_file), *rule));
        let found = self.found.into_iter().map(|(_, finding)| finding);
        let (suppressed, findings): (Vec<Finding>, Vec<Finding>) =
            found.partition(|finding| finding.suppressed.is_some());
        let count = |severity| {
            let of = findings.iter().filter(|finding| finding.severity == severity).count();
            u32::try_from(of).unwrap_or(u32::MAX)
        };
        let counts = Counts {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            suppressed: u32::try_from(suppressed.len()).unwrap_or(u32::MAX),
        };
        Report { findings, suppressed, counts }
    }
}

/// The suppression that accepts a finding: by its place, its path, or the path
/// with the record's id, which stays when the record is renamed.
fn accepted<'a>(subject: &Checked<'a>, finding: &Finding, places: &BTreeMap<&str, &'a Record>) -> Option<&'a Record> {
    if let Some(record) = places.get("").or_else(|| places.get(finding.place.as_str())) {
        return Some(record);
    }
    let by_id = match (&finding.target.record, &finding.target.section) {
        (Some(id), _) => subject.model.get(id).map(|record| {
            let field = finding.target.field.as_deref().and_then(|name| record.collection.field(name));
            let field = field.map(|field| format!(".{}", field.dashed())).unwrap_or_default();
            format!("{}.{id}{field}", record.collection.name())
        }),
        (None, Some(id)) => Some(format!("sections.{id}")),
        _ => None,
    };
    [Some(finding.path.as_str()), by_id.as_deref()].into_iter().flatten().find_map(|path| {
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
        ends.collect::<Vec<_>>().into_iter().rev().find_map(|end| places.get(&path[..end]).copied())
    })
}

/// Where the records of a file stand in it.
pub(super) struct Lines {
    fields: HashMap<(String, String), u32>,
    records: HashMap<String, u32>,
}

impl Lines {
    pub(super) fn of(subject: &Checked<'_>) -> Lines {
        let mut lines = Lines { fields: HashMap::default(), records: HashMap::default() };
        for section in subject.sections {
            let Some(first) = section.text_line.or(section.line) else { continue };
            let (mut line, mut at) = (first, 0);
            for (range, reference) in reference::find(&section.text) {
                line = line.saturating_add(lines_in(&section.text[at..range.start]));
                lines.records.entry(reference.id.clone()).or_insert(line);
                let shown = lines_in(&reference::show(&reference, subject.model));
                lines.fields.entry((reference.id, reference.field)).or_insert(line);
                line = line.saturating_add(shown);
                at = range.end;
            }
        }
        lines
    }

    fn of_target(&self, target: &Target) -> Option<u32> {
        let record = target.record.as_ref()?;
        let field = target.field.as_ref().and_then(|field| self.fields.get(&(record.clone(), field.clone())));
        field.or_else(|| self.records.get(record)).copied()
    }
}
