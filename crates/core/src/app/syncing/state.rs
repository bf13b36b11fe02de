//! Where synchronisation stands, in the words of the interface.

use drystone_wire::WorkspaceId;
use drystone_wire::limits::CLOCK_TOLERANCE_MS;
use rusqlite::Connection;

use crate::api::{RefusedEntry, SyncPhase, SyncState};
use crate::app::{attachments, rfc3339, sharing};
use crate::error::{Error, ErrorCode, Result};
use crate::store::sharing::quarantine::SetAside;
use crate::store::sharing::workspaces::WorkspaceRow;
use crate::store::sharing::{inbox, outbox, quarantine};

/// The state of a workspace as stored, so that every process and a restart
/// shows the same. `busy` when a round runs.
pub(in crate::app) fn state(conn: &Connection, row: &WorkspaceRow, busy: bool) -> Result<SyncState> {
    let waiting = outbox::waiting(conn, &row.id)?;
    let (quarantined, unnoted) = quarantine::count(conn, &row.id)?;
    let exchanging = waiting > 0 || !inbox::is_empty(conn, &row.id)?;
    let problem =
        row.problem.clone().or_else(|| (unnoted > 0).then(|| refused_problem(unnoted))).filter(|_| row.relay.is_some());
    let phase = match &problem {
        _ if row.relay.is_none() => SyncPhase::Local,
        _ if busy && exchanging => SyncPhase::Busy,
        Some(problem) if is_offline(problem) => SyncPhase::Offline,
        Some(_) => SyncPhase::Attention,
        None if exchanging || row.last_contact_ms == 0 => SyncPhase::Busy,
        None => SyncPhase::Idle,
    };
    let time = |ms: u64| (ms > 0).then(|| rfc3339(ms));
    Ok(SyncState {
        workspace: row.id.to_string(),
        relay: row.relay.as_ref().map(ToString::to_string),
        phase,
        waiting,
        last_stored: time(row.last_stored_ms),
        last_contact: time(row.last_contact_ms),
        next_try: time(row.next_try_ms).filter(|_| phase == SyncPhase::Offline || phase == SyncPhase::Attention),
        quarantined,
        attachments: attachments::standing(conn, row)?,
        problem: problem.or_else(|| row.relay.as_ref().and_then(|_| clock_problem(row.clock_offset_ms))),
    })
}

/// An entry that was set aside, for people.
pub(super) fn refused_entry(conn: &Connection, workspace: &WorkspaceId, entry: SetAside) -> Result<RefusedEntry> {
    let author = match &entry.device {
        Some(device) => sharing::author_name(conn, workspace, device)?,
        None => String::new(),
    };
    Ok(RefusedEntry {
        position: u32::try_from(entry.position).unwrap_or(u32::MAX),
        author,
        device: entry.device.map(|device| device.to_string()).unwrap_or_default(),
        reason: format!("Set aside: {}.", entry.reason),
        time: rfc3339(entry.time_ms),
        noted: entry.noted,
    })
}

fn is_offline(problem: &Error) -> bool {
    matches!(problem.code, ErrorCode::Unreachable | ErrorCode::RateLimited | ErrorCode::Busy)
}

fn refused_problem(count: u32) -> Error {
    let what = if count == 1 { "One entry was".into() } else { format!("{count} entries were") };
    Error::new(
        ErrorCode::Integrity,
        format!("{what} set aside and not applied: not from a member who may write, damaged, or not safe to apply."),
        "Everything else was applied. `drystone workspace refused` and the sharing panel say why and from whom, and take \
         note of it.",
    )
}

/// What to say when this computer's clock is off by more than a little.
/// Synchronisation goes on: times in records are corrected by the relay's.
pub(super) fn clock_problem(offset_ms: i64) -> Option<Error> {
    if offset_ms.unsigned_abs() <= CLOCK_TOLERANCE_MS {
        return None;
    }
    let direction = if offset_ms > 0 { "behind" } else { "ahead of" };
    Some(Error::new(
        ErrorCode::BadInput,
        format!("This computer's clock is about {} {direction} the relay's.", in_words(offset_ms.unsigned_abs())),
        "Set the clock, so that others see when you changed something. Synchronisation goes on meanwhile.",
    ))
}

fn in_words(ms: u64) -> String {
    const MINUTE: u64 = 60_000;
    const UNITS: [(u64, &str); 4] =
        [(MINUTE * 60 * 24 * 365, "year"), (MINUTE * 60 * 24, "day"), (MINUTE * 60, "hour"), (MINUTE, "minute")];
    for (size, name) in UNITS {
        let count = (ms + size / 2) / size;
        if ms >= size && count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            return match (count, name) {
                (2, _) => format!("two {name}s"),
                (1, "hour") => "an hour".into(),
                (1, _) => format!("a {name}"),
                _ => format!("{count} {name}{plural}"),
            };
        }
    }
    "a moment".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_said_in_plain_words() {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let check = |offset: i64, expect: &str| {
            assert_eq!(clock_problem(offset).map(|error| error.message).unwrap_or_default(), expect);
        };
        check(2 * 365 * DAY + 5 * DAY, "This computer's clock is about two years behind the relay's.");
        check(-365 * DAY, "This computer's clock is about a year ahead of the relay's.");
        check(-DAY * 3, "This computer's clock is about 3 days ahead of the relay's.");
        check(60 * 60 * 1000, "This computer's clock is about an hour behind the relay's.");
        check(10 * 60 * 1000, "This computer's clock is about 10 minutes behind the relay's.");
        check(4 * 60 * 1000, "");
    }
}
