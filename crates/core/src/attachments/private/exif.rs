//! The little of Exif that is kept: which way is up, and when.

const ORIENTATION: u16 = 0x0112;
const EXIF: u16 = 0x8769;
const TAKEN: u16 = 0x9003;
const SHORT: u16 = 3;
const ASCII: u16 = 2;
const LONG: u16 = 4;
/// A time such as `2026:11:24 09:30:00`, with the zero after it.
const TIME_BYTES: usize = 20;
/// More entries than any camera writes.
const ENTRIES: u16 = 1000;

/// What a picture's Exif tells that is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// 1 to 8, as Exif has it.
    pub orientation: Option<u16>,
    /// When it was taken, by the camera's clock.
    pub taken: Option<[u8; TIME_BYTES]>,
}

/// A TIFF file's bytes with their order.
struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Tiff<'a> {
    fn open(bytes: &'a [u8]) -> Option<Tiff<'a>> {
        match bytes.get(..4)? {
            b"II*\0" => Some(Tiff { bytes, big: false }),
            b"MM\0*" => Some(Tiff { bytes, big: true }),
            _ => None,
        }
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(*bytes) } else { u16::from_le_bytes(*bytes) })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) } as usize)
    }

    /// Where an entry of a directory begins.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        let count = self.short(directory)?.min(ENTRIES);
        let places = (0..usize::from(count)).map(|n| directory + 2 + n * 12);
        places.into_iter().find(|at| self.short(*at) == Some(tag))
    }
}

impl Told {
    /// Reads the TIFF part of an Exif block; what cannot be read tells nothing.
    pub fn read(tiff: &[u8]) -> Told {
        let Some(tiff) = Tiff::open(tiff) else { return Told::default() };
        let Some(first) = tiff.long(4) else { return Told::default() };
        let orientation = tiff.entry(first, ORIENTATION).and_then(|at| tiff.short(at + 8));
        let taken = || {
            let exif = tiff.long(tiff.entry(first, EXIF)? + 8)?;
            let value = tiff.long(tiff.entry(exif, TAKEN)? + 8)?;
            let text: [u8; TIME_BYTES] = *tiff.bytes.get(value..)?.first_chunk()?;
            is_time(&text).then_some(text)
        };
        Told { orientation: orientation.filter(|value| (1..=8).contains(value)), taken: taken() }
    }

    /// Whether there is anything to say.
    pub fn is_nothing(&self) -> bool {
        self.orientation.is_none_or(|value| value == 1) && self.taken.is_none()
    }

    /// A TIFF part that says this and nothing else.
    pub fn write(&self) -> Vec<u8> {
        let mut out = b"MM\0*\0\0\0\x08".to_vec();
        let entry = |out: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            out.extend_from_slice(&tag.to_be_bytes());
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&count.to_be_bytes());
            out.extend_from_slice(&value);
        };
        let entries = 1 + u16::from(self.taken.is_some());
        out.extend_from_slice(&entries.to_be_bytes());
        let [high, low] = self.orientation.unwrap_or(1).to_be_bytes();
        entry(&mut out, ORIENTATION, SHORT, 1, [high, low, 0, 0]);
        // After this directory: its entries, and the zero that ends it.
        let next = 8 + 2 + 12 * u32::from(entries) + 4;
        if self.taken.is_some() {
            entry(&mut out, EXIF, LONG, 1, next.to_be_bytes());
        }
        out.extend_from_slice(&[0; 4]);
        if let Some(taken) = &self.taken {
            out.extend_from_slice(&1_u16.to_be_bytes());
            entry(&mut out, TAKEN, ASCII, TIME_BYTES as u32, (next + 2 + 12 + 4).to_be_bytes());
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(taken);
        }
        out
    }
}

/// Whether these bytes are a time and nothing else that could be told in them.
fn is_time(text: &[u8; TIME_BYTES]) -> bool {
    let form = b"0000:00:00 00:00:00\0";
    text.iter().zip(form).all(|(byte, expected)| match expected {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    })
}
