//! A seeded source of choices (SplitMix64).

/// Choices that follow from a seed.
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// Choices that follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Choices {
        Choices(seed)
    }

    /// Choices that follow from several numbers; each of them matters.
    #[must_use]
    pub fn of(numbers: &[u64]) -> Choices {
        let mix = |state: u64, &number: &u64| Choices(state ^ number).bits();
        Choices(numbers.iter().fold(0, mix))
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub fn number(&mut self, least: i32, most: i32) -> i32 {
        let span = (i64::from(most) - i64::from(least) + 1) as u64;
        (i64::from(least) + (self.bits() % span) as i64) as i32
    }

    /// Whether something of this many percent happens.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    /// One of a list that is not empty.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.bits() as usize % list.len()]
    }

    /// An element of a type of `bits` bits: any, a small one, or one of the ends.
    pub fn element(&mut self, bits: u32) -> i64 {
        let any = self.bits() as i64;
        if bits == 1 {
            return any & 1;
        }
        let wide = match self.number(0, 5) {
            0 => any % 4,
            1 => any % 200,
            2 => return end(bits, any),
            _ => any,
        };
        wide << (64 - bits) >> (64 - bits)
    }

    /// The elements of a tensor of a type of `bits` bits: mostly each as [`Choices::element`] gives it, sometimes all
    /// the same end of the type, all one of its ends, or all small.
    pub fn elements(&mut self, bits: u32, count: usize) -> Vec<i64> {
        match self.number(0, 9) {
            0 => {
                let any = self.bits() as i64;
                vec![end(bits, any); count]
            }
            1 => (0..count).map(|_| end(bits, self.bits() as i64)).collect(),
            2 if bits > 1 => (0..count).map(|_| i64::from(self.number(-2, 2))).collect(),
            _ => (0..count).map(|_| self.element(bits)).collect(),
        }
    }
}

/// The least or the greatest number of `bits` bits, −1 or 0; of one bit, 0 or 1.
fn end(bits: u32, any: i64) -> i64 {
    if bits == 1 {
        return any & 1;
    }
    [i64::MIN, i64::MAX, -1, 0][(any & 3) as usize] >> (64 - bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_of_their_type_and_reach_its_ends() {
        let mut choices = Choices::new(1);
        for bits in [4, 8, 16, 32, 48] {
            let (least, most) = (-(1_i64 << (bits - 1)), (1 << (bits - 1)) - 1);
            let all: Vec<i64> = (0..200).flat_map(|_| choices.elements(bits, 5)).collect();
            assert_eq!(all.iter().min(), Some(&least), "{bits}");
            assert_eq!(all.iter().max(), Some(&most), "{bits}");
            assert!(all.contains(&-1) && all.contains(&0));
        }
        assert!(
            choices
                .elements(1, 99)
                .iter()
                .all(|bit| [0, 1].contains(bit))
        );
    }

    #[test]
    fn every_number_changes_the_choices() {
        let first = |numbers: &[u64]| Choices::of(numbers).bits();
        assert_ne!(first(&[1, 2]), first(&[2, 1]));
        assert_ne!(first(&[1, 2]), first(&[1, 3]));
        assert_eq!(first(&[1, 2]), first(&[1, 2]));
    }
}
