//! The devices of members: listing, naming and adding one's own, and taking a
//! device out of a workspace.

use drystone_wire::{DeviceKey, WorkspaceId};
use rusqlite::Connection;

use super::members::check_power;
use super::{App, checked_name, load, member_names, refused};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::device_link::{DeviceCode, DeviceLink};
use crate::crypto::keys::{Identity, SigningPair, certify};
use crate::crypto::link::LinkError;
use crate::crypto::qr;
use crate::crypto::records as build;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, membership as records, recovery, workspaces};
use crate::sync::membership;

impl App {
    pub(crate) async fn device_list(&self, args: WorkspaceRef) -> Result<Vec<MemberDevice>> {
        self.blocking(move |app| {
            app.db().read(|conn| {
                let id = super::named(conn, args.workspace.as_deref())?;
                devices(conn, &id)
            })
        })
        .await
    }

    pub(crate) async fn device_request(&self, _: Empty) -> Result<DeviceRequest> {
        let identity = self.db().read(store::own)?.identity;
        described(&DeviceCode { signing: identity.device_key(), agreement: identity.agreement().public() })
    }

    pub(crate) async fn device_read(&self, args: ReadDeviceCode) -> Result<DeviceRequest> {
        described(&read_code(&args.code)?)
    }

    pub(crate) async fn device_add(&self, args: AddDevice) -> Result<AddedDevice> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let code = read_code(&args.code)?;
        let name = args.name.trim();
        let name = if name.is_empty() { None } else { Some(checked_name(name, "device's name")?) };
        if code.signing == identity.device_key() {
            return Err(Error::new(
                ErrorCode::Usage,
                "This is the code of this device itself.",
                "Take the code that the new device shows.",
            ));
        }
        let membership = self
            .post_record(&id, |now| {
                let (root, _) = now.own(&identity)?;
                let secret = self.db().read(|conn| recovery::root_secret(conn, &root))?.ok_or_else(no_root)?;
                let certificate = certify(&SigningPair::new(&secret), code.signing, code.agreement);
                if now.roster().devices.get(&code.signing) == Some(&root) {
                    return Ok(None);
                }
                build::add_device(&identity, &now.next(), now.key()?, certificate, &mut self.random())
                    .map(Some)
                    .map_err(Error::internal)
            })
            .await?;
        let roster = membership.roster();
        let (workspace, member) = (id, membership::own_root(roster, &identity));
        let row = self.db().read(|conn| workspaces::get(conn, &id))?;
        let relay = row.relay.ok_or_else(|| Error::internal("the workspace has no relay"))?;
        let link = DeviceLink {
            relay,
            relay_key: row.relay_key,
            workspace,
            member,
            device: code.signing,
            checkpoint_position: roster.position,
            checkpoint_hash: roster.head,
        }
        .to_string();
        if let Some(name) = name {
            self.name_device(&id, &identity, code.signing, &name).await?;
        }
        self.emit(Event::WorkspacesChanged {});
        let qr_svg = qr::svg(&link).map_err(Error::internal)?;
        Ok(AddedDevice { device: code.signing.to_string(), link, qr_svg })
    }

    pub(crate) async fn device_name(&self, args: NameDevice) -> Result<Vec<MemberDevice>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let (device, name) = (device_key(&args.device)?, checked_name(&args.name, "device's name")?);
        self.name_device(&id, &identity, device, &name).await?;
        self.devices_changed(&id).await
    }

    async fn name_device(&self, id: &WorkspaceId, identity: &Identity, device: DeviceKey, name: &str) -> Result<()> {
        self.post_record(id, |now| {
            let (root, _) = now.own(identity)?;
            match now.roster().devices.get(&device) {
                None => Err(no_such_device()),
                Some(owner) if *owner != root => {
                    Err(refused("Members name their own devices only.", "Ask whose device it is to name it."))
                }
                Some(_) => build::set_device_name(identity, &now.next(), now.key()?, device, name, &mut self.random())
                    .map(Some)
                    .map_err(Error::internal),
            }
        })
        .await
        .map(|_| ())
    }

    pub(crate) async fn device_revoke(&self, args: MemberDeviceRef) -> Result<Vec<MemberDevice>> {
        let (id, identity) = self.acting(args.workspace.as_deref())?;
        let device = device_key(&args.device)?;
        if device == identity.device_key() {
            return Err(refused(
                "A device does not revoke itself: it would know the new key.",
                "Revoke it on another of your devices, or leave the workspace.",
            ));
        }
        self.read_to_the_end(&id).await?;
        let mut there = false;
        self.post_record(&id, |now| {
            let (root, own) = now.own(&identity)?;
            let roster = now.roster();
            let Some(member) = roster.devices.get(&device) else {
                return if there { Ok(None) } else { Err(no_such_device()) };
            };
            there = true;
            let row = roster.members.get(member).ok_or_else(no_such_device)?;
            if *member != root {
                check_power(own, row.role, "revokes devices of others")?;
            }
            if row.devices.len() == 1 {
                return Err(refused(
                    "It is the member's only device.",
                    "Remove the member instead: `drystone workspace remove`.",
                ));
            }
            let gone = self.last_accepted(&id, std::iter::once(device))?;
            build::remove(&identity, roster, now.now_ms, now.key()?, Vec::new(), gone, &mut self.random())
                .map(Some)
                .map_err(Error::internal)
        })
        .await?;
        self.devices_changed(&id).await
    }

    async fn devices_changed(&self, id: &WorkspaceId) -> Result<Vec<MemberDevice>> {
        self.emit(Event::WorkspacesChanged {});
        let id = *id;
        self.blocking(move |app| app.db().read(|conn| devices(conn, &id))).await
    }
}

/// Own devices first, this one before all others.
fn devices(conn: &Connection, id: &WorkspaceId) -> Result<Vec<MemberDevice>> {
    let membership = load(conn, id)?;
    let roster = membership.roster();
    let identity = store::own(conn)?.identity;
    let (this, own_root) = (identity.device_key(), membership::own_root(roster, &identity));
    let own = roster.role_of(&this);
    let keys = records::epoch_keys(conn, id)?;
    let seen = records::last_seen(conn, id)?;
    let name = member_names(conn, roster)?;
    let mut list = Vec::new();
    for (root, member) in &roster.members {
        let power = *root == own_root || own.is_some_and(|own| check_power(own, member.role, "").is_ok());
        for device in member.devices.keys() {
            let last = seen.get(device).copied().filter(|seen| *seen > 0);
            list.push(MemberDevice {
                id: device.to_string(),
                name: membership::device_name(roster, device, &keys).unwrap_or_default(),
                member: root.to_string(),
                member_name: name(root),
                yours: *root == own_root,
                this: *device == this,
                last_seen: last.map(rfc3339),
                revocable: own.is_some() && *device != this && power && member.devices.len() > 1,
            });
        }
    }
    list.sort_by(|a, b| {
        let place = |one: &MemberDevice| (!one.this, !one.yours);
        place(a).cmp(&place(b)).then_with(|| a.member_name.cmp(&b.member_name)).then_with(|| a.id.cmp(&b.id))
    });
    Ok(list)
}

fn described(code: &DeviceCode) -> Result<DeviceRequest> {
    let text = code.to_string();
    let qr_svg = qr::svg(&text).map_err(Error::internal)?;
    Ok(DeviceRequest { code: text, qr_svg, fingerprint: code.fingerprint() })
}

fn read_code(text: &str) -> Result<DeviceCode> {
    text.parse().map_err(|error| {
        let what = match error {
            LinkError::Damaged => "This device code is incomplete or was changed on its way.",
            _ => "This is not a device code.",
        };
        Error::new(
            ErrorCode::BadInput,
            what,
            "On the new device, `drystone device request` or the sharing panel shows its code; copy all of it.",
        )
    })
}

/// The root key certifies devices; it is on the device it was made on, and where
/// a recovery kit brought it.
fn no_root() -> Error {
    refused(
        "This device was itself added by another one, and only that one can add more.",
        "Add the new device on the one you joined the workspace with. If that is lost, come back with your recovery \
         kit: `drystone recovery use`.",
    )
}

fn device_key(text: &str) -> Result<DeviceKey> {
    text.parse().map_err(|_| no_such_device())
}

fn no_such_device() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "There is no such device in the workspace.",
        "`drystone device list` lists the devices.",
    )
}
