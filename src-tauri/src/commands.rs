//! What the page may call: the core's commands, and the lock in front of them.

use drystone_core::Unlock;
use drystone_core::api::KeySource;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode, Result};
use serde_json::Value;
use serde_json::value::RawValue;
use tauri::{AppHandle, State, WebviewWindow};
use zeroize::Zeroizing;

use crate::files;
use crate::session::{self, LockState, Session};

/// Calls a command of the core: `{"command": …, "args": …}`.
#[tauri::command]
pub async fn rpc(session: State<'_, Session>, request: Value) -> Result<Box<RawValue>> {
    let request: Request = serde_json::from_value(request).map_err(|error| {
        Error::new(
            ErrorCode::Usage,
            format!("The window and its page do not understand each other: {error}."),
            "Reload the page; if that does not help, install Drystone anew.",
        )
    })?;
    session.app().await?.call(request).await
}

/// Whether the data can be read, and how its key is kept.
#[tauri::command]
pub async fn lock_state(session: State<'_, Session>) -> Result<LockState> {
    Ok(session.lock_state().await)
}

/// Opens the data in the way chosen.
#[tauri::command]
pub async fn unlock(
    handle: AppHandle,
    window: WebviewWindow,
    session: State<'_, Session>,
    method: KeySource,
    passphrase: Option<String>,
) -> Result<()> {
    let unlock = match method {
        KeySource::Keychain => Unlock::Keychain,
        KeySource::Passphrase => Unlock::Passphrase(Zeroizing::new(passphrase.unwrap_or_default())),
        KeySource::KeyFile => Unlock::KeyFile(match session.key_file()? {
            Some(path) => path,
            None => files::choose_key_file(&window).await?,
        }),
    };
    session::open(&handle, unlock).await
}
