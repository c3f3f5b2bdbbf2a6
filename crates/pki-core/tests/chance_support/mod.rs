//! Chance that can be had again.

/// xorshift64*.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Less than `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % end.max(1)
    }
}
