use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::exif::Told;
use super::*;

/// A photo with all that a camera writes into it: a place, a time, which way
/// is up, and a film after its end.
fn photo() -> Vec<u8> {
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let mut blocks = block(0xe1, &[b"Exif\0\0".as_slice(), &camera_exif()].concat());
    blocks.extend(block(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude='53,33N'/>"));
    blocks.extend(block(0xed, b"Photoshop 3.0\0City: Hamburg"));
    blocks.extend(block(0xfe, b"taken at home"));
    let at = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
    jpeg.splice(at..at, blocks);
    jpeg.extend_from_slice(b"....ftypmp42 a film that says where it was taken");
    jpeg
}

fn encoded(form: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 10) as u8, (y * 15) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, form).unwrap();
    bytes.into_inner()
}

fn block(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &((body.len() + 2) as u16).to_be_bytes(), body].concat()
}

/// Little-endian, unlike what is written: orientation 6, a camera's name, a
/// time, and a position.
fn camera_exif() -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let (exif, gps) = (8 + 2 + 3 * 12 + 4, 8 + 2 + 3 * 12 + 4 + 2 + 12 + 4 + 20);
    out.extend(3_u16.to_le_bytes());
    out.extend(entry(0x0112, 3, 1, 6));
    out.extend(entry(0x8769, 4, 1, exif));
    out.extend(entry(0x8825, 4, 1, gps));
    out.extend([0; 4]);
    out.extend(1_u16.to_le_bytes());
    out.extend(entry(0x9003, 2, 20, exif + 2 + 12 + 4));
    out.extend([0; 4]);
    out.extend(b"2026:11:24 09:30:00\0");
    out.extend(1_u16.to_le_bytes());
    out.extend(entry(0x0002, 5, 3, gps + 2 + 12 + 4));
    out.extend([0; 4]);
    for part in [53_u32, 1, 33, 1, 3399, 100] {
        out.extend(part.to_le_bytes());
    }
    out
}

fn pixels(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn a_photo_says_no_longer_where_it_was_taken_and_still_when_and_which_way_is_up() {
    let photo = photo();
    let clean = cleaned(&photo).unwrap();
    assert_eq!(pixels(&clean), pixels(&photo));
    let latitude: Vec<u8> = [53_u32, 1, 33, 1, 3399, 100].iter().flat_map(|part| part.to_le_bytes()).collect();
    for (what, before) in
        [(latitude.as_slice(), true), (b"GPS", true), (b"Hamburg", true), (b"home", true), (b"film", true)]
    {
        assert!(contains(&photo, what) == before && !contains(&clean, what), "{what:?}");
    }
    let at = clean.windows(6).position(|window| window == b"Exif\0\0").unwrap() + 6;
    let told = Told::read(&clean[at..]);
    assert_eq!(told, Told { orientation: Some(6), taken: Some(*b"2026:11:24 09:30:00\0") });
    assert_eq!(cleaned(&clean).unwrap(), clean, "what is clean stays as it is");
}

#[test]
fn pictures_of_other_forms_keep_their_pixels_and_nothing_else() {
    let mut png = encoded(ImageFormat::Png);
    let mut told = Vec::new();
    for (kind, data) in [(b"tEXt", b"Place\0Hamburg".to_vec()), (b"eXIf", camera_exif())] {
        told.extend((data.len() as u32).to_be_bytes());
        told.extend(kind);
        told.extend(&data);
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(&data);
        told.extend(sum.sum().to_be_bytes());
    }
    png.splice(33..33, told);
    let clean = cleaned(&png).unwrap();
    assert_eq!(pixels(&clean), pixels(&png));
    assert!(contains(&png, b"Hamburg") && !contains(&clean, b"Hamburg") && !contains(&clean, &53_u32.to_le_bytes()));
    let mut gif = encoded(ImageFormat::Gif);
    gif.splice(gif.len() - 1..gif.len() - 1, b"\x21\xfe\x07Hamburg\0".to_vec());
    let clean = cleaned(&gif).unwrap();
    assert_eq!(pixels(&clean), pixels(&gif));
    assert!(contains(&gif, b"Hamburg") && !contains(&clean, b"Hamburg"));
    let mut webp = encoded(ImageFormat::WebP);
    webp.extend(b"XMP \x07\0\0\0Hamburg\0");
    let size = (webp.len() as u32 - 8).to_le_bytes();
    webp[4..8].copy_from_slice(&size);
    let clean = cleaned(&webp).unwrap();
    assert_eq!(pixels(&clean), pixels(&webp));
    assert!(contains(&webp, b"Hamburg") && !contains(&clean, b"Hamburg"));
}

#[test]
fn what_is_not_taken_apart_is_refused_and_other_files_stay_as_they_are() {
    assert_eq!(cleaned(b"%PDF-1.7 and so on").unwrap(), b"%PDF-1.7 and so on");
    for telling in [b"\0\0\0\x18ftypheic\0\0\0\0".as_slice(), b"II*\0\x08\0\0\0", b"\0\0\0\x20ftypisom"] {
        assert_eq!(cleaned(telling), Err(NotCleaned::Kind));
    }
    let photo = photo();
    for length in [3, 20, photo.len() / 3] {
        assert_eq!(cleaned(&photo[..length]), Err(NotCleaned::Damaged), "{length}");
    }
}

#[test]
fn no_bytes_make_it_fall_over() {
    let mut random = crate::crypto::random::SeededRandom::new(5);
    for form in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = if form == ImageFormat::Jpeg { photo() } else { encoded(form) };
        for _ in 0..2_000 {
            let mut bytes = whole.clone();
            for _ in 0..4 {
                let [a, b, c] = crate::crypto::random::array(&mut random);
                let at = usize::from(u16::from_le_bytes([a, b])) % bytes.len();
                bytes[at] = c;
            }
            // Whether it is taken or refused: it ends.
            let _either = cleaned(&bytes);
        }
    }
}
