//! Bundles: what a relay would pass on, in a file that is carried by hand.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Role;

/// The largest bundle file that is read, in bytes.
pub const BUNDLE_BYTES: u64 = drystone_wire::limits::BUNDLE_BYTES as u64;

data! {
    /// What a bundle is for.
    #[derive(Copy, Eq)]
    pub enum BundleKind {
        /// What members wrote.
        Changes,
        /// The same, with an invitation to the workspace.
        Invitation,
        /// The answer to an invitation.
        Answer,
    }

    /// Makes a bundle.
    pub struct ExportBundle {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// A bundle that was carried before, in Base64: only what came after it goes in.
        pub since: Option<String>,
        /// Invites whoever gets the file.
        pub invite: Option<BundleInvite>,
        /// With the files of attachments, as far as they are here and fit.
        #[serde(default)]
        pub attachments: bool,
    }

    /// An invitation in a bundle.
    pub struct BundleInvite {
        /// What the invited person may do.
        pub role: Role,
        /// How long it can be used, in hours.
        pub hours: u32,
    }

    /// A bundle that was made.
    pub struct ExportedBundle {
        /// A name for the file.
        pub name: String,
        /// The file, in Base64.
        pub content: String,
        /// What it is.
        pub bundle: BundleInfo,
        /// Files of attachments that did not fit or are not here.
        pub left_out: u32,
    }

    /// A bundle to look at.
    pub struct BundleFile {
        /// The file, in Base64.
        pub content: String,
    }

    /// Takes in a bundle.
    pub struct ImportBundle {
        /// The file, in Base64.
        pub content: String,
        /// The name that others will see, when it is an invitation.
        pub user_name: Option<String>,
    }

    /// What a bundle is and what taking it in changes.
    pub struct BundleInfo {
        /// What it is for.
        pub kind: BundleKind,
        /// The workspace's id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// Who made it.
        pub author: String,
        /// When, by their clock.
        pub time: String,
        /// Whether it holds everything, and goes on from no other bundle.
        pub complete: bool,
        /// How many entries it holds.
        pub entries: u32,
        /// How many of them are not here yet.
        pub new_entries: u32,
        /// How many membership records it holds.
        pub records: u32,
        /// How many of them are not here yet.
        pub new_records: u32,
        /// How many files of attachments it holds.
        pub files: u32,
        /// Whether taking it in joins a workspace that is not here.
        pub joins: bool,
        /// What the invited person may do.
        pub role: Option<Role>,
        /// When the invitation stops working.
        pub expires: Option<String>,
        /// The author's relay, if they have one.
        pub relay: Option<String>,
    }

    /// A bundle that was taken in.
    pub struct ImportedBundle {
        /// What it was; counts as new what was new then.
        pub bundle: BundleInfo,
        /// How many entries were applied.
        pub applied: u32,
        /// How many were set aside.
        pub set_aside: u32,
        /// Who was let in by it.
        pub admitted: Option<String>,
        /// Whether this device still waits to be let in: the answer has to be carried back.
        pub waiting: bool,
        /// How many files of attachments came that were not here.
        pub files: u32,
    }
}
