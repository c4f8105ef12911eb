//! The gas schedule of contract code: what each instruction class and host function costs, in ink.
//!
//! These are first figures, from the relative run time of the classes; calibration belongs to the
//! metering benchmark.

use crate::HostFunction;

/// Prices of contract code, in ink unless a name says gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasSchedule {
    /// Version, part of every compiled artefact's key.
    pub version: u32,
    /// Constants, locals, drop, select, arithmetic, comparison, conversion.
    pub simple: u64,
    /// Integer multiplication.
    pub multiply: u64,
    /// Integer division and remainder.
    pub divide: u64,
    /// Loads, stores and globals.
    pub memory: u64,
    /// Branches.
    pub branch: u64,
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
    /// Each byte (of memory) or each 4 bytes (of a table entry) that a bulk operation names.
    pub bulk_byte: u64,
    /// Each page that `memory.grow` adds or `pay_for_memory_grow` names.
    pub memory_page: u64,
    /// Base price of every host call.
    pub host_base: u64,
    /// Each byte that a host call copies.
    pub host_byte: u64,
    /// A storage load.
    pub storage_load: u64,
    /// A cached store.
    pub storage_cache: u64,
    /// Each word that a flush writes.
    pub storage_store: u64,
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
    /// Base price of a call, in gas.
    pub call_base_gas: u64,
}

impl GasSchedule {
    /// The schedule of version 1.
    pub const V1: GasSchedule = GasSchedule {
        version: 1,
        simple: 40,
        multiply: 80,
        divide: 480,
        memory: 120,
        branch: 80,
        call: 300,
        call_indirect: 400,
        function_header: 500,
        local: 20,
        bulk_base: 800,
        bulk_byte: 2,
        memory_page: 10_000_000,
        host_base: 8_400,
        host_byte: 20,
        storage_load: 21_000_000,
        storage_cache: 1_000_000,
        storage_store: 200_000_000,
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
        let own = match function {
            HostFunction::StorageLoadBytes32 => self.storage_load,
            HostFunction::StorageCacheBytes32 => self.storage_cache,
            HostFunction::EmitLog => self.log_base,
            HostFunction::NativeKeccak256 => self.keccak_base,
            _ => 0,
        };
        self.host_base.saturating_add(own)
    }
}
