//! Any bytes as a presence message, as what is sealed in one, and as a place
//! in a text. What is accepted is spelled in one way only.
#![no_main]

use std::cell::RefCell;

use drystone_core::crypto::presence::Content;
use drystone_core::document::{Document, NewSection, Place};
use drystone_wire::canonical;
use drystone_wire::presence::Presence;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static DOCUMENT: RefCell<Document> = RefCell::new(document());
}

fn document() -> Document {
    let mut document = Document::create("T", "full", 1, [1; 16]).unwrap();
    document.add_section(&NewSection::made("a".into(), "A", "One 🌊 three."), &Place::default()).unwrap();
    document.commit("made", 1);
    document
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok((presence, header)) = Presence::read(bytes) {
        assert_eq!(presence.to_bytes(), bytes);
        assert_eq!(canonical::encode(&header), presence.header.0);
        let _signed = Presence::open(bytes);
    }
    if let Ok(content) = Content::read(bytes) {
        assert_eq!(canonical::encode(&content), bytes);
    }
    DOCUMENT.with_borrow_mut(|document| {
        let length = document.body_length("a").unwrap();
        if let Some(at) = document.position("a", bytes) {
            assert!(at as usize <= length);
        }
    });
});
