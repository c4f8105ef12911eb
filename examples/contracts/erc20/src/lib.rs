//! A token as EIP-20 says, with the custom errors of ERC-6093. Anyone may mint: it is an example.
//!
//! Call data is a Solidity call: 4 bytes of selector, then the arguments as the contract ABI encodes them. A
//! refusal reverts with an error of the contract ABI as its output.

#![no_main]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use stylus_sdk::alloy_primitives::{Address, U256};
use stylus_sdk::alloy_sol_types::sol;
use stylus_sdk::prelude::*;

sol! {
    #![sol(alloy_sol_types = stylus_sdk::alloy_sol_types)]

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
    error ERC20InvalidReceiver(address receiver);
}

#[derive(SolidityError)]
pub enum Erc20Error {
    InsufficientBalance(ERC20InsufficientBalance),
    InsufficientAllowance(ERC20InsufficientAllowance),
    InvalidReceiver(ERC20InvalidReceiver),
}

sol_storage! {
    #[entrypoint]
    pub struct Erc20 {
        mapping(address => uint256) balances;
        mapping(address => mapping(address => uint256)) allowances;
        uint256 total_supply;
    }
}

#[public]
impl Erc20 {
    pub fn name(&self) -> String {
        "Example".into()
    }

    pub fn symbol(&self) -> String {
        "EXM".into()
    }

    pub fn decimals(&self) -> u8 {
        18
    }

    pub fn total_supply(&self) -> U256 {
        self.total_supply.get()
    }

    pub fn balance_of(&self, owner: Address) -> U256 {
        self.balances.get(owner)
    }

    pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.allowances.getter(owner).get(spender)
    }

    pub fn transfer(&mut self, to: Address, value: U256) -> Result<bool, Erc20Error> {
        let from = self.vm().msg_sender();
        self.move_tokens(from, to, value)?;
        Ok(true)
    }

    pub fn approve(&mut self, spender: Address, value: U256) -> bool {
        let owner = self.vm().msg_sender();
        self.allowances.setter(owner).insert(spender, value);
        self.vm().log(Approval { owner, spender, value });
        true
    }

    /// Moves tokens of another account that has approved it; an allowance of 2^256 - 1 is never used up.
    pub fn transfer_from(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
    ) -> Result<bool, Erc20Error> {
        let spender = self.vm().msg_sender();
        let mut allowances = self.allowances.setter(from);
        let allowance = allowances.get(spender);
        if allowance < value {
            return Err(Erc20Error::InsufficientAllowance(ERC20InsufficientAllowance {
                spender,
                allowance,
                needed: value,
            }));
        }
        if allowance != U256::MAX {
            allowances.insert(spender, allowance - value);
        }
        self.move_tokens(from, to, value)?;
        Ok(true)
    }

    /// Makes tokens; a supply above 2^256 - 1 panics, which ends as a revert.
    pub fn mint(&mut self, to: Address, value: U256) -> Result<(), Erc20Error> {
        let supply = self.total_supply.get().checked_add(value).unwrap();
        self.total_supply.set(supply);
        self.credit(to, value)?;
        self.vm().log(Transfer { from: Address::ZERO, to, value });
        Ok(())
    }
}

impl Erc20 {
    fn move_tokens(&mut self, from: Address, to: Address, value: U256) -> Result<(), Erc20Error> {
        let balance = self.balances.get(from);
        if balance < value {
            return Err(Erc20Error::InsufficientBalance(ERC20InsufficientBalance {
                sender: from,
                balance,
                needed: value,
            }));
        }
        self.balances.insert(from, balance - value);
        self.credit(to, value)?;
        self.vm().log(Transfer { from, to, value });
        Ok(())
    }

    fn credit(&mut self, to: Address, value: U256) -> Result<(), Erc20Error> {
        if to == Address::ZERO {
            return Err(Erc20Error::InvalidReceiver(ERC20InvalidReceiver { receiver: to }));
        }
        let balance = self.balances.get(to);
        self.balances.insert(to, balance + value);
        Ok(())
    }
}
