//! Workspaces, members, invitations and synchronisation, as plain data.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::AttachmentSync;
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
        /// Whether you are one of them; not after you left.
        pub member: bool,
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
        /// The same as the text of a file to pass on.
        pub file: String,
    }

    /// An invitation that nobody has used yet.
    pub struct OpenInvitation {
        /// 64 hexadecimal digits.
        pub id: String,
        /// What the invited person may do.
        pub role: Role,
        /// When it stops working.
        pub expires: String,
        /// Whether it has stopped working.
        pub expired: bool,
        /// Who made it.
        pub made_by: String,
        /// Whether that was you.
        pub yours: bool,
        /// Link, QR code and file; only where this device made it, since nobody else has the secret in it.
        pub invitation: Option<Invitation>,
    }

    /// Names an open invitation.
    pub struct InvitationRef {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// Its id.
        pub invitation: String,
    }

    /// Looks at an invitation without using it.
    pub struct InspectInvite {
        /// The link, or the text of a file that holds it.
        pub link: String,
    }

    /// What the relay says an invitation leads to. Looking does not use it.
    pub struct InvitePreview {
        /// The workspace's id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// The relay's address.
        pub relay: String,
        /// Already a member on this device.
        pub member: bool,
        /// What you will be able to do.
        pub role: Role,
        /// Who invites.
        pub invited_by: String,
        /// When it stops working; never for a link to a device of your own.
        pub expires: Option<String>,
        /// How many people are in the workspace.
        pub members: u32,
        /// Whether it makes this device one more of the devices of whoever invites.
        pub own_device: bool,
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
        /// Roles you may give them; empty when you may not change theirs.
        pub may_become: Vec<Role>,
        /// Whether you may remove them.
        pub removable: bool,
    }

    /// Names a member.
    pub struct MemberRef {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// The member's id.
        pub member: String,
    }

    /// Changes what a member may do.
    pub struct SetRole {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// The member's id.
        pub member: String,
        /// What they may do from now on.
        pub role: Role,
    }

    /// How old the keys of a workspace are.
    pub struct WorkspaceKeys {
        /// How many there have been.
        pub epoch: u32,
        /// Since when the current one is in use.
        pub since: String,
        /// When it is renewed by itself, as soon as an owner or admin is online.
        pub due: String,
        /// Whether you may renew it now.
        pub renewable: bool,
    }

    /// A device of a member.
    pub struct MemberDevice {
        /// 64 hexadecimal digits.
        pub id: String,
        /// Its name; empty when it has none.
        pub name: String,
        /// The member's id.
        pub member: String,
        /// The member's name.
        pub member_name: String,
        /// Whether it is one of yours.
        pub yours: bool,
        /// Whether it is this one.
        pub this: bool,
        /// When it wrote last by its own clock, as far as it is known here.
        pub last_seen: Option<String>,
        /// Whether you may take it out of the workspace.
        pub revocable: bool,
    }

    /// Names a device.
    pub struct MemberDeviceRef {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// The device's id.
        pub device: String,
    }

    /// Names a device for all to see.
    pub struct NameDevice {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// The device's id.
        pub device: String,
        /// Its name.
        pub name: String,
    }

    /// What this device shows to be added to a workspace of its person.
    pub struct DeviceRequest {
        /// The code to give to the other device. It holds no secret.
        pub code: String,
        /// The same as a QR code, an SVG image.
        pub qr_svg: String,
        /// What both devices show: compare it.
        pub fingerprint: String,
    }

    /// Reads a device's code.
    pub struct ReadDeviceCode {
        /// The code.
        pub code: String,
    }

    /// Adds a device of yours.
    pub struct AddDevice {
        /// The workspace; the default workspace when absent.
        pub workspace: Option<String>,
        /// The code that the new device shows.
        pub code: String,
        /// What to call it.
        pub name: String,
    }

    /// A device that was added, and where it goes from here.
    pub struct AddedDevice {
        /// The device's id.
        pub device: String,
        /// The link to open on the new device. It holds no secret.
        pub link: String,
        /// The same as a QR code, an SVG image.
        pub qr_svg: String,
    }

    /// An entry of the log that was set aside.
    pub struct RefusedEntry {
        /// Its place in the log.
        pub position: u32,
        /// Who wrote it; empty when that cannot be read.
        pub author: String,
        /// The device it is from; empty when that cannot be read.
        pub device: String,
        /// Why, in plain words.
        pub reason: String,
        /// When it was set aside.
        pub time: String,
        /// Whether someone has taken note of it here.
        pub noted: bool,
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
        /// Where sending and fetching of attachments' files stands.
        pub attachments: AttachmentSync,
    }

    /// The person's name as other members see it.
    pub struct SetUserName {
        /// The name.
        pub name: String,
    }
}
