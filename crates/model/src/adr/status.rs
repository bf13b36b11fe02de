//! What stands for a status: a word, or what a record has to do with others.

use crate::schema::{Collection, Shape};

use super::inline::{escape, links, uncommented, unescape, write_link};

/// What one record has to do with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Relation {
    /// The other one replaces it.
    SupersededBy,
    /// It replaces the other one.
    Supersedes,
    /// Anything else, in words.
    Other(String),
}

/// A relation as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Related {
    /// Which.
    pub relation: Relation,
    /// A link's address, or a record's number.
    pub target: Target,
    /// What stays in the text if no such record is found.
    pub keep: String,
    /// From 1.
    pub line: usize,
}

/// The record a relation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// By its file.
    File(String),
    /// By its number, without leading zeros.
    Number(String),
}

/// A line under a status, understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The status' word.
    pub status: Option<String>,
    /// What it names, with the relation.
    pub related: Vec<(Relation, Target)>,
    /// Whether all of it is understood.
    pub whole: bool,
}

/// Reads one line of a status.
pub(super) fn read(line: &str) -> Said {
    let line = uncommented(line);
    if let Some(status) = word(line) {
        return Said { status: Some(status), related: Vec::new(), whole: true };
    }
    let mut said = Said::default();
    let (phrase, related, whole) = relation(line);
    let Some(relation) = phrase else {
        said.status = line.split([' ', ',', ';', '(']).next().and_then(word);
        return said;
    };
    // `accepted, supersedes …` says both.
    let (status, relation) = match &relation {
        Relation::Other(phrase) => match phrase.rsplit_once([',', ';']) {
            Some((before, rest)) if word(before).is_some() => (word(before), named(rest)),
            _ => (None, relation),
        },
        _ => (None, relation),
    };
    said.status = status.or_else(|| (relation == Relation::SupersededBy).then(|| "superseded".to_owned()));
    said.whole = whole;
    said.related = related.into_iter().map(|target| (relation.clone(), target)).collect();
    said
}

/// The word of the schema that a text means.
fn word(text: &str) -> Option<String> {
    let Some(Shape::Choice(choices)) = Collection::Decisions.field("status").map(|field| field.shape) else {
        return None;
    };
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let means = |word: &str| plain == word.to_lowercase();
    let choice = choices.iter().find(|choice| means(choice.value) || choice.aliases.iter().any(|alias| means(alias)));
    choice.map(|choice| choice.value.to_owned())
}

/// A phrase with the records that follow it, and whether that is all there is.
pub(super) fn relation(line: &str) -> (Option<Relation>, Vec<Target>, bool) {
    let links = links(line);
    let (Some(first), Some(last)) = (links.first(), links.last()) else {
        return match line.rsplit_once(' ').and_then(|(phrase, token)| Some((phrase, number(token)?))) {
            Some((phrase, number)) if !phrase.trim().is_empty() => {
                (Some(named(phrase)), vec![Target::Number(number)], true)
            }
            _ => (None, Vec::new(), false),
        };
    };
    let phrase = line[..first.start].trim();
    let between = links.windows(2).map(|pair| &line[pair[0].end..pair[1].start]);
    let joins = |text: &str| matches!(text.trim(), "" | "," | "and" | "&" | ", and" | ";");
    let whole = between.into_iter().all(joins) && matches!(line[last.end..].trim(), "" | ".");
    let targets = links.iter().map(|link| Target::File(link.url.clone())).collect();
    (Some(named(&unescape(phrase))), targets, whole)
}

/// `ADR-0012` names a record by its number.
fn number(token: &str) -> Option<String> {
    let lower = token.trim_end_matches('.').to_lowercase();
    let digits = lower.strip_prefix("adr-").or_else(|| lower.strip_prefix("adr"))?;
    super::naming::number(digits).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

fn named(phrase: &str) -> Relation {
    let phrase = phrase.trim().trim_end_matches(':').trim();
    // `superseded by ADR 12` has its word before the number.
    let phrase = phrase.strip_suffix(" ADR").unwrap_or(phrase);
    match phrase.to_lowercase().as_str() {
        "superseded by" | "superceded by" | "replaced by" => Relation::SupersededBy,
        "supersedes" | "supercedes" | "replaces" => Relation::Supersedes,
        _ => Relation::Other(lowered(phrase)),
    }
}

/// With a small first letter, unless the word is all capitals.
fn lowered(phrase: &str) -> String {
    let mut chars = phrase.chars();
    let Some(first) = chars.next() else { return String::new() };
    if chars.clone().next().is_some_and(char::is_uppercase) {
        return phrase.to_owned();
    }
    first.to_lowercase().chain(chars).collect()
}

/// The line that says a relation.
pub(super) fn write(relation: &Relation, text: &str, url: &str) -> String {
    let link = write_link(text, url);
    match relation {
        Relation::SupersededBy => format!("Superseded by {link}"),
        Relation::Supersedes => format!("Supersedes {link}"),
        Relation::Other(phrase) => {
            let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut chars = phrase.chars();
            let raised: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
            let phrase = if lowered(&raised) == phrase { raised } else { phrase };
            format!("{} {link}", escape(&phrase)).trim_start().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_relations_are_told_apart() {
        let said = |line: &str| {
            let said = read(line);
            (said.status.unwrap_or_default(), said.related, said.whole)
        };
        let file = |name: &str| Target::File(name.into());
        assert_eq!(said("**Accepted**"), ("accepted".into(), vec![], true));
        assert_eq!(said("draft <!-- optional -->"), ("proposed".into(), vec![], true));
        assert_eq!(said("Partly superseded"), (String::new(), vec![], false));
        assert_eq!(said("Accepted (2020)"), ("accepted".into(), vec![], false));
        let by = Relation::SupersededBy;
        assert_eq!(
            said("Superceded by [1. A](0001-a.md)."),
            ("superseded".into(), vec![(by.clone(), file("0001-a.md"))], true)
        );
        let two = vec![(by.clone(), file("a")), (by.clone(), file("b"))];
        assert_eq!(said("superseded by [A](a), [B](b)"), ("superseded".into(), two, true));
        assert_eq!(
            said("superseded by ADR-0012"),
            ("superseded".into(), vec![(by, Target::Number("12".into()))], true)
        );
        assert_eq!(
            said("accepted, supersedes [A](a)"),
            ("accepted".into(), vec![(Relation::Supersedes, file("a"))], true)
        );
        assert_eq!(said("Amends [A](a)"), (String::new(), vec![(Relation::Other("amends".into()), file("a"))], true));
        assert!(!said("Amends [A](a) in part").2);
    }

    #[test]
    fn relations_are_read_as_they_were_written() {
        for phrase in ["amends", "", "ADR of", "a [b] \\", "é", "is: part of, and", "x <y>", "1. x"] {
            let line = write(&Relation::Other(phrase.into()), "1. [T]", "0001-t.md");
            let (read, targets, whole) = relation(&line);
            assert_eq!((read, whole), (Some(Relation::Other(phrase.into())), true), "{line}");
            assert_eq!(targets, [Target::File("0001-t.md".into())]);
        }
    }
}
