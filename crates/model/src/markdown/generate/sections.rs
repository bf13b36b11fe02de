//! Elements, flows, concerns and decisions: what has a section of its own, or
//! a place among the topics.

use super::lines::{DEPTH, labelled, needs_item};
use super::lists::{STEP, Ties};
use super::notation::{Notation, bold};
use super::page::{DEEPEST, Page};
use super::shown::Shown;
use super::{CompleteOptions, Draw};
use crate::graph::Model;
use crate::markdown::lift::{Kinds, SectionText, begins_with_label, field_called, guess_kind, is_plain_text};
use crate::parallel;
use crate::record::Record;
use crate::reference::{Hint, Reference};
use crate::schema::{Collection, Field};
use crate::templates::place_of_topic;

pub(super) struct Writer<'a> {
    pub sections: &'a [SectionText],
    pub model: &'a Model,
    pub options: &'a CompleteOptions<'a>,
    pub shown: Shown<'a>,
    pub ties: Ties<'a>,
    pub page: Page<'a>,
    notation: Notation,
    kinds: Kinds,
    /// The diagram, once it is drawn.
    drawn: String,
}

/// What is written by itself.
enum Job<'j, 'a> {
    Diagram(&'j Draw<'a>),
    Elements(&'j [NewElement<'a>]),
}

/// What comes of it.
enum Done {
    Diagram(String),
    /// The parts of each element's text.
    Elements(Vec<Vec<String>>),
}

/// How many elements are written in one go.
const AT_ONCE: usize = 256;

/// An element that gets a section of its own, whose text is still to be written.
struct NewElement<'a> {
    node: usize,
    record: &'a Record,
    fields: Vec<&'static Field>,
}

fn refer(record: &Record, field: &str) -> String {
    Reference { id: record.id.clone(), field: field.to_owned(), hint: Hint::Plain }.encode()
}

impl<'a> Writer<'a> {
    pub fn new(sections: &'a [SectionText], model: &'a Model, options: &'a CompleteOptions<'a>) -> Self {
        let kinds = Kinds::read(sections);
        Writer {
            sections,
            model,
            options,
            shown: Shown::read(sections, model, &kinds, &options.told),
            ties: Ties::of(model),
            page: Page::new(sections, options.template),
            notation: Notation::of(options.template),
            kinds,
            drawn: String::new(),
        }
    }

    /// Whether a node writes its labels as list items.
    fn bullets(&self, node: usize) -> bool {
        let mut labels = self.page.text(node).lines().filter_map(bold).peekable();
        if labels.peek().is_none() { self.notation.bullets } else { labels.any(|(_, item)| item) }
    }

    /// Fields with their labels and what else belongs to a record, in parts.
    fn parts(&self, record: &Record, fields: &[&'static Field], bullets: bool) -> Vec<String> {
        let evidence = self.evidence_of(record);
        let bullets = bullets || !evidence.is_empty() || fields.iter().any(|field| needs_item(record, field));
        let item = bullets.then_some(0);
        let ends = !record.has("interfaces") && record.collection == Collection::Elements;
        let is_end = |field: &&Field| ends && matches!(field.name, "input" | "output");
        let mut parts = Vec::new();
        let mut ends_written = false;
        for field in fields {
            if !is_end(field) {
                let label = self.notation.label(record.collection, field);
                parts.push(labelled(&format!("**{label}**"), record, field, item));
            } else if !ends_written {
                ends_written = true;
                let nested = if bullets { STEP } else { 0 };
                let below = fields.iter().copied().filter(|field| is_end(field));
                let lines = below.map(|field| labelled(field.title, record, field, Some(nested)));
                let label = format!("{}**Interfaces**:", if bullets { "- " } else { "" });
                parts.push(std::iter::once(label).chain(lines).collect::<Vec<_>>().join("\n"));
            }
        }
        parts.extend(self.dependencies(record, bullets));
        parts.extend(evidence.into_iter().map(|evidence| self.item(evidence, 0)));
        parts
    }

    /// The relationships of an element that are not shown.
    fn dependencies(&self, element: &Record, bullets: bool) -> Option<String> {
        let leaving = self.ties.leaving.get(element.id.as_str())?.iter().copied();
        let lacking: Vec<&Record> = leaving.filter(|record| self.lacks(record)).collect();
        if lacking.is_empty() {
            return None;
        }
        let field = Collection::Elements.field("dependencies")?;
        let label = self.notation.label(Collection::Elements, field);
        let label = format!("{}**{label}**:", if bullets { "- " } else { "" });
        let target = |record: &Record| self.model.get(record.text("to")).map(Record::label).unwrap_or_default();
        let bare = |record: &&Record| {
            self.shown.missing(record).is_empty()
                && self.evidence_of(record).is_empty()
                && !target(record).contains([',', '(', '[', ')', ']'])
        };
        if lacking.iter().all(bare) {
            let names: Vec<String> = lacking.iter().map(|record| refer(record, "to")).collect();
            return Some(format!("{label} {}", names.join(", ")));
        }
        let indent = if bullets { STEP } else { 0 };
        let items = lacking.iter().map(|record| self.item(record, indent));
        Some(std::iter::once(label).chain(items).collect::<Vec<_>>().join("\n"))
    }

    /// Elements below the one they are a part of, as long as headings go.
    pub fn elements(&mut self) {
        let mut new = Vec::new();
        let tops = self.model.list(Collection::Elements).filter(|record| self.model.parent(&record.id).is_none());
        let mut todo: Vec<(&'a Record, Option<usize>)> = tops.map(|record| (record, None)).collect();
        todo.reverse();
        while let Some((record, above)) = todo.pop() {
            let node = match self.shown.home(&record.id) {
                Some(home) => self.shown_element(record, home),
                None if self.needs_section(record) => Some(self.new_element(record, above, &mut new)),
                None => None,
            };
            let children = self.ties.children.get(record.id.as_str()).into_iter().flatten();
            todo.extend(children.rev().map(|child| (*child, node)));
        }
        self.write_new(&new);
    }

    /// The texts of new sections, and the diagram; none depends on another.
    fn write_new(&mut self, new: &[NewElement<'a>]) {
        let diagram = self.options.diagram.filter(|_| self.diagram_place().is_some());
        let jobs = diagram.map(Job::Diagram).into_iter().chain(new.chunks(AT_ONCE).map(Job::Elements));
        let parts = |one: &NewElement<'a>| self.parts(one.record, &one.fields, self.notation.bullets);
        let done = parallel::map(&jobs.collect::<Vec<_>>(), self.model.len(), |job| match job {
            Job::Diagram(draw) => Done::Diagram(draw()),
            Job::Elements(part) => Done::Elements(part.iter().map(parts).collect()),
        });
        let mut texts = Vec::with_capacity(new.len());
        for done in done {
            match done {
                Done::Diagram(drawn) => self.drawn = drawn,
                Done::Elements(parts) => texts.extend(parts),
            }
        }
        for (one, parts) in new.iter().zip(texts) {
            parts.into_iter().for_each(|part| self.page.write(one.node, part));
        }
    }

    fn needs_section(&self, record: &Record) -> bool {
        let mut leaving = self.ties.leaving.get(record.id.as_str()).into_iter().flatten();
        let fields = || self.shown.missing(record).iter().any(|field| field.name != "name");
        !self.shown.is_named(&record.id)
            || fields()
            || leaving.any(|record| self.lacks(record))
            || !self.evidence_of(record).is_empty()
    }

    /// What is missing of an element that a section is about; gives that
    /// section where its heading names the element.
    fn shown_element(&mut self, record: &Record, home: usize) -> Option<usize> {
        let names = self.sections[home].title.contains(&record.id);
        let mut fields = self.shown.missing(record).to_vec();
        fields.retain(|field| field.name != "name");
        let guess = self.kinds.of(self.sections, home, record.text("name")).filter(|_| names);
        let fixed = |name: &str| self.shown.has(&record.id, name);
        if guess.is_some_and(|guess| guess != record.text("kind")) && !fixed("kind") {
            fields.extend(Collection::Elements.field("kind"));
        }
        let above = self.sections[home].parent.map(|parent| self.sections[parent].title.as_str());
        let nested = |parent: &str| names && above.is_some_and(|title| title.contains(parent));
        if self.model.parent(&record.id).is_some_and(|parent| !nested(parent)) && !fixed("parent") {
            fields.extend(Collection::Elements.field("parent"));
        }
        let lacks = !fields.is_empty() || !self.evidence_of(record).is_empty();
        let leaving = self.ties.leaving.get(record.id.as_str());
        if lacks || leaving.is_some_and(|leaving| leaving.iter().any(|record| self.lacks(record))) {
            let node = self.page.of_section(home);
            if names {
                for part in self.parts(record, &fields, self.bullets(node)) {
                    self.page.write(node, part);
                }
            } else {
                let text = self.element_item(record, &fields);
                self.page.write(node, text);
            }
        }
        names.then(|| self.page.of_section(home))
    }

    /// An element that stands in a list: what is missing in a list as well.
    fn element_item(&self, record: &Record, fields: &[&'static Field]) -> String {
        let mut lines = vec![format!("- **{}**:", refer(record, "name"))];
        lines.extend(self.below(record, fields, None, STEP));
        let leaving = self.ties.leaving.get(record.id.as_str()).into_iter().flatten();
        let lacking: Vec<String> =
            leaving.filter(|it| self.lacks(it)).map(|record| self.item(record, STEP + STEP)).collect();
        if !lacking.is_empty() {
            lines.push(format!("{}- Dependencies:", " ".repeat(STEP)));
            lines.extend(lacking);
        }
        lines.join("\n")
    }

    fn new_element(&mut self, record: &'a Record, above: Option<usize>, new: &mut Vec<NewElement<'a>>) -> usize {
        let name = record.text("name");
        // A heading such as “Interfaces” would be read as a field.
        let is_name = |name: &str| field_called(Collection::Elements, name).is_none();
        let fits = |above: &usize| self.page.level(*above) < DEEPEST && is_name(name);
        let nested = above.filter(fits);
        let place = match nested {
            Some(above) => above,
            None => self.page.place("components"),
        };
        let mut fields = self.shown.missing(record).to_vec();
        fields.retain(|field| field.name != "name");
        let children = self.ties.children.get(record.id.as_str()).into_iter().flatten();
        let level = self.page.level(place) + 1;
        let mut nests = children.filter(|child| self.shown.home(&child.id).is_none() && is_name(child.text("name")));
        let holds = level < DEEPEST && nests.any(|child| self.needs_section(child));
        let guess = guess_kind(name, |field| fields.iter().any(|it| it.name == field), holds, nested.is_some());
        let leaving = self.ties.leaving.get(record.id.as_str());
        let bare = fields.is_empty() && leaving.is_none_or(|leaving| !leaving.iter().any(|it| self.lacks(it)));
        // A nested section is one of an element only if it has a field.
        if guess != record.text("kind") || (nested.is_some() && bare) {
            fields.splice(0..0, Collection::Elements.field("kind"));
        }
        if nested.is_none() && self.model.parent(&record.id).is_some() {
            fields.splice(0..0, Collection::Elements.field("parent"));
        }
        let node = self.page.add(
            Some(place),
            if nested.is_some() { "" } else { "components.component" },
            refer(record, "name"),
        );
        new.push(NewElement { node, record, fields });
        node
    }

    /// Flows with their steps.
    pub fn flows(&mut self) {
        for flow in self.model.list(Collection::Flows) {
            let home = self.shown.home(&flow.id);
            let steps = self.steps(&flow.id);
            let mut fields = self.shown.missing(flow).to_vec();
            fields.retain(|field| field.name != "name");
            if (home.is_some() || self.shown.any(&flow.id))
                && fields.is_empty()
                && steps.is_empty()
                && self.evidence_of(flow).is_empty()
            {
                continue;
            }
            let node = match home {
                Some(home) => self.page.of_section(home),
                None => {
                    let place = self.page.place("data-flow");
                    self.page.add(Some(place), "data-flow.flow", refer(flow, "name"))
                }
            };
            for part in self.parts(flow, &fields, self.bullets(node)).into_iter().chain(steps) {
                self.page.write(node, part);
            }
        }
    }

    /// The steps of a flow that are not shown, and what is missing of others.
    fn steps(&self, flow: &str) -> Vec<String> {
        let all: Vec<&Record> = self.ties.owned.get(flow).cloned().unwrap_or_default();
        let tops: Vec<&Record> = all.iter().copied().filter(|step| self.model.parent(&step.id).is_none()).collect();
        let is_new = |step: &&&Record| !self.shown.any(&step.id);
        let mut number = tops.iter().filter(|step| self.shown.any(&step.id)).count();
        // Those whose parent is shown go to the end of the list.
        let begins =
            |step: &&&Record| is_new(step) && self.model.parent(&step.id).is_none_or(|parent| self.shown.any(parent));
        let mut list = Vec::new();
        for step in all.iter().filter(begins) {
            number += 1;
            self.write_step(step, number, &mut list);
        }
        let mut parts: Vec<String> = Some(list.join("\n")).filter(|list| !list.is_empty()).into_iter().collect();
        for (place, step) in all.iter().enumerate().filter(|(_, step)| self.shown.any(&step.id)) {
            for field in self.shown.missing(step) {
                let label = format!("Step {}, {}", place + 1, field.title.to_lowercase());
                parts.push(labelled(&label, step, field, Some(0)));
            }
            parts.extend(self.evidence_of(step).into_iter().map(|evidence| self.item(evidence, 0)));
        }
        parts
    }

    /// A step with its fields and the steps in it.
    fn write_step(&self, step: &Record, number: usize, list: &mut Vec<String>) {
        let mut todo = vec![(step, number, 0_usize, 0_usize)];
        while let Some((step, number, indent, depth)) = todo.pop() {
            let marker = format!("{number}. ");
            let further = indent + marker.len();
            let mut fields = self.shown.missing(step).to_vec();
            let plain = is_plain_text(step.text("text"));
            // One that says nothing is shown by what it is called then.
            let silent = fields.is_empty();
            fields.retain(|field| field.name != "kind" && (field.name != "text" || !plain));
            let has_text = (step.has("text") && plain) || silent;
            let kind = match (step.has("kind") && step.text("kind") != "message", has_text) {
                (true, _) => format!("**{}**:", refer(step, "kind")),
                (false, true) => String::new(),
                (false, false) => "**Step**:".to_owned(),
            };
            let hint = if step.text("text").contains('\n') { Hint::Hanging(" ".repeat(further)) } else { Hint::Plain };
            let text = Reference { id: step.id.clone(), field: "text".into(), hint }.encode();
            let text = if has_text { text } else { String::new() };
            let gap = if kind.is_empty() || text.is_empty() { "" } else { " " };
            list.push(format!("{}{marker}{kind}{gap}{text}", " ".repeat(indent)));
            list.extend(self.below(step, &fields, None, further));
            let inside = self.ties.children.get(step.id.as_str()).map_or(&[][..], Vec::as_slice);
            let inside = inside.iter().filter(|step| !self.shown.any(&step.id)).enumerate();
            // What is too deep stands beside what it is in.
            let (indent, depth) = if depth < DEPTH { (further, depth + 1) } else { (indent, depth) };
            let next: Vec<_> = inside.map(|(place, step)| (*step, place + 1, indent, depth)).collect();
            todo.extend(next.into_iter().rev());
        }
    }

    /// Environments with all that is in them.
    pub fn environments(&mut self) {
        for environment in self.model.list(Collection::Environments) {
            let Some(text) = self.environment(environment) else { continue };
            let node = match self.shown.home(&environment.id) {
                Some(home) => self.page.of_section(home),
                None => self.page.place("deployment.environments"),
            };
            self.page.write(node, text);
        }
    }

    /// Concerns at the places of their topics, or, where the template has none,
    /// labelled with them.
    pub fn concerns(&mut self) {
        for concern in self.model.list(Collection::Concerns) {
            if !self.lacks(concern) {
                continue;
            }
            let key = place_of_topic(concern.text("topic"));
            let area = key.split('.').next().unwrap_or_default();
            let has_topic = self.page.has_place(key) || self.page.expects(key) || !self.page.expects(area);
            let labelled = !has_topic && self.options.template.is_some();
            let node = match self.shown.home(&concern.id) {
                Some(home) => self.page.of_section(home),
                None => self.page.place(if labelled { area } else { key }),
            };
            let text = self.concern(concern, labelled && self.shown.home(&concern.id).is_none());
            self.page.write(node, text);
        }
    }

    fn concern(&self, concern: &Record, by_topic: bool) -> String {
        let statement = concern.text("statement");
        let has_name = concern.has("name");
        if has_name && !by_topic {
            return self.item(concern, 0);
        }
        let mut fields = self.shown.missing(concern).to_vec();
        let statement_field = fields.iter().position(|field| field.name == "statement");
        let plain = is_plain_text(statement) && (by_topic || !begins_with_label(statement));
        let main = statement_field.filter(|_| plain).map(|at| fields.remove(at));
        let hint = if statement.contains('\n') { Hint::Hanging("  ".into()) } else { Hint::Plain };
        let text = Reference { id: concern.id.clone(), field: "statement".into(), hint }.encode();
        let text = if main.is_some() { text } else { String::new() };
        // The topic is shown by its title; the place says the same.
        let topic =
            if by_topic || main.is_none() { format!("**{}**:", refer(concern, "topic")) } else { String::new() };
        let gap = if topic.is_empty() || text.is_empty() { "" } else { " " };
        let head = format!("- {topic}{gap}{text}");
        let below = self.below(concern, &fields, None, STEP);
        std::iter::once(head).chain(below).collect::<Vec<_>>().join("\n")
    }

    /// Decisions with their fields and alternatives.
    pub fn decisions(&mut self) {
        for decision in self.model.list(Collection::Decisions) {
            let home = self.shown.home(&decision.id);
            let mut fields = self.shown.missing(decision).to_vec();
            fields.retain(|field| field.name != "title");
            let owned = self.ties.owned.get(decision.id.as_str()).into_iter().flatten().copied();
            let others: Vec<&Record> = owned.filter(|record| self.lacks(record)).collect();
            if home.is_some() && fields.is_empty() && others.is_empty() && self.evidence_of(decision).is_empty() {
                continue;
            }
            let node = match home {
                Some(home) => self.page.of_section(home),
                None => {
                    let place = self.page.place("decisions");
                    let number = decision.text("number");
                    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                    let number = if is_number { format!("{}. ", refer(decision, "number")) } else { String::new() };
                    self.page.add(Some(place), "decisions.decision", format!("{number}{}", refer(decision, "title")))
                }
            };
            let bullets = self.bullets(node);
            let mut parts = self.parts(decision, &fields, bullets);
            // One notation for all of them: parts turn to bullets where they must.
            let bullets = bullets || parts.iter().any(|part| part.starts_with("- "));
            if !others.is_empty() {
                let indent = if bullets { STEP } else { 0 };
                let label = format!("{}**Alternatives Considered**:", if bullets { "- " } else { "" });
                let items = others.into_iter().map(|record| self.item(record, indent));
                parts.push(std::iter::once(label).chain(items).collect::<Vec<_>>().join("\n"));
            }
            parts.into_iter().for_each(|part| self.page.write(node, part));
        }
    }

    /// The section for the diagram, where it is empty and there is something to draw.
    fn diagram_place(&self) -> Option<usize> {
        let place = self.sections.iter().position(|section| section.key.as_deref() == Some("diagram"));
        let empty = |index: &usize| self.sections[*index].body.trim().is_empty();
        place.filter(empty).filter(|_| self.model.list(Collection::Elements).next().is_some())
    }

    /// The diagram, where its place is empty.
    pub fn diagram(&mut self) {
        if let Some(index) = self.diagram_place().filter(|_| !self.drawn.trim().is_empty()) {
            let node = self.page.of_section(index);
            self.page.write(node, format!("```mermaid\n{}\n```", self.drawn.trim_end()));
        }
    }
}
