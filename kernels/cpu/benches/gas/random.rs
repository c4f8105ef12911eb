//! Random numbers, and choices that can be kept, changed a little and made again.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// The numbers from which a case is made, in the order in which it asks for them. The same numbers make the same
/// case; numbers that are missing are drawn.
pub(crate) struct Choices<'r> {
    numbers: Vec<u32>,
    at: usize,
    random: &'r mut Random,
}

impl<'r> Choices<'r> {
    pub(crate) fn new(numbers: Vec<u32>, random: &'r mut Random) -> Choices<'r> {
        Choices {
            numbers,
            at: 0,
            random,
        }
    }

    /// The numbers that were asked for.
    pub(crate) fn into_numbers(mut self) -> Vec<u32> {
        self.numbers.truncate(self.at);
        self.numbers
    }

    fn next(&mut self) -> u32 {
        if self.at == self.numbers.len() {
            let number = self.random.next() as u32;
            self.numbers.push(number);
        }
        self.at += 1;
        self.numbers[self.at - 1]
    }

    /// A number below `end`, each as likely.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u64::from(self.next()) * end as u64) >> 32) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `list`.
    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// 1 to `max`, each order of magnitude as likely; half of the time a power of two or one more.
    pub(crate) fn size(&mut self, max: usize) -> usize {
        let number = self.next();
        let part = f64::from(number >> 2) / f64::from(1_u32 << 30);
        let size = (max as f64 + 1.0).powf(part) as usize;
        let size = match number & 3 {
            0 => (size + 1).next_power_of_two() / 2,
            1 => (size + 1).next_power_of_two() / 2 + 1,
            _ => size,
        };
        size.clamp(1, max.max(1))
    }

    /// Sides of a tensor of at most `rank` axes and `elements` elements.
    pub(crate) fn shape(&mut self, rank: usize, elements: usize) -> Vec<usize> {
        let rank = 1 + self.below(rank);
        let mut left = self.size(elements);
        let mut shape = Vec::with_capacity(rank);
        for axis in 0..rank {
            let side = if axis + 1 == rank {
                left
            } else {
                self.size(left)
            };
            left /= side;
            shape.push(side);
        }
        let turn = self.below(rank);
        shape.rotate_left(turn);
        shape
    }
}

/// `numbers` with a few of them changed.
pub(crate) fn changed(numbers: &[u32], random: &mut Random) -> Vec<u32> {
    let mut numbers = numbers.to_vec();
    for _ in 0..=random.below(3) {
        if numbers.is_empty() {
            break;
        }
        let at = random.below(numbers.len());
        let drawn = random.next() as u32;
        numbers[at] = match random.below(4) {
            0 => drawn,
            1 => numbers[at] ^ (drawn & 3),
            _ => numbers[at].saturating_add_signed((drawn as i32) >> (3 + random.below(6))),
        };
    }
    numbers
}
