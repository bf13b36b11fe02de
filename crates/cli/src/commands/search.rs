//! `drystone search`

use std::fmt::Write;

use drystone_core::api::{Search, SearchHit};
use drystone_core::command::Request;
use drystone_core::model::Collection;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, MATCH, STRONG, plain};
use crate::output::{Exit, Output, Result};

/// What the core puts around a match.
const MATCH_START: char = '\u{e000}';
const MATCH_END: char = '\u{e001}';

const AFTER_HELP: &str = "\
Examples:
  drystone search \"retry queue\"
  drystone search gateway --in payment-platform
  drystone --json search audit | jq -r '.hits[].path'

Finds sections, elements, decisions, flows with their steps, concerns and all
other records. All words must occur; the last may be unfinished. A word that no
name has may have a typo or two: chekcout finds what is named Checkout.

With --json: {\"hits\": [{\"document\", \"documentTitle\", \"section\", \"sectionTitle\", \"record\",
\"collection\", \"path\", \"excerpt\"}]}; record and collection are null for a section. In an
excerpt a match stands between U+E000 and U+E001.";

/// Arguments of `search`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Words to find
    #[arg(required = true)]
    query: Vec<String>,
    /// Search one document only: a title, a slug or the first digits of an id
    #[arg(long = "in", value_name = "DOC")]
    within: Option<String>,
    /// At most this many hits
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Searches all documents, or one.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let hits: Vec<SearchHit> = with(global, Background::Off, async |app| {
        let document = match &arguments.within {
            Some(name) => Some(app.resolve_document(name).await?.id),
            None => None,
        };
        let search = Search { query: arguments.query.join(" "), document, limit: arguments.limit };
        Ok(call(app, Request::Search(search)).await?)
    })
    .await?;
    if output.is_json() {
        output.object(&json!({ "hits": hits }))?;
    } else if hits.is_empty() {
        output.text("Nothing found.\n")?;
    } else {
        output.text(&hits.iter().map(describe).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::DONE)
}

fn describe(hit: &SearchHit) -> String {
    let mut text = String::new();
    let (document, name) = (plain(&hit.document_title), plain(&hit.section_title));
    let (kind, path) = (kind(hit), plain(&hit.path));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{STRONG}{document}{STRONG:#} › {name}  {DIM}{kind}  {path}{DIM:#}");
    let excerpt = plain(&hit.excerpt)
        .replace(MATCH_START, &MATCH.render().to_string())
        .replace(MATCH_END, &MATCH.render_reset().to_string());
    if !excerpt.is_empty() {
        let _ = writeln!(text, "    {excerpt}");
    }
    text
}

/// What was found, in a word or two.
fn kind(hit: &SearchHit) -> &'static str {
    let collection = hit.collection.as_deref().and_then(Collection::find);
    collection.map_or("section", |collection| collection.table().singular)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_shows_where_it_is_and_marks_only_the_match() {
        let mut hit = SearchHit {
            document: "d".into(),
            document_title: "Payments".into(),
            record: None,
            collection: None,
            section: "s".into(),
            section_title: "Resilience".into(),
            path: "sections.resilience".into(),
            excerpt: "a \u{e000}retry\u{e001}\n\u{1b}[2J queue".into(),
        };
        let text = anstream::adapter::strip_str(&describe(&hit)).to_string();
        assert_eq!(text, "Payments › Resilience  section  sections.resilience\n    a retry \u{fffd}[2J queue\n");
        assert!(!describe(&hit).contains("\u{1b}[2J"));
        hit.collection = Some("scenarios".into());
        hit.excerpt.clear();
        let text = anstream::adapter::strip_str(&describe(&hit)).to_string();
        assert_eq!(text, "Payments › Resilience  quality scenario  sections.resilience\n");
    }
}
