//! The project's own rules, from the file `drystone.toml` beside the document.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Severity};
use crate::record::Record;
use crate::refusal::Result;
use crate::schema::Collection;

/// Days after which a claim is old, unless the project says otherwise.
pub const STALE_DAYS: u32 = 365;

/// What a project asks of its documents.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRules {
    /// The file's name, for messages; empty when there is none.
    pub name: String,
    /// Rules with another severity than their own; `None`: off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// Days after which a claim is old.
    pub stale_days: u32,
    /// How deep elements may be nested; one at the top counts as 1.
    pub max_depth: Option<u32>,
    /// Dependencies may form no cycle, asynchronous ones neither.
    pub no_cycles: bool,
    /// Fields that must be filled.
    pub required: Vec<Requirement>,
    /// Which technologies may be used.
    pub technologies: Vec<TechnologyRule>,
    /// Layers from the top down: relationships lead downwards only.
    pub layers: Vec<Selector>,
    /// Where relationships may lead; none: anywhere.
    pub allowed: Vec<Pair>,
    /// Where relationships may not lead.
    pub forbidden: Vec<Pair>,
}

/// A field that must be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// In records of this collection.
    pub collection: Collection,
    /// Only in elements of this kind.
    pub kind: Option<&'static str>,
    /// The field.
    pub field: &'static str,
}

/// Which technologies may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TechnologyRule {
    /// Only by elements of this kind.
    pub kind: Option<&'static str>,
    /// Only these, in lower case; empty: all.
    pub allowed: BTreeSet<String>,
    /// None of these, in lower case.
    pub forbidden: BTreeSet<String>,
}

/// Which elements a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `*`: all.
    All,
    /// `tag:interface`.
    Tag(String),
    /// `kind:database`.
    Kind(&'static str),
    /// `group:Backend`: in this group or in one below it.
    Group(String),
    /// `name:Orders`: this element and what is nested in it.
    Name(String),
}

/// Where relationships may or may not lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// From any of these.
    pub from: Vec<Selector>,
    /// To any of these.
    pub to: Vec<Selector>,
    /// Why.
    pub reason: String,
}

impl Default for ProjectRules {
    fn default() -> Self {
        ProjectRules {
            name: String::new(),
            severities: BTreeMap::new(),
            stale_days: STALE_DAYS,
            max_depth: None,
            no_cycles: false,
            required: Vec::new(),
            technologies: Vec::new(),
            layers: Vec::new(),
            allowed: Vec::new(),
            forbidden: Vec::new(),
        }
    }
}

impl ProjectRules {
    /// Reads the file's text; `name` is for messages.
    ///
    /// # Errors
    /// With line and column: what is not TOML, what is not known, what does
    /// not fit.
    pub fn parse(text: &str, name: &str) -> Result<ProjectRules> {
        read::parse(text, name)
    }
}

impl Selector {
    /// Whether an element, or for groups and names one around it, is meant.
    pub fn matches<'a>(&self, subject: &Checked<'a>, element: &'a Record) -> bool {
        let mut around = subject.upwards(&element.id).filter_map(|id| subject.model.get(id));
        match self {
            Selector::All => true,
            Selector::Tag(tag) => element.list("tags").iter().any(|one| one.eq_ignore_ascii_case(tag)),
            Selector::Kind(kind) => element.text("kind") == *kind,
            Selector::Group(group) => around.any(|record| in_group(record.text("group"), group)),
            Selector::Name(name) => around.any(|record| record.label().eq_ignore_ascii_case(name)),
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Selector::All => write!(f, "*"),
            Selector::Tag(tag) => write!(f, "tag:{tag}"),
            Selector::Kind(kind) => write!(f, "kind:{kind}"),
            Selector::Group(group) => write!(f, "group:{group}"),
            Selector::Name(name) => write!(f, "name:{name}"),
        }
    }
}

fn in_group(own: &str, group: &str) -> bool {
    own == group || own.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}

impl Pair {
    /// Whether a relationship from one element to another is meant.
    pub fn matches<'a>(&self, subject: &Checked<'a>, from: &'a Record, to: &'a Record) -> bool {
        self.from.iter().any(|one| one.matches(subject, from)) && self.to.iter().any(|one| one.matches(subject, to))
    }
}
