//! Bundles that two devices hand to each other without a file: from what the
//! other one knows on.

use drystone_wire::bundle::{Bundle, Heads, Known};
use drystone_wire::{WorkspaceId, limits};

use super::assemble;
use crate::app::App;
use crate::app::sharing::load;
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::{self as store, kept};

impl App {
    /// How far this device knows a workspace.
    pub(in crate::app) fn known_here(&self, id: &WorkspaceId) -> Result<Known> {
        self.db().read(|conn| {
            let membership = load(conn, id)?;
            let hash = membership.roster().head;
            Ok(Known { membership: membership.position(), hash, devices: kept::heads(conn, id)? })
        })
    }

    /// What this device knows more than another one, as a bundle; `None` when
    /// that is nothing.
    pub(in crate::app) fn bundle_for(&self, id: &WorkspaceId, other: Known) -> Result<Option<Vec<u8>>> {
        self.settle_all()?;
        let now_ms = self.now_ms();
        let (bundle, identity) = self.db().write(|tx| {
            let identity = store::own(tx)?.identity;
            let heads = Heads { from: Known::NOTHING, to: other };
            let since = Bundle {
                workspace: *id,
                author: identity.device_key(),
                time_ms: now_ms,
                heads,
                records: Vec::new(),
                envelopes: Vec::new(),
                files: Vec::new(),
                relay: None,
                invitation: None,
                request: None,
            };
            Ok((assemble(tx, id, &identity, Some(&since), None, now_ms)?, identity))
        })?;
        if bundle.envelopes.is_empty() && bundle.records.is_empty() {
            return Ok(None);
        }
        Ok(Some(bundle.to_bytes(|hash| identity.device().sign(hash))))
    }

    /// Takes in what another device handed over; how many entries were new.
    pub(in crate::app) fn take_bundle(&self, id: &WorkspaceId, bytes: &[u8]) -> Result<u32> {
        if bytes.len() > limits::BUNDLE_BYTES {
            return Err(Error::new(
                ErrorCode::TooLarge,
                "The device nearby has more than fits into one bundle.",
                "Synchronise with the relay, or carry a bundle since an earlier one.",
            ));
        }
        let bundle = Bundle::open(bytes).map_err(|error| super::problem(&error))?;
        if bundle.workspace != *id || bundle.invitation.is_some() || bundle.request.is_some() {
            return Err(Error::new(
                ErrorCode::Integrity,
                "The device nearby handed over something else than was asked for.",
                "Nothing of it was taken in.",
            ));
        }
        Ok(self.take_in_opened(bundle, None, self.now_ms())?.applied)
    }
}
