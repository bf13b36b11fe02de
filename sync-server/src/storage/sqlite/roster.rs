//! Rosters from stored records.

use drystone_wire::roster::Roster;
use drystone_wire::{DeviceKey, WorkspaceId, limits};
use rusqlite::Connection;

use super::read;
use crate::storage::{Standing, StoreError};

/// The roster of a workspace, and where it stands.
pub fn load(connection: &Connection, id: &WorkspaceId) -> Result<(Roster, Standing), StoreError> {
    let standing = read::standing(connection, id)?;
    let first = read::record_at(connection, id, 1)?.ok_or_else(|| broken(1, &"is missing"))?;
    let mut roster = Roster::create(&first.1.record.0).map_err(|error| broken(1, &error))?;
    extend(connection, id, &mut roster)?;
    Ok((roster, standing))
}

/// Reads on from where a roster ends.
pub fn extend(connection: &Connection, id: &WorkspaceId, roster: &mut Roster) -> Result<(), StoreError> {
    loop {
        let from = roster.position + 1;
        let (records, _) = read::records(connection, id, from, limits::RECORD_PAGE, limits::RECORD_REPLY_BYTES)?;
        if records.is_empty() {
            return Ok(());
        }
        for record in records {
            roster.apply(&record.record.0).map_err(|error| broken(roster.position + 1, &error))?;
        }
    }
}

/// The recovery kits that count.
pub fn recovery_keys(roster: &Roster) -> Vec<DeviceKey> {
    let kits = roster.members.values().filter_map(|member| member.recovery.as_ref());
    kits.map(|kit| kit.keys.signing).collect()
}

fn broken(position: u64, cause: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("membership record {position}: {cause}"))
}
