//! The data folder: where it is, opening the core on it, calling it with types.

use std::path::PathBuf;

use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode, Result};
use drystone_core::{App, Config, Unlock};
use serde::de::DeserializeOwned;

use crate::{Global, output, unlock};

/// Whether the core synchronises on its own while the command runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// No: the command is over in a moment.
    Off,
    /// Yes: the command stays.
    Sync,
}

/// The data folder: as given, or the platform's.
pub fn data_dir(global: &Global) -> Result<PathBuf> {
    if let Some(folder) = &global.data_dir {
        return Ok(folder.clone());
    }
    directories::ProjectDirs::from("org", "Drystone", "drystone").map(|dirs| dirs.data_dir().to_owned()).ok_or_else(
        || {
            Error::new(
                ErrorCode::Usage,
                "There is no home folder to keep documents in.",
                "Give --data-dir DIR or set DRYSTONE_DATA_DIR.",
            )
        },
    )
}

/// Opens the core on the data folder.
async fn open(global: &Global, background: Background) -> Result<App> {
    let data_dir = data_dir(global)?;
    let (unlock, first_use) = unlock::choose(&data_dir, global)?;
    let open = |unlock: Unlock| {
        App::open(Config { data_dir: data_dir.clone(), unlock, background_sync: background == Background::Sync })
    };
    match open(unlock).await {
        Err(problem) if first_use && problem.code == ErrorCode::Keychain => {
            open(unlock::without_keychain(&problem)?).await
        }
        opened => opened,
    }
}

/// Opens the core, works with it, and closes it whether or not the work
/// succeeded: what runs in the background has to end before the process does.
pub async fn with<T>(
    global: &Global,
    background: Background,
    work: impl AsyncFnOnce(&App) -> output::Result<T>,
) -> output::Result<T> {
    let app = open(global, background).await?;
    let result = work(&app).await;
    let closed = app.close().await;
    let value = result?;
    closed?;
    Ok(value)
}

/// Calls a command of the core whose reply has this type.
pub async fn call<Reply: DeserializeOwned>(app: &App, request: Request) -> Result<Reply> {
    let reply = app.call(request).await?;
    serde_json::from_str(reply.get()).map_err(Error::internal)
}
