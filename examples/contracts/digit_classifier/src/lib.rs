//! A contract that recognises a handwritten digit with an on-chain model and counts what it saw.
//!
//! Call data: 784 bytes, a 28×28 image as the model wants it (each byte an int8, pixel − 128), no
//! selector. Output: the class, 0 to 9, as 32 bytes big-endian. Each call adds one to the storage word
//! whose key is the class, and emits `Digit(uint256)` with the class as data. If `infer` refuses (an
//! image of another length, a node that lacks the model) the call reverts with the refusal's code, an
//! i32 big-endian, as its output. `../digit_classifier.wat` is the same contract by hand.

#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use stylus_sdk::alloy_primitives::{B256, U256};
use stylus_sdk::alloy_sol_types::sol;
use stylus_sdk::host::VM;
use stylus_sdk::prelude::*;
use stylus_sdk::ArbResult;

sol! {
    #![sol(alloy_sol_types = stylus_sdk::alloy_sol_types)]

    event Digit(uint256 class);
}

/// Name of the model: keccak-256 of `examples/models/mnist_cnn.tosa`.
const MODEL_HASH: [u8; 32] = [
    0xc4, 0x5a, 0x66, 0xe0, 0x19, 0xb9, 0xb3, 0xd7, 0x36, 0xe5, 0x1c, 0x56, 0xfa, 0xcd, 0x63, 0x6c,
    0xda, 0x6f, 0xa9, 0x77, 0x99, 0x84, 0xaf, 0xd8, 0x53, 0xa8, 0xf6, 0xd8, 0x29, 0x7a, 0xf0, 0x1a,
];

/// Scores the model gives, one a class.
const CLASSES: usize = 10;

/// The machine's own imports, beside Stylus's `vm_hooks`.
mod aivm {
    #[link(wasm_import_module = "aivm")]
    extern "C" {
        /// Runs the model; the number of bytes written, or a negative code.
        pub fn infer(
            model_hash: *const u8,
            input: *const u8,
            input_len: usize,
            output: *mut u8,
            output_capacity: usize,
        ) -> i32;
    }
}

#[entrypoint]
fn classify(image: Vec<u8>, host: VM) -> ArbResult {
    let scores = infer(&image)?;
    let class = U256::from(argmax(&scores));

    let seen = U256::from_be_bytes(host.storage_load_bytes32(class).0);
    // SAFETY: no storage type of the SDK caches this slot, so nothing can go stale.
    unsafe { host.storage_cache_bytes32(class, B256::from(seen.wrapping_add(U256::from(1)))) };

    host.log(Digit { class });
    Ok(class.to_be_bytes::<32>().to_vec())
}

/// The model's scores of `image`, or the refusal's code as the call's output.
fn infer(image: &[u8]) -> Result<[i8; CLASSES], Vec<u8>> {
    let mut scores = [0_i8; CLASSES];
    // SAFETY: each pointer is followed by as many bytes as the length beside it says.
    let written = unsafe {
        aivm::infer(
            MODEL_HASH.as_ptr(),
            image.as_ptr(),
            image.len(),
            scores.as_mut_ptr().cast(),
            CLASSES,
        )
    };
    if written < 0 {
        return Err(written.to_be_bytes().to_vec());
    }
    Ok(scores)
}

/// Index of the highest score, the lowest index among equals.
fn argmax(scores: &[i8; CLASSES]) -> usize {
    let mut best = 0;
    for class in 1..CLASSES {
        if scores[class] > scores[best] {
            best = class;
        }
    }
    best
}
