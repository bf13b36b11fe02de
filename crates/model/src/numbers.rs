//! The numbers of decisions: given so that no two devices, however long apart,
//! give one number to two decisions, and never changed afterwards.
//!
//! A number is digits and the suffix of the device that gave it, its lane: none
//! for the device that made the document, `b`, `c`, … for the others by the
//! order in which they joined. A device gives numbers of its own lane only,
//! even where one is asked for: `7` becomes `7b` on the device whose lane is
//! `b`, and a number of another device's lane is not taken over but replaced by
//! the next of its own. Within a lane it sees every number that was given, so
//! the lanes keep devices apart and [`crate::edit::check`] keeps a device from
//! giving a number twice.

use std::collections::HashSet;

use crate::edit::Edit;
use crate::graph::Model;
use crate::refusal::{Refusal, Result};
use crate::schema::Collection;
use crate::value::Value;

/// The most digits of a number that counts towards the next: what a damaged or
/// hostile document holds beyond it cannot use the numbers up.
const DIGITS: usize = 9;

/// The longest suffix of a lane.
const SUFFIX: usize = 8;

/// The field of decisions that is numbered here.
const NUMBER: &str = "number";

/// A number's digits and lane; `None` when it is no number.
fn parts(number: &str) -> Option<(&str, &str)> {
    let number = number.trim();
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    let (digits, lane) = number.split_at(end);
    let fits = (1..=DIGITS).contains(&digits.len()) && lane.len() <= SUFFIX;
    (fits && lane.bytes().all(|byte| byte.is_ascii_lowercase())).then_some((digits, lane))
}

/// What makes two numbers one: leading zeros do not count.
fn key(number: &str) -> String {
    number.trim().trim_start_matches('0').to_owned()
}

fn count(number: &str) -> Option<u32> {
    parts(number)?.0.parse().ok()
}

/// Gives a number of this lane to each decision that is added: the one asked
/// for, or the next after the highest.
pub fn number_decisions(model: &Model, edits: &mut [Edit], lane: &str) {
    let mut adds: Vec<(&mut std::collections::BTreeMap<String, Value>, Option<String>)> = Vec::new();
    for edit in edits {
        let Edit::Add { collection, fields, .. } = edit else { continue };
        if collection == Collection::Decisions.name() {
            let asked = take_number(fields);
            adds.push((fields, asked));
        }
    }
    if adds.is_empty() {
        return;
    }
    let known = model.every(Collection::Decisions).filter_map(|record| count(record.text(NUMBER)));
    let mut highest = known.max().unwrap_or(0);
    for (_, asked) in &mut adds {
        let Some(number) = asked.take() else { continue };
        let own = match parts(&number) {
            Some((digits, "")) => format!("{digits}{lane}"),
            Some((_, other)) if other != lane => continue,
            // What is no number stays, for the check to refuse it.
            _ => number,
        };
        highest = highest.max(count(&own).unwrap_or(0));
        *asked = Some(own);
    }
    let mut free = Free { model, next: highest, taken: None };
    for (fields, asked) in adds {
        let number = asked.unwrap_or_else(|| free.next(lane));
        fields.insert(NUMBER.into(), Value::text(number));
    }
}

/// Numbers to give: after the highest, and where there is none, those between.
struct Free<'a> {
    model: &'a Model,
    next: u32,
    taken: Option<HashSet<String>>,
}

impl Free<'_> {
    fn next(&mut self, lane: &str) -> String {
        const LAST: u32 = 10_u32.pow(DIGITS as u32) - 1;
        if self.next < LAST && self.taken.is_none() {
            self.next += 1;
            return format!("{}{lane}", self.next);
        }
        if self.taken.is_none() {
            self.next = 0;
        }
        let taken = self.taken.get_or_insert_with(|| taken(self.model));
        loop {
            self.next += 1;
            let number = format!("{}{lane}", self.next);
            if taken.insert(number.clone()) {
                return number;
            }
        }
    }
}

/// The number that is asked for, under whatever spelling of the field's name.
fn take_number(fields: &mut std::collections::BTreeMap<String, Value>) -> Option<String> {
    let is_number = |name: &str| Collection::Decisions.field(name).is_some_and(|field| field.name == NUMBER);
    let names: Vec<String> = fields.keys().filter(|name| is_number(name)).cloned().collect();
    let mut asked = None;
    for name in names {
        asked = match fields.remove(&name) {
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(value) => Some(value.as_str().trim().to_owned()),
            None => asked,
        };
    }
    asked.filter(|number| !number.is_empty())
}

fn taken(model: &Model) -> HashSet<String> {
    model.every(Collection::Decisions).map(|record| key(record.text(NUMBER))).collect()
}

/// Refuses what is no number, and numbers that other decisions have, those in
/// the trash included.
///
/// # Errors
/// The first number that does not fit.
pub(crate) fn check(model: &Model, edits: &[Edit]) -> Result<()> {
    let mut known = None;
    for edit in edits {
        let Edit::Add { collection, fields, .. } = edit else { continue };
        if collection != Collection::Decisions.name() {
            continue;
        }
        let Some(number) = fields.get(NUMBER).map(Value::as_str).filter(|number| !number.is_empty()) else { continue };
        if parts(number).is_none() {
            return Err(Refusal::bad(
                format!("“{number}” is not a decision's number."),
                format!("Write at most {DIGITS} digits, or leave the number out, and the next one is given."),
            )
            .at("decisions.number"));
        }
        if !known.get_or_insert_with(|| taken(model)).insert(key(number)) {
            return Err(Refusal::bad(
                format!("Another decision has the number {number}."),
                "Leave the number out, and the next one is given.",
            )
            .at("decisions.number"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn decision(number: Option<&str>) -> Edit {
        let mut fields = std::collections::BTreeMap::from([("title".to_owned(), Value::text("t"))]);
        fields.extend(number.map(|number| ("Number".to_owned(), Value::text(number))));
        Edit::Add { collection: "decisions".into(), id: Some("d".into()), fields, after: None }
    }

    fn model(numbers: &[&str]) -> Model {
        let record = |(index, number): (usize, &&str)| {
            Record::new(Collection::Decisions, format!("a{index}")).with("number", Value::text(*number))
        };
        Model::of(numbers.iter().enumerate().map(record))
    }

    fn given(model: &Model, lane: &str, asked: &[Option<&str>]) -> Vec<String> {
        let mut edits: Vec<Edit> = asked.iter().map(|number| decision(*number)).collect();
        number_decisions(model, &mut edits, lane);
        let number = |edit: &Edit| match edit {
            Edit::Add { fields, .. } => fields["number"].as_str().to_owned(),
            _ => String::new(),
        };
        edits.iter().map(number).collect()
    }

    #[test]
    fn a_device_gives_numbers_of_its_lane_only() {
        let known = model(&["1", "2b", "07"]);
        assert_eq!(given(&known, "", &[None, None]), ["8", "9"]);
        assert_eq!(given(&known, "c", &[None, Some("12"), None]), ["13c", "12c", "14c"]);
        assert_eq!(
            given(&known, "b", &[Some("9b"), Some("9"), Some("9c"), Some("0004")]),
            ["9b", "9b", "10b", "0004b"]
        );
        assert_eq!(given(&known, "", &[Some("9b"), Some("x")]), ["8", "x"]);
    }

    #[test]
    fn numbers_that_are_taken_or_none_are_refused() {
        let known = model(&["1", "2b", "07"]);
        let check = |asked: &[&str]| {
            let mut edits: Vec<Edit> = asked.iter().map(|number| decision(Some(number))).collect();
            number_decisions(&known, &mut edits, "");
            check(&known, &edits).map_err(|refusal| refusal.message)
        };
        assert_eq!(check(&["3", "2", "2b"]), Ok(()));
        for wrong in [&["1"][..], &["7"], &["4", "04"], &["ADR-4"], &["4 b"], &["4B"], &["1234567890"]] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn huge_numbers_do_not_use_the_numbers_up() {
        let known = model(&["999999999", "1", "3", "99999999999999999999"]);
        assert_eq!(given(&known, "", &[None, None]), ["2", "4"]);
        assert_eq!(given(&model(&["18446744073709551616"]), "b", &[None]), ["1b"]);
    }
}
