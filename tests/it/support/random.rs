//! Moments that differ from one run of the tests to the next; the seed is said when a test fails.

/// Numbers at random.
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// From `SWAPBIN_SEED`, or from the clock.
    pub fn new() -> Random {
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
        let seed = std::env::var("SWAPBIN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(clock) | 1;
        Random { seed, state: seed }
    }

    /// What to set `SWAPBIN_SEED` to for the same numbers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn up_to_one(&mut self) -> f64 {
        // xorshift64, Marsaglia 2003.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
