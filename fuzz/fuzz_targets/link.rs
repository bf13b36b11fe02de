//! Any text as what people pass on: invitations, links and codes for devices,
//! relays' addresses, the words of a recovery kit. What is accepted is written again as it was meant.
#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use drystone_core::crypto::address::RelayAddress;
use drystone_core::crypto::device_link::{DeviceCode, DeviceLink};
use drystone_core::crypto::invite::InviteLink;
use drystone_core::crypto::recovery::KitSecret;
use libfuzzer_sys::fuzz_target;

fn again<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let Ok(read) = written.parse::<T>() else { panic!("{written:?} cannot be read again") };
        assert_eq!(read.to_string(), written);
    }
}

fuzz_target!(|text: &str| {
    again::<InviteLink>(text);
    again::<DeviceLink>(text);
    again::<DeviceCode>(text);
    again::<RelayAddress>(text);
    if let Ok(secret) = KitSecret::read(text) {
        let words = secret.words().expect("32 bytes have words").join(" ");
        assert!(KitSecret::read(&words).is_ok_and(|again| again.words().is_ok_and(|again| again.join(" ") == words)));
    }
});
