//! Snapshots and compaction, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

data! {
    /// A snapshot at the relay: it stands for the beginning of the log.
    pub struct SnapshotInfo {
        /// 64 hexadecimal digits.
        pub id: String,
        /// How many entries of the log it stands for.
        pub entries: u32,
        /// Who made it.
        pub made_by: String,
        /// When the relay got it.
        pub made: String,
        /// Since when it counts as confirmed at the relay.
        pub confirmed: Option<String>,
        /// Who says that it holds exactly what the log holds.
        pub confirmed_by: Vec<String>,
        /// Who says that it does not.
        pub contradicted_by: Vec<String>,
    }

    /// Where compaction stands: what the relay still has of the log, and what stands in for the rest.
    pub struct Compaction {
        /// The workspace's id.
        pub workspace: String,
        /// How many entries of the log this device has read.
        pub entries: u32,
        /// How many of them the relay has in snapshots only.
        pub compacted: u32,
        /// When the relay deletes more of them.
        pub due: Option<String>,
        /// And up to which entry.
        pub due_entries: u32,
        /// When this device last loaded a snapshot in the place of entries.
        pub loaded: Option<String>,
        /// Whether a snapshot made here is not at the relay yet.
        pub uploading: bool,
        /// The snapshots, the newest first.
        pub snapshots: Vec<SnapshotInfo>,
    }
}
