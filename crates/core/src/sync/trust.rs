//! Extra certificate authorities: a file `relay-ca.pem` in the data folder, for
//! relays with a certificate of their own.

use std::path::Path;

use crate::error::{Error, ErrorCode, Result};

/// The file's name.
pub const FILE: &str = "relay-ca.pem";
/// The file's greatest size, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// Reads the file; empty when there is none.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(data_dir: &Path) -> Result<Vec<u8>> {
    let path = data_dir.join(FILE);
    let unreadable = |what: String| {
        Error::new(ErrorCode::BadInput, what, "Put PEM certificates into the file, or remove it.")
            .at(path.display().to_string())
    };
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(format!("The certificate file cannot be read: {error}."))),
        Ok(metadata) if metadata.len() > FILE_BYTES => {
            return Err(unreadable("The certificate file is larger than 1 MiB.".into()));
        }
        Ok(_) => {}
    }
    std::fs::read(&path).map_err(|error| unreadable(format!("The certificate file cannot be read: {error}.")))
}
