//! `drystone set`

use drystone_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::data_folder::{Background, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone set payment-platform title \"Payments\"
  drystone set payment-platform sections.overview \"Takes card payments.\"
  drystone set payment-platform sections.overview - < overview.md
  drystone set payment-platform sections.overview.title \"What it is\"

A record that is not there yet is added, and named.

With --json: {\"id\", \"path\", \"added\": [PATH, …]}.";

/// Arguments of `set`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// A dotted path, such as `title`, `sections.overview` or `sections.overview.title`
    path: String,
    /// The new value; `-` reads standard input
    #[arg(allow_hyphen_values = true)]
    value: String,
}

/// Changes one place of a document.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (document, added) = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?;
        let value = if arguments.value == "-" { standard_input(&arguments.path)? } else { arguments.value };
        let added = app.set(&document.id, &arguments.path, &value).await?;
        Ok((document, added))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "id": document.id, "path": arguments.path, "added": added }))?;
    } else {
        let title = plain(&document.title);
        let new = match added.is_empty() {
            true => String::new(),
            false => format!(", which added {}", plain(&added.join(" and "))),
        };
        output.text(&format!("Set {} in {STRONG}{title}{STRONG:#}{new}\n", plain(&arguments.path)))?;
    }
    Ok(Exit::DONE)
}

fn standard_input(path: &str) -> Result<String> {
    let mut value = String::from_utf8(files::read_stdin(files::VALUE_LIMIT)?).map_err(|error| {
        let (line, column) = line_and_column(error.as_bytes(), error.utf8_error().valid_up_to());
        Error::new(ErrorCode::BadInput, "Standard input is not UTF-8.", "Convert it to UTF-8 first.")
            .at(format!("standard input:{line}:{column}"))
    })?;
    // A title is one line, and `echo` ends every line.
    if path.rsplit('.').next() == Some("title") {
        value.truncate(value.trim_end_matches(['\r', '\n']).len());
    }
    Ok(value)
}

fn line_and_column(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    (line, 1 + String::from_utf8_lossy(&before[line_start..]).chars().count())
}

#[cfg(test)]
mod tests {
    use super::line_and_column;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(line_and_column(b"\xff", 0), (1, 1));
        assert_eq!(line_and_column("one\nzwö\u{e9}".as_bytes(), 8), (2, 4));
        assert_eq!(line_and_column(b"a\n\xff", 2), (2, 1));
    }
}
