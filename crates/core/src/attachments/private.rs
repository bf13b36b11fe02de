//! What files say besides what they show: cameras write where a photo was
//! taken into it. Of pictures in the common forms everything is taken out but
//! what is needed to show them, which way is up, and when they were taken.

mod exif;
mod forms;

/// Why a file was not cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCleaned {
    /// It is of a kind that may say where it was taken, and that is not taken apart here.
    #[error("this kind of file may say where it was taken")]
    Kind,
    /// It is not what it begins as.
    #[error("it is damaged")]
    Damaged,
}

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// A kind of picture or film that may say where it was taken: HEIC, TIFF, raw, MP4.
    Telling(&'static str),
    /// Anything else.
    Other,
}

/// How many bytes of a file tell its form.
pub const FORM_BYTES: usize = 16;

/// What a file is, by its first [`FORM_BYTES`] bytes.
pub fn form(start: &[u8]) -> Form {
    let at = |from: usize, what: &[u8]| start.get(from..).is_some_and(|rest| rest.starts_with(what));
    match () {
        () if at(0, &[0xff, 0xd8, 0xff]) => Form::Jpeg,
        () if at(0, b"\x89PNG\r\n\x1a\n") => Form::Png,
        () if at(0, b"RIFF") && at(8, b"WEBP") => Form::Webp,
        () if at(0, b"GIF8") => Form::Gif,
        () if at(4, b"ftyphei") || at(4, b"ftypmif1") || at(4, b"ftypmsf1") => Form::Telling("image/heic"),
        () if at(4, b"ftypavi") => Form::Telling("image/avif"),
        () if at(4, b"ftypqt") || at(4, b"moov") => Form::Telling("video/quicktime"),
        () if at(4, b"ftyp") => Form::Telling("video/mp4"),
        () if at(0, b"II*\0") || at(0, b"MM\0*") => Form::Telling("image/tiff"),
        () if at(0, &[0xff, 0x0a]) || at(4, b"JXL ") => Form::Telling("image/jxl"),
        () if at(0, b"FUJIFILMCCD-RAW") => Form::Telling("image/x-fuji-raf"),
        () => Form::Other,
    }
}

impl Form {
    /// Its media type, where the bytes tell it.
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            Form::Jpeg => Some("image/jpeg"),
            Form::Png => Some("image/png"),
            Form::Webp => Some("image/webp"),
            Form::Gif => Some("image/gif"),
            Form::Telling(media_type) => Some(media_type),
            Form::Other => None,
        }
    }
}

/// A file without what it says besides the picture. Files that are no pictures
/// stay as they are.
///
/// # Errors
/// [`NotCleaned`]: it may still say where it was taken.
pub fn cleaned(file: &[u8]) -> Result<Vec<u8>, NotCleaned> {
    match form(file) {
        Form::Jpeg => forms::jpeg(file),
        Form::Png => forms::png(file),
        Form::Webp => forms::webp(file),
        Form::Gif => forms::gif(file),
        Form::Telling(_) => return Err(NotCleaned::Kind),
        Form::Other => Some(file.to_vec()),
    }
    .ok_or(NotCleaned::Damaged)
}

#[cfg(test)]
#[path = "private/tests.rs"]
mod tests;
