//! Small pictures of pictures. What a file claims is looked at before any of it
//! is decoded, and only a few common forms are: no SVG, nothing that runs.

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// The most pixels of a picture that is decoded.
pub const PIXELS: u64 = 100_000_000;
/// The longest side of a picture that is decoded, in pixels.
const SIDE: u32 = 30_000;
/// The most memory that decoding may take, in bytes.
const MEMORY: u64 = 512 << 20;
/// The longest side of a small picture, in pixels.
pub const SMALL: u32 = 320;
/// How well a small picture is kept, of 100.
const QUALITY: u8 = 80;

/// A small picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// `image/jpeg` or `image/png`.
    pub media_type: &'static str,
    /// Of the picture it was made from, which way up it is shown, in pixels.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why there is no small picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// Not a picture of a form that is decoded.
    #[error("this is not a picture that can be shown small")]
    Form,
    /// More pixels or memory than are decoded.
    #[error("this picture is too large to be shown small")]
    TooLarge,
}

/// One at a time: each may take much memory.
static DECODING: Mutex<()> = Mutex::new(());

/// Makes a small picture.
///
/// # Errors
/// [`NoPicture`] says why there is none.
pub fn small(file: &[u8]) -> Result<Small, NoPicture> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| NoPicture::Form)?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    if !reader.format().is_some_and(|form| known.contains(&form)) {
        return Err(NoPicture::Form);
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE), Some(SIDE));
    limits.max_alloc = Some(MEMORY);
    let mut reader = reader;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|error| reason(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > MEMORY {
        return Err(NoPicture::TooLarge);
    }
    decoder.set_limits(limits).map_err(|error| reason(&error))?;
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let _one = DECODING.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = DynamicImage::from_decoder(decoder).map_err(|error| reason(&error))?;
    let mut picture = if width.max(height) > SMALL { whole.thumbnail(SMALL, SMALL) } else { whole };
    picture.apply_orientation(orientation);
    let turned = (picture.width() > picture.height()) != (width > height) && width != height;
    let (width, height) = if turned { (height, width) } else { (width, height) };
    encode(&picture, width, height).map_err(|error| reason(&error))
}

fn encode(picture: &DynamicImage, width: u32, height: u32) -> image::ImageResult<Small> {
    let mut bytes = Cursor::new(Vec::new());
    if picture.color().has_alpha() {
        picture.to_rgba8().write_to(&mut bytes, ImageFormat::Png)?;
        return Ok(Small { media_type: "image/png", width, height, bytes: bytes.into_inner() });
    }
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
    Ok(Small { media_type: "image/jpeg", width, height, bytes: bytes.into_inner() })
}

fn reason(error: &image::ImageError) -> NoPicture {
    match error {
        image::ImageError::Limits(_) => NoPicture::TooLarge,
        _ => NoPicture::Form,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn encoded(width: u32, height: u32, form: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = RgbImage::from_fn(width, height, |x, _| Rgb([x as u8, 80, 90]));
        DynamicImage::from(image).write_to(&mut bytes, form).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_become_small_and_keep_their_form() {
        for form in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            let made = small(&encoded(640, 480, form)).unwrap();
            assert_eq!((made.width, made.height), (640, 480));
            let back = image::load_from_memory(&made.bytes).unwrap();
            assert_eq!((back.width(), back.height()), (320, 240), "{form:?}");
        }
        let tiny = small(&encoded(3, 2, ImageFormat::Png)).unwrap();
        assert_eq!(image::load_from_memory(&tiny.bytes).unwrap().width(), 3);
    }

    #[test]
    fn what_claims_to_be_huge_is_not_decoded() {
        let mut png = encoded(2, 2, ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let mut sum = flate2::Crc::new();
        sum.update(&png[12..29]);
        png[29..33].copy_from_slice(&sum.sum().to_be_bytes());
        assert_eq!(small(&png), Err(NoPicture::TooLarge));
        for not in [b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), b"", b"II*\0\x08\0\0\0", b"BM"] {
            assert_eq!(small(not), Err(NoPicture::Form));
        }
    }
}
