//! `drystone doctor`

use drystone_core::api::{DoctorCheck, Empty};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, open};
use crate::output::text::{BAD, DIM, GOOD, plain};
use crate::output::{Exit, Output, Result};

const AFTER_HELP: &str = "\
Examples:
  drystone doctor
  drystone --json doctor | jq '.checks[] | select(.ok | not)'

Exit code 1 when a check finds something; when the database cannot even be
opened, the code of that error.

With --json: {\"checks\": [{\"check\", \"ok\", \"detail\", \"advice\"}]}.";

/// Arguments of `doctor`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

/// Checks everything.
pub async fn run(global: &Global, output: &Output) -> Result<Exit> {
    let spinner = output.spinner("Checking…");
    let (checks, exit) = match open(global, Background::Off).await {
        Ok(app) => {
            let checks: Vec<DoctorCheck> = call(&app, Request::Doctor(Empty {})).await?;
            app.close().await?;
            let exit = if checks.iter().all(|check| check.ok) { Exit::DONE } else { Exit::FINDINGS };
            (checks, exit)
        }
        Err(error) => (vec![not_opened(&error)], Exit::failed(error.code)),
    };
    drop(spinner);
    if output.is_json() {
        output.object(&json!({ "checks": checks }))?;
    } else {
        output.text(&checks.iter().map(describe).collect::<String>())?;
    }
    Ok(exit)
}

/// What keeps the database closed is a finding like the others.
fn not_opened(error: &Error) -> DoctorCheck {
    let detail = match &error.place {
        Some(place) => format!("{} ({place})", error.message),
        None => error.message.clone(),
    };
    DoctorCheck { check: "open".to_owned(), ok: false, detail, advice: Some(error.advice.clone()) }
}

fn describe(check: &DoctorCheck) -> String {
    let mark = if check.ok { format!("{GOOD}ok{GOOD:#}   ") } else { format!("{BAD}wrong{BAD:#}") };
    let mut text = format!("{mark}  {}  {}\n", plain(&check.check), plain(&check.detail));
    if let Some(advice) = check.advice.as_deref().filter(|_| !check.ok) {
        text += &format!("       {DIM}try:{DIM:#} {}\n", plain(advice));
    }
    text
}
