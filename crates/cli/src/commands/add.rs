//! `drystone add`

use drystone_core::error::{Error, ErrorCode};
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, with};
use crate::output::text::{STRONG, plain};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone add payment-platform elements \"Web client\" kind=web-client owner=\"Team Shop\"
  drystone add payment-platform relationships from=web-client to=api description=\"places orders\" timeout=\"2 s\"
  drystone add payment-platform decisions \"Use PostgreSQL\" status=accepted date=2026-11-24
  drystone add payment-platform evidence about=web-client basis=observed by=Ada date=2026-11-24

Collections: elements, relationships, flows, steps, environments, nodes, instances,
concerns, decisions, alternatives, considerations, risks, terms, scenarios, evidence,
boundaries, classes, views, suppressions; files are added with `drystone attach`. Their fields: docs/model.md, or
`drystone show DOC COLLECTION`. `drystone set` changes one field later.

With --json: {\"id\", \"path\"}.";

/// Arguments of `add`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// A title, a slug or the first digits of an id
    #[arg(value_name = "DOC")]
    document: String,
    /// Where to, such as `elements`
    collection: String,
    /// A name, and fields as FIELD=VALUE
    #[arg(value_name = "NAME|FIELD=VALUE", allow_hyphen_values = true)]
    parts: Vec<String>,
}

/// Adds a record to the model.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let (name, fields) = split(&arguments.parts)?;
    let (path, id) = with(global, Background::Off, async |app| {
        let document = app.resolve_document(&arguments.document).await?;
        let (path, applied) = app.add_record(&document.id, &arguments.collection, name, &fields).await?;
        Ok((path, applied.added.into_iter().next().unwrap_or_default()))
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "id": id, "path": path }))?;
    } else {
        output.text(&format!("Added {STRONG}{}{STRONG:#}\n", plain(&path)))?;
    }
    Ok(Exit::DONE)
}

/// A name, and fields with their values.
type Parts<'a> = (Option<&'a str>, Vec<(String, String)>);

/// A part with `=` after a word is a field; the one other part is the name.
fn split(parts: &[String]) -> Result<Parts<'_>> {
    let mut name = None;
    let mut fields = Vec::new();
    for part in parts {
        let field = part.split_once('=').filter(|(field, _)| {
            !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        });
        match field {
            Some((field, value)) => fields.push((field.to_owned(), value.to_owned())),
            None if name.is_none() => name = Some(part.as_str()),
            None => {
                return Err(Error::new(
                    ErrorCode::Usage,
                    format!("“{part}” is a second name."),
                    "Put a name of several words in quotes; write fields as FIELD=VALUE.",
                )
                .into());
            }
        }
    }
    Ok((name, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_fields_are_told_apart() {
        let parts = ["Web = client", "kind=web-client", "url=https://x/?a=b"].map(String::from);
        let (name, fields) = split(&parts).ok().unwrap();
        assert_eq!(name, Some("Web = client"));
        assert_eq!(fields, [("kind", "web-client"), ("url", "https://x/?a=b")].map(|(a, b)| (a.into(), b.into())));
        assert!(split(&["one".into(), "two".into()]).is_err());
    }
}
