//! Dates in the forms that people write, where there is only one day that
//! they can mean.

use crate::schema::is_day;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day, as `2024-01-11`. `None` when it could be another one: `03/04/2018`
/// is in March or in April.
pub(super) fn day(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']').trim();
    if is_day(text) {
        return Some(text.to_owned());
    }
    let words: Vec<&str> = text.split([' ', ',', '-', '/', '.']).filter(|word| !word.is_empty()).collect();
    match words[..] {
        [whole] if whole.len() == 8 && whole.is_ascii() => valid(&whole[..4], &whole[4..6], &whole[6..]),
        [a, b, c] => of_three(a, b, c),
        _ => None,
    }
}

fn of_three(a: &str, b: &str, c: &str) -> Option<String> {
    if let Some(month) = month(b) {
        return if a.len() == 4 { valid(a, &month, ordinal(c)) } else { valid(c, &month, ordinal(a)) };
    }
    if let Some(month) = month(a) {
        return valid(c, &month, ordinal(b));
    }
    if a.len() == 4 {
        return valid(a, b, c);
    }
    match (valid(c, a, b), valid(c, b, a)) {
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(other)) if one == other => Some(one),
        _ => None,
    }
}

fn month(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let short = if lower == "sept" { "sep" } else { &lower };
    let found = MONTHS.iter().position(|name| short.len() >= 3 && name.starts_with(short));
    found.map(|at| (at + 1).to_string())
}

fn ordinal(word: &str) -> &str {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th") { digits } else { word }
}

fn valid(year: &str, month: &str, day: &str) -> Option<String> {
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return None;
    }
    Some(format!("{year}-{month:0>2}-{day:0>2}")).filter(|day| is_day(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_where_they_can_only_mean_one() {
        for (text, expected) in [
            ("2024-01-11", "2024-01-11"),
            ("2018-2-3", "2018-02-03"),
            ("2018/02/03", "2018-02-03"),
            ("20240111", "2024-01-11"),
            ("11 Jan 2024", "2024-01-11"),
            ("11-Jan-2024", "2024-01-11"),
            ("January 11th, 2024", "2024-01-11"),
            ("2024 Sept 1", "2024-09-01"),
            ("25/12/2018", "2018-12-25"),
            ("12/25/2018", "2018-12-25"),
            ("04.04.2018", "2018-04-04"),
            ("[2021-03-12]", "2021-03-12"),
        ] {
            assert_eq!(day(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "03/04/2018",
            "3.4.2018",
            "2018-13-01",
            "30 Feb 2024",
            "11 Ja 2024",
            "18-01-02",
            "YYYY-MM-DD",
            "11é Jan 2024",
            "ééé",
            "éééé",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
