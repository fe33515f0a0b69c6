//! Fingerprints of rows, for finding exact repeats without keeping the rows.

use std::hash::{BuildHasher, Hash};

/// A 128-bit fingerprint of a row, for finding exact repeats.
///
/// Two hashes of fixed, different seeds: repeats are equal in every partition, and two different
/// rows among a billion collide with a chance below 1e-20.
#[derive(Clone)]
pub(crate) struct Fingerprints {
    low: foldhash::quality::FixedState,
    high: foldhash::quality::FixedState,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Self {
            low: foldhash::quality::FixedState::with_seed(0x5e67_6d65_6e74_7279),
            high: foldhash::quality::FixedState::with_seed(0x7279_6d65_6e74_5e67),
        }
    }
}

impl Fingerprints {
    /// The fingerprint of whatever makes a row equal to another.
    pub(crate) fn of(&self, row: impl Hash) -> u128 {
        u128::from(self.high.hash_one(&row)) << 64 | u128::from(self.low.hash_one(&row))
    }
}
