//! A seeded source of choices (SplitMix64).

/// Choices that follow from a seed.
#[derive(Clone)]
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Choices {
        Choices(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn number(&mut self, least: i32, most: i32) -> i32 {
        let span = (i64::from(most) - i64::from(least) + 1) as u64;
        (i64::from(least) + (self.bits() % span) as i64) as i32
    }

    /// Whether something of this many percent happens.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.bits() as usize % list.len()]
    }

    /// An element of a type of `bits` bits: any, a small one, or one of the ends.
    pub(crate) fn element(&mut self, bits: u32) -> i64 {
        let any = self.bits() as i64;
        let wide = match self.number(0, 5) {
            0 => any % 4,
            1 => any % 200,
            2 => [i64::MIN, i64::MAX, -1, 0][(any & 3) as usize] >> (64 - bits),
            _ => any,
        };
        if bits == 1 {
            return any & 1;
        }
        wide << (64 - bits) >> (64 - bits)
    }
}
