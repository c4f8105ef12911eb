//! Gas and ink: the two units of metering, and the one place where they are converted.
//!
//! Contract code is charged in *ink*, a finer unit than gas, so that single instructions have a price.

/// How much ink one gas is worth.
pub const INK_PER_GAS: u64 = 10_000;

/// The ink that `gas` buys, saturating at `u64::MAX`.
#[must_use]
pub const fn gas_to_ink(gas: u64) -> u64 {
    gas.saturating_mul(INK_PER_GAS)
}

/// The gas that `ink` costs, rounded up: done once, when a frame ends.
#[must_use]
pub const fn ink_to_gas_ceil(ink: u64) -> u64 {
    ink.div_ceil(INK_PER_GAS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_upward_and_multiplication_saturates() {
        assert_eq!(ink_to_gas_ceil(0), 0);
        assert_eq!(ink_to_gas_ceil(1), 1);
        assert_eq!(ink_to_gas_ceil(INK_PER_GAS), 1);
        assert_eq!(ink_to_gas_ceil(INK_PER_GAS + 1), 2);
        assert_eq!(gas_to_ink(u64::MAX), u64::MAX);
        assert_eq!(gas_to_ink(7), 70_000);
    }
}
