//! Files of attachments in bundles, as far as they fit.

use drystone_wire::bundle::{Bundle, CarriedFile};
use drystone_wire::ids::Bytes;
use drystone_wire::{canonical, limits};

use super::FRAME_BYTES;
use crate::app::App;
use crate::error::Result;
use crate::store::attachments::places::{self, Place};
use crate::store::attachments::{self as store};

/// What a file costs besides its chunks, at most, in bytes.
const FILE_FRAME: u64 = 64 << 10;

impl App {
    /// Puts the files that a workspace refers to into a bundle, small ones
    /// first. Returns how many did not fit or are not here.
    pub(super) fn carry_files(&self, bundle: &mut Bundle) -> Result<u32> {
        let id = bundle.workspace;
        self.refresh_references(&id)?;
        let all = self.db().read(|conn| places::all(conn, &id))?;
        let taken: usize = bundle.envelopes.iter().map(|envelope| envelope.0.len()).sum();
        let mut room = (limits::BUNDLE_BYTES - FRAME_BYTES / 4).saturating_sub(taken) as u64;
        let mut left_out = 0;
        for place in all.iter().filter(|place| place.live) {
            match self.carried(place, room)? {
                Some(file) => {
                    room = room.saturating_sub(file.manifest.size + FILE_FRAME);
                    bundle.files.push(file);
                }
                None => left_out += 1,
            }
        }
        bundle.files.sort_by_key(|file| file.manifest.id());
        Ok(left_out)
    }

    /// A file, when all of it is here, as it should be, and fits.
    fn carried(&self, place: &Place, room: u64) -> Result<Option<CarriedFile>> {
        let Some(manifest) = place.manifest.as_ref().filter(|_| place.whole) else { return Ok(None) };
        if manifest.size + FILE_FRAME > room {
            return Ok(None);
        }
        let chunks = self.chunks();
        let mut carried = Vec::with_capacity(manifest.chunks.len());
        for index in 0..manifest.chunks.len() {
            let sealed = chunks.get(&place.blob, index)?.filter(|sealed| manifest.fits(index, sealed));
            let Some(sealed) = sealed else { return Ok(None) };
            carried.push(Bytes(sealed));
        }
        Ok(Some(CarriedFile { manifest: manifest.clone(), chunks: carried }))
    }

    /// Keeps the files of a bundle that was taken in. Returns how many are new.
    pub(super) fn keep_files(&self, bundle: &Bundle) -> Result<u32> {
        let mut kept = 0;
        for file in &bundle.files {
            let id = file.manifest.id();
            let known = self.db().read(|conn| store::blob(conn, &id))?;
            if known.is_none_or(|known| !known.whole) {
                let chunks = self.chunks();
                let here = chunks.present(&id, file.chunks.len());
                for (index, chunk) in file.chunks.iter().enumerate().filter(|(index, _)| !here[*index]) {
                    chunks.put(&id, index, &chunk.0)?;
                }
                kept += 1;
            }
            self.db().write(|tx| {
                store::insert_whole(tx, &file.manifest, None)?;
                places::insert(tx, &bundle.workspace, &id)?;
                places::set_problem(tx, &bundle.workspace, &id, None)
            })?;
        }
        debug_assert!(bundle.files.iter().all(|file| canonical::encode(&file.manifest).len() as u64 <= FILE_FRAME));
        Ok(kept)
    }
}
