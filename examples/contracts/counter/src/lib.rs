//! The counter of the Stylus tutorials: a number in storage that anyone can read, set, add to and raise.
//!
//! Call data is a Solidity call: 4 bytes of selector, then the arguments as the contract ABI encodes them.

#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use stylus_sdk::alloy_primitives::U256;
use stylus_sdk::prelude::*;

sol_storage! {
    #[entrypoint]
    pub struct Counter {
        uint256 number;
    }
}

#[public]
impl Counter {
    /// The number.
    pub fn number(&self) -> U256 {
        self.number.get()
    }

    /// Makes it `new_number`.
    pub fn set_number(&mut self, new_number: U256) {
        self.number.set(new_number);
    }

    /// Adds to it; a sum above 2^256 - 1 panics, which ends as a revert.
    pub fn add_number(&mut self, summand: U256) {
        let sum = self.number.get().checked_add(summand).unwrap();
        self.number.set(sum);
    }

    /// Adds one.
    pub fn increment(&mut self) {
        let number = self.number.get();
        self.set_number(number + U256::from(1));
    }

    /// Adds the wei sent along.
    #[payable]
    pub fn add_from_msg_value(&mut self) {
        let number = self.number.get();
        self.set_number(number + self.vm().msg_value());
    }
}
