//! Any bytes as a membership record: the first of a workspace, the next one,
//! and as countersigned by a relay. What is accepted is spelled in one way only.
#![no_main]

use drystone_core::sync::membership::Membership;
use drystone_wire::membership::{Countersigned, Record, RecordPage};
use drystone_wire::{canonical, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((record, body)) = Record::open(bytes) {
        assert_eq!(record.to_bytes(), bytes);
        assert_eq!(canonical::encode(&body), record.body.0);
    }
    if let Ok(mut membership) = Membership::create(bytes) {
        assert!(membership.apply(bytes).is_err(), "a first record is no second one");
    }
    let limit = limits::RECORD_REPLY_BYTES;
    if let Ok(one) = canonical::decode::<Countersigned>(bytes, limit) {
        assert_eq!(canonical::encode(&one), bytes);
    }
    if let Ok(page) = canonical::decode::<RecordPage>(bytes, limit) {
        let records: Vec<Vec<u8>> = page.records.iter().map(|one| one.record.0.clone()).collect();
        let _refused = Membership::replay(&records);
    }
});
