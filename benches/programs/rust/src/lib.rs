//! What the programs share: numbers that look random, a hash of a result, and how a panic ends.
//!
//! A program is `examples/NAME.rs`: it imports nothing and exports `run: (i32) -> i32`, the argument being the
//! size of its problem. It computes with integers only and keeps its data on the stack.
#![no_std]

/// Marsaglia's xorshift with 32 bits of state: shifts of 13, 17 and 5.
pub struct Random(u32);

impl Random {
    /// The numbers that follow `seed`, which is not 0.
    #[must_use]
    pub fn new(seed: u32) -> Random {
        Random(seed)
    }

    /// The next number, never 0.
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// `hash` after one more word: rotated left by one, then exclusive or.
#[must_use]
pub fn fold(hash: u32, word: u32) -> u32 {
    hash.rotate_left(1) ^ word
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
