//! What a link leads to: read from the link alone, or asked of the relay
//! without using the invitation. Joining comes after, and only when asked to.

use drystone_wire::{DeviceKey, RootKey};

use super::joining::{Entrance, Fetched, Target, fetch, invited_key, no_longer};
use super::{App, api_role, checked_name, nameless, summary};
use crate::api::*;
use crate::app::rfc3339;
use crate::crypto::invite::{InviteKeys, InviteLink};
use crate::crypto::keys::EpochKey;
use crate::error::{Error, Result};
use crate::store::sharing::{self as store, workspaces};
use crate::sync::membership;
use crate::sync::request::FailureKind;
use crate::sync::trust;

impl App {
    pub(crate) async fn workspace_inspect(&self, args: InspectInvite) -> Result<InviteInfo> {
        let target = Entrance::read(&args.link)?.target();
        let member = self.is_here(&target).await?;
        Ok(InviteInfo { workspace: target.workspace.to_string(), relay: target.relay.to_string(), member })
    }

    pub(crate) async fn workspace_preview(&self, args: InspectInvite) -> Result<InvitePreview> {
        let entrance = Entrance::read(&args.link)?;
        let member = self.is_here(&entrance.target()).await?;
        match entrance {
            Entrance::Invite(link) => self.preview_invitation(&link, member).await,
            Entrance::Device(link) => {
                let (fetched, target) = self.fetch_as_own_device(&link).await?;
                let identity = self.db().read(store::own)?.identity;
                let keys = self.keys_of(&fetched, identity.agreement());
                let role = fetched.membership.roster().role_of(&link.device);
                let role = role.map(api_role).ok_or_else(no_longer)?;
                Ok(preview(&fetched, &target, &keys, &link.member, role, None, member))
            }
        }
    }

    async fn preview_invitation(&self, link: &InviteLink, member: bool) -> Result<InvitePreview> {
        let target = Entrance::Invite(link.clone()).target();
        let keys = InviteKeys::derive(&link.seed.0, &link.workspace).map_err(Error::internal)?;
        let roots = trust::read(self.data_dir())?;
        let client = self.new_client(link.relay.clone(), Some(link.relay_key), keys.signing.clone(), &roots)?;
        let fetched = fetch(&client, &target).await.map_err(|failure| match failure.kind {
            FailureKind::NotFound => no_longer(),
            _ => failure.error,
        })?;
        invited_key(&fetched, &keys)?;
        let open = fetched.membership.roster().invites.get(&DeviceKey(keys.signing.public()));
        let open = open.ok_or_else(no_longer)?;
        let known = self.keys_of(&fetched, &keys.agreement);
        let expires = Some(rfc3339(open.expires_ms));
        Ok(preview(&fetched, &target, &known, &open.by, api_role(open.role), expires, member))
    }

    /// The epoch keys that a membership holds for someone.
    pub(super) fn keys_of(
        &self,
        fetched: &Fetched,
        recipient: &crate::crypto::keys::AgreementPair,
    ) -> std::collections::BTreeMap<u32, EpochKey> {
        let list: Vec<Vec<u8>> = fetched.records.iter().map(|(_, _, bytes)| bytes.clone()).collect();
        membership::epoch_keys(&membership::bodies(&list), fetched.membership.roster(), recipient)
    }

    async fn is_here(&self, target: &Target) -> Result<bool> {
        let id = target.workspace;
        Ok(self.blocking(move |app| app.db().read(|conn| workspaces::find(conn, &id))).await?.is_some())
    }

    pub(crate) async fn workspace_join(&self, args: Join) -> Result<WorkspaceSummary> {
        let entrance = Entrance::read(&args.link)?;
        let name = args.user_name.as_deref().map(|name| checked_name(name, "name")).transpose()?;
        let target = entrance.target();
        let id = target.workspace;
        if !self.is_here(&target).await? {
            match entrance {
                Entrance::Invite(link) => self.join(link, name).await?,
                Entrance::Device(link) => self.join_as_own_device(&link).await?,
            }
            self.emit(Event::WorkspacesChanged {});
            // The workspace is there now; how reading it went is in its state.
            let _state = self.sync_now(WorkspaceRef { workspace: Some(id.to_string()) }).await;
        }
        self.blocking(move |app| app.db().read(|conn| summary(conn, &id))).await
    }
}

fn preview(
    fetched: &Fetched,
    target: &Target,
    keys: &std::collections::BTreeMap<u32, EpochKey>,
    by: &RootKey,
    role: Role,
    expires: Option<String>,
    member: bool,
) -> InvitePreview {
    let roster = fetched.membership.roster();
    let invited_by = membership::member_name(roster, by, keys).filter(|name| !name.is_empty());
    InvitePreview {
        workspace: target.workspace.to_string(),
        name: membership::workspace_name(roster, keys).unwrap_or_default(),
        relay: target.relay.to_string(),
        member,
        role,
        invited_by: invited_by.unwrap_or_else(|| nameless(&by.to_string())),
        own_device: expires.is_none(),
        expires,
        members: roster.members.len() as u32,
    }
}
