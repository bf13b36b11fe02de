//! The proof that everything is here and at the relay, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;

data! {
    /// What was proven: that everything ever acknowledged is still on this
    /// device, and still at the relays.
    pub struct Proof {
        /// When.
        pub time: String,
        /// Whether nothing was found wrong.
        pub sound: bool,
        /// Workspace by workspace.
        pub workspaces: Vec<WorkspaceProof>,
        /// All of it as a report, in Markdown.
        pub report: String,
    }

    /// What was proven of a workspace.
    pub struct WorkspaceProof {
        /// The workspace's id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// Its relay's address.
        pub relay: Option<String>,
        /// Whether nothing was found wrong.
        pub sound: bool,
        /// Documents, deleted ones too.
        pub documents: u32,
        /// Changes of them.
        pub changes: u32,
        /// Sealed envelopes of all members.
        pub envelopes: u32,
        /// Changes made here that no relay has stored yet.
        pub waiting: u32,
        /// What holds, in plain words.
        pub facts: Vec<String>,
        /// What does not, and what to do.
        pub findings: Vec<Error>,
    }
}
