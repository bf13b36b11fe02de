//! Chance, from a seed.

use std::sync::Mutex;

use drystone_core::crypto::random::{Random, SeededRandom, array};

/// A stream of chance that several can draw from, one after the other.
pub struct Dice(Mutex<SeededRandom>);

impl Dice {
    /// The stream of a seed and what it is for.
    pub fn new(seed: u64, what: u64) -> Dice {
        Dice(Mutex::new(SeededRandom::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(what))))
    }

    /// A number below a limit.
    pub fn below(&self, limit: u64) -> u64 {
        u64::from_le_bytes(array(&mut *self.0.lock().unwrap())) % limit
    }

    /// True so many times in a hundred.
    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of these.
    pub fn one<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// Fills a buffer.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill(bytes);
    }
}
