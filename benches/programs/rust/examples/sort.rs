//! Sorting: `run(n)` sorts n numbers (at most 16,384) with the standard library's unstable sort and returns a
//! hash of them in order. Comparisons that are hard to foresee, moves, recursion.
#![no_std]

use programs::{Random, fold};

/// Most numbers that fit.
const CAPACITY: usize = 16_384;

#[unsafe(no_mangle)]
extern "C" fn run(count: i32) -> i32 {
    let mut numbers = [0_u32; CAPACITY];
    let numbers = &mut numbers[..count as usize];
    let mut random = Random::new(2_463_534_242);
    numbers.fill_with(|| random.next());
    numbers.sort_unstable();
    numbers.iter().fold(0, |hash, &number| fold(hash, number)) as i32
}
