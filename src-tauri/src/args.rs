//! What the window is started with.

use std::path::PathBuf;

use clap::Parser;
use zeroize::Zeroizing;

/// The Drystone window.
#[derive(Debug, Parser)]
#[command(
    name = "drystone-desktop",
    version,
    about = "Drystone: architecture documents that hold together offline",
    after_help = "DRYSTONE_PASSPHRASE holds the data folder's passphrase where there is no keychain."
)]
pub struct Args {
    /// Folder the documents are kept in; your own data folder when absent
    #[arg(long, value_name = "DIR", env = "DRYSTONE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// File that holds the database key, instead of the keychain; made when the data folder is new
    #[arg(long, value_name = "FILE", env = "DRYSTONE_KEY_FILE")]
    pub key_file: Option<PathBuf>,

    /// Document to open: its title, slug, or the beginning of its id; or a bundle file to look at
    #[arg(value_name = "DOCUMENT")]
    pub document: Option<String>,
}

impl Args {
    /// The folder the documents are kept in. Without a home folder it is one
    /// beneath the current folder, which the error that follows will name.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| {
            directories::ProjectDirs::from("org", "Drystone", "drystone")
                .map_or_else(|| PathBuf::from("drystone-data"), |dirs| dirs.data_dir().to_path_buf())
        })
    }
}

/// The bundle file that the window was opened with, until the page asks for it.
#[derive(Debug, Default)]
pub struct OpenedFile(pub std::sync::Mutex<Option<PathBuf>>);

/// Whether what is to be opened is a bundle file: what the system passes on
/// when someone opens one.
pub fn is_bundle(wanted: &str) -> bool {
    let path = std::path::Path::new(wanted);
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("drystone")) && path.is_file()
}

/// The passphrase from the environment: an argument would be for everyone on
/// this machine to read.
pub fn passphrase() -> Option<Zeroizing<String>> {
    std::env::var("DRYSTONE_PASSPHRASE").ok().filter(|passphrase| !passphrase.is_empty()).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_sound() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }

    #[test]
    fn a_bundle_is_a_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plant.DRYSTONE");
        assert!(!is_bundle(path.to_str().unwrap()));
        std::fs::write(&path, "x").unwrap();
        assert!(is_bundle(path.to_str().unwrap()));
        assert!(!is_bundle("Ship's bridge"));
    }

    #[test]
    fn a_folder_and_a_document_can_be_named() {
        let args = Args::parse_from(["drystone-desktop", "--data-dir", "d", "Ship's bridge"]);
        assert_eq!(args.data_dir(), PathBuf::from("d"));
        assert_eq!(args.document.as_deref(), Some("Ship's bridge"));
    }
}
