//! Workspaces, members, invitations and synchronisation, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;

data! {
    /// What a member may do.
    #[derive(Copy, PartialOrd)]
    pub enum Role {
        /// Everything.
        Owner,
        /// Everything but removing owners.
        Admin,
        /// Read and write.
        Editor,
        /// Read.
        Reader,
    }

    /// A workspace.
    pub struct WorkspaceSummary {
        /// 64 hexadecimal digits.
        pub id: String,
        /// Its name; members only can read it.
        pub name: String,
        /// What you may do in it.
        pub role: Role,
        /// How many documents it has.
        pub documents: u32,
        /// How many people are in it.
        pub members: u32,
        /// How its synchronisation is.
        pub sync: SyncState,
    }

    /// Creates a workspace.
    pub struct CreateWorkspace {
        /// Its name.
        pub name: String,
    }

    /// Names a workspace.
    pub struct WorkspaceRef {
        /// Its id; the default workspace when absent.
        pub workspace: Option<String>,
    }

    /// Makes an invitation.
    pub struct Invite {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// What the invited person may do.
        pub role: Role,
        /// How long it can be used, in hours.
        pub hours: u32,
    }

    /// An invitation. Whoever has the link can join once.
    pub struct Invitation {
        /// The link to pass on.
        pub link: String,
        /// The same as a QR code, an SVG image.
        pub qr_svg: String,
        /// When it stops working.
        pub expires: String,
        /// What the invited person may do.
        pub role: Role,
    }

    /// Looks at an invitation without using it.
    pub struct InspectInvite {
        /// The link.
        pub link: String,
    }

    /// What an invitation leads to, shown before joining.
    pub struct InviteInfo {
        /// The workspace's id.
        pub workspace: String,
        /// The relay's address.
        pub relay: String,
        /// Already a member on this device.
        pub member: bool,
    }

    /// Joins a workspace.
    pub struct Join {
        /// The link.
        pub link: String,
        /// The name other members will see.
        pub user_name: Option<String>,
    }

    /// A member of a workspace.
    pub struct Member {
        /// 64 hexadecimal digits.
        pub id: String,
        /// The name the member chose.
        pub name: String,
        /// What the member may do.
        pub role: Role,
        /// Whether this is you.
        pub you: bool,
        /// How many devices the member uses.
        pub devices: u32,
    }

    /// Sets the relay of a workspace.
    pub struct SetRelay {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// Its address, such as `https://relay.example.org`; empty to leave it.
        pub url: String,
    }

    /// Where synchronisation stands.
    #[derive(Copy)]
    pub enum SyncPhase {
        /// No relay is set: everything stays on this device.
        Local,
        /// Everything is stored at the relay and everything from there is here.
        Idle,
        /// Sending or receiving.
        Busy,
        /// The relay cannot be reached; work goes on, and it is tried again.
        Offline,
        /// Something needs a person; see `problem`.
        Attention,
    }

    /// How synchronisation of a workspace is.
    pub struct SyncState {
        /// The workspace.
        pub workspace: String,
        /// The relay's address.
        pub relay: Option<String>,
        /// Where it stands.
        pub phase: SyncPhase,
        /// Changes made here that the relay has not durably stored.
        pub waiting: u32,
        /// When the relay last confirmed to have durably stored changes of this device.
        pub last_stored: Option<String>,
        /// When the relay last answered.
        pub last_contact: Option<String>,
        /// When it is tried again, while offline.
        pub next_try: Option<String>,
        /// Entries that were refused and set aside, never applied.
        pub quarantined: u32,
        /// What is wrong, in plain words.
        pub problem: Option<Error>,
    }

    /// The person's name as other members see it.
    pub struct SetUserName {
        /// The name.
        pub name: String,
    }
}
