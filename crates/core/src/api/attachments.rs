//! Attachments: photos and files on sections and records.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;

/// The largest file that can be attached, in bytes.
pub const ATTACHMENT_BYTES: u64 = crate::crypto::attachment::FILE_BYTES;
/// Files up to this size are fetched by themselves, larger ones when asked for, in bytes.
pub const FETCHED_BYTES: u64 = 20 << 20;

data! {
    /// Where the file of an attachment is.
    #[derive(Copy, Eq)]
    pub enum AttachmentState {
        /// On this device, whole.
        Here,
        /// On its way from the relay.
        Arriving,
        /// At the relay; fetched when asked for, since it is large.
        Remote,
        /// Not on this device, and nowhere it could be fetched from.
        Missing,
    }

    /// An attachment.
    pub struct AttachmentView {
        /// The record's id.
        pub id: String,
        /// The file's name.
        pub name: String,
        /// The record it is on.
        pub about: Option<String>,
        /// The section it is on.
        pub section: Option<String>,
        /// What it shows, as Markdown.
        pub caption: String,
        /// What kind of file it is; empty when nobody said.
        pub media_type: String,
        /// Its size in bytes.
        pub size: u32,
        /// Who added it.
        pub by: String,
        /// The day it was added.
        pub date: String,
        /// Where its file is.
        pub state: AttachmentState,
        /// Whether the workspace's relay has it.
        pub stored: bool,
        /// Whether it waits to be sent to the relay.
        pub waits: bool,
        /// Pieces that are here.
        pub done: u32,
        /// Pieces in all; 0 when that is not known yet.
        pub total: u32,
        /// Whether it is a picture of a form that is shown.
        pub picture: bool,
        /// What is wrong with it.
        pub problem: Option<Error>,
    }

    /// Which attachments to list.
    pub struct ListAttachments {
        /// The document.
        pub document: String,
        /// Only those on this record.
        pub about: Option<String>,
        /// Only those on this section.
        pub section: Option<String>,
    }

    /// Names an attachment.
    pub struct AttachmentRef {
        /// The document.
        pub document: String,
        /// The attachment's id.
        pub attachment: String,
    }

    /// Begins to add a file, which then comes piece by piece.
    pub struct BeginAttachment {
        /// The document.
        pub document: String,
        /// The record it is to be on.
        pub about: Option<String>,
        /// The section it is to be on.
        pub section: Option<String>,
        /// The file's name.
        pub name: String,
        /// Its size in bytes.
        pub size: u32,
        /// What it shows.
        pub caption: Option<String>,
        /// Keep where a photo was taken, and all else that a camera writes into it.
        pub keep_position: bool,
        /// An attachment without a file, which this is for.
        pub attachment: Option<String>,
    }

    /// A file that is being added.
    pub struct AttachmentUpload {
        /// Names it until it is finished or cancelled.
        pub upload: String,
    }

    /// The next bytes of a file that is being added.
    pub struct AttachmentPiece {
        /// Which.
        pub upload: String,
        /// At most 4 MiB, in Base64.
        pub content: String,
    }

    /// Reads a piece of an attachment's file.
    pub struct ReadAttachment {
        /// The document.
        pub document: String,
        /// The attachment's id.
        pub attachment: String,
        /// Which piece, from 0.
        pub piece: u32,
    }

    /// A piece of an attachment's file.
    pub struct AttachmentBytes {
        /// Its bytes in Base64.
        pub content: String,
        /// How many pieces there are.
        pub pieces: u32,
    }

    /// A small picture of an attachment, made on this device.
    pub struct Thumbnail {
        /// `image/jpeg` or `image/png`; empty when there is none.
        pub media_type: String,
        /// Of the picture itself, in pixels.
        pub width: u32,
        /// The same.
        pub height: u32,
        /// The small picture, in Base64.
        pub content: String,
    }

    /// Where sending and fetching of files stands.
    #[derive(Default)]
    pub struct AttachmentSync {
        /// Files that wait to be sent.
        pub sending: u32,
        /// Files that are being fetched.
        pub fetching: u32,
        /// What is wrong; text is exchanged all the same.
        pub problem: Option<Error>,
    }
}
