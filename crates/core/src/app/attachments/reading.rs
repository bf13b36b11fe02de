//! Files that are read: every chunk is compared with its hash and opened
//! before a byte of it is given out.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_wire::Hash;
use drystone_wire::blob::Manifest;
use zeroize::Zeroizing;

use super::{Found, PICTURE_BYTES, is_picture};
use crate::api::*;
use crate::app::App;
use crate::attachments::picture;
use crate::crypto::attachment::Opener;
use crate::error::{Error, ErrorCode, Result};
use crate::store::attachments as store;

/// A file that is read piece by piece.
struct Reader<'a> {
    app: &'a App,
    blob: Hash,
    manifest: Manifest,
    opener: Opener,
    next: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let index = self.next;
        if index >= self.manifest.chunks.len() {
            return Ok(None);
        }
        self.next += 1;
        let chunks = self.app.chunks();
        let sealed = chunks.get(&self.blob, index)?;
        let Some(sealed) = sealed.filter(|sealed| self.manifest.fits(index, sealed)) else {
            // It is fetched again; until then the file is not here.
            chunks.discard(&self.blob, index)?;
            self.app.db().write(|tx| store::set_whole(tx, &self.blob, false))?;
            self.app.outbox_signal().notify_one();
            return Err(damaged());
        };
        self.opener.open(&sealed).map(Some).map_err(|error| wrong_key(&error))
    }
}

impl App {
    /// A file that is here.
    fn reader(&self, found: &Found) -> Result<Reader<'_>> {
        let blob = found.content.blob;
        let row = self.db().read(|conn| store::blob(conn, &blob))?;
        let whole = row.as_ref().is_some_and(|row| row.whole);
        let manifest = row.and_then(|row| row.manifest).filter(|_| whole).ok_or_else(not_here)?;
        let count = u32::try_from(manifest.chunks.len()).map_err(Error::internal)?;
        let opener = Opener::new(count, &found.content.key);
        Ok(Reader { app: self, blob, manifest, opener, next: 0 })
    }

    pub(crate) async fn attachment_read(&self, args: ReadAttachment) -> Result<AttachmentBytes> {
        self.blocking(move |app| {
            let found = app.attachment(&args.document, &args.attachment)?;
            let mut reader = app.reader(&found)?;
            let pieces = reader.manifest.chunks.len();
            let wanted = args.piece as usize;
            // The first says how long the file is, which the others are cut by.
            let mut bytes = reader.next()?;
            if wanted > 0 {
                reader.skip_to(wanted);
                bytes = reader.next()?;
            }
            let bytes = bytes.ok_or_else(|| {
                Error::new(ErrorCode::NotFound, "The file has no such piece.", "Read its pieces from 0.")
            })?;
            let pieces = u32::try_from(pieces).unwrap_or(u32::MAX);
            Ok(AttachmentBytes { content: BASE64.encode(&*bytes), pieces })
        })
        .await
    }

    /// Writes an attachment's file to this computer, whole or not at all;
    /// `progress` hears of the bytes written and of how many there are.
    ///
    /// # Errors
    /// `not-found` when it is not here, `damaged`, or why it cannot be written.
    pub async fn save_attachment(
        &self,
        document: &str,
        attachment: &str,
        to: &Path,
        mut progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<()> {
        let (document, attachment, to) = (document.to_owned(), attachment.to_owned(), to.to_path_buf());
        self.blocking(move |app| {
            let found = app.attachment(&document, &attachment)?;
            let mut reader = app.reader(&found)?;
            let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let part = to.with_file_name(format!(".{name}.part"));
            let mut write = || -> Result<()> {
                let failed = |error: std::io::Error| unwritable(&error, &to);
                let mut file = File::create(&part).map_err(failed)?;
                let mut done = 0;
                while let Some(bytes) = reader.next()? {
                    file.write_all(&bytes).map_err(failed)?;
                    done += bytes.len() as u64;
                    progress(done, reader.opener.length().unwrap_or(done));
                }
                file.sync_all().map_err(failed)?;
                fs::rename(&part, &to).map_err(failed)
            };
            let written = write();
            if written.is_err() {
                // Nothing half-written is left behind, if that can be helped.
                let _left = fs::remove_file(&part);
            }
            written
        })
        .await
    }

    pub(crate) async fn attachment_thumbnail(&self, args: AttachmentRef) -> Result<Thumbnail> {
        self.blocking(move |app| {
            let found = app.attachment(&args.document, &args.attachment)?;
            let blob = found.content.blob;
            let kept = app.db().read(|conn| store::thumbnail(conn, &blob))?;
            let small = match kept {
                Some(kept) => kept,
                None => app.make_small(&found)?,
            };
            Ok(match small {
                Some(small) => Thumbnail {
                    media_type: small.media_type.into(),
                    width: small.width,
                    height: small.height,
                    content: BASE64.encode(small.bytes),
                },
                None => Thumbnail { media_type: String::new(), width: 0, height: 0, content: String::new() },
            })
        })
        .await
    }

    fn make_small(&self, found: &Found) -> Result<Option<picture::Small>> {
        let size = u64::try_from(found.record.number("size")).unwrap_or(u64::MAX);
        if !is_picture(found.record.text("mediaType")) || size > PICTURE_BYTES {
            return Ok(None);
        }
        let mut reader = self.reader(found)?;
        let mut whole = Zeroizing::new(Vec::new());
        while let Some(bytes) = reader.next()? {
            if whole.len() as u64 + bytes.len() as u64 > PICTURE_BYTES {
                return Ok(None);
            }
            whole.extend_from_slice(&bytes);
        }
        let small = picture::small(&whole).ok();
        self.db().write(|tx| store::put_thumbnail(tx, &found.content.blob, small.as_ref()))?;
        Ok(small)
    }
}

impl Reader<'_> {
    /// Goes on with this piece.
    fn skip_to(&mut self, index: usize) {
        self.next = index;
        self.opener.skip_to(u32::try_from(index).unwrap_or(u32::MAX));
    }
}

fn not_here() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The file is not on this device yet.",
        "Fetch it from the relay, or wait until it has come.",
    )
}

fn damaged() -> Error {
    Error::new(
        ErrorCode::Damaged,
        "A part of the file on this device is damaged or missing.",
        "It was put aside and is fetched from the relay again. Without a relay, take it from a bundle or a backup.",
    )
}

fn wrong_key(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Integrity,
        format!("The file is not what its attachment says: {error}."),
        "Ask whoever added it to add it again.",
    )
}

fn unwritable(error: &std::io::Error, path: &Path) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::Permission,
    };
    Error::new(code, format!("The file cannot be written: {error}."), "Choose another folder, or free some space.")
        .at(path.display().to_string())
}
