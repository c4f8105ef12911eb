//! Any bytes as an ONNX file: imported or refused; what is imported is accepted by the reader of `.tosa` files.
//!
//! `fuzz/run.sh onnx`, or with a nightly compiler and its address sanitizer `cargo +nightly fuzz run onnx`.
#![no_main]

use aivm_import::{ImportError, ImportLimits, ImportOptions, import};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    match import(file, &ImportOptions::default(), &ImportLimits::TOOL) {
        Ok(model) => assert_eq!(model.metadata.format, 1),
        // A limit of the reader may be met where the importer has none; any other refusal is a wrong file.
        Err(ImportError::Refused(refusal)) => {
            let text = refusal.to_string();
            assert!(text.contains("limit"), "wrote what is refused: {text}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
