//! The table of host functions a contract may import: module, name, types and doc line in one place.
//!
//! `vm_hooks` names and types are those of Stylus, so that contracts built with the published
//! `stylus-sdk` run unmodified; `aivm` is this machine's own module. Prices are in
//! [`crate::GasSchedule`], meanings in `vm/host`.

/// A WebAssembly value type that contracts may use: integers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// Parameters and result of a host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSignature {
    /// Import module: `vm_hooks` or `aivm`.
    pub module: &'static str,
    /// Import name.
    pub name: &'static str,
    /// Parameter types, in order.
    pub parameters: &'static [ValueType],
    /// Result type, if it has one.
    pub result: Option<ValueType>,
    /// What it does, in one line.
    pub doc: &'static str,
}

macro_rules! host_functions {
    ($( $variant:ident = $module:literal $name:literal ($($parameter:ident),*) $(-> $result:ident)? , $doc:literal; )*) => {
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
                        doc: $doc,
                    }, )*
                }
            }
        }
    };
    (@result) => { None };
    (@result $result:ident) => { Some(ValueType::$result) };
}

host_functions! {
    ReadArgs = "vm_hooks" "read_args" (I32), "Copies the call data to the pointer.";
    WriteResult = "vm_hooks" "write_result" (I32, I32), "Sets the call's output to the bytes at (pointer, length).";
    StorageLoadBytes32 = "vm_hooks" "storage_load_bytes32" (I32, I32), "Loads the storage word of the key at the first pointer to the second.";
    StorageCacheBytes32 = "vm_hooks" "storage_cache_bytes32" (I32, I32), "Caches a store of the word at the second pointer under the key at the first.";
    StorageFlushCache = "vm_hooks" "storage_flush_cache" (I32), "Writes cached stores to state; a non-zero argument also empties the cache.";
    EmitLog = "vm_hooks" "emit_log" (I32, I32, I32), "Emits a log: (pointer, length, topic count); the topics come first, 32 bytes each.";
    MsgSender = "vm_hooks" "msg_sender" (I32), "Writes the 20-byte caller address to the pointer.";
    MsgValue = "vm_hooks" "msg_value" (I32), "Writes the call's value, 32 bytes big-endian, to the pointer.";
    MsgReentrant = "vm_hooks" "msg_reentrant" () -> I32, "1 if this contract is already on the call stack, else 0.";
    NativeKeccak256 = "vm_hooks" "native_keccak256" (I32, I32, I32), "Writes the keccak-256 of the bytes at (pointer, length) to the third pointer.";
    PayForMemoryGrow = "vm_hooks" "pay_for_memory_grow" (I32), "Charges for growing memory by this many pages.";
    Infer = "aivm" "infer" (I32, I32, I32, I32, I32) -> I32, "Runs a model: (hash, input pointer, input length, output pointer, output capacity); bytes written, or -1 unknown model, -2 input length, -3 output too small, -4 input value, -5 iteration limit.";
    ModelInfo = "aivm" "model_info" (I32, I32) -> I32, "Writes a model's input bytes, output bytes and price in gas, three u64 little-endian, to the second pointer; 0, or -1 unknown model.";
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
}
