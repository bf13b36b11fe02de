//! `drystone doctor`

use drystone_core::api::{DoctorCheck, Empty};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{BAD, DIM, GOOD, plain};
use crate::output::{Exit, Output, Result, Stop};

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
    let checked: Result<Vec<DoctorCheck>> =
        with(global, Background::Off, async |app| Ok(call(app, Request::Doctor(Empty {})).await?)).await;
    let (checks, exit) = match checked {
        Ok(checks) if checks.iter().all(|check| check.ok) => (checks, Exit::DONE),
        Ok(checks) => (checks, Exit::FINDINGS),
        Err(Stop::Failed(error)) => (vec![not_checked(&error)], Exit::failed(error.code)),
        Err(Stop::PipeClosed) => return Err(Stop::PipeClosed),
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
fn not_checked(error: &Error) -> DoctorCheck {
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
