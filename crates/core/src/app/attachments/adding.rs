//! Files that are added: they come piece by piece, are sealed on the way, and
//! become part of a document once all of them is on disk.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use drystone_model::Value;
use drystone_model::edit::Edit;
use drystone_model::schema::Collection;
use drystone_wire::blob::{Manifest, chunk_hash};
use drystone_wire::{Hash, WorkspaceId};
use zeroize::Zeroizing;

use super::{field, known};
use crate::api::*;
use crate::app::documents::handle;
use crate::app::persist::lock;
use crate::app::{App, rfc3339};
use crate::attachments::files::Incoming;
use crate::attachments::private::{self, FORM_BYTES, Form, NotCleaned};
use crate::crypto::CryptoError;
use crate::crypto::attachment::{FileKey, Sealer};
use crate::error::{Error, ErrorCode, Result};
use crate::store::attachments::references::Content;
use crate::store::attachments::{self as store, places};
use crate::store::sharing;

/// Files that are being added at once.
const UPLOADS: usize = 16;
/// Nothing came for so long: whoever sent it is gone.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// The bytes of one piece.
const PIECE_BYTES: usize = 4 << 20;
/// A picture that is cleaned is read as a whole, up to this size in bytes.
const CLEANED_BYTES: u64 = 64 << 20;
/// A file's name, in bytes.
const NAME_BYTES: usize = 250;
/// Read from a file at once.
const READ_BYTES: usize = 256 << 10;

/// Files that are being added.
#[derive(Default)]
pub(in crate::app) struct Intakes(Mutex<HashMap<String, Intake>>);

/// A file that is being added.
struct Intake {
    args: BeginAttachment,
    workspace: WorkspaceId,
    stage: Stage,
    received: u64,
    used: Instant,
}

/// What becomes of the bytes.
enum Stage {
    /// Too few have come to tell what it is.
    Start(Zeroizing<Vec<u8>>),
    /// It is cleaned as a whole.
    Whole(Form, Zeroizing<Vec<u8>>),
    /// It is sealed as it comes.
    Stream(Form, Box<Stream>),
}

/// A file that is sealed as it comes.
struct Stream {
    key: FileKey,
    sealer: Sealer,
    digest: blake3::Hasher,
    incoming: Incoming,
    hashes: Vec<Hash>,
    bytes: u64,
}

/// A file that is sealed and on disk.
struct Sealed {
    content: Content,
    size: u64,
    form: Form,
}

impl App {
    pub(crate) async fn attachment_begin(&self, args: BeginAttachment) -> Result<AttachmentUpload> {
        self.blocking(move |app| {
            let intake = app.intake(args)?;
            let upload = data_encoding::HEXLOWER.encode(&app.fresh_id()?);
            let mut intakes = app.intakes().0.lock().unwrap_or_else(PoisonError::into_inner);
            intakes.retain(|_, intake| intake.used.elapsed() < IDLE);
            if intakes.len() >= UPLOADS {
                return Err(Error::new(
                    ErrorCode::Busy,
                    format!("{UPLOADS} files are being added already."),
                    "Wait for one of them, and try again.",
                ));
            }
            intakes.insert(upload.clone(), intake);
            Ok(AttachmentUpload { upload })
        })
        .await
    }

    pub(crate) async fn attachment_piece(&self, args: AttachmentPiece) -> Result<Empty> {
        self.blocking(move |app| {
            let bytes = BASE64.decode(&args.content).map(Zeroizing::new).map_err(|error| {
                Error::new(ErrorCode::BadInput, format!("The content is not Base64: {error}."), "Send it as Base64.")
            })?;
            if bytes.len() > PIECE_BYTES {
                return Err(Error::new(
                    ErrorCode::TooLarge,
                    format!("A piece has {} bytes, more than the {PIECE_BYTES} that are taken.", bytes.len()),
                    "Send smaller pieces.",
                ));
            }
            // Taken out while it is worked on, so that others do not wait.
            let mut intake = app.take_intake(&args.upload)?;
            app.receive(&mut intake, &bytes)?;
            intake.used = Instant::now();
            app.intakes().0.lock().unwrap_or_else(PoisonError::into_inner).insert(args.upload, intake);
            Ok(Empty {})
        })
        .await
    }

    pub(crate) async fn attachment_finish(&self, args: AttachmentUpload) -> Result<AttachmentView> {
        self.blocking(move |app| {
            let intake = app.take_intake(&args.upload)?;
            app.finish(intake)
        })
        .await
    }

    pub(crate) async fn attachment_cancel(&self, args: AttachmentUpload) -> Result<Empty> {
        self.blocking(move |app| app.take_intake(&args.upload).map(|_| Empty {})).await
    }

    /// Adds a file of this computer; `progress` hears of the bytes read and of
    /// how many there are, and ends it by returning false.
    ///
    /// # Errors
    /// What is wrong with the file, the place or the disk; nothing is added then.
    pub async fn attach_file(
        &self,
        path: &Path,
        args: BeginAttachment,
        mut progress: impl FnMut(u64, u64) -> bool + Send + 'static,
    ) -> Result<AttachmentView> {
        let path = path.to_path_buf();
        self.blocking(move |app| {
            let unreadable = |error: std::io::Error| {
                let code = match error.kind() {
                    std::io::ErrorKind::NotFound => ErrorCode::NotFound,
                    _ => ErrorCode::Permission,
                };
                Error::new(code, format!("The file cannot be read: {error}."), "Check its name and permissions.")
                    .at(path.display().to_string())
            };
            let mut file = File::open(&path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            if !metadata.is_file() {
                return Err(Error::new(ErrorCode::BadInput, "This is not a file.", "Attach its files one by one.")
                    .at(path.display().to_string()));
            }
            let size = metadata.len();
            let args = BeginAttachment { size: u32::try_from(size).unwrap_or(u32::MAX), ..args };
            let mut intake = app.intake(args).map_err(|error| error.at(path.display().to_string()))?;
            let mut buffer = Zeroizing::new(vec![0; READ_BYTES]);
            loop {
                let read = file.read(&mut buffer).map_err(unreadable)?;
                if read == 0 {
                    break;
                }
                app.receive(&mut intake, &buffer[..read]).map_err(|error| error.at(path.display().to_string()))?;
                if !progress(intake.received, size) {
                    return Err(cancelled());
                }
            }
            app.finish(intake).map_err(|error| match error.place {
                None => error.at(path.display().to_string()),
                Some(_) => error,
            })
        })
        .await
    }

    fn take_intake(&self, upload: &str) -> Result<Intake> {
        let mut intakes = self.intakes().0.lock().unwrap_or_else(PoisonError::into_inner);
        intakes.remove(upload).ok_or_else(|| {
            Error::new(ErrorCode::NotFound, "This file is not being added any more.", "Add it again from its start.")
        })
    }

    /// Checks where a file is to go, before any of it comes.
    fn intake(&self, args: BeginAttachment) -> Result<Intake> {
        if u64::from(args.size) > ATTACHMENT_BYTES {
            return Err(too_large());
        }
        let open = self.open_document(handle(&args.document)?)?;
        let mut open = lock(&open);
        self.check_may_edit(&mut open)?;
        let workspace = open.workspace;
        let args = BeginAttachment { name: file_name(&args.name), ..args };
        match (&args.about, &args.section, &args.attachment) {
            (Some(id), None, None) => {
                let model = self.model(&mut open)?;
                let owners = Collection::Attachments.owners();
                if model.live(id).is_none_or(|record| !owners.contains(&record.collection)) {
                    return Err(nowhere(&format!("record {id}")));
                }
            }
            (None, Some(id), None) => {
                if !open.rows.iter().any(|row| row.section == *id) {
                    return Err(nowhere(&format!("section {id}")));
                }
            }
            (None, None, Some(id)) => {
                known(self.model(&mut open)?, id)?;
            }
            _ => {
                return Err(Error::new(
                    ErrorCode::Usage,
                    "An attachment is on one section or one record.",
                    "Name either of them.",
                ));
            }
        }
        let stage = Stage::Start(Zeroizing::default());
        Ok(Intake { args, workspace, stage, received: 0, used: Instant::now() })
    }

    fn receive(&self, intake: &mut Intake, bytes: &[u8]) -> Result<()> {
        intake.received += bytes.len() as u64;
        if intake.received > u64::from(intake.args.size) {
            return Err(changed());
        }
        match &mut intake.stage {
            Stage::Start(start) => {
                start.extend_from_slice(bytes);
                if start.len() >= FORM_BYTES {
                    let start = std::mem::take(start);
                    intake.stage = self.staged(&intake.args, start)?;
                }
                Ok(())
            }
            Stage::Whole(_, whole) => {
                whole.extend_from_slice(bytes);
                Ok(())
            }
            Stage::Stream(_, stream) => self.seal(stream, bytes),
        }
    }

    /// What is to become of a file that begins like this.
    fn staged(&self, args: &BeginAttachment, start: Zeroizing<Vec<u8>>) -> Result<Stage> {
        let form = private::form(&start);
        if args.keep_position || form == Form::Other {
            let mut stream = self.stream(u64::from(args.size))?;
            self.seal(&mut stream, &start)?;
            return Ok(Stage::Stream(form, Box::new(stream)));
        }
        if matches!(form, Form::Telling(_)) {
            return Err(not_cleaned(NotCleaned::Kind));
        }
        if u64::from(args.size) > CLEANED_BYTES {
            return Err(Error::new(
                ErrorCode::Confirm,
                "This picture is too large to take out where it was taken.",
                "Add it with its position kept, or make it smaller first.",
            ));
        }
        Ok(Stage::Whole(form, start))
    }

    fn stream(&self, size: u64) -> Result<Stream> {
        let key = FileKey::generate(&mut self.random());
        let sealer = Sealer::new(size, &key).map_err(|_| too_large())?;
        let incoming = self.chunks().incoming(&self.0.session)?;
        Ok(Stream { key, sealer, digest: blake3::Hasher::new(), incoming, hashes: Vec::new(), bytes: 0 })
    }

    fn seal(&self, stream: &mut Stream, bytes: &[u8]) -> Result<()> {
        stream.digest.update(bytes);
        let chunks = stream.sealer.push(bytes, &mut self.random()).map_err(sealing)?;
        keep(&stream.incoming, &mut stream.hashes, &mut stream.bytes, chunks)
    }

    fn finish(&self, intake: Intake) -> Result<AttachmentView> {
        let Intake { args, workspace, stage, received, .. } = intake;
        if received != u64::from(args.size) {
            return Err(changed());
        }
        let stage = match stage {
            Stage::Start(start) => self.staged(&args, start)?,
            other => other,
        };
        let sealed = match stage {
            Stage::Whole(form, whole) => {
                let clean = Zeroizing::new(private::cleaned(&whole).map_err(not_cleaned)?);
                let mut stream = self.stream(clean.len() as u64)?;
                self.seal(&mut stream, &clean)?;
                self.settle_file(&workspace, stream, clean.len() as u64, form)?
            }
            Stage::Stream(form, stream) => self.settle_file(&workspace, *stream, received, form)?,
            Stage::Start(_) => return Err(Error::internal("a file that has ended has not begun")),
        };
        self.record(&args, &sealed)
    }

    /// Gives a sealed file its place, unless the workspace has the same one.
    fn settle_file(&self, workspace: &WorkspaceId, stream: Stream, size: u64, form: Form) -> Result<Sealed> {
        let Stream { key, sealer, digest, incoming, mut hashes, mut bytes } = stream;
        let chunks = sealer.finish(&mut self.random()).map_err(sealing)?;
        keep(&incoming, &mut hashes, &mut bytes, chunks)?;
        let digest = *digest.finalize().as_bytes();
        if let Some((blob, key)) = self.db().read(|conn| store::same_file(conn, &workspace.0, &digest))? {
            self.db().write(|tx| places::insert(tx, workspace, &blob))?;
            return Ok(Sealed { content: Content { blob, key }, size, form });
        }
        let manifest = Manifest { size: bytes, chunks: hashes };
        let blob = manifest.id();
        self.chunks().settle(incoming, &blob)?;
        self.db().write(|tx| {
            store::insert_whole(tx, &manifest, Some((&key, &digest)))?;
            places::insert(tx, workspace, &blob)
        })?;
        Ok(Sealed { content: Content { blob, key }, size, form })
    }

    /// Writes the record of a file whose chunks are on disk.
    fn record(&self, args: &BeginAttachment, sealed: &Sealed) -> Result<AttachmentView> {
        let media_type = sealed.form.media_type().unwrap_or_else(|| by_name(&args.name));
        let size = i32::try_from(sealed.size).map_err(|_| too_large())?;
        let mut fields = BTreeMap::from([
            field("mediaType", media_type),
            ("size".to_owned(), Value::Number(size)),
            field("by", self.db().read(sharing::own)?.user_name),
            field("date", rfc3339(self.now_ms()).get(..10).unwrap_or_default()),
            field("content", sealed.content.format()),
        ]);
        let edits = match &args.attachment {
            Some(id) => fields
                .into_iter()
                .map(|(field, value)| Edit::Set { id: id.clone(), field, value: Some(value) })
                .collect(),
            None => {
                fields.insert("name".to_owned(), Value::text(args.name.as_str()));
                fields.extend(args.about.iter().map(|id| field("about", id)));
                fields.extend(args.section.iter().map(|id| field("section", id)));
                let caption = args.caption.iter().filter(|caption| !caption.trim().is_empty());
                fields.extend(caption.map(|caption| field("caption", drystone_model::reference::clean(caption))));
                fields.retain(|_, value| !value.is_empty());
                let collection = Collection::Attachments.name().to_owned();
                vec![Edit::Add { collection, id: None, fields, after: None }]
            }
        };
        let summary = args.attachment.as_ref().map(|_| format!("Added the file {}", args.name));
        let request =
            ApplyEdits { document: args.document.clone(), edits, sections: Vec::new(), summary, confirm: false };
        let applied = self.apply_edits(request)?;
        let id = args.attachment.clone().or_else(|| applied.added.first().cloned());
        self.attachment_view(&args.document, &id.unwrap_or_default())
    }

    fn intakes(&self) -> &Intakes {
        &self.0.intakes
    }
}

fn keep(incoming: &Incoming, hashes: &mut Vec<Hash>, bytes: &mut u64, chunks: Vec<Vec<u8>>) -> Result<()> {
    for chunk in chunks {
        incoming.put(hashes.len(), &chunk)?;
        hashes.push(chunk_hash(&chunk));
        *bytes += chunk.len() as u64;
    }
    Ok(())
}

/// The last part of a path, without what no file name should have.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control() && !('\u{e000}'..='\u{f8ff}').contains(c)).collect();
    let clean = clean.trim();
    let clean = &clean[..clean.floor_char_boundary(NAME_BYTES)];
    if clean.is_empty() || clean.chars().all(|c| c == '.') { "file".to_owned() } else { clean.to_owned() }
}

/// A media type by the ending of a name; nothing is done by it but to show it.
fn by_name(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "json" => "application/json",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "svg" => "image/svg+xml",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "doc" | "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" | "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" | "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

fn sealing(error: CryptoError) -> Error {
    match error {
        CryptoError::TooLong { .. } => too_large(),
        CryptoError::Form("file") => changed(),
        other => Error::internal(other),
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorCode::TooLarge,
        format!("The file is larger than {} MiB, the most that can be attached.", ATTACHMENT_BYTES.div_ceil(1 << 20)),
        "Attach a smaller one, or say in the text where it lies.",
    )
}

fn changed() -> Error {
    Error::new(
        ErrorCode::BadInput,
        "The file has another size than it had when it was begun.",
        "Wait until nobody writes to it, and add it again.",
    )
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Busy, "Adding the file was ended.", "Add it again when you want it.")
}

fn nowhere(what: &str) -> Error {
    Error::new(
        ErrorCode::NotFound,
        format!("There is no {what} that could have an attachment."),
        "Open the document again.",
    )
}

fn not_cleaned(why: NotCleaned) -> Error {
    match why {
        NotCleaned::Kind => Error::new(
            ErrorCode::Confirm,
            "Files of this kind may say where they were taken, and Drystone cannot take that out of them.",
            "Add it with its position kept, or make a JPEG or PNG of it first.",
        ),
        NotCleaned::Damaged => Error::new(
            ErrorCode::Confirm,
            "The picture is damaged, so that where it was taken cannot be taken out.",
            "Add it as it is with its position kept, or open it and save it anew.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_lead_nowhere() {
        let check = |name: &str, expect: &str| assert_eq!(file_name(name), expect, "{name:?}");
        check("pump 7.jpg", "pump 7.jpg");
        check("/photos/ada/../pump.jpg", "pump.jpg");
        check("C:\\photos\\pump.jpg", "pump.jpg");
        check("..", "file");
        check("a\u{0}b\n.txt", "ab.txt");
        check("", "file");
        assert_eq!(file_name(&"ä".repeat(400)).len(), NAME_BYTES);
        assert_eq!((by_name("a.PDF"), by_name("noending")), ("application/pdf", "application/octet-stream"));
    }
}
