//! Asking before something that cannot be taken back.

use drystone_core::error::{Error, ErrorCode, Result};

use crate::unlock;

/// Says what will happen and asks; with `--yes` it neither says nor asks.
/// Without a terminal nothing happens unless `--yes` is given.
pub fn confirm(yes: bool, what: &str, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !unlock::can_ask() {
        return Err(Error::new(
            ErrorCode::Confirm,
            format!("{what} This has to be confirmed, and there is no terminal to ask on."),
            "If that is what you want, run the command again with --yes.",
        ));
    }
    match unlock::ask_line(&format!("{what}\n{question} [y/N] "))?.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::new(ErrorCode::Confirm, "Nothing was changed.", "Answer y to go on.")),
    }
}
