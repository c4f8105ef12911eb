//! Synergy-AIVM: a deterministic virtual machine whose contracts run AI models.
//!
//! This package is the face of the workspace: what an embedder needs, from one place. Contracts are
//! metered WebAssembly, run by an interpreter (the authority) or as native code; models are integer TOSA
//! graphs, run by a reference (the authority), on the CPU or on GPUs, with the same bits.
//!
//! ```
//! use std::sync::Arc;
//! use synergy_aivm::{Address, B256, Call, Coprocessor, Engine, Mode, State, Status, U256};
//! use synergy_aivm::{ModelLimits, PriceTable};
//!
//! // A contract that returns its call data. Deployed code is binary; `wat` makes it from text.
//! let echo = wat::parse_str(r#"
//!     (module
//!       (import "vm_hooks" "read_args" (func $read_args (param i32)))
//!       (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
//!       (memory (export "memory") 1)
//!       (func (export "user_entrypoint") (param $len i32) (result i32)
//!         (call $read_args (i32.const 0))
//!         (call $write_result (i32.const 0) (local.get $len))
//!         (i32.const 0)))
//! "#)?;
//!
//! // No accelerator: models would run on the CPU executor, the reference behind it.
//! let coprocessor = Coprocessor::new(Vec::new(), ModelLimits::CHAIN, PriceTable::V1);
//! let engine = Engine::new(Arc::new(coprocessor));
//! let mut state = State::default();
//! let contract = engine.deploy(&mut state, Address::ZERO, B256::ZERO, &echo)?;
//! let call = Call {
//!     sender: Address::ZERO,
//!     contract,
//!     value: U256::ZERO,
//!     data: b"hello".to_vec(),
//!     gas_limit: 100_000,
//! };
//! let receipt = engine.call(Mode::Compare, &mut state, &call)?;
//! assert_eq!(receipt.status, Status::Ok);
//! assert_eq!(receipt.output, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod npy;

pub use aivm_coprocessor::{Accelerators, CheckPolicy, Coprocessor};
pub use aivm_core::ports::Log;
pub use aivm_core::{
    Address, B256, BlockContext, Bytes, GasSchedule, Limits, Status, TrapCode, U256, keccak256,
};
pub use aivm_cpu::{CpuExecutor, CpuOptions};
pub use aivm_engine::{
    Call, Callee, CodeFolder, CodeFolderError, DeployError, Difference, Engine, EngineError,
    Inference, InkStack, Mode, Receipt, State, Trace, TracedCall,
};
pub use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced};
