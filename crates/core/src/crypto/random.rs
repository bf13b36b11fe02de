//! Randomness as an argument, so that tests and vectors choose it.

/// A source of unpredictable bytes.
pub trait Random {
    /// Fills the buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Exactly this many bytes from a source.
pub fn array<const N: usize>(random: &mut dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    #[allow(clippy::expect_used)]
    fn fill(&mut self, bytes: &mut [u8]) {
        // Invariant: every supported system can give random bytes once it runs
        // programs at all. Going on without them would make guessable keys.
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Reproducible bytes from a seed: BLAKE3's extendable output. For tests,
/// simulations and vectors, never for keys that protect anything.
#[derive(Debug, Clone)]
pub struct SeededRandom(blake3::OutputReader);

impl SeededRandom {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("drystone v1 reproducible bytes");
        hasher.update(&seed.to_le_bytes());
        SeededRandom(hasher.finalize_xof())
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}
