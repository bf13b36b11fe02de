//! `drystone device request`

use drystone_core::api::{DeviceRequest, Empty};
use drystone_core::command::Request;
use serde_json::json;

use crate::Global;
use crate::data_folder::{Background, call, with};
use crate::output::text::{DIM, STRONG};
use crate::output::{Exit, Output, Result, qr};

const AFTER_HELP: &str = "\
Examples:
  drystone device request

Run it on the new device. On one that is in the workspace, `drystone device add CODE`
adds it and answers with a link; `drystone workspace join LINK` on the new device
takes the workspace in. Neither code nor link holds a secret. Reaches nothing.

With --json: {\"code\", \"fingerprint\"}.";

/// Arguments of `device request`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

/// Shows this device's code.
pub async fn run(global: &Global, output: &Output) -> Result<Exit> {
    let request: DeviceRequest =
        with(global, Background::Off, async |app| Ok(call(app, Request::DeviceRequest(Empty {})).await?)).await?;
    if output.is_json() {
        output.object(&json!({ "code": request.code, "fingerprint": request.fingerprint }))?;
    } else if output.on_terminal() {
        output.text(&format!(
            "{}\n{}\n\nThe other device will show {STRONG}{}{STRONG:#}: go on only if it does.\n\
             {DIM}There: drystone device add CODE. It answers with a link to open here.{DIM:#}\n",
            qr::draw(&request.code).unwrap_or_default(),
            request.code,
            request.fingerprint
        ))?;
    } else {
        output.text(&format!("{}\n", request.code))?;
    }
    Ok(Exit::DONE)
}
