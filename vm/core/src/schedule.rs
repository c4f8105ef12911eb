//! The gas schedule of contract code: what each instruction class and host function costs, in ink.
//!
//! Prices of instructions are set with `cargo bench -p aivm-lockstep --bench gas`, whose aim is that none is more than
//! three times slower for its price than the median, in either engine; docs/gas-of-code.md says where that falls short.

use crate::HostFunction;

/// Prices of contract code, in ink unless a name says gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasSchedule {
    /// Version, part of every compiled artefact's key.
    pub version: u32,
    /// Constants, `local.get`, drop, arithmetic but for what is named below.
    pub simple: u64,
    /// Conversions between widths, sign extensions.
    pub convert: u64,
    /// `local.set` and `local.tee`.
    pub local_write: u64,
    /// Comparisons, `eqz` among them, and `select`.
    pub compare: u64,
    /// Bit counts: `clz`, `ctz`, `popcnt`, for which not every processor has an instruction.
    pub bit_count: u64,
    /// Integer multiplication.
    pub multiply: u64,
    /// Integer division and remainder.
    pub divide: u64,
    /// Loads: what uses one waits for it.
    pub load: u64,
    /// Stores.
    pub store: u64,
    /// `global.get` and `global.set`.
    pub global: u64,
    /// Branches: as often foreseen by the processor as not.
    pub branch: u64,
    /// `br_table`.
    pub branch_table: u64,
    /// A call of a function of the module; the callee's header comes on top.
    pub call: u64,
    /// `call_indirect` on top of `call`.
    pub call_indirect: u64,
    /// A function's header: entry and return.
    pub function_header: u64,
    /// Each local of a function, on entry.
    pub local: u64,
    /// `memory.size`, `memory.grow`, bulk operations: the base charge.
    pub bulk_base: u64,
    /// Each byte of memory that a bulk operation names.
    pub bulk_byte: u64,
    /// Each entry of a table that a bulk operation names.
    pub table_entry: u64,
    /// Each page that `memory.grow` adds or `pay_for_memory_grow` names.
    pub memory_page: u64,
    /// Base price of every host call.
    pub host_base: u64,
    /// Each byte that a host call copies.
    pub host_byte: u64,
    /// Each fixed-size value that a host call reads or writes through a pointer.
    pub host_pointer: u64,
    /// A host call that leaves the frame: state, accounts, logs, other contracts.
    pub host_api: u64,
    /// An access of the frame's storage cache.
    pub storage_cached: u64,
    /// A storage word that the transaction has touched (EIP-2929).
    pub storage_warm: u64,
    /// On top of `storage_warm` for a load that touches a word first (EIP-2929: 2,100 gas in all).
    pub storage_cold_load: u64,
    /// On top of a store that touches a word first (EIP-2929).
    pub storage_cold_store: u64,
    /// On top of `storage_warm` for a store where state holds zero (EIP-2200: 20,000 gas in all).
    pub storage_set: u64,
    /// On top of `storage_warm` for a store where state holds another word (2,900 gas in all).
    pub storage_reset: u64,
    /// An account that the transaction has touched (EIP-2929).
    pub account_warm: u64,
    /// On top of `account_warm` for one touched first (2,600 gas in all).
    pub account_cold: u64,
    /// Fetching an account's code.
    pub account_code: u64,
    /// A call that sends value.
    pub call_value: u64,
    /// Sending value to an account that does not exist.
    pub call_new_account: u64,
    /// What the receiver of value gets on top of what the caller sends along; paid by `call_value`.
    pub call_stipend: u64,
    /// Creating a contract.
    pub create: u64,
    /// Each byte of a created contract's code: validated, metered and kept.
    pub create_byte: u64,
    /// Activating a contract, whatever its size.
    pub activation: u64,
    /// Each unit of the work to compile a contract: about a nanosecond, of an estimate that is on the safe side.
    pub activation_work: u64,
    /// A log, its topics and data on top.
    pub log_base: u64,
    /// Each topic of a log.
    pub log_topic: u64,
    /// Each byte of a log's data.
    pub log_byte: u64,
    /// keccak-256, base.
    pub keccak_base: u64,
    /// keccak-256, each 32-byte word.
    pub keccak_word: u64,
    /// Base price of a frame, in gas: the transaction's call pays it, and each sub-call of a contract.
    pub call_base_gas: u64,
}

impl GasSchedule {
    /// The schedule of version 1.
    pub const V1: GasSchedule = GasSchedule {
        version: 1,
        simple: 40,
        convert: 245,
        local_write: 130,
        compare: 960,
        bit_count: 3_750,
        multiply: 560,
        divide: 5_050,
        load: 1_300,
        store: 190,
        global: 260,
        branch: 1_560,
        branch_table: 6_350,
        call: 450,
        call_indirect: 400,
        function_header: 1_400,
        local: 20,
        bulk_base: 14_800,
        bulk_byte: 30,
        table_entry: 2_000,
        memory_page: 15_000_000,
        host_base: 10_000,
        host_byte: 20,
        host_pointer: 5_040,
        host_api: 59_673,
        storage_cached: 100_000,
        storage_warm: 1_000_000,
        storage_cold_load: 20_000_000,
        storage_cold_store: 21_000_000,
        storage_set: 199_000_000,
        storage_reset: 28_000_000,
        account_warm: 1_000_000,
        account_cold: 25_000_000,
        account_code: 7_000_000,
        call_value: 90_000_000,
        call_new_account: 250_000_000,
        call_stipend: 23_000_000,
        create: 320_000_000,
        create_byte: 2_000_000,
        activation: 100_000_000,
        activation_work: 1_200,
        log_base: 3_750_000,
        log_topic: 3_750_000,
        log_byte: 80_000,
        keccak_base: 120_000,
        keccak_word: 21_000,
        call_base_gas: 700,
    };

    /// The fixed part of a host call's price, in ink; what depends on lengths comes on top in `vm/host`.
    #[must_use]
    pub const fn host_call(&self, function: HostFunction) -> u64 {
        function.fixed_price(self)
    }
}
