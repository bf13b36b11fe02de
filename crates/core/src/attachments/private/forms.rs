//! Pictures taken apart and put together again without what is not needed.
//! `None`: the bytes are not what they should be.

use super::exif::Told;

/// Before the TIFF part in a JPEG's block.
const EXIF: &[u8] = b"Exif\0\0";

/// Keeps what the picture consists of, its colours, and what `Told` says.
/// What comes after the picture's end, such as a film or a second picture, goes.
pub fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    let (mut told, mut out) = (Told::default(), vec![0xff, 0xd8]);
    let mut at = 2;
    loop {
        // Any number of ff may stand before a marker.
        while *file.get(at)? == 0xff && *file.get(at + 1)? == 0xff {
            at += 1;
        }
        let (start, marker) = (at, *file.get(at + 1)?);
        if *file.get(at)? != 0xff {
            return None;
        }
        at += 2;
        match marker {
            0xd9 => {
                out.extend_from_slice(&[0xff, 0xd9]);
                return Some(with_exif(out, &told));
            }
            0x01 | 0xd0..=0xd7 => {
                out.extend_from_slice(&[0xff, marker]);
                continue;
            }
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(*file.get(at..)?.first_chunk()?));
        let body = file.get(at + 2..at + length)?;
        at += length;
        match marker {
            0xe1 if body.starts_with(EXIF) => told = Told::read(&body[EXIF.len()..]),
            0xe0 if body.starts_with(b"JFIF\0") => out.extend_from_slice(&file[start..at]),
            0xe2 if body.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(&file[start..at]),
            0xee if body.starts_with(b"Adobe") => out.extend_from_slice(&file[start..at]),
            // Other applications' blocks, and comments.
            0xe0..=0xef | 0xfe => {}
            0xda => {
                let scan = scan_length(file.get(at..)?);
                out.extend_from_slice(file.get(start..at + scan)?);
                at += scan;
            }
            _ => out.extend_from_slice(&file[start..at]),
        }
    }
}

/// How long a scan's data is: until a marker that is no part of it.
fn scan_length(data: &[u8]) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7);
    data.windows(2).position(ends).unwrap_or(data.len())
}

/// Exif goes behind JFIF, or first where there is none.
fn with_exif(mut jpeg: Vec<u8>, told: &Told) -> Vec<u8> {
    if told.is_nothing() {
        return jpeg;
    }
    let tiff = told.write();
    let mut block = vec![0xff, 0xe1];
    block.extend_from_slice(&((2 + EXIF.len() + tiff.len()) as u16).to_be_bytes());
    block.extend_from_slice(EXIF);
    block.extend_from_slice(&tiff);
    let jfif = jpeg.get(2..4) == Some(&[0xff, 0xe0]);
    let length = jpeg.get(4..).and_then(|rest| rest.first_chunk()).map_or(0, |length| u16::from_be_bytes(*length));
    let at = if jfif { 4 + usize::from(length) } else { 2 };
    jpeg.splice(at..at, block);
    jpeg
}

const PNG_KEPT: [&[u8; 4]; 18] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"bKGD", b"pHYs", b"sBIT", b"hIST", b"sPLT", b"acTL", b"fcTL",
    b"fdAT", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi",
];

/// Keeps the chunks that the picture and its colours consist of.
pub fn png(file: &[u8]) -> Option<Vec<u8>> {
    let (start, mut rest) = file.split_at_checked(8)?;
    let mut out = start.to_vec();
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let whole = rest.get(..length.checked_add(12)?)?;
        let kind: &[u8; 4] = whole[4..].first_chunk()?;
        let critical = kind[0].is_ascii_uppercase();
        if kind == b"eXIf" {
            let told = Told { taken: None, ..Told::read(&whole[8..8 + length]) };
            if !told.is_nothing() {
                png_chunk(&mut out, b"eXIf", &told.write());
            }
        } else if critical || PNG_KEPT.contains(&kind) {
            out.extend_from_slice(whole);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        rest = &rest[whole.len()..];
    }
}

fn png_chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut sum = flate2::Crc::new();
    sum.update(kind);
    sum.update(data);
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    out.extend_from_slice(&sum.sum().to_be_bytes());
}

/// Bits of the first byte of `VP8X`.
const WEBP_EXIF: u8 = 0x08;
const WEBP_XMP: u8 = 0x04;

/// Keeps the chunks that the picture and its colours consist of.
pub fn webp(file: &[u8]) -> Option<Vec<u8>> {
    let size = u32::from_le_bytes(*file.get(4..)?.first_chunk()?) as usize;
    let mut rest = file.get(12..size.checked_add(8)?)?;
    let (mut body, mut extended, mut told) = (b"WEBP".to_vec(), None, Told::default());
    while !rest.is_empty() {
        let kind: &[u8; 4] = rest.first_chunk()?;
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let data = rest.get(8..length.checked_add(8)?)?;
        // The last may lack the byte that makes its length even.
        let whole = (8 + length + length % 2).min(rest.len());
        match kind {
            b"EXIF" => told = Told::read(data.strip_prefix(EXIF).unwrap_or(data)),
            b"VP8X" => {
                extended = Some(body.len() + 8);
                body.extend_from_slice(&rest[..whole]);
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => body.extend_from_slice(&rest[..whole]),
            _ => {}
        }
        if body.len() % 2 == 1 {
            body.push(0);
        }
        rest = &rest[whole..];
    }
    if let Some(flags) = extended {
        body[flags] &= !(WEBP_EXIF | WEBP_XMP);
        let told = Told { taken: None, ..told };
        if !told.is_nothing() {
            body[flags] |= WEBP_EXIF;
            let tiff = told.write();
            body.extend_from_slice(b"EXIF");
            body.extend_from_slice(&(tiff.len() as u32).to_le_bytes());
            body.extend_from_slice(&tiff);
        }
    }
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend(body);
    Some(out)
}

/// Keeps frames, colours and how often they repeat.
pub fn gif(file: &[u8]) -> Option<Vec<u8>> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + table(*file.get(10)?);
    let mut out = file.get(..at)?.to_vec();
    loop {
        let start = at;
        let kept = match *file.get(at)? {
            0x3b => {
                out.push(0x3b);
                return Some(out);
            }
            0x21 => {
                let label = *file.get(at + 1)?;
                at += 2;
                let repeats = || {
                    let name = file.get(at + 1..at + 12);
                    name == Some(b"NETSCAPE2.0") || name == Some(b"ANIMEXTS1.0")
                };
                matches!(label, 0xf9 | 0x01) || (label == 0xff && repeats())
            }
            0x2c => {
                // Place, colours, and the least size of a code.
                at += 10 + table(*file.get(at + 9)?) + 1;
                true
            }
            _ => return None,
        };
        loop {
            let length = usize::from(*file.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
        if kept {
            out.extend_from_slice(file.get(start..at)?);
        }
    }
}
