//! Files of attachments on this device: every chunk of every file that
//! something refers to.

use drystone_wire::WorkspaceId;

use super::{Evidence, counted};
use crate::app::App;
use crate::error::Result;
use crate::store::attachments::places;

const FETCH: &str = "It is fetched from the relay again when it is opened; without a relay, take it from a bundle or a backup.";

/// Goes through the files of a workspace.
pub fn prove(app: &App, id: &WorkspaceId, evidence: &mut Evidence) -> Result<()> {
    let all = app.db().read(|conn| places::all(conn, id))?;
    let chunks = app.chunks();
    let (mut whole, mut elsewhere) = (0, 0);
    for place in all.iter().filter(|place| place.live) {
        let Some(manifest) = place.manifest.as_ref().filter(|_| place.whole) else {
            elsewhere += 1;
            continue;
        };
        let mut sound = true;
        for index in 0..manifest.chunks.len() {
            sound &= chunks.get(&place.blob, index)?.is_some_and(|sealed| manifest.fits(index, &sealed));
        }
        if sound {
            whole += 1;
        } else {
            let what = format!("A file of an attachment, of {} bytes, is damaged or missing in part.", place.size);
            evidence.broken(what, FETCH);
        }
    }
    if whole > 0 {
        evidence.holds(format!("{} of attachments here, every piece as it was added.", counted(whole, "file is", "files are")));
    }
    if elsewhere > 0 {
        evidence.holds(format!("{} of attachments not on this device.", counted(elsewhere, "file is", "files are")));
    }
    Ok(())
}
