//! Looks through an Automerge change before Automerge sees it, without
//! expanding it. A change is run-length encoded: a hundred valid bytes can
//! stand for billions of operations. This walks the chunk once, in time and
//! memory bounded by its own length and [`Limits`], and refuses what exceeds
//! them or is not spelled as Automerge spells it.
//!
//! The format is Automerge's binary format, chunk types 1 (change) and 2
//! (deflated change). Documents and bundles are not accepted here.

use std::io::Read;

use sha2::{Digest, Sha256};

use reader::{Reader, Run, Values};

#[path = "scan_reader.rs"]
mod reader;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;
const DEFLATED: u8 = 2;
const DELETE: u64 = 3;
const LAST_ACTION: u64 = 7;

/// What one change may cost, and all changes of one envelope together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The chunk after inflating, in bytes.
    pub bytes: usize,
    /// Operations.
    pub operations: u64,
    /// Operations other than deletions that need not be paid for with a byte
    /// each: text pays one byte a character, so only bombs come near.
    pub free_operations: u64,
    /// Operations overwritten by others.
    pub predecessors: u64,
    /// Map keys and mark names after expanding runs, in bytes.
    pub names: u64,
    /// Changes it depends on.
    pub dependencies: u64,
    /// Actors it mentions.
    pub actors: u64,
    /// An actor's id, in bytes.
    pub actor_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 16 << 20,
            operations: 4_000_000,
            free_operations: 2_000,
            predecessors: 4_000_000,
            names: 64 << 20,
            dependencies: 10_000,
            actors: 10_000,
            actor_bytes: 128,
        }
    }
}

/// What a change says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanSummary {
    /// Its hash.
    pub hash: [u8; 32],
    /// The actor that made it.
    pub actor: Vec<u8>,
    /// The actor's count of changes.
    pub sequence: u64,
    /// Hashes of the changes it builds on.
    pub dependencies: Vec<[u8; 32]>,
    /// Its operations.
    pub operations: u64,
    /// Its author's clock, seconds or milliseconds as the author chose.
    pub time: i64,
    /// What it costs.
    pub cost: Cost,
}

/// What changes cost whoever applies them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// After inflating, in bytes.
    pub bytes: u64,
    /// Operations.
    pub operations: u64,
    /// Operations other than deletions beyond one a byte.
    pub free_operations: u64,
    /// Operations overwritten by others.
    pub predecessors: u64,
    /// Names after expanding runs, in bytes.
    pub names: u64,
}

impl Cost {
    /// Adds what another change costs, unless both together are more than the
    /// limits allow one: an envelope is no way around them.
    ///
    /// # Errors
    /// [`ScanError::Limit`] says which limit; then nothing was added.
    pub fn add(&mut self, other: &Cost, limits: &Limits) -> Result<(), ScanError> {
        let sum = Cost {
            bytes: self.bytes.saturating_add(other.bytes),
            operations: self.operations.saturating_add(other.operations),
            free_operations: self.free_operations.saturating_add(other.free_operations),
            predecessors: self.predecessors.saturating_add(other.predecessors),
            names: self.names.saturating_add(other.names),
        };
        check("bytes in an envelope", sum.bytes, limits.bytes as u64)?;
        check("operations in an envelope", sum.operations, limits.operations)?;
        check("operations in an envelope for its size", sum.free_operations, limits.free_operations)?;
        check("overwritten operations in an envelope", sum.predecessors, limits.predecessors)?;
        check("bytes of names in an envelope", sum.names, limits.names)?;
        *self = sum;
        Ok(())
    }
}

/// Why a change was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Ends too early, has bytes left over, or numbers out of range.
    #[error("the change is malformed: {0}")]
    Malformed(&'static str),
    /// Neither a change nor a deflated change.
    #[error("chunk type {0} is not a change")]
    Type(u8),
    /// The checksum does not fit the bytes.
    #[error("the change's checksum does not fit")]
    Checksum,
    /// A column that Automerge does not write.
    #[error("unknown column {0:#x}")]
    Column(u32),
    /// A named limit is exceeded.
    #[error("more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
}

/// Looks through one change chunk.
///
/// # Errors
/// [`ScanError`] says why the bytes must not be given to Automerge.
pub fn scan_change(bytes: &[u8], limits: &Limits) -> Result<ScanSummary, ScanError> {
    if bytes.len() > limits.bytes {
        return Err(ScanError::Limit { what: "bytes", limit: limits.bytes as u64 });
    }
    let mut reader = Reader::new(bytes);
    if reader.take(4)? != MAGIC {
        return Err(ScanError::Malformed("it does not start as a chunk"));
    }
    let checksum = reader.take(4)?;
    let kind = reader.byte()?;
    let length = reader.unsigned()?;
    if length != reader.rest().len() as u64 {
        return Err(ScanError::Malformed("its length is not that of the bytes"));
    }
    let inflated;
    let body = match kind {
        CHANGE => reader.rest(),
        DEFLATED => {
            inflated = inflate(reader.rest(), limits)?;
            &inflated
        }
        other => return Err(ScanError::Type(other)),
    };
    let hash = change_hash(body);
    if hash[..4] != *checksum {
        return Err(ScanError::Checksum);
    }
    scan_body(body, hash, limits)
}

fn inflate(deflated: &[u8], limits: &Limits) -> Result<Vec<u8>, ScanError> {
    let mut body = Vec::new();
    let mut decoder = flate2::bufread::DeflateDecoder::new(deflated).take(limits.bytes as u64 + 1);
    decoder.read_to_end(&mut body).map_err(|_| ScanError::Malformed("it does not inflate"))?;
    if body.len() > limits.bytes {
        return Err(ScanError::Limit { what: "bytes", limit: limits.bytes as u64 });
    }
    if !decoder.into_inner().into_inner().is_empty() {
        return Err(ScanError::Malformed("bytes follow the deflated ones"));
    }
    Ok(body)
}

/// The hash of a change covers the inflated form, whatever form it came in.
fn change_hash(body: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([CHANGE]);
    hasher.update(leb128(body.len() as u64));
    hasher.update(body);
    hasher.finalize().into()
}

pub(super) fn leb128(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

fn scan_body(body: &[u8], hash: [u8; 32], limits: &Limits) -> Result<ScanSummary, ScanError> {
    let mut reader = Reader::new(body);
    let dependencies = scan_dependencies(&mut reader, limits)?;
    let actor = scan_actor(&mut reader, limits)?.to_vec();
    let sequence = reader.unsigned()?;
    let first = reader.unsigned()?;
    let time = reader.signed()?;
    let message = reader.unsigned()?;
    if std::str::from_utf8(reader.take_u64(message)?).is_err() {
        return Err(ScanError::Malformed("its message is not UTF-8"));
    }
    let others = reader.unsigned()?;
    check("actors", others, limits.actors)?;
    for _ in 0..others {
        scan_actor(&mut reader, limits)?;
    }
    let columns = Columns::scan(&mut reader, others + 1, limits)?;
    columns.check(body.len() as u64, limits)?;
    let last = first.checked_add(columns.operations);
    if sequence == 0 || first == 0 || last.is_none_or(|last| last > u64::from(u32::MAX)) {
        return Err(ScanError::Malformed("its counters are out of range"));
    }
    let cost = columns.cost(body.len() as u64);
    Ok(ScanSummary { hash, actor, sequence, dependencies, operations: columns.operations, time, cost })
}

fn scan_dependencies(reader: &mut Reader<'_>, limits: &Limits) -> Result<Vec<[u8; 32]>, ScanError> {
    let count = reader.unsigned()?;
    check("dependencies", count, limits.dependencies)?;
    (0..count).map(|_| reader.take(32)?.try_into().map_err(|_| ScanError::Malformed("it ends too early"))).collect()
}

fn scan_actor<'a>(reader: &mut Reader<'a>, limits: &Limits) -> Result<&'a [u8], ScanError> {
    let length = reader.unsigned()?;
    check("bytes of an actor's id", length, limits.actor_bytes)?;
    reader.take_u64(length)
}

fn check(what: &'static str, got: u64, limit: u64) -> Result<(), ScanError> {
    if got > limit { Err(ScanError::Limit { what, limit }) } else { Ok(()) }
}

/// What the columns of a change add up to.
#[derive(Debug, Default)]
struct Columns {
    /// Rows of the action column: every operation has an action.
    operations: u64,
    /// How many of them delete.
    deletions: u64,
    /// The most rows of any column that has one row an operation.
    rows: u64,
    /// What the group column says how many predecessors there are …
    predecessors: u64,
    /// … and the most rows of the columns that list them.
    predecessor_rows: u64,
    /// What the value metadata says how long the values are …
    value_bytes: u64,
    /// … and how long they are.
    raw_bytes: u64,
    /// Names after expanding runs.
    names: u64,
}

/// The columns that Automerge writes, by specification: column id and type.
mod column {
    pub const OBJECT_ACTOR: u32 = 0x01;
    pub const OBJECT_COUNTER: u32 = 0x02;
    pub const KEY_ACTOR: u32 = 0x11;
    pub const KEY_COUNTER: u32 = 0x13;
    pub const KEY_NAME: u32 = 0x15;
    pub const INSERT: u32 = 0x34;
    pub const ACTION: u32 = 0x42;
    pub const VALUE_METADATA: u32 = 0x56;
    pub const VALUE: u32 = 0x57;
    pub const PREDECESSOR_COUNT: u32 = 0x70;
    pub const PREDECESSOR_ACTOR: u32 = 0x71;
    pub const PREDECESSOR_COUNTER: u32 = 0x73;
    pub const EXPAND: u32 = 0x94;
    pub const MARK_NAME: u32 = 0xa5;
    /// How many there are.
    pub const COUNT: u64 = 14;
}

impl Columns {
    fn scan(reader: &mut Reader<'_>, actors: u64, limits: &Limits) -> Result<Columns, ScanError> {
        let count = reader.unsigned()?;
        check("columns", count, column::COUNT)?;
        let mut metadata = Vec::new();
        for _ in 0..count {
            let specification = u32::try_from(reader.unsigned()?).map_err(|_| ScanError::Malformed("column"))?;
            let length = reader.unsigned()?;
            if metadata.last().is_some_and(|(last, _)| *last >= specification) {
                return Err(ScanError::Malformed("its columns are out of order"));
            }
            metadata.push((specification, length));
        }
        let mut columns = Columns::default();
        for (specification, length) in metadata {
            let data = reader.take_u64(length)?;
            columns.scan_column(specification, data, actors, limits)?;
        }
        Ok(columns)
    }

    fn scan_column(&mut self, column: u32, data: &[u8], actors: u64, limits: &Limits) -> Result<(), ScanError> {
        let mut rows = 0u64;
        let mut runs = Reader::new(data);
        let values = match column {
            column::OBJECT_ACTOR
            | column::OBJECT_COUNTER
            | column::KEY_ACTOR
            | column::ACTION
            | column::VALUE_METADATA
            | column::PREDECESSOR_COUNT
            | column::PREDECESSOR_ACTOR => Values::Unsigned,
            column::KEY_COUNTER | column::PREDECESSOR_COUNTER => Values::Delta,
            column::INSERT | column::EXPAND => Values::Boolean,
            column::KEY_NAME | column::MARK_NAME => Values::Text,
            column::VALUE => {
                self.raw_bytes = data.len() as u64;
                return Ok(());
            }
            other => return Err(ScanError::Column(other)),
        };
        let most = limits.operations.max(limits.predecessors);
        let mut total = 0i64;
        while let Some(run) = runs.run(values)? {
            rows = rows.saturating_add(run.length());
            check("operations", rows, most)?;
            self.count(column, &run, actors, limits)?;
            if let Run::Number { length, value } = run
                && values == Values::Delta
            {
                total = i64::try_from(length)
                    .ok()
                    .and_then(|length| value.checked_mul(length))
                    .and_then(|sum| total.checked_add(sum))
                    .filter(|total| (0..=i64::from(u32::MAX)).contains(total))
                    .ok_or(ScanError::Malformed("a counter is out of range"))?;
            }
        }
        match column {
            column::PREDECESSOR_ACTOR | column::PREDECESSOR_COUNTER => {
                self.predecessor_rows = self.predecessor_rows.max(rows);
            }
            column::ACTION => self.operations = rows,
            _ => self.rows = self.rows.max(rows),
        }
        Ok(())
    }

    /// Adds one run to what its column counts.
    fn count(&mut self, column: u32, run: &Run<'_>, actors: u64, limits: &Limits) -> Result<(), ScanError> {
        match (column, run) {
            (column::KEY_NAME | column::MARK_NAME, Run::Text { length, text }) => {
                self.names = self.names.saturating_add(length.saturating_mul(text.len() as u64));
                check("bytes of names", self.names, limits.names)
            }
            (_, Run::Number { length, value }) => {
                let value = *value as u64;
                match column {
                    column::OBJECT_ACTOR | column::KEY_ACTOR | column::PREDECESSOR_ACTOR if value >= actors => {
                        return Err(ScanError::Malformed("it names an actor it does not list"));
                    }
                    column::ACTION if value > LAST_ACTION => {
                        return Err(ScanError::Malformed("it has an unknown action"));
                    }
                    column::ACTION if value == DELETE => self.deletions = self.deletions.saturating_add(*length),
                    column::PREDECESSOR_COUNT => {
                        self.predecessors = self.predecessors.saturating_add(length.saturating_mul(value));
                        check("predecessors", self.predecessors, limits.predecessors)?;
                    }
                    column::VALUE_METADATA => {
                        self.value_bytes = self.value_bytes.saturating_add(length.saturating_mul(value >> 4));
                    }
                    _ => {}
                }
                Ok(())
            }
            (column::ACTION | column::PREDECESSOR_COUNT | column::VALUE_METADATA, Run::Null { .. }) => {
                Err(ScanError::Malformed("a column that must have values has none"))
            }
            _ => Ok(()),
        }
    }

    fn cost(&self, bytes: u64) -> Cost {
        Cost {
            bytes,
            operations: self.operations,
            free_operations: self.operations.saturating_sub(self.deletions).saturating_sub(bytes),
            predecessors: self.predecessors,
            names: self.names,
        }
    }

    fn check(&self, bytes: u64, limits: &Limits) -> Result<(), ScanError> {
        check("operations", self.operations, limits.operations)?;
        let paid = limits.free_operations.saturating_add(bytes);
        check("operations for its size", self.operations.saturating_sub(self.deletions), paid)?;
        if self.rows > self.operations || self.predecessor_rows > self.predecessors {
            return Err(ScanError::Malformed("its columns have different lengths"));
        }
        if self.value_bytes != self.raw_bytes {
            return Err(ScanError::Malformed("its values have another length than it says"));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
