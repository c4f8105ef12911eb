//! What a contract may know of the block and the transaction it runs in: plain data, the same on every node.

use crate::{Address, U256};

/// The block that a transaction is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// Number of the chain (EIP-155).
    pub chain_id: u64,
    /// The block's number.
    pub number: u64,
    /// The block's time, in seconds since 1970, as its header says.
    pub timestamp: u64,
    /// Gas that the block's transactions may use together.
    pub gas_limit: u64,
    /// Price of a gas in wei that every transaction pays (EIP-1559).
    pub base_fee: U256,
    /// Whom the block's fees go to.
    pub coinbase: Address,
}

impl Default for BlockContext {
    /// A block of no chain, for tools and tests: number and time 0, 30,000,000 gas, no fee.
    fn default() -> BlockContext {
        BlockContext {
            chain_id: 0,
            number: 0,
            timestamp: 0,
            gas_limit: 30_000_000,
            base_fee: U256::ZERO,
            coinbase: Address::ZERO,
        }
    }
}

/// The transaction that a frame is part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionContext {
    /// Who signed the transaction.
    pub origin: Address,
    /// What it pays for a gas, in wei.
    pub gas_price: U256,
}

/// Block and transaction together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The block.
    pub block: BlockContext,
    /// The transaction.
    pub transaction: TransactionContext,
}
