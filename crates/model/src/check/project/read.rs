//! Reads `drystone.toml`. Every refusal says the line and the column, and what
//! is not known is answered with what comes near.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Pair, ProjectRules, Requirement, Selector, TechnologyRule};
use crate::check::{Severity, near, rules};
use crate::refusal::{Refusal, RefusalKind, Result};
use crate::schema::{COLLECTIONS, Collection, element_kinds};

/// The largest file, in bytes.
const LIMIT: usize = 1 << 20;

const TABLES: &[&str] = &["check", "severity", "required", "technologies", "allowed", "forbidden"];
const CHECK: &[&str] = &["stale-days", "max-depth", "no-cycles", "layers"];
const PAIR: &[&str] = &["from", "to", "reason"];
const SEVERITIES: &[&str] = &["off", "info", "warning", "error"];
const SELECTORS: &[&str] = &["tag:", "kind:", "group:", "name:", "*"];

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    text: &'t str,
    name: &'t str,
    rules: ProjectRules,
}

pub(super) fn parse(text: &str, name: &str) -> Result<ProjectRules> {
    if text.len() > LIMIT {
        let what = format!("The file has {} bytes; at most {LIMIT} are read.", text.len());
        return Err(Refusal::new(RefusalKind::TooLarge, what, "Keep only rules in it.").at(name));
    }
    let rules = ProjectRules { name: name.to_owned(), ..ProjectRules::default() };
    let mut reader = Reader { text, name, rules };
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        let message = error.message().trim_end_matches('.').to_owned();
        reader.refuse(at, format!("This is not TOML: {message}."), "Correct the line; see https://toml.io.")
    })?;
    for (key, value) in root.get_ref() {
        reader.table(key.get_ref(), key.span(), value)?;
    }
    Ok(reader.rules)
}

impl<'t> Reader<'t> {
    fn table(&mut self, key: &str, at: Range<usize>, value: &Value<'_>) -> Result<()> {
        match key {
            "check" => self.check(self.entries(value)?),
            "severity" => self.severities(self.entries(value)?),
            "required" => self.required(self.entries(value)?),
            "technologies" => self.technologies(self.entries(value)?),
            "allowed" => {
                self.rules.allowed = self.pairs(value)?;
                Ok(())
            }
            "forbidden" => {
                self.rules.forbidden = self.pairs(value)?;
                Ok(())
            }
            _ => Err(self.unknown("table", key, at, TABLES)),
        }
    }

    fn check(&mut self, table: &DeTable<'_>) -> Result<()> {
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "stale-days" => self.rules.stale_days = self.number(value)?,
                "max-depth" => self.rules.max_depth = Some(self.number(value)?),
                "no-cycles" => {
                    let yes = value.get_ref().as_bool();
                    self.rules.no_cycles = yes.ok_or_else(|| {
                        self.refuse(value.span(), "This is not true or false.", "Write true or false.")
                    })?;
                }
                "layers" => self.rules.layers = self.selectors(value)?,
                other => return Err(self.unknown("key", other, key.span(), CHECK)),
            }
        }
        Ok(())
    }

    fn severities(&mut self, table: &DeTable<'_>) -> Result<()> {
        let ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
        for (key, value) in table {
            let id = key.get_ref().as_ref();
            if !ids.contains(&id) {
                let near = near::near(id, ids.iter().copied());
                let advice = if near.is_empty() {
                    "Print all rules with `drystone check --explain all`.".into()
                } else {
                    format!("Did you mean {}?", near.join(" or "))
                };
                return Err(self.refuse(key.span(), format!("There is no rule “{id}”."), advice));
            }
            let word = self.word(value)?;
            let severity = Severity::find(&word);
            if severity.is_none() && word != "off" {
                return Err(self.unknown("severity", &word, value.span(), SEVERITIES));
            }
            self.rules.severities.insert(id.to_owned(), severity);
        }
        Ok(())
    }

    fn required(&mut self, table: &DeTable<'_>) -> Result<()> {
        for (key, value) in table {
            let (collection, kind) = self.owner_of_fields(key.get_ref(), key.span())?;
            for (name, at) in self.words(value)? {
                let Some(field) = collection.field(&name).filter(|field| !field.is_derived()) else {
                    let fields: Vec<String> = collection
                        .table()
                        .fields
                        .iter()
                        .filter(|field| !field.is_derived())
                        .map(|f| f.dashed())
                        .collect();
                    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                    return Err(self.unknown("field", &name, at, &fields));
                };
                if let Some(kind) = kind.filter(|kind| !field.applies(kind)) {
                    let what = format!("A {kind} has no {}.", field.title.to_lowercase());
                    let advice = format!("It is a field of {}.", field.kinds.join(", "));
                    return Err(self.refuse(at, what, advice));
                }
                self.rules.required.push(Requirement { collection, kind, field: field.name });
            }
        }
        Ok(())
    }

    /// A collection, or a kind of element.
    fn owner_of_fields(&self, key: &str, at: Range<usize>) -> Result<(Collection, Option<&'static str>)> {
        if let Some(kind) = find_kind(key) {
            return Ok((Collection::Elements, Some(kind)));
        }
        if let Some(collection) = Collection::find(key) {
            return Ok((collection, None));
        }
        let kinds = element_kinds().iter().map(|kind| kind.value);
        let all: Vec<&str> = kinds.chain(COLLECTIONS.iter().map(|collection| collection.name())).collect();
        Err(self.unknown("kind or collection", key, at, &all))
    }

    fn technologies(&mut self, table: &DeTable<'_>) -> Result<()> {
        let mut general = TechnologyRule::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if self.technology(&mut general, name, value)? {
                continue;
            }
            let Some(kind) = find_kind(name) else {
                let kinds = element_kinds().iter().map(|kind| kind.value);
                let all: Vec<&str> = ["allowed", "forbidden"].into_iter().chain(kinds).collect();
                return Err(self.unknown("key", name, key.span(), &all));
            };
            let mut rule = TechnologyRule { kind: Some(kind), ..TechnologyRule::default() };
            for (key, value) in self.entries(value)? {
                let name = key.get_ref().as_ref();
                if !self.technology(&mut rule, name, value)? {
                    return Err(self.unknown("key", name, key.span(), &["allowed", "forbidden"]));
                }
            }
            self.rules.technologies.push(rule);
        }
        if general != TechnologyRule::default() {
            self.rules.technologies.push(general);
        }
        Ok(())
    }

    fn technology(&self, rule: &mut TechnologyRule, key: &str, value: &Value<'_>) -> Result<bool> {
        let list = match key {
            "allowed" => &mut rule.allowed,
            "forbidden" => &mut rule.forbidden,
            _ => return Ok(false),
        };
        *list = self.words(value)?.into_iter().map(|(word, _)| word.to_lowercase()).collect();
        Ok(true)
    }

    fn pairs(&self, value: &Value<'_>) -> Result<Vec<Pair>> {
        let Some(array) = value.get_ref().as_array() else {
            let advice = "Begin each with a line such as [[forbidden]].";
            return Err(self.refuse(value.span(), "This is not a list of tables.", advice));
        };
        array.iter().map(|entry| self.pair(entry)).collect()
    }

    fn pair(&self, value: &Value<'_>) -> Result<Pair> {
        let mut pair = Pair { from: Vec::new(), to: Vec::new(), reason: String::new() };
        for (key, value) in self.entries(value)? {
            match key.get_ref().as_ref() {
                "from" => pair.from = self.selectors(value)?,
                "to" => pair.to = self.selectors(value)?,
                "reason" => pair.reason = self.word(value)?,
                other => return Err(self.unknown("key", other, key.span(), PAIR)),
            }
        }
        if pair.from.is_empty() || pair.to.is_empty() {
            let advice = "Write from = \"kind:web-client\" and to = \"kind:database\", or \"*\" for all.";
            return Err(self.refuse(value.span(), "This needs both from and to.", advice));
        }
        Ok(pair)
    }

    fn selectors(&self, value: &Value<'_>) -> Result<Vec<Selector>> {
        self.words(value)?.into_iter().map(|(word, at)| self.selector(&word, at)).collect()
    }

    fn selector(&self, word: &str, at: Range<usize>) -> Result<Selector> {
        if word == "*" {
            return Ok(Selector::All);
        }
        let (by, name) = word.split_once(':').unwrap_or(("", word));
        match (by, name.trim()) {
            (_, "") => Err(self.refuse(at, format!("“{word}” names nothing."), "Write a name after the colon.")),
            ("tag", name) => Ok(Selector::Tag(name.to_owned())),
            ("group", name) => Ok(Selector::Group(name.to_owned())),
            ("name", name) => Ok(Selector::Name(name.to_owned())),
            ("kind", name) => find_kind(name).map(Selector::Kind).ok_or_else(|| {
                let kinds: Vec<&str> = element_kinds().iter().map(|kind| kind.value).collect();
                self.unknown("kind", name, at, &kinds)
            }),
            _ => {
                let advice = format!("Begin it with one of {}.", SELECTORS.join(", "));
                Err(self.refuse(at, format!("“{word}” does not say which elements are meant."), advice))
            }
        }
    }

    fn entries<'v>(&self, value: &'v Value<'v>) -> Result<&'v DeTable<'v>> {
        let refusal = || self.refuse(value.span(), "This is not a table.", "Write lines of the form name = value.");
        value.get_ref().as_table().ok_or_else(refusal)
    }

    fn number(&self, value: &Value<'_>) -> Result<u32> {
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .filter(|number| *number > 0)
            .ok_or_else(|| self.refuse(value.span(), "This is not a whole number from 1.", "Write digits only."))
    }

    fn word(&self, value: &Value<'_>) -> Result<String> {
        let word = value.get_ref().as_str().map(str::to_owned);
        word.ok_or_else(|| self.refuse(value.span(), "This is not a text.", "Put it between quotation marks."))
    }

    /// A list of words, or one word, each with where it stands.
    fn words(&self, value: &Value<'_>) -> Result<Vec<(String, Range<usize>)>> {
        match value.get_ref().as_array() {
            Some(array) => array.iter().map(|entry| Ok((self.word(entry)?, entry.span()))).collect(),
            None => Ok(vec![(self.word(value)?, value.span())]),
        }
    }

    fn unknown(&self, what: &str, name: &str, at: Range<usize>, known: &[&str]) -> Refusal {
        self.refuse(at, format!("There is no {what} “{name}” here."), near::advice(name, known))
    }

    fn refuse(&self, at: Range<usize>, message: impl Into<String>, advice: impl Into<String>) -> Refusal {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Refusal::bad(message, advice).at(format!("{}:{line}:{column}", self.name))
    }
}

fn find_kind(word: &str) -> Option<&'static str> {
    element_kinds().iter().find(|kind| kind.value == word || kind.aliases.contains(&word)).map(|kind| kind.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String, String) {
        let refusal = parse(text, "drystone.toml").unwrap_err();
        (refusal.place.unwrap(), refusal.message, refusal.advice)
    }

    #[test]
    fn all_that_a_file_may_say_is_read() {
        let text = r#"
[check]
stale-days = 90
max-depth = 3
no-cycles = true
layers = ["tag:interface", "group:Logic", "kind:db"]

[severity]
element-without-owner = "off"
relationship-without-description = "error"

[required]
database = ["backup", "retention"]
decisions = ["deciders"]

[technologies]
forbidden = ["MongoDB"]
database = { allowed = ["PostgreSQL"] }

[[forbidden]]
from = "kind:web-client"
to = ["kind:database", "tag:store"]
reason = "The interface goes through the API."

[[allowed]]
from = "name:Orders"
to = "*"
"#;
        let rules = parse(text, "drystone.toml").unwrap();
        assert_eq!((rules.stale_days, rules.max_depth, rules.no_cycles), (90, Some(3), true));
        assert_eq!(rules.layers[2], Selector::Kind("database"));
        assert_eq!(rules.severities["element-without-owner"], None);
        assert_eq!(rules.required.len(), 3);
        assert_eq!(rules.technologies.len(), 2);
        assert_eq!(rules.forbidden[0].to.len(), 2);
        assert_eq!(rules.allowed[0].to, [Selector::All]);
        assert_eq!(parse("", "x").unwrap().stale_days, crate::check::project::STALE_DAYS);
    }

    #[test]
    fn refusals_say_where_and_what_comes_near() {
        let (place, message, advice) = refused("[check]\n  stale-day = 3\n");
        assert_eq!(place, "drystone.toml:2:3");
        assert!(message.contains("stale-day") && advice.contains("stale-days"), "{message} {advice}");
        assert!(refused("[chek]\n").2.contains("check"));
        assert!(refused("[severity]\nelement-without-ownr = \"off\"\n").2.contains("element-without-owner"));
        assert!(refused("[severity]\nelement-without-owner = \"of\"\n").2.contains("off"));
        assert!(refused("[required]\ndatabse = []\n").2.contains("database"));
        assert!(refused("[required]\ndatabase = [\"bakup\"]\n").2.contains("backup"));
        assert!(refused("[required]\nservice = [\"ttl\"]\n").1.contains("has no"));
        assert_eq!(refused("[check]\nlayers = [\"tag:a\", \"b\"]\n").0, "drystone.toml:2:20");
        assert_eq!(refused("[check]\nmax-depth = 0\n").0, "drystone.toml:2:13");
        assert!(refused("[[forbidden]]\nfrom = \"*\"\n").1.contains("both"));
        assert_eq!(refused("[check\n").0.split(':').count(), 3);
        assert!(refused("check = 1\n").1.contains("not a table"));
    }

    #[test]
    fn hostile_files_are_refused_and_do_not_break_anything() {
        assert_eq!(parse(&" ".repeat(LIMIT + 1), "x").unwrap_err().kind, RefusalKind::TooLarge);
        assert!(parse(&format!("a = {}", "[".repeat(100_000)), "x").is_err());
        assert!(parse(&format!("{} = 1", vec!["a"; 20_000].join(".")), "x").is_err());
    }
}
