//! Chance that can be repeated: xoshiro256** seeded by splitmix64 (Blackman, Vigna). Not for secrets outside a
//! simulation.

use std::sync::{Mutex, PoisonError};

use banto_aws::{Entropy, Error};

/// A generator. The same seed gives the same chances.
#[derive(Debug, Clone)]
pub(super) struct Rng([u64; 4]);

/// One step of splitmix64.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self(std::array::from_fn(|_| splitmix(&mut state)))
    }

    /// A generator for one thing, whatever else was drawn: decisions about it don't depend on the order of events.
    pub(super) fn of(seed: u64, about: &[&str]) -> Self {
        // FNV-1a, with a separator so that boundaries count.
        let bytes = about.iter().flat_map(|part| part.bytes().chain([0xFF]));
        let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        Self::new(seed ^ hash)
    }

    pub(super) fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Less than `n`; 0 when `n` is.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// `from` to `to`, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(to.abs_diff(from) + 1)).unwrap_or(0)
    }

    /// True `n` times out of a thousand.
    pub(super) fn per_mille(&mut self, n: u32) -> bool {
        self.below(1_000) < u64::from(n)
    }

    /// An index into something of this length.
    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.index(from.len())]
    }
}

/// Random bytes for the functions, out of the seed.
#[derive(Debug)]
pub(super) struct SeededEntropy(Mutex<Rng>);

impl SeededEntropy {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(Rng::of(seed, &["entropy"])))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&rng.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
