//! A template on the command line: a built-in one by its name, or a file.

use std::path::Path;

use drystone_core::error::{Error, ErrorCode};
use drystone_core::model::templates;

use crate::files;
use crate::output::Result;

/// The largest template file, in bytes.
const LIMIT: u64 = 256 * 1024;

/// The id, and the text of the file where one is named.
pub fn choose(name: &str) -> Result<(String, Option<String>)> {
    if templates::find(name).is_some() {
        return Ok((name.to_owned(), None));
    }
    let path = Path::new(name);
    if !path.exists() {
        let known: Vec<&str> = templates::all().iter().map(|template| template.id.as_str()).collect();
        return Err(Error::new(
            ErrorCode::NotFound,
            format!("There is no template and no file “{name}”."),
            format!("Take one of {}, or the path of a template file.", known.join(", ")),
        )
        .into());
    }
    let text = String::from_utf8(files::read(path, LIMIT)?).map_err(|_| {
        Error::new(ErrorCode::BadInput, "The template file is not UTF-8.", "Save it as UTF-8.").at(name)
    })?;
    Ok((name.to_owned(), Some(text)))
}
