//! The recovery kit, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Role, WorkspaceSummary};
use crate::error::Error;

data! {
    /// Whether one would get everything back after losing all devices.
    pub struct RecoveryStatus {
        /// When the kit was made; there is none when absent.
        pub made: Option<String>,
        /// When it was last proven to work.
        pub rehearsed: Option<String>,
        /// What it brings back, workspace by workspace.
        pub workspaces: Vec<RecoveryCover>,
        /// Changes on this device that no relay has stored: they would be lost with it.
        pub waiting: u32,
    }

    /// Whether a recovery kit brings back a workspace.
    pub struct RecoveryCover {
        /// The workspace's id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// Its relay's address.
        pub relay: Option<String>,
        /// Whether the kit brings it back.
        pub covered: bool,
        /// Why not, and what to do, in plain words; empty when it does.
        pub reason: String,
    }

    /// Makes a recovery kit.
    pub struct CreateRecovery {
        /// Whether it may take the place of one that was made before, which works no more then.
        pub replace: bool,
    }

    /// A recovery kit. Its words are kept nowhere: they are shown this once.
    pub struct RecoveryKit {
        /// The 24 words, in their order.
        pub words: Vec<String>,
        /// The whole kit as a page to print, in HTML.
        pub page: String,
        /// The whole kit as text.
        pub text: String,
        /// What it brings back.
        pub status: RecoveryStatus,
    }

    /// Tries a recovery kit without using it.
    pub struct RehearseRecovery {
        /// The words, or the kit's whole text.
        pub words: String,
    }

    /// What came of trying a recovery kit.
    pub struct RecoveryRehearsal {
        /// Whether all workspaces that have a relay would come back.
        pub works: bool,
        /// Workspace by workspace.
        pub workspaces: Vec<RecoveryTrial>,
    }

    /// What came of trying a recovery kit with one workspace.
    pub struct RecoveryTrial {
        /// The workspace's id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// Why it would not come back; absent when it would.
        pub problem: Option<Error>,
    }

    /// Comes back with a recovery kit.
    pub struct UseRecovery {
        /// The words, or the kit's whole text.
        pub words: String,
        /// Relays to ask, besides those that the text names.
        pub relays: Vec<String>,
    }

    /// What a recovery kit brings back. Looking changes nothing.
    pub struct RecoveryPreview {
        /// The person's name.
        pub person: String,
        /// The workspaces.
        pub workspaces: Vec<RecoverableWorkspace>,
        /// Relays and workspaces that could not be read.
        pub problems: Vec<Error>,
    }

    /// A workspace that a recovery kit brings back.
    pub struct RecoverableWorkspace {
        /// The workspace's id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// Its relay's address.
        pub relay: String,
        /// What you may do in it.
        pub role: Role,
        /// How many people are in it.
        pub members: u32,
        /// Whether it is on this device already.
        pub here: bool,
    }

    /// What a recovery kit brought back.
    pub struct Recovered {
        /// The person's name.
        pub person: String,
        /// The workspaces; their documents come with the next synchronisation.
        pub workspaces: Vec<WorkspaceSummary>,
        /// How many other devices of the person are still in a workspace: revoke those that are lost.
        pub other_devices: u32,
        /// What could not be brought back.
        pub problems: Vec<Error>,
    }
}
