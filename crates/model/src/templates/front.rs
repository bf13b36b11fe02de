//! The lines in front of a template: `name: value` between two lines `---`.

use super::file::{one_line, shortened};
use crate::refusal::{Refusal, Result};

/// The longest value, in characters.
const VALUE: usize = 1_000;

/// What the front matter says.
#[derive(Default)]
pub(super) struct Front {
    pub id: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
}

/// Reads the front matter, if there is one; then the rest of the text, and
/// the number of its first line.
pub(super) fn read<'t>(text: &'t str, name: &str) -> Result<(Front, &'t str, usize)> {
    let mut front = Front::default();
    let mut lines = text.split_inclusive('\n');
    if lines.next().map(str::trim_end) != Some("---") {
        return Ok((front, text, 1));
    }
    let mut number = 1;
    let mut start = text.find('\n').map_or(text.len(), |at| at + 1);
    for line in lines {
        number += 1;
        start += line.len();
        if line.trim_end() == "---" {
            return Ok((front, &text[start..], number + 1));
        }
        read_line(line, &mut front).map_err(|refusal| {
            let column = 1 + line.chars().take_while(|c| c.is_whitespace() && *c != '\n').count();
            refusal.at(format!("{name}:{number}:{column}"))
        })?;
    }
    let what = "The front matter does not end.";
    Err(Refusal::bad(what, "Close it with a line of three dashes.").at(format!("{name}:1:1")))
}

fn read_line(line: &str, front: &mut Front) -> Result<()> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let Some((word, value)) = line.split_once(':') else {
        let what = format!("“{}” has no value.", shortened(line));
        return Err(Refusal::bad(what, "Write lines of the form title: Runbook."));
    };
    let place = match word.trim() {
        "id" => &mut front.id,
        "title" => &mut front.title,
        "description" => &mut front.description,
        word => {
            let what = format!("The front matter has no “{}”.", shortened(word));
            return Err(Refusal::bad(what, "It has id, title and description; the rest is said in the headings."));
        }
    };
    if place.is_some() {
        return Err(Refusal::bad(format!("“{}” is there twice.", word.trim()), "Take one out."));
    }
    let value = unquoted(value.trim());
    if value.chars().count() > VALUE {
        let what = format!("“{}” has more than {VALUE} characters.", word.trim());
        return Err(Refusal::bad(what, "Make it shorter."));
    }
    if word.trim() == "id" && !is_id(&value) {
        let what = format!("“{}” is no id.", shortened(&value));
        return Err(Refusal::bad(what, "Write it in lower-case letters, digits and dashes."));
    }
    *place = Some(value).filter(|value| !value.is_empty());
    Ok(())
}

fn is_id(value: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !value.is_empty() && value.len() <= 100 && value.chars().all(fits)
}

fn unquoted(value: &str) -> String {
    let inside = |mark| value.strip_prefix(mark).and_then(|rest: &str| rest.strip_suffix(mark));
    if let Some(inside) = inside('\'') {
        return one_line(&inside.replace("''", "'"));
    }
    let Some(inside) = inside('"') else { return one_line(value) };
    let mut out = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    one_line(&out)
}

/// The front matter as YAML reads it too.
pub(super) fn write(id: &str, title: &str, description: &str) -> String {
    let mut out = format!("---\nid: {id}\ntitle: {}\n", quoted(title));
    if !description.is_empty() {
        out.push_str(&format!("description: {}\n", quoted(description)));
    }
    out + "---\n"
}

fn quoted(value: &str) -> String {
    let value = one_line(value);
    let starts_plainly = value.starts_with(|c: char| c.is_alphanumeric());
    if starts_plainly && !value.contains([':', '#', '"', '\\']) {
        return value;
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
