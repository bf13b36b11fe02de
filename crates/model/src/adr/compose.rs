//! One decision as Markdown, in the order and with the headings of a format.

use std::collections::BTreeSet;

use crate::value::Value;

use super::AdrFormat;
use super::front;
use super::inline::{write_heading, write_link, write_name};
use super::lists::{bullet, unpadded};
use super::naming;
use super::outcome::{Fields, chosen, matching};
use super::page::field;
use super::verbatim::enclose;
use super::write::Sheet;

/// A text that is to be enclosed: 0 for the decision or an option's place from
/// 1, and the field.
pub(super) type Fence = (usize, &'static str);

/// Items are indented so far that no line of one is a heading or a fence,
/// even where a parser takes the list to have ended.
pub(super) const WIDE: Fence = (usize::MAX, "");

/// Writes a decision.
pub(super) fn compose(sheet: &Sheet, format: AdrFormat, fences: &BTreeSet<Fence>) -> String {
    let outcome = Outcome::of(sheet, format, fences);
    let mark = match (format, fences.contains(&WIDE)) {
        (AdrFormat::Log4brains, false) => "- ",
        (AdrFormat::Log4brains, true) => "-   ",
        (_, false) => "* ",
        (_, true) => "*   ",
    };
    let mut page = Composer { sheet, format, fences, mark, out: String::new() };
    let more = page.front();
    page.title();
    page.header();
    if format == AdrFormat::Nygard {
        page.nygard();
    } else {
        page.text("## Context and Problem Statement", "context");
    }
    page.list("## Decision Drivers", "drivers");
    page.considered();
    if format != AdrFormat::Nygard {
        page.outcome(&outcome);
    }
    page.arguments(&outcome);
    if format != AdrFormat::Nygard {
        page.items("## Links", &sheet.relations);
    }
    page.items("## Elements", &sheet.elements);
    page.lists();
    page.more(more);
    page.out
}

/// How the outcome is written.
struct Outcome {
    /// `Chosen option: …`.
    line: Option<String>,
    /// The option that this line says is chosen.
    chosen: Option<usize>,
    /// The decision has a heading of its own below.
    apart: bool,
}

impl Outcome {
    /// Where one option is chosen, the line names it; the decision's own words
    /// follow below unless they only name it too.
    fn of(sheet: &Sheet, format: AdrFormat, fences: &BTreeSet<Fence>) -> Outcome {
        let prose = Outcome { line: None, chosen: None, apart: false };
        let decision = text(&sheet.fields, "decision");
        let why = text(&sheet.fields, "rationale");
        if format == AdrFormat::Nygard || decision.is_empty() || fences.contains(&(0, "rationale")) {
            return prose;
        }
        let names: Vec<(usize, &str)> =
            sheet.alternatives.iter().map(|option| text(option, "name")).enumerate().collect();
        let taken = |option: &&Fields| text(option, "outcome") == "chosen";
        let only = (sheet.alternatives.iter().filter(taken).count() == 1)
            .then(|| sheet.alternatives.iter().position(|option| taken(&option)))
            .flatten();
        let plain = !decision.contains('\n') && !fences.contains(&(0, "decision"));
        let meant = matching(&names, decision);
        let short = !why.is_empty() && decision.len() <= 100 && !decision.ends_with('.');
        let fits = plain && meant == only && (only.is_some() || short);
        if let Some(line) = line(decision, why).filter(|_| fits) {
            return Outcome { line: Some(line), chosen: only, apart: false };
        }
        let named = only.filter(|at| matching(&names, names[*at].1) == Some(*at));
        match named.and_then(|at| line(names[at].1, why)) {
            Some(line) => Outcome { line: Some(line), chosen: only, apart: true },
            None => prose,
        }
    }
}

/// `Chosen option: "…", because …`, if it is read back so.
fn line(name: &str, why: &str) -> Option<String> {
    let first = why.chars().next().unwrap_or(' ');
    let gap = if first.is_alphanumeric() || "\"'(“[".contains(first) { " " } else { "\n\n" };
    let because = if why.is_empty() { ".".to_owned() } else { format!(", because{gap}{why}") };
    let line = |quote: char| format!("Chosen option: {quote}{name}{quote}{because}");
    let said = Some((name.to_owned(), why.to_owned()));
    ['"', '\''].into_iter().map(line).find(|line| chosen(line) == said)
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", Value::as_str)
}

fn list<'a>(fields: &'a Fields, name: &str) -> &'a [String] {
    fields.get(name).map_or(&[], Value::items)
}

struct Composer<'a> {
    sheet: &'a Sheet,
    format: AdrFormat,
    fences: &'a BTreeSet<Fence>,
    mark: &'static str,
    out: String,
}

/// Fields that are lists of names, with their headings.
const NAMES: [(&str, &str); 4] =
    [("deciders", "Deciders"), ("consulted", "Consulted"), ("informed", "Informed"), ("tags", "Tags")];

impl Composer<'_> {
    /// Puts a part behind the others, with a line between.
    fn part(&mut self, part: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(part);
        if !part.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn value(&self, at: usize, name: &'static str) -> String {
        let fields = if at == 0 { &self.sheet.fields } else { &self.sheet.alternatives[at - 1] };
        let text = text(fields, name);
        if self.fences.contains(&(at, name)) { enclose(text) } else { text.to_owned() }
    }

    fn text(&mut self, heading: &str, name: &'static str) {
        let text = self.value(0, name);
        if !text.is_empty() {
            self.part(heading);
            self.part(&text);
        }
    }

    fn list(&mut self, heading: &str, name: &str) {
        let items = list(&self.sheet.fields, name).to_vec();
        self.items(heading, &items);
    }

    fn items(&mut self, heading: &str, items: &[String]) {
        if !items.is_empty() {
            self.part(heading);
            let written: String = items.iter().map(|item| bullet(self.mark, item)).collect();
            self.part(&written);
        }
    }

    /// The lines at the top, and what is left of the further text without
    /// those that came from there.
    fn front(&mut self) -> String {
        let more = self.value(0, "more");
        if !matches!(self.format, AdrFormat::Madr3 | AdrFormat::Madr4) {
            return more;
        }
        let mut lines = Vec::new();
        if let Some(status) = self.status() {
            lines.push(format!("status: {}", front::written(&status)));
        }
        if let Some(date) = self.sheet.fields.get("date") {
            lines.push(format!("date: {}", date.as_str()));
        }
        for (name, _) in NAMES {
            let key = if name == "deciders" && self.format == AdrFormat::Madr4 { "decision-makers" } else { name };
            match (list(&self.sheet.fields, name), self.joined(name)) {
                ([], _) => {}
                (_, Some(line)) => lines.push(format!("{key}: {}", front::written(&line))),
                (items, None) => {
                    lines.push(format!("{key}:"));
                    lines.extend(items.iter().map(|item| format!("  - {}", front::written(item))));
                }
            }
        }
        let (extra, rest) = further(&more);
        lines.extend(extra.lines().map(str::to_owned));
        if !lines.is_empty() {
            self.part(&format!("---\n{}\n---", lines.join("\n")));
        }
        rest.to_owned()
    }

    fn title(&mut self) {
        let Sheet { title, number, .. } = self.sheet;
        let looks_numbered = naming::of_title(title, Some(number)).0.is_some();
        let numbered = match self.format {
            AdrFormat::Nygard => true,
            AdrFormat::Log4brains => false,
            _ => looks_numbered,
        };
        let title = if numbered { format!("{number}. {title}") } else { title.clone() };
        // The front matter ends right above the title in MADR.
        let heading = format!("# {}\n", write_heading(&title));
        if self.out.is_empty() { self.out.push_str(&heading) } else { self.part(&heading) }
    }

    /// The status in one line.
    fn status(&self) -> Option<String> {
        let status = text(&self.sheet.fields, "status");
        let mut lines = self.sheet.successors.iter();
        let Some(first) = lines.next() else { return (!status.is_empty()).then(|| status.to_owned()) };
        let mut line = first.replacen("Superseded", "superseded", 1);
        for next in lines {
            line.push_str(", ");
            line.push_str(next.trim_start_matches("Superseded by "));
        }
        Some(line)
    }

    /// Names in one line with commas, if they are read as the same names.
    fn joined(&self, name: &str) -> Option<String> {
        let items = list(&self.sheet.fields, name);
        let plain =
            |item: &String| !item.contains([',', '\n', '\r']) && !item.contains("<!--") && !item.starts_with("//");
        (!items.is_empty() && items.iter().all(plain)).then(|| items.join(", "))
    }

    fn header(&mut self) {
        let date = text(&self.sheet.fields, "date");
        let (bullets, dated) = match self.format {
            AdrFormat::Madr2 => (true, !date.is_empty()),
            AdrFormat::Log4brains => (true, true),
            AdrFormat::Nygard if !date.is_empty() => return self.part(&format!("Date: {date}")),
            _ => return,
        };
        let mut lines = Vec::new();
        if let Some(status) = self.status() {
            lines.push(format!("Status: {status}"));
        }
        if dated {
            lines.push(format!("Date: {date}").trim_end().to_owned());
        }
        for (name, title) in NAMES.into_iter().filter(|_| bullets) {
            if let Some(names) = self.joined(name) {
                lines.push(format!("{title}: {names}"));
            }
        }
        if self.sheet.numbered {
            lines.push(format!("Number: {}", self.sheet.number));
        }
        if !lines.is_empty() {
            let written: String = lines.iter().map(|line| bullet(self.mark, line)).collect();
            self.part(&written);
        }
    }

    /// The sections that adr-tools knows, and those that it does not.
    fn nygard(&mut self) {
        let status = text(&self.sheet.fields, "status");
        let mut lines: Vec<String> = self.sheet.successors.clone();
        if lines.is_empty() && !status.is_empty() {
            let mut chars = status.chars();
            lines.push(chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect());
        }
        // A relation's words may begin like a list or a heading.
        let plain = |line: &str| line.starts_with(|c: char| c.is_alphabetic() || c == '[');
        let safe =
            |line: &String| if plain(line) { line.clone() } else { bullet(self.mark, line).trim_end().to_owned() };
        lines.extend(self.sheet.relations.iter().map(safe));
        if !lines.is_empty() {
            self.part("## Status");
            self.part(&lines.join("\n\n"));
        }
        self.text("## Context", "context");
        self.text("## Decision", "decision");
        self.text("## Rationale", "rationale");
        self.text("## Consequences", "consequences");
        self.list("## Trade-offs", "tradeOffs");
        self.text("## Confirmation", "confirmation");
    }

    fn considered(&mut self) {
        let name = |option: &Fields| match text(option, "url") {
            "" => write_name(text(option, "name")),
            url => write_link(text(option, "name"), url),
        };
        let names: Vec<String> = self.sheet.alternatives.iter().map(name).collect();
        self.items("## Considered Options", &names);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let newest = self.format == AdrFormat::Madr4;
        let fields = ["decision", "rationale", "consequences", "tradeOffs"];
        let any = fields.iter().any(|name| self.sheet.fields.contains_key(name));
        if any || newest && self.sheet.fields.contains_key("confirmation") {
            self.part("## Decision Outcome");
        }
        match &outcome.line {
            Some(line) => self.part(&line.clone()),
            None => {
                let decision = self.value(0, "decision");
                if !decision.is_empty() {
                    self.part(&decision);
                }
                self.text("### Rationale", "rationale");
            }
        }
        if outcome.apart {
            self.text("### Decision", "decision");
        }
        self.text(self.consequences(), "consequences");
        let old = matches!(self.format, AdrFormat::Madr2 | AdrFormat::Log4brains);
        self.list(if old { "### Negative Consequences" } else { "### Trade-offs" }, "tradeOffs");
        self.text(if newest { "### Confirmation" } else { "## Validation" }, "confirmation");
    }

    /// The oldest format has good and bad ones apart.
    fn consequences(&self) -> &'static str {
        let text = text(&self.sheet.fields, "consequences").to_lowercase();
        let mixed = ["bad,", "neutral,", "negative"].iter().any(|word| text.contains(word));
        let old = matches!(self.format, AdrFormat::Madr2 | AdrFormat::Log4brains);
        let good = old && !mixed && text.starts_with(['*', '-']);
        if good { "### Positive Consequences" } else { "### Consequences" }
    }

    /// What is to be said of the options beyond their names. With two of one
    /// name all get a heading, so that each is found by its place.
    fn arguments(&mut self, outcome: &Outcome) {
        let options = &self.sheet.alternatives;
        let names: BTreeSet<&str> = options.iter().map(|option| text(option, "name")).collect();
        let stated: Vec<Option<&str>> = (0..options.len()).map(|at| self.stated(at, outcome)).collect();
        let said = |at: usize| {
            let parts = ["description", "pros", "neutral", "cons", "whyNot"];
            stated[at].is_some() || parts.iter().any(|name| options[at].contains_key(name))
        };
        let told: Vec<usize> = (0..options.len()).filter(|at| names.len() < options.len() || said(*at)).collect();
        if told.is_empty() {
            return;
        }
        self.part("## Pros and Cons of the Options");
        for at in told {
            self.option(at, stated[at]);
        }
    }

    /// The line for an outcome that does not follow from the chosen option.
    fn stated(&self, at: usize, outcome: &Outcome) -> Option<&'static str> {
        let own = text(&self.sheet.alternatives[at], "outcome");
        let implied = outcome.chosen.map_or("", |chosen| if chosen == at { "chosen" } else { "rejected" });
        (own != implied).then_some(match own {
            "chosen" => "Outcome: chosen",
            "rejected" => "Outcome: not chosen",
            _ => "Outcome: open",
        })
    }

    fn option(&mut self, at: usize, stated: Option<&str>) {
        let option = &self.sheet.alternatives[at];
        let mut lines = String::new();
        for (name, word) in [("pros", "Good"), ("neutral", "Neutral"), ("cons", "Bad")] {
            for item in list(option, name) {
                lines.push_str(&bullet(self.mark, &format!("{word}, because {item}")));
            }
        }
        self.part(&format!("### {}", write_heading(&write_name(text(option, "name")))));
        if let Some(line) = stated {
            self.part(line);
        }
        let description = self.value(at + 1, "description");
        let why = self.value(at + 1, "whyNot");
        for part in [&description, &lines] {
            if !part.is_empty() {
                self.part(part);
            }
        }
        if !why.is_empty() {
            self.part("#### Why not");
            self.part(&why);
        }
    }

    /// Lists of names that do not fit into one line, or have none.
    fn lists(&mut self) {
        if matches!(self.format, AdrFormat::Madr3 | AdrFormat::Madr4) {
            return;
        }
        for (name, title) in NAMES {
            if self.format == AdrFormat::Nygard || self.joined(name).is_none() {
                self.list(&format!("## {title}"), name);
            }
        }
    }

    fn more(&mut self, more: String) {
        if more.is_empty() {
            return;
        }
        if !more.starts_with("## ") {
            self.part("## More Information");
        }
        self.part(&more);
    }
}

/// What stood between `---` in the file that a text was imported from, and the
/// rest of it.
fn further(more: &str) -> (&str, &str) {
    let none = ("", more);
    let Some(inside) = more.strip_prefix("```yaml\n") else { return none };
    let Some((block, rest)) = inside.split_once("\n```") else { return none };
    let known = front::entries(block).iter().all(|entry| !entry.key.is_empty() && field(&entry.key).is_none());
    if !known || !(rest.is_empty() || rest.starts_with("\n\n")) {
        return none;
    }
    (block, unpadded(rest))
}
