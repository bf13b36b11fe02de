//! Numbers and runs as Automerge's columns spell them. Runs are read, never
//! expanded.

use super::ScanError;

const EARLY: ScanError = ScanError::Malformed("it ends too early");
const NUMBER: ScanError = ScanError::Malformed("a number is not in its shortest form");

/// What the runs of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// LEB128 numbers.
    Unsigned,
    /// Signed LEB128 differences.
    Delta,
    /// Alternating counts of false and true.
    Boolean,
    /// Length and UTF-8.
    Text,
}

/// Equal values one after another.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run<'a> {
    /// No value.
    Null { length: u64 },
    /// A number; one above `i64::MAX` is out of range for every column.
    Number { length: u64, value: i64 },
    /// A text.
    Text { length: u64, text: &'a [u8] },
}

impl Run<'_> {
    pub(super) fn length(&self) -> u64 {
        match self {
            Run::Null { length } | Run::Number { length, .. } | Run::Text { length, .. } => *length,
        }
    }
}

/// Reads from the front of a slice.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// Values left of a literal run.
    literals: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, literals: 0 }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], ScanError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(EARLY)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn take_u64(&mut self, count: u64) -> Result<&'a [u8], ScanError> {
        self.take(usize::try_from(count).map_err(|_| EARLY)?)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ScanError> {
        Ok(self.take(1)?[0])
    }

    /// Unsigned LEB128, shortest form only.
    pub(super) fn unsigned(&mut self) -> Result<u64, ScanError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(NUMBER);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(NUMBER) } else { Ok(value) };
            }
        }
        Err(NUMBER)
    }

    /// Signed LEB128, shortest form only.
    pub(super) fn signed(&mut self) -> Result<i64, ScanError> {
        let mut value = 0i64;
        let mut previous = 0u8;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if shift == 63 && byte != 0 && byte != 0x7f {
                    return Err(NUMBER);
                }
                let sign_known = (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if shift > 0 && sign_known {
                    return Err(NUMBER);
                }
                let end = shift + 7;
                return Ok(if end < 64 && byte & 0x40 != 0 { value | (-1 << end) } else { value });
            }
            previous = byte;
        }
        Err(NUMBER)
    }

    /// The next run of a column, `None` at its end.
    pub(super) fn run(&mut self, values: Values) -> Result<Option<Run<'a>>, ScanError> {
        if self.literals > 0 {
            self.literals -= 1;
            return self.value(values, 1).map(Some);
        }
        if self.bytes.is_empty() {
            return Ok(None);
        }
        if values == Values::Boolean {
            return Ok(Some(Run::Null { length: self.unsigned()? }));
        }
        match self.signed()? {
            0 => match self.unsigned()? {
                0 => Err(ScanError::Malformed("a run is empty")),
                length => Ok(Some(Run::Null { length })),
            },
            length if length > 0 => self.value(values, length.unsigned_abs()).map(Some),
            literals => {
                self.literals = literals.unsigned_abs() - 1;
                self.value(values, 1).map(Some)
            }
        }
    }

    fn value(&mut self, values: Values, length: u64) -> Result<Run<'a>, ScanError> {
        match values {
            Values::Text => {
                let bytes = self.unsigned()?;
                let text = self.take_u64(bytes)?;
                if std::str::from_utf8(text).is_err() {
                    return Err(ScanError::Malformed("a name is not UTF-8"));
                }
                Ok(Run::Text { length, text })
            }
            Values::Delta => Ok(Run::Number { length, value: self.signed()? }),
            Values::Unsigned | Values::Boolean => {
                let value =
                    i64::try_from(self.unsigned()?).map_err(|_| ScanError::Malformed("a number is out of range"))?;
                Ok(Run::Number { length, value })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(Reader::new(&[0xe5, 0x8e, 0x26]).unsigned(), Ok(624_485));
        assert_eq!(Reader::new(&[0xc0, 0xbb, 0x78]).signed(), Ok(-123_456));
        assert_eq!(Reader::new(&[0x7f]).signed(), Ok(-1));
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Reader::new(&most).unsigned(), Ok(u64::MAX));
        let least = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
        assert_eq!(Reader::new(&least).signed(), Ok(i64::MIN));
        assert!(Reader::new(&[0x80, 0x00]).unsigned().is_err());
        assert!(Reader::new(&[0xff, 0x7f]).signed().is_err());
        assert!(Reader::new(&[0x80]).unsigned().is_err());
        assert!(Reader::new(&[0xff; 10]).unsigned().is_err());
    }
}
