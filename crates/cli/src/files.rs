//! Files the commands read and write, with limits.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use drystone_core::error::{Error, ErrorCode, Result};

/// The largest file that is imported. Architecture documents have kilobytes;
/// what is larger than this is something else.
pub const IMPORT_LIMIT: u64 = 16 * 1024 * 1024;
/// The largest value that `set … -` takes.
pub const VALUE_LIMIT: u64 = 16 * 1024 * 1024;
/// How many files one import takes.
pub const FILES_LIMIT: usize = 10_000;
/// How deep folders are followed.
const DEPTH_LIMIT: usize = 32;

/// Reads a whole file, or standard input for `-`, up to a limit. A file that
/// says it is larger is refused before anything of it is read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return read_stdin(limit);
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Error::new(ErrorCode::BadInput, "This is a folder, not a file.", "Name a file in it.")
            .at(path.display().to_string()));
    }
    if metadata.len() > limit {
        return Err(too_large(path, limit));
    }
    read_bounded(file, path, limit)
}

/// Reads standard input up to a limit.
pub fn read_stdin(limit: u64) -> Result<Vec<u8>> {
    read_bounded(io::stdin().lock(), Path::new("standard input"), limit)
}

fn read_bounded(input: impl Read, path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > limit { Err(too_large(path, limit)) } else { Ok(bytes) }
}

fn too_large(path: &Path, limit: u64) -> Error {
    Error::new(
        ErrorCode::TooLarge,
        format!("The file is larger than {} MiB, the most that is read.", limit / (1024 * 1024)),
        "Split it, or check whether it is the file you meant.",
    )
    .at(path.display().to_string())
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let (code, message, advice) = match error.kind() {
        io::ErrorKind::NotFound => (
            ErrorCode::NotFound,
            "There is no such file.".to_owned(),
            "Check the path; it is relative to the current folder.",
        ),
        io::ErrorKind::PermissionDenied => {
            (ErrorCode::Permission, "The file may not be read.".to_owned(), "Check its permissions.")
        }
        _ => (ErrorCode::BadInput, format!("The file cannot be read: {error}."), "Check the file and its disk."),
    };
    Error::new(code, message, advice).at(path.display().to_string())
}

/// All Markdown files in a folder and the folders in it, in order of their
/// paths. Symbolic links and hidden folders are left out: the first lead out
/// of the folder, the second hold other programs' files.
pub fn markdown_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden {
                if depth == DEPTH_LIMIT {
                    return Err(too_many("Folders are nested too deeply", DEPTH_LIMIT, &entry.path()));
                }
                waiting.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_markdown(&entry.path()) {
                if found.len() == FILES_LIMIT {
                    return Err(too_many("There are too many files", FILES_LIMIT, &folder));
                }
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn too_many(what: &str, limit: usize, path: &Path) -> Error {
    Error::new(ErrorCode::TooLarge, format!("{what}; the limit is {limit}."), "Import a smaller folder.")
        .at(path.display().to_string())
}

fn is_markdown(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["md", "markdown"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Makes a folder with those above it, unless it is there.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

/// Writes a file as a whole or not at all: into a temporary file beside it,
/// to the disk, then under its name. Something that is not a file, such as
/// `/dev/stdout` or a pipe, is written to directly.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, bytes, 0o666)
}

/// The same for a secret: a new file is readable by its owner alone.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, bytes, 0o600)
}

fn write_with(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    // A link's target is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&target).ok();
    let written = match &existing {
        Some(metadata) if !metadata.is_file() => {
            fs::OpenOptions::new().write(true).open(&target).and_then(|mut file| file.write_all(bytes))
        }
        _ => replace(&target, bytes, mode, existing.map(|metadata| metadata.permissions())),
    };
    written.map_err(|error| unwritable(path, &error))
}

fn replace(target: &Path, bytes: &[u8], mode: u32, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.prefix(".drystone-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(target)?;
    // The new name is durable once its folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let (code, message, advice) = match error.kind() {
        io::ErrorKind::NotFound => (
            ErrorCode::NotFound,
            "The folder of this file does not exist.".to_owned(),
            "Make the folder first, or name another.",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorCode::Permission,
            "The file may not be written here.".to_owned(),
            "Name another place, or change its permissions.",
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorCode::DiskFull,
            "The disk is full; the file is as it was before.".to_owned(),
            "Free some space and run the command again.",
        ),
        _ => (ErrorCode::BadInput, format!("The file cannot be written: {error}."), "Check the path and the disk."),
    };
    Error::new(code, message, advice).at(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_found_in_nested_folders_but_not_behind_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in ["z.md", "a/b/one.MARKDOWN", "a/two.md", "a/notes.txt", ".git/hidden.md"] {
            fs::write(at(name), "x").unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("z.md"), at("link.md")).unwrap();
            std::os::unix::fs::symlink(folder.path(), at("a/loop")).unwrap();
        }
        let found = markdown_files(folder.path()).unwrap();
        assert_eq!(found, [at("a/b/one.MARKDOWN"), at("a/two.md"), at("z.md")]);
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.md");
        write(&path, b"one").unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn reading_stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.md");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().code, ErrorCode::TooLarge);
        assert_eq!(read_bounded(io::repeat(b'x'), &path, 4).unwrap_err().code, ErrorCode::TooLarge);
    }
}
