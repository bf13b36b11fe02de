//! Sizes and times as people write and read them.

use std::str::FromStr;

/// A number of bytes, also with a unit: `500000`, `64K`, `10M`, `2G`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

const UNITS: [(char, u32); 4] = [('T', 40), ('G', 30), ('M', 20), ('K', 10)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let wrong = || format!("{text:?} is no size: give bytes, or a number with K, M, G or T such as 10G");
        let bare = text.strip_suffix("iB").unwrap_or(text);
        let unit = UNITS.iter().find_map(|(letter, shift)| bare.strip_suffix(*letter).map(|digits| (digits, *shift)));
        let (digits, shift) = unit.unwrap_or((bare, 0));
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        number.checked_mul(1 << shift).map(Size).ok_or_else(wrong)
    }
}

/// Bytes for people: `1.4 GiB`.
pub fn readable(bytes: u64) -> String {
    match UNITS.iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((letter, shift)) => {
            let tenths = (bytes >> (shift - 10)).saturating_mul(10) >> 10;
            format!("{}.{} {letter}iB", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

/// A stretch of days or hours, in milliseconds: `30d`, `12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub u64);

const HOUR_MS: u64 = 3_600_000;
/// The longest grace; times beyond it are slips of the finger.
const LONGEST_HOURS: u64 = 24 * 3650;

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Days, String> {
        let wrong = || format!("{text:?} is no time: give days or hours such as 30d or 12h, up to ten years");
        let (digits, hours) = text
            .strip_suffix('d')
            .map(|d| (d, 24))
            .or_else(|| text.strip_suffix('h').map(|h| (h, 1)))
            .ok_or_else(wrong)?;
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        number.checked_mul(hours).filter(|hours| *hours <= LONGEST_HOURS).map(|h| Days(h * HOUR_MS)).ok_or_else(wrong)
    }
}

/// How long ago, or how long until, for people: `3 d`.
pub fn stretch(ms: u64) -> String {
    match (ms / 1000, ms / 60_000, ms / HOUR_MS, ms / HOUR_MS / 24) {
        (seconds, 0, ..) => format!("{seconds} s"),
        (_, minutes, 0, _) => format!("{minutes} min"),
        (_, _, hours, 0) => format!("{hours} h"),
        (_, _, _, days) => format!("{days} d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("2K", 2048), ("3M", 3 << 20), ("10G", 10 << 30), ("1TiB", 1 << 40)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for wrong in ["", "G", "-1", "1.5G", "99999999999T", "1 G", "10g"] {
            assert!(wrong.parse::<Size>().unwrap_err().contains("10G"), "{wrong}");
        }
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (10 << 30, "10.0 GiB"), (u64::MAX, "16777215.9 TiB")]
        {
            assert_eq!(readable(bytes), text);
        }
    }

    #[test]
    fn times_are_read_and_written() {
        assert_eq!("30d".parse(), Ok(Days(30 * 24 * HOUR_MS)));
        assert_eq!("12h".parse(), Ok(Days(12 * HOUR_MS)));
        for wrong in ["", "30", "d", "-1d", "4000d", "99999999999999999999d"] {
            assert!(wrong.parse::<Days>().is_err(), "{wrong}");
        }
        assert_eq!([5_000, 120_000, 7_200_000, 300_000_000].map(stretch), ["5 s", "2 min", "2 h", "3 d"]);
    }
}
