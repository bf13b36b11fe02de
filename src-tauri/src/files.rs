//! Files the person chooses in a native dialog. The page never names a path.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use drystone_core::api::BUNDLE_BYTES;
use drystone_core::error::{Error, ErrorCode, Result};
use tauri::WebviewWindow;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;

/// The largest file the page may hand over, in Base64.
const MAX_CONTENT: usize = 512 << 20;

/// Lets the person choose where a file goes, and writes it there. The reply
/// is the path, or `None` when they chose nothing.
#[tauri::command]
pub async fn save_file(window: WebviewWindow, name: String, content: String) -> Result<Option<String>> {
    if content.len() > MAX_CONTENT {
        return Err(Error::new(
            ErrorCode::TooLarge,
            "The file is too large to be saved from the window.",
            "Use `drystone export … --output FILE` instead.",
        ));
    }
    let bytes = STANDARD.decode(content).map_err(|error| Error::internal(format_args!("the page's file: {error}")))?;
    let dialog = window.dialog().file().set_parent(&window).set_file_name(&name);
    let Some(path) = ask(dialog, FileDialogBuilder::save_file).await? else { return Ok(None) };
    write(&path, &bytes)?;
    Ok(Some(path.display().to_string()))
}

/// A file the window was opened with.
#[derive(Debug, serde::Serialize)]
pub struct OpenedFile {
    name: String,
    content: String,
}

/// The bundle the window was opened with, in Base64; once.
#[tauri::command]
pub async fn opened_file(opened: tauri::State<'_, crate::args::OpenedFile>) -> Result<Option<OpenedFile>> {
    let path = opened.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let Some(path) = path else { return Ok(None) };
    let unreadable = |what: String| {
        Error::new(ErrorCode::BadInput, what, "Check the file and its disk.").at(path.display().to_string())
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| unreadable(format!("The file cannot be read: {error}.")))?;
    file.take(BUNDLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(format!("The file cannot be read: {error}.")))?;
    if bytes.len() as u64 > BUNDLE_BYTES {
        return Err(unreadable("The file is larger than a bundle can be.".into()));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(OpenedFile { name, content: STANDARD.encode(bytes) }))
}

/// Lets the person show where the key file is now.
pub async fn choose_key_file(window: &WebviewWindow) -> Result<PathBuf> {
    let chosen = ask(window.dialog().file().set_parent(window), FileDialogBuilder::pick_file).await?;
    chosen.ok_or_else(|| {
        Error::new(ErrorCode::Usage, "No key file was chosen.", "Choose one, or start the window with --key-file FILE.")
    })
}

type Reply = Box<dyn FnOnce(Option<FilePath>) + Send>;

/// Shows a dialog without blocking the event loop it runs on.
async fn ask<R: tauri::Runtime>(
    dialog: FileDialogBuilder<R>,
    show: fn(FileDialogBuilder<R>, Reply),
) -> Result<Option<PathBuf>> {
    let (reply, answer) = oneshot::channel();
    show(
        dialog,
        Box::new(move |path| {
            // The command that asked may be gone; then nobody waits for the answer.
            let _gone = reply.send(path);
        }),
    );
    match answer.await.unwrap_or_default() {
        None => Ok(None),
        Some(path) => {
            path.into_path().map(Some).map_err(|error| Error::internal(format_args!("the chosen path: {error}")))
        }
    }
}

/// Writes a file whole or not at all: what stood there stays until then.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let replace = || -> std::io::Result<()> {
        let mut file = beside(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    replace().map_err(|error| cannot_write(path, &error))
}

/// A temporary file in the folder, readable as the person's new files are.
fn beside(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666)).tempfile_in(folder)
    }
    #[cfg(not(unix))]
    builder.tempfile_in(folder)
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    let (code, advice) = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            (ErrorCode::DiskFull, "Free some space, or save it on another disk.")
        }
        _ => (ErrorCode::Permission, "Choose another folder, or check its permissions."),
    };
    Error::new(code, format!("The file could not be saved: {error}."), advice).at(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.md");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write(Path::new("no/such/folder/out.md"), b"").unwrap_err();
        assert_eq!(error.code, ErrorCode::Permission);
        assert_eq!(error.place.as_deref(), Some("no/such/folder/out.md"));
    }
}
