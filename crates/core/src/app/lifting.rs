//! What prose says, kept in the model: planned, shown, and applied as one
//! change. Not a byte of what people read changes by it.

use std::collections::BTreeMap;

use drystone_model::edit::{self, Edit};
use drystone_model::markdown;
use drystone_model::markdown::lift::{LiftOptions, Outcome, SectionText, lift_as_shown};
use drystone_model::templates::Template;
use drystone_model::{Model, notation, templates};

use super::App;
use super::documents::handle;
use super::importing::new_ids;
use super::persist::lock;
use super::project::known_template;
use crate::api::{ApplyEdits, LiftDocument, LiftFinding, LiftReport, SectionBody};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::store::documents::SectionRow;

/// What is to be lifted.
pub(super) struct Lift<'a> {
    /// Only these sections; all when absent.
    pub sections: Option<&'a [String]>,
    /// Diagrams too.
    pub diagrams: bool,
    /// The document's template, by which an export is written.
    pub template: Option<&'a Template>,
}

/// What lifting would do.
#[derive(Default)]
pub(super) struct Plan {
    pub edits: Vec<Edit>,
    pub sections: Vec<SectionBody>,
    pub report: LiftReport,
}

impl App {
    pub(crate) async fn model_lift(&self, args: LiftDocument) -> Result<LiftReport> {
        self.blocking(move |app| app.lift(args)).await
    }

    fn lift(&self, args: LiftDocument) -> Result<LiftReport> {
        let open = self.open_document(handle(&args.document)?)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        self.settle(&mut open)?;
        self.catch_up(&mut open)?;
        self.model(&mut open)?;
        let model = open.model.as_ref().ok_or_else(|| Error::internal("a model that was just loaded is gone"))?;
        let template = open.document.as_ref().and_then(|it| known_template(&it.template(), &it.template_file()));
        let template = template.as_deref();
        let lift = Lift { sections: args.sections.as_deref(), diagrams: args.diagrams, template };
        let plan = self.plan_lift(&open.rows, model, &lift)?;
        let summary = Some(lift_summary(&plan));
        let Plan { edits, sections, mut report } = plan;
        if !args.apply || (edits.is_empty() && sections.is_empty()) {
            return Ok(report);
        }
        let request = ApplyEdits { document: args.document, edits, sections, summary, confirm: true };
        report.applied = Some(self.apply_locked_edits(&mut open, request)?);
        Ok(report)
    }

    /// Works out what lifting does to these sections and this model.
    pub(super) fn plan_lift(&self, rows: &[SectionRow], model: &Model, wanted: &Lift<'_>) -> Result<Plan> {
        let texts = section_texts(rows);
        let mut ids = new_ids(self.fresh_id()?);
        let options =
            LiftOptions { sections: wanted.sections.map(<[String]>::to_vec), diagrams: false, mentions: true };
        let lifting = lift_as_shown(&texts, model, &options, wanted.template, &mut || ids.next());
        let mut plan = Plan { edits: lifting.edits, ..Plan::default() };
        for change in lifting.sections {
            plan.sections.push(SectionBody { section: change.id, title: change.title, text: change.body });
        }
        let title = |id: &str| rows.iter().find(|row| row.section == id).map(|row| templates::plain(&row.title));
        plan.report.findings = lifting
            .notes
            .into_iter()
            .map(|note| LiftFinding {
                section_title: title(&note.section).unwrap_or_default(),
                section: note.section,
                line: note.line,
                what: note.what,
                lifted: note.outcome == Outcome::Lifted,
                why: note.why,
            })
            .collect();
        if wanted.diagrams {
            let chosen = |row: &&SectionRow| wanted.sections.is_none_or(|ids| ids.contains(&row.section));
            let rows: Vec<&SectionRow> = rows.iter().filter(chosen).collect();
            lift_diagrams(&rows, model, &mut plan, &mut || ids.next());
        }
        for edit in &plan.edits {
            if let Edit::Add { collection, .. } = edit {
                *plan.report.added.entry(collection.clone()).or_default() += 1;
            }
        }
        let count = |lifted| plan.report.findings.iter().filter(|finding| finding.lifted == lifted).count();
        plan.report.lifted = u32::try_from(count(true)).unwrap_or(u32::MAX);
        plan.report.left = u32::try_from(count(false)).unwrap_or(u32::MAX);
        Ok(plan)
    }
}

fn lift_diagrams(rows: &[&SectionRow], model: &Model, plan: &mut Plan, fresh: &mut dyn FnMut() -> String) {
    let mut working = model.clone();
    edit::apply_all(&mut working, &plan.edits);
    for row in rows {
        let shown = row.shown();
        for found in notation::find(shown) {
            let drawing = markdown::drawing(&row.title, shown, &found);
            let line = u32::try_from(found.line).unwrap_or(u32::MAX);
            let mut note = |lifted: bool, line: u32, what: String, why: String| {
                plan.report.findings.push(LiftFinding {
                    section: row.section.clone(),
                    section_title: templates::plain(&row.title),
                    line,
                    what,
                    lifted,
                    why,
                });
            };
            for (at, warning) in &drawing.warnings {
                let at = line.saturating_add(u32::try_from(*at).unwrap_or(0)).saturating_sub(1);
                note(false, at, "Part of a diagram".into(), warning.clone());
            }
            let proposal = notation::to_edits(&drawing, &working, fresh);
            for remark in proposal.notes {
                note(false, line, "Part of a diagram".into(), remark);
            }
            if !proposal.edits.is_empty() {
                note(true, line, format!("Diagram: {}", tally(&proposal.edits)), String::new());
            }
            edit::apply_all(&mut working, &proposal.edits);
            plan.edits.extend(proposal.edits);
        }
    }
}

/// How many records edits add, by collection: “4 elements, 3 relationships”.
fn tally(edits: &[Edit]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for edit in edits {
        if let Edit::Add { collection, .. } = edit {
            *counts.entry(collection).or_default() += 1;
        }
    }
    let parts: Vec<String> = counts.iter().map(|(collection, count)| format!("{count} {collection}")).collect();
    if parts.is_empty() { "more about what is known".into() } else { parts.join(", ") }
}

/// What a plan does, for the history.
pub(super) fn lift_summary(plan: &Plan) -> String {
    format!("Lifted {} from the text", counted(&plan.report))
}

fn counted(report: &LiftReport) -> String {
    let total: u32 = report.added.values().sum();
    match total {
        0 => "more".into(),
        1 => "one record".into(),
        total => format!("{total} records"),
    }
}

/// Sections as lifting and the export take them.
pub(super) fn section_texts(rows: &[SectionRow]) -> Vec<SectionText> {
    let index: BTreeMap<&str, usize> = rows.iter().enumerate().map(|(i, row)| (row.section.as_str(), i)).collect();
    let text = |row: &SectionRow| SectionText {
        id: row.section.clone(),
        parent: index.get(row.parent.as_str()).copied(),
        level: row.level,
        title: row.stored_title().to_owned(),
        key: Some(row.key.clone()).filter(|key| !key.is_empty()),
        body: row.text.clone(),
    };
    rows.iter().map(text).collect()
}

impl Plan {
    /// Whether it changes nothing.
    pub fn is_nothing(&self) -> bool {
        self.edits.is_empty() && self.sections.is_empty()
    }

    /// Says that a part of the whole document was left as text.
    pub fn leave(&mut self, what: &str, why: &str) {
        self.report.left += 1;
        self.report.findings.push(LiftFinding {
            section: String::new(),
            section_title: String::new(),
            line: 0,
            what: what.into(),
            lifted: false,
            why: why.into(),
        });
    }
}

/// A plan with the places of what it adds.
pub(super) struct Lifting {
    pub plan: Plan,
    pub orders: Vec<String>,
}

impl Lifting {
    /// Makes the edits in a document.
    pub fn write(&self, document: &mut Document) -> Result<()> {
        document.edit_records(&self.plan.edits, &self.orders)?;
        for section in &self.plan.sections {
            document.set_section(section)?;
        }
        Ok(())
    }
}
