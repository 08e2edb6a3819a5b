//! Chance that can be repeated: a failing proof prints its seed.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Anything from 0 to `most`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        self.next() % (most + 1)
    }

    /// The same, for counting.
    pub fn few(&mut self, most: usize) -> usize {
        usize::try_from(self.up_to(most as u64)).expect("it is no more than a number of this type")
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// What `ROLO_SEED` says, else a fixed seed of this proof's own: a push must not fail by chance.
pub fn seed(own: u64) -> u64 {
    std::env::var("ROLO_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(own)
}
