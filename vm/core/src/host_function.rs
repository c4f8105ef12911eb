//! The table of host functions a contract may import: module, name, types, price and doc line in one place.
//!
//! `vm_hooks` and `console` are those of Stylus, as `stylus-sdk` 0.10 declares them (its `hostio.rs`), so
//! that contracts built with the published crate run unmodified; `aivm` is this machine's own module. The two
//! float functions of `console` are absent. Meanings are in `vm/host`; `docs/host-functions.md` is made from
//! this table and [`GasSchedule`].

use crate::GasSchedule;

/// A WebAssembly value type that contracts may use: integers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// What a host function is called, takes, gives, costs and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSignature {
    /// Import module: `vm_hooks`, `console` or `aivm`.
    pub module: &'static str,
    /// Import name.
    pub name: &'static str,
    /// Parameter types, in order.
    pub parameters: &'static [ValueType],
    /// Result type, if it has one.
    pub result: Option<ValueType>,
    /// Its fixed price: how many times which field of [`GasSchedule`].
    pub price: &'static [(u64, &'static str)],
    /// What comes on top of the fixed price, in words; empty if nothing does.
    pub price_on_top: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
}

/// The import module whose functions are there in debug mode only.
pub const DEBUG_MODULE: &str = "console";

macro_rules! host_functions {
    ($( $variant:ident = $module:literal $name:literal ($($parameter:ident),*) $(-> $result:ident)? ,
        [$( $count:literal $field:ident ),*] $on_top:literal, $doc:literal; )*) => {
        /// One importable host function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum HostFunction {
            $( #[doc = $doc] $variant, )*
        }

        impl HostFunction {
            /// Every host function, in table order; `ALL[f as usize] == f`.
            pub const ALL: &'static [HostFunction] = &[ $( HostFunction::$variant, )* ];

            /// Its row of the table.
            #[must_use]
            pub const fn signature(self) -> &'static HostSignature {
                match self {
                    $( HostFunction::$variant => &HostSignature {
                        module: $module,
                        name: $name,
                        parameters: &[ $( ValueType::$parameter ),* ],
                        result: host_functions!(@result $($result)?),
                        price: &[ $( ($count, stringify!($field)) ),* ],
                        price_on_top: $on_top,
                        doc: $doc,
                    }, )*
                }
            }

            /// Its fixed price in ink, taken before it does anything.
            #[must_use]
            pub const fn fixed_price(self, schedule: &GasSchedule) -> u64 {
                match self {
                    $( HostFunction::$variant => 0_u64
                        $( .saturating_add(schedule.$field.saturating_mul($count)) )*, )*
                }
            }
        }
    };
    (@result) => { None };
    (@result $result:ident) => { Some(ValueType::$result) };
}

host_functions! {
    ReadArgs = "vm_hooks" "read_args" (I32),
        [1 host_base] "`host_byte` a byte of call data",
        "Copies the call data to the pointer.";
    WriteResult = "vm_hooks" "write_result" (I32, I32),
        [1 host_base] "`host_byte` a byte",
        "Sets the call's output to the bytes at (pointer, length).";
    ReadReturnData = "vm_hooks" "read_return_data" (I32, I32, I32) -> I32,
        [1 host_base] "`host_byte` a byte copied",
        "(destination, offset, size): copies that part of the last sub-call's return data, as far as there is any; the number of bytes copied.";
    ReturnDataSize = "vm_hooks" "return_data_size" () -> I32,
        [1 host_base] "",
        "Length of the last sub-call's return data, 0 if there was none.";
    StorageLoadBytes32 = "vm_hooks" "storage_load_bytes32" (I32, I32),
        [1 host_base, 2 host_pointer, 1 storage_cached] "if the frame has not cached the word: `host_api` + `storage_warm`, and `storage_cold_load` if nothing of the transaction touched it before",
        "Loads the storage word of the key at the first pointer to the second.";
    StorageCacheBytes32 = "vm_hooks" "storage_cache_bytes32" (I32, I32),
        [1 host_base, 2 host_pointer, 1 storage_cached] "",
        "Caches a store of the word at the second pointer under the key at the first.";
    StorageFlushCache = "vm_hooks" "storage_flush_cache" (I32),
        [1 host_base, 1 host_api] "for each changed word: `storage_warm`, `storage_cold_store` if nothing of the transaction touched it before, and `storage_set` if state holds zero, `storage_reset` if it holds another word",
        "Writes cached stores to state; a non-zero argument also empties the cache.";
    EmitLog = "vm_hooks" "emit_log" (I32, I32, I32),
        [1 host_base, 1 host_api, 1 log_base] "`log_topic` a topic, `log_byte` a byte of data",
        "Emits a log: (pointer, length, topic count); the topics come first, 32 bytes each.";
    CallContract = "vm_hooks" "call_contract" (I32, I32, I32, I32, I64, I32) -> I32,
        [1 host_base, 3 host_pointer, 1 host_api, 1 account_warm] "`host_byte` a byte of call data, `account_cold` if nothing touched the account before, with value `call_value`, and `call_new_account` if there is no such account; and what the callee used",
        "(address, data, length, value, gas, length out): calls a contract; 0 ok, 1 revert, 2 failure.";
    DelegateCallContract = "vm_hooks" "delegate_call_contract" (I32, I32, I32, I64, I32) -> I32,
        [1 host_base, 3 host_pointer, 1 host_api, 1 account_warm] "as `call_contract`, without value",
        "(address, data, length, gas, length out): runs another contract's code as this one; status as `call_contract`.";
    StaticCallContract = "vm_hooks" "static_call_contract" (I32, I32, I32, I64, I32) -> I32,
        [1 host_base, 3 host_pointer, 1 host_api, 1 account_warm] "as `call_contract`, without value",
        "(address, data, length, gas, length out): calls a contract that may change nothing; status as `call_contract`.";
    Create1 = "vm_hooks" "create1" (I32, I32, I32, I32, I32),
        [1 host_base, 3 host_pointer, 1 host_api, 1 create] "`host_byte` and `create_byte` a byte of code, `activation`, `activation_work` a unit of compile work",
        "(code, length, endowment, address out, length out): creates a contract at the address of sender and nonce; address zero on failure.";
    Create2 = "vm_hooks" "create2" (I32, I32, I32, I32, I32, I32),
        [1 host_base, 4 host_pointer, 1 host_api, 1 create] "`host_byte` and `create_byte` a byte of code, `keccak_word` a started 32 bytes of it, `activation`, `activation_work` a unit of compile work",
        "(code, length, endowment, salt, address out, length out): creates a contract at the address of sender, salt and code; address zero on failure.";
    AccountBalance = "vm_hooks" "account_balance" (I32, I32),
        [1 host_base, 2 host_pointer, 1 host_api, 1 account_warm] "`account_cold` if nothing touched the account before",
        "Writes the balance of the account at the first pointer, 32 bytes big-endian, to the second.";
    AccountCode = "vm_hooks" "account_code" (I32, I32, I32, I32) -> I32,
        [1 host_base, 1 host_api, 1 account_warm, 1 account_code] "`account_cold` if nothing touched the account before, `host_byte` a byte copied",
        "(address, offset, size, destination): copies that part of an account's code, as far as there is any; the number of bytes copied.";
    AccountCodeSize = "vm_hooks" "account_code_size" (I32) -> I32,
        [1 host_base, 1 host_api, 1 account_warm, 1 account_code] "`account_cold` if nothing touched the account before",
        "Length of an account's code.";
    AccountCodehash = "vm_hooks" "account_codehash" (I32, I32),
        [1 host_base, 2 host_pointer, 1 host_api, 1 account_warm] "`account_cold` if nothing touched the account before",
        "Writes the keccak-256 of an account's code to the second pointer; zero if there is no such account.";
    BlockBasefee = "vm_hooks" "block_basefee" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the block's base fee, 32 bytes big-endian.";
    BlockCoinbase = "vm_hooks" "block_coinbase" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the 20-byte address that the block's fees go to.";
    BlockGasLimit = "vm_hooks" "block_gas_limit" () -> I64,
        [1 host_base] "",
        "The block's gas limit.";
    BlockNumber = "vm_hooks" "block_number" () -> I64,
        [1 host_base] "",
        "The block's number.";
    BlockTimestamp = "vm_hooks" "block_timestamp" () -> I64,
        [1 host_base] "",
        "The block's time, in seconds since 1970.";
    Chainid = "vm_hooks" "chainid" () -> I64,
        [1 host_base] "",
        "The chain's number.";
    ContractAddress = "vm_hooks" "contract_address" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the 20-byte address of the account whose storage the frame uses.";
    EvmGasLeft = "vm_hooks" "evm_gas_left" () -> I64,
        [1 host_base] "",
        "Gas left after this call, rounded down.";
    EvmInkLeft = "vm_hooks" "evm_ink_left" () -> I64,
        [1 host_base] "",
        "Ink left after this call.";
    PayForMemoryGrow = "vm_hooks" "pay_for_memory_grow" (I32),
        [1 host_base] "`memory_page` a page",
        "Charges for growing memory by this many pages.";
    MsgReentrant = "vm_hooks" "msg_reentrant" () -> I32,
        [1 host_base] "",
        "1 if this contract is already on the call stack, else 0.";
    MsgSender = "vm_hooks" "msg_sender" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the 20-byte caller address to the pointer.";
    MsgValue = "vm_hooks" "msg_value" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the call's value, 32 bytes big-endian, to the pointer.";
    NativeKeccak256 = "vm_hooks" "native_keccak256" (I32, I32, I32),
        [1 host_base, 1 keccak_base] "`keccak_word` a started 32 bytes",
        "Writes the keccak-256 of the bytes at (pointer, length) to the third pointer.";
    TxGasPrice = "vm_hooks" "tx_gas_price" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the price of a gas in wei, 32 bytes big-endian.";
    TxInkPrice = "vm_hooks" "tx_ink_price" () -> I32,
        [1 host_base] "",
        "Ink that a gas buys.";
    TxOrigin = "vm_hooks" "tx_origin" (I32),
        [1 host_base, 1 host_pointer] "",
        "Writes the 20-byte address of the transaction's sender.";
    ConsoleLogI32 = "console" "log_i32" (I32),
        [1 host_base] "",
        "Debug mode only: prints an i32.";
    ConsoleLogI64 = "console" "log_i64" (I64),
        [1 host_base] "",
        "Debug mode only: prints an i64.";
    ConsoleLogTxt = "console" "log_txt" (I32, I32),
        [1 host_base] "`host_byte` a byte",
        "Debug mode only: prints the text at (pointer, length).";
    Infer = "aivm" "infer" (I32, I32, I32, I32, I32) -> I32,
        [1 host_base] "the model's price, `host_byte` a byte of input and output, `keccak_word` a started 32 bytes of each",
        "Runs a model: (hash, input pointer, input length, output pointer, output capacity); bytes written, or -1 unknown model, -2 input length, -3 output too small, -4 input value, -5 iteration limit.";
    ModelInfo = "aivm" "model_info" (I32, I32) -> I32,
        [1 host_base] "",
        "Writes a model's input bytes, output bytes and price in gas, three u64 little-endian, to the second pointer; 0, or -1 unknown model.";
}

impl HostFunction {
    /// The host function that `module` and `name` import, if there is one.
    #[must_use]
    pub fn find(module: &str, name: &str) -> Option<HostFunction> {
        HostFunction::ALL.iter().copied().find(|function| {
            let signature = function.signature();
            signature.module == module && signature.name == name
        })
    }

    /// Whether contracts may import it in debug mode only.
    #[must_use]
    pub fn is_debug(self) -> bool {
        self.signature().module == DEBUG_MODULE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_import_name() {
        for (index, function) in HostFunction::ALL.iter().enumerate() {
            assert_eq!(*function as usize, index);
            let signature = function.signature();
            assert_eq!(
                HostFunction::find(signature.module, signature.name),
                Some(*function)
            );
        }
        assert_eq!(HostFunction::find("vm_hooks", "infer"), None);
    }

    #[test]
    fn a_fixed_price_is_the_sum_of_its_terms() {
        let balance = HostFunction::AccountBalance;
        let terms = [
            (1, "host_base"),
            (2, "host_pointer"),
            (1, "host_api"),
            (1, "account_warm"),
        ];
        assert_eq!(balance.signature().price, terms);
        let schedule = GasSchedule::V1;
        let sum = schedule.host_base + 2 * schedule.host_pointer + schedule.host_api;
        assert_eq!(balance.fixed_price(&schedule), sum + schedule.account_warm);
        for function in HostFunction::ALL {
            assert!(function.fixed_price(&schedule) >= schedule.host_base);
        }
    }

    #[test]
    fn only_the_console_is_for_debugging() {
        let debug = HostFunction::ALL
            .iter()
            .filter(|function| function.is_debug());
        let names: Vec<_> = debug.map(|function| function.signature().name).collect();
        assert_eq!(names, ["log_i32", "log_i64", "log_txt"]);
    }
}
