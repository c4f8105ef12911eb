//! The code generator for the machine this runs on, and what names its code on disk.

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

use crate::compile::CompileError;

/// How much is done for good code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Cranelift's optimiser runs: for small functions.
    Optimised,
    /// Time is linear in the function's size.
    Linear,
}

/// What the code of every module depends on besides the plan and the form of traps: this crate's sources and features, Cranelift's
/// version, its flags and the architecture.
pub(crate) fn fingerprint() -> Result<String, CompileError> {
    let mut text = format!(
        "{}\n{}\n",
        env!("AIVM_JIT_SOURCES"),
        cranelift_codegen::VERSION
    );
    for effort in [Effort::Optimised, Effort::Linear] {
        let isa = host_isa(effort)?;
        text += &format!("{}\n{}", isa.triple(), isa.flags());
        for flag in isa.isa_flags() {
            text += &format!("{flag}\n");
        }
    }
    Ok(text)
}

/// The code generator of this host's architecture with its fixed flags: the baseline instruction set, so
/// that code is the same on every processor of the architecture.
pub(super) fn host_isa(effort: Effort) -> Result<OwnedTargetIsa, CompileError> {
    let opt_level = match effort {
        Effort::Optimised => "speed",
        Effort::Linear => "none",
    };
    let unsupported =
        |error: &dyn std::fmt::Display| CompileError::UnsupportedHost(error.to_string());
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return Err(unsupported(&"only x86-64 and aarch64 are compiled for"));
    }
    let mut flags = settings::builder();
    let settings = [
        ("opt_level", opt_level),
        (
            "enable_verifier",
            if cfg!(any(test, debug_assertions)) {
                "true"
            } else {
                "false"
            },
        ),
        // Nothing unwinds through native code, and the stack is measured before it is entered.
        ("unwind_info", "false"),
        ("enable_probestack", "false"),
    ];
    for (name, value) in settings {
        flags
            .set(name, value)
            .map_err(|error| unsupported(&error))?;
    }
    let builder =
        cranelift_native::builder_with_options(false).map_err(|error| unsupported(&error))?;
    builder
        .finish(settings::Flags::new(flags))
        .map_err(|error| unsupported(&error))
}
