//! Damage to files: the same on every machine.

/// SplitMix64.
pub(crate) struct Random(pub u64);

impl Random {
    /// A number from 0 to `bound` − 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Turns one bit of byte `at`.
pub(crate) fn flip(file: &mut [u8], at: usize, random: &mut Random) {
    file[at] ^= 1 << random.below(8);
}
