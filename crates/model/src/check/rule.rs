//! What a rule is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Case, Checked, Findings};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look at it.
    Warning,
    /// It contradicts itself, or is unsafe.
    Error,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

    /// As on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// By its name.
    pub fn find(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    /// The sections of the document.
    Section,
    /// Elements, relationships, views, the glossary.
    Model,
    /// Prose against the model.
    Prose,
    /// Flows and their steps.
    Flow,
    /// Decisions.
    Decision,
    /// What happens when something fails.
    Resilience,
    /// Who may reach what, and how data is kept.
    Security,
    /// Running it: environments, alerts, backups.
    Operations,
    /// How sure one is, and since when.
    Evidence,
    /// The project's own rules.
    Project,
}

impl Area {
    /// All of them, in the order of the documentation.
    pub const ALL: [Area; 10] = [
        Area::Section,
        Area::Prose,
        Area::Model,
        Area::Flow,
        Area::Decision,
        Area::Resilience,
        Area::Security,
        Area::Operations,
        Area::Evidence,
        Area::Project,
    ];

    /// As in programs' output.
    pub fn name(self) -> &'static str {
        match self {
            Area::Section => "section",
            Area::Model => "model",
            Area::Prose => "prose",
            Area::Flow => "flow",
            Area::Decision => "decision",
            Area::Resilience => "resilience",
            Area::Security => "security",
            Area::Operations => "operations",
            Area::Evidence => "evidence",
            Area::Project => "project",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Area::Section => "Sections",
            Area::Model => "Model",
            Area::Prose => "Prose against the model",
            Area::Flow => "Flows",
            Area::Decision => "Decisions",
            Area::Resilience => "Resilience",
            Area::Security => "Security",
            Area::Operations => "Operations",
            Area::Evidence => "Evidence and suppressions",
            Area::Project => "Project rules",
        }
    }
}

/// How much of a document a rule has to see at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It judges each record by itself and by what that names: looked up in
    /// the model and its index, never by going through other records. Such
    /// rules take turns on a few records at a time.
    Record,
    /// The whole.
    Document,
}

/// A document in which a rule finds something, and the same put right.
pub struct Example {
    /// The rule has a finding here.
    pub bad: fn() -> Case,
    /// The rule has none here.
    pub good: fn() -> Case,
}

/// One rule. Its file holds nothing else.
pub struct Rule {
    /// Stable, such as `element-without-description`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// Unless the project says otherwise.
    pub severity: Severity,
    /// What it is about.
    pub area: Area,
    /// How much it has to see at once.
    pub scope: Scope,
    /// Markdown in paragraphs: what is found, why it matters, what to do. The
    /// first one goes with every finding.
    pub explanation: &'static str,
    /// Shown with the explanation; also its test.
    pub example: Example,
    /// Looks for findings.
    pub check: fn(&Checked<'_>, &mut Findings<'_>),
}

impl Rule {
    /// The first paragraph of the explanation.
    pub fn summary(&self) -> &'static str {
        self.explanation.split("\n\n").next().unwrap_or_default()
    }
}
