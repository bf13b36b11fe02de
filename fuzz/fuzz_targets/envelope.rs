//! Any bytes as an envelope of the log. What is accepted is spelled in one way
//! only, so its id cannot be had with other bytes.
#![no_main]

use drystone_core::sync::page::entry_id;
use drystone_wire::envelope::Envelope;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let id = entry_id(bytes);
    if let Ok((envelope, header)) = Envelope::open(bytes) {
        assert_eq!(envelope.to_bytes(), bytes);
        assert_eq!(envelope.id(), id);
        assert_eq!(drystone_wire::canonical::encode(&header), envelope.header.0);
    }
});
