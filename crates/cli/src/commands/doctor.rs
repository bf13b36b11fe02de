//! `drystone doctor`

use std::path::PathBuf;

use drystone_core::api::{DoctorCheck, Empty, Proof};
use drystone_core::command::Request;
use drystone_core::error::Error;
use serde_json::json;

use crate::data_folder::{Background, call, with};
use crate::output::text::{BAD, DIM, GOOD, STRONG, plain};
use crate::output::{Exit, Output, Result, Stop};
use crate::{Global, files};

const AFTER_HELP: &str = "\
Examples:
  drystone doctor
  drystone --json doctor | jq '.checks[] | select(.ok | not)'
  drystone doctor --prove --report proof.md

With --prove it goes through everything: every membership record, every sealed envelope
and each change in it, every document, and the relay's whole log from its first entry on,
to prove that all that was ever acknowledged is still here and there. The report holds no
content and no keys.

Exit code 1 when a check finds something; when the database cannot even be
opened, the code of that error.

With --json: {\"checks\": [{\"check\", \"ok\", \"detail\", \"advice\"}]}; with --prove
{\"time\", \"sound\", \"workspaces\": [{\"workspace\", \"name\", \"relay\", \"sound\",
\"documents\", \"changes\", \"envelopes\", \"waiting\", \"facts\", \"findings\"}], \"report\"}.";

/// Arguments of `doctor`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Prove that everything that was ever acknowledged is here and at the relays
    #[arg(long)]
    prove: bool,
    /// Write the proof as a report in Markdown
    #[arg(long, value_name = "FILE", requires = "prove")]
    report: Option<PathBuf>,
}

/// Checks everything.
pub async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit> {
    if arguments.prove {
        return prove(&arguments, global, output).await;
    }
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

async fn prove(arguments: &Arguments, global: &Global, output: &Output) -> Result<Exit> {
    let spinner = output.spinner("Going through everything…");
    let proof: Proof =
        with(global, Background::Off, async |app| Ok(call(app, Request::DoctorProve(Empty {})).await?)).await?;
    drop(spinner);
    if let Some(path) = &arguments.report {
        files::write(path, proof.report.as_bytes())?;
    }
    if output.is_json() {
        output.object(&proof)?;
    } else {
        let mut text = String::new();
        for one in &proof.workspaces {
            text += &format!("{STRONG}{}{STRONG:#}\n", plain(&one.name));
            text +=
                &one.facts.iter().map(|fact| format!("  {GOOD}ok{GOOD:#}     {}\n", plain(fact))).collect::<String>();
            for finding in &one.findings {
                let (what, advice) = (plain(&finding.message), plain(&finding.advice));
                text += &format!("  {BAD}wrong{BAD:#}  {what}\n         {DIM}try:{DIM:#} {advice}\n");
            }
        }
        text += match proof.sound {
            true => "Everything that was ever acknowledged is where it should be.\n",
            false => "Something is not as it should be.\n",
        };
        output.text(&text)?;
    }
    Ok(if proof.sound { Exit::DONE } else { Exit::FINDINGS })
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
