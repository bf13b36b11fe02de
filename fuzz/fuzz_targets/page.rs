//! Any bytes as what a relay answers about its log, and as what a relay is
//! sent: pages, heads, receipts, appends, lists of an attachment's pieces.
#![no_main]

use drystone_core::sync::page::{Cursor, verify_page};
use drystone_wire::blob::Manifest;
use drystone_wire::log::{Append, Appended, Head, Page};
use drystone_wire::{Hash, RelayKey, WorkspaceId, canonical, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(page) = canonical::decode::<Page>(bytes, limits::PAGE_REPLY_BYTES) {
        assert_eq!(canonical::encode(&page), bytes);
        let (workspace, relay) = (page.head.workspace, RelayKey([7; 32]));
        let cursor = Cursor { generation: 1, position: 1, chain: Hash::ZERO };
        for cursor in [Cursor::START, cursor] {
            assert!(verify_page(&cursor, 0, &page, &workspace, &relay).is_err(), "nobody has this relay's key");
            let _other = verify_page(&cursor, 0, &page, &WorkspaceId::ZERO, &relay);
        }
    }
    if let Ok(append) = canonical::decode::<Append>(bytes, limits::APPEND_BYTES) {
        assert_eq!(canonical::encode(&append), bytes);
    }
    if let Ok(appended) = canonical::decode::<Appended>(bytes, limits::RECORD_REPLY_BYTES) {
        assert_eq!(canonical::encode(&appended), bytes);
    }
    if let Ok(head) = canonical::decode::<Head>(bytes, limits::JSON_BYTES) {
        assert_eq!(canonical::encode(&head), bytes);
    }
    if let Ok(manifest) = Manifest::open(bytes) {
        let _id = manifest.id();
    }
});
