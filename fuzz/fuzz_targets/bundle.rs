//! Any bytes as a bundle: as a file, and as the parts of one whose table,
//! hashes and signature fit, or nothing would get past those. What is accepted is
//! spelled in one way only.
#![no_main]

use drystone_core::crypto::keys::{Secret, SigningPair};
use drystone_wire::bundle::{Bundle, MAGIC, VERSION, section_hash, signed_bytes};
use libfuzzer_sys::fuzz_target;

/// The first number of a part that may be passed over.
const OPTIONAL: u8 = 128;

fuzz_target!(|bytes: &[u8]| {
    let _file = Bundle::open(bytes);
    let pair = SigningPair::new(&Secret::new([7; 32]));
    let parts = parts(bytes);
    let contents = contents(&parts, &pair);
    let signature = pair.sign(&signed_bytes(&contents));
    let mut table = head(4, 2);
    table.extend(string(&contents));
    table.extend(string(&signature.0));
    let mut file = MAGIC.to_vec();
    file.extend(VERSION.to_le_bytes());
    file.extend((table.len() as u32).to_le_bytes());
    file.extend(table);
    parts.iter().for_each(|(_, part)| file.extend_from_slice(part));
    if let Ok(bundle) = Bundle::open(&file)
        && parts.iter().all(|(number, _)| *number < OPTIONAL)
    {
        assert_eq!(bundle.to_bytes(|_| signature), file);
    }
});

/// Each part begins with its number and its length, in two bytes.
fn parts(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut parts = Vec::new();
    while let [number, low, high, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (part, after) = rest.split_at(length);
        parts.push((*number, part));
        bytes = after;
    }
    parts
}

/// The table of these parts, in the one form that is accepted.
fn contents(parts: &[(u8, &[u8])], pair: &SigningPair) -> Vec<u8> {
    let mut out = head(4, 4);
    out.extend(string(&[3; 32]));
    out.extend(string(&pair.public()));
    out.extend(head(0, 5));
    out.extend(head(4, parts.len() as u64));
    for (number, part) in parts {
        out.extend(head(4, 3));
        out.extend(head(0, u64::from(*number)));
        out.extend(head(0, part.len() as u64));
        out.extend(string(&section_hash(*number, part).0));
    }
    out
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = head(2, bytes.len() as u64);
    out.extend_from_slice(bytes);
    out
}

/// A CBOR head (RFC 8949): the major type, and a number in as few bytes as it takes.
fn head(major: u8, number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let (extra, kept) = match number {
        0..24 => return vec![major << 5 | number as u8],
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    [&[major << 5 | extra], &bytes[8 - kept..]].concat()
}
