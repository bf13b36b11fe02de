//! Where in the document each bracketed field of the two seeds has its place.

use std::fmt::Write as _;

use super::{FULL, match_sections, plain, topics};
use crate::markdown::split;
use crate::schema::Collection;

/// A bracket of a template and its place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPlace {
    /// The heading it stands below, or is part of.
    pub heading: String,
    /// What stands before it: `Purpose`, `Heading`, `Step`, `Diagram`, or
    /// nothing where it is prose.
    pub label: String,
    /// What stands in the bracket, the brackets included.
    pub text: String,
    /// The line of the template, from 1.
    pub line: usize,
    /// The typed place, as `drystone set` takes it; words in angle brackets
    /// stand for a name. Empty when there is none, which a test forbids.
    pub path: String,
    /// Further places that the same words may be about.
    pub also: Vec<String>,
}

/// The brackets of a template's Markdown, in order. A bracket inside of
/// another belongs to that.
pub fn bracketed_fields(source: &str) -> Vec<FieldPlace> {
    let sections = split(source);
    let keys = match_sections(&sections);
    let mut fields = Vec::new();
    let mut line = 1;
    for (section, key) in sections.iter().zip(keys) {
        let key = key.unwrap_or_default();
        let heading = plain(&section.title);
        line += newlines(&section.lead);
        for text in brackets(&section.title) {
            fields.push(field(&key, &heading, "Heading", text.1, line));
        }
        line += newlines(&section.title) + newlines(&section.tail);
        let mut reading = Reading::default();
        for (index, source) in section.body.split('\n').enumerate() {
            reading.line(source);
            for (before, text) in brackets(source) {
                fields.push(field(&key, &heading, &reading.label(before), text, line + index));
            }
        }
        line += newlines(&section.body) + newlines(&section.foot);
    }
    fields
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

/// The outermost brackets of a line, each with what stands before it.
fn brackets(line: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in line.char_indices() {
        match c {
            '[' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            ']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push((&line[..start], &line[start..=at]));
                }
            }
            _ => {}
        }
    }
    found
}

/// What is known of a bracket from the lines before it.
#[derive(Default)]
struct Reading {
    fenced: bool,
    /// The last label without a value, which the list below it is about.
    above: String,
}

impl Reading {
    fn line(&mut self, line: &str) {
        if line.trim_start().starts_with("```") {
            self.fenced = !self.fenced;
        }
        if let Some(label) = line.trim_end().strip_suffix(':') {
            self.above = bare(label).to_owned();
        }
    }

    fn label(&self, before: &str) -> String {
        if self.fenced {
            return if before.trim().is_empty() { "Diagram" } else { "Node" }.into();
        }
        let before = before.trim();
        let digits = before.strip_suffix('.').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match before.strip_suffix(':') {
            Some(label) => bare(label).to_owned(),
            None if digits => "Step".into(),
            None if before == "-" && !self.above.is_empty() => self.above.clone(),
            None => String::new(),
        }
    }
}

/// A label without marks around it.
fn bare(label: &str) -> &str {
    label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '*' | ':'))
}

fn field(key: &str, heading: &str, label: &str, text: &str, line: usize) -> FieldPlace {
    let mut paths = paths(key, label).into_iter();
    FieldPlace {
        heading: heading.to_owned(),
        label: label.to_owned(),
        text: text.to_owned(),
        line,
        path: paths.next().unwrap_or_default(),
        also: paths.collect(),
    }
}

/// The places of a bracket, the one it is mainly about first.
fn paths(key: &str, label: &str) -> Vec<String> {
    let section = format!("sections.{key}");
    match (key, label) {
        ("overview", _) => vec![section],
        ("diagram", "Node") => vec!["elements.<component>.name".into(), section],
        ("diagram", _) => vec![section],
        ("components.component", "Heading") => vec!["elements.<component>.name".into()],
        ("components.component", _) => labelled(Collection::Elements, "elements.<component>", label),
        ("data-flow", _) => vec!["flows.<use-case>.description".into(), section],
        ("data-flow.flow", "Heading") => vec!["flows.<use-case>.name".into()],
        ("data-flow.flow", "Step") => vec!["flows.<use-case>.steps.<n>.text".into()],
        ("data-flow.flow", _) => vec!["flows.<use-case>.description".into(), "sections.data-flow.<use-case>".into()],
        ("security", _) => topic(label).map(|topic| concern(topic, &section)).unwrap_or_default(),
        ("scalability", _) => vec!["elements.<component>.scaling".into(), section],
        ("deployment.environments", "") => vec![section],
        ("deployment.environments", _) => {
            vec![format!("environments.{}.description", crate::graph::slug(label)), section]
        }
        ("decisions.decision", "Heading") => vec!["decisions.<decision>.title".into()],
        ("decisions.decision", "Alternatives Considered") => ["name", "description", "why-not"]
            .map(|field| format!("decisions.<decision>.alternatives.<alternative>.{field}"))
            .into(),
        ("decisions.decision", _) => labelled(Collection::Decisions, "decisions.<decision>", label),
        ("future", _) => vec!["considerations.<consideration>.title".into(), section],
        _ => topics::topic_of_place(key).map(|topic| concern(topic, &section)).unwrap_or_default(),
    }
}

/// The field that a label of the Markdown names.
fn labelled(collection: Collection, record: &str, label: &str) -> Vec<String> {
    let is = |name: &&str| name.eq_ignore_ascii_case(label);
    let mut fields = collection.table().fields.iter();
    let field = fields.find(|field| is(&field.title) || field.labels.iter().any(is));
    field.map(|field| format!("{record}.{}", field.dashed())).into_iter().collect()
}

fn topic(label: &str) -> Option<&'static str> {
    let choices = Collection::Concerns.field("topic").map(|field| field.shape.choices()).unwrap_or_default();
    choices.iter().find(|choice| choice.title.eq_ignore_ascii_case(label)).map(|choice| choice.value)
}

/// A statement on a topic, what else such statements have, and where the
/// prose on it stands.
fn concern(topic: &str, section: &str) -> Vec<String> {
    let mut paths = vec![format!("concerns.{topic}.statement")];
    let also: &[&str] = match topic {
        "bottleneck" => &["concerns.bottleneck.mitigation"],
        "alerting" => &["concerns.alerting.condition", "concerns.alerting.channel"],
        "retry" => &["relationships.<relationship>.retries"],
        "circuit-breaker" => &["relationships.<relationship>.circuit-breaker"],
        "fallback" => &["relationships.<relationship>.fallback"],
        "infrastructure" => &["environments.<environment>.nodes.<node>.description"],
        _ => &[],
    };
    paths.extend(also.iter().map(|path| (*path).to_owned()));
    paths.push(section.to_owned());
    paths
}

/// The page of the documentation that lists every bracket with its place.
pub fn fields_table() -> String {
    let mut out = String::from(
        "# Every field of the templates\n\n\
         Generated from the files of the templates `full` and `compact` by `cargo xtask generate`; do not edit it here.\n\n\
         Each bracket of a template is a place in the document. `drystone set DOC PLACE VALUE` fills it; words in\n\
         `<…>` stand for a name, a number or the first digits of an id. What is about several things has several\n\
         places. Prose that belongs to no field stays in its section.\n",
    );
    for (title, source) in [("full", FULL), ("compact", super::COMPACT)] {
        let _ = write!(
            out,
            "\n## {title}\n\n| line | heading | label | in brackets | place | also |\n|---|---|---|---|---|---|\n"
        );
        for field in bracketed_fields(source) {
            let also: Vec<String> = field.also.iter().map(|path| format!("`{path}`")).collect();
            let FieldPlace { heading, label, text, line, path, .. } = &field;
            let (heading, label) = (cell(heading), cell(label));
            let _ = writeln!(out, "| {line} | {heading} | {label} | {} | `{path}` | {} |", code(text), also.join(", "));
        }
    }
    out
}

/// Words in a table; brackets would be read as links.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('[', "\\[").replace(']', "\\]")
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|").replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{COMPACT, is_place};

    /// Brackets, counted without looking at lines or sections.
    fn count(source: &str) -> usize {
        let (mut depth, mut found) = (0, 0);
        for c in source.chars() {
            match c {
                '[' => {
                    found += usize::from(depth == 0);
                    depth += 1;
                }
                ']' => depth -= 1,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        found
    }

    /// What a path names in the schema, or why it names nothing.
    fn follow(path: &str) -> Result<(), String> {
        let parts: Vec<&str> = path.split('.').collect();
        if parts[0] == "sections" {
            let key = parts[1..].join(".").replace("<use-case>", "flow").replace("<component>", "component");
            return is_place(&key).then_some(()).ok_or(format!("{key} is no place"));
        }
        let mut collection = Collection::find(parts[0]).ok_or("no such collection")?;
        let mut rest = &parts[2..];
        while let [inner, _, more @ ..] = rest {
            let found = Collection::find(inner).ok_or("no such collection inside")?;
            if !found.owners().contains(&collection) {
                return Err(format!("{inner} do not belong there"));
            }
            (collection, rest) = (found, more);
        }
        match rest {
            [field] => collection.field(field).map(|_| ()).ok_or(format!("no field {field}")),
            _ => Err("no field".into()),
        }
    }

    #[test]
    fn no_bracket_of_the_seeds_is_without_a_place_in_the_schema() {
        for source in [FULL, COMPACT] {
            let fields = bracketed_fields(source);
            assert_eq!(fields.len(), count(source));
            for field in &fields {
                assert!(!field.path.is_empty(), "{field:?}");
                for path in std::iter::once(&field.path).chain(&field.also) {
                    assert_eq!(follow(path), Ok(()), "{path} of {field:?}");
                }
                assert!(source.lines().nth(field.line - 1).unwrap().contains(&field.text), "{field:?}");
            }
        }
        assert!(follow("elements.<component>.colour").is_err() && follow("flows.a.nodes.b.name").is_err());
    }

    #[test]
    fn brackets_lead_to_the_field_that_their_label_names() {
        let of = |source: &str, text: &str| {
            let fields = bracketed_fields(source);
            let field = fields.into_iter().find(|field| field.text.contains(text)).unwrap();
            [vec![field.path], field.also].concat().join(" ")
        };
        for (text, places) in [
            ("Component Name", "elements.<component>.name"),
            ("What this component does", "elements.<component>.purpose"),
            ("Responsibility 2", "elements.<component>.responsibilities"),
            ("Languages", "elements.<component>.technologies"),
            ("What it receives", "elements.<component>.input"),
            ("What it produces", "elements.<component>.output"),
            ("What it depends on", "elements.<component>.dependencies"),
            ("Step 3", "flows.<use-case>.steps.<n>.text"),
            ("How authorization", "concerns.authorization.statement sections.security.authorization"),
            ("Network security", "concerns.network-security.statement sections.security.network"),
            ("Description]", "environments.development.description sections.deployment.environments"),
            ("Trade-offs made", "decisions.<decision>.trade-offs"),
            ("Future consideration 3", "considerations.<consideration>.title sections.future"),
        ] {
            assert_eq!(of(FULL, text), places);
        }
        for (text, places) in [
            ("Component 4", "elements.<component>.name"),
            ("layered", "elements.<component>.pattern"),
            ("[tool name", "elements.<component>.schema-management"),
            ("Automated daily", "elements.<component>.backup"),
            ("Default TTL", "elements.<component>.ttl"),
            ("Least Recently", "elements.<component>.eviction"),
            ("RESTful", "elements.<component>.interfaces"),
            ("Orchestrating", "elements.<component>.responsibilities"),
            ("valid JWT", "concerns.authentication.statement sections.security"),
            ("read replicas", "elements.<component>.scaling sections.scalability"),
            ("Inventory Service", "elements.<component>.name sections.diagram"),
        ] {
            assert_eq!(of(COMPACT, text).as_str(), places, "{text}");
        }
    }

    #[test]
    fn the_page_in_the_documentation_is_current() {
        let committed = include_str!("../../../../docs/template-fields.md").replace("\r\n", "\n");
        assert!(committed == fields_table(), "docs/template-fields.md is not what the templates generate");
    }
}
