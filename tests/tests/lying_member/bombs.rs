//! Changes of a few bytes that stand for very much.
#![allow(dead_code)]

use sha2::{Digest, Sha256};

fn unsigned(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn signed(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

fn run(length: i64, value: i64) -> Vec<u8> {
    [signed(length), signed(value)].concat()
}

/// A valid change of some hundred bytes that inserts this many nulls into a
/// list that it makes.
pub fn inserts(actor: u16, count: i64) -> Vec<u8> {
    let columns: [(u64, Vec<u8>); 9] = [
        (0x01, [vec![0, 1], run(count, 0)].concat()),
        (0x02, [vec![0, 1], run(count, 1)].concat()),
        (0x11, [vec![0, 2], run(count - 1, 0)].concat()),
        (0x13, [vec![0, 1], run(1, 0), run(1, 2), run(count - 2, 1)].concat()),
        (0x15, [vec![0x7f, 1, b'l', 0], unsigned(count as u64)].concat()),
        (0x34, [unsigned(1), unsigned(count as u64)].concat()),
        (0x42, [run(1, 2), run(count, 1)].concat()),
        (0x56, run(count + 1, 0)),
        (0x70, run(count + 1, 0)),
    ];
    let mut body = [vec![0, 2], actor.to_be_bytes().to_vec(), vec![1, 1, 0, 0, 0], unsigned(9)].concat();
    for (column, data) in &columns {
        body.extend([unsigned(*column), unsigned(data.len() as u64)].concat());
    }
    columns.iter().for_each(|(_, data)| body.extend(data));
    chunk(1, &body, &body)
}

pub fn chunk(kind: u8, body: &[u8], data: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest([&[1][..], &unsigned(body.len() as u64), body].concat());
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &[kind], &unsigned(data.len() as u64), data].concat()
}
