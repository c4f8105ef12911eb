//! Calling conventions between native functions, and between Rust and native code.
//!
//! - A **guest function** is `(context, stack words, ink, parameters…) -> (result, result, ink, results…)` in
//!   Cranelift's `tail` convention, which returns several values in registers. Ink and stack words therefore
//!   stay in registers across calls; stack words need no giving back, since the caller keeps its own copy. Ink
//!   is third both ways because the third parameter and the third result share a register: where they do not,
//!   ink changes registers somewhere in the function, and Cranelift may choose its innermost loop. A result
//!   that is missing before it is passed as 0. Results beyond [`REGISTER_RESULTS`] pass through the context. A
//!   function that does not return leaves native code for good ([`crate::boundary`]), so no caller tests
//!   anything.
//! - **Ink and stack words count up**: a register holds [`spent_when`] so much is left. Taking some is one
//!   addition, and its carry says that not enough was left.
//! - A **thunk** has the same convention and calls the host; so `call`, `call_indirect` and `invoke` need
//!   not know whether a function is imported.
//! - An **entry**, one a function type, is what Rust calls: `extern "C"` [`Entry`].

use aivm_core::ValueType;
use aivm_wasm::plan::FuncType;
use cranelift_codegen::ir::{AbiParam, Inst, InstBuilder, Signature, Type, Value, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

use crate::context::{REGISTER_RESULTS, VmContext};

/// Parameters that come before the guest's own.
pub(crate) const LEADING_PARAMETERS: usize = 3;
/// The place of ink among results.
const INK_RESULT: usize = 2;

/// What stands for `left` units of ink or stack words in native code. Adding `n` to it carries out of 64 bits
/// exactly when `n > left`, and otherwise gives what stands for `left - n`.
pub(crate) const fn spent_when(left: u64) -> u64 {
    !left
}

/// How Rust enters native code: `(context, code, values, stack words)`, the words as [`spent_when`] says.
/// `values` holds the parameters, i32 zero-extended, and receives the results; it has room for the larger
/// number. Ink is in the context. Returns [`crate::status::OK`].
pub(crate) type Entry = unsafe extern "C" fn(*mut VmContext, *const u8, *mut u64, u64) -> u32;

/// The Cranelift type of a guest value.
pub(crate) fn clif_type(ty: ValueType) -> Type {
    match ty {
        ValueType::I32 => types::I32,
        ValueType::I64 => types::I64,
    }
}

/// The native signature of a guest function or thunk.
pub(crate) fn guest_signature(ty: &FuncType) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params = [AbiParam::new(types::I64); LEADING_PARAMETERS].to_vec();
    signature.params.extend(parameters(&ty.parameters));
    let in_registers = ty.results.len().min(REGISTER_RESULTS);
    let word = AbiParam::new(types::I64);
    signature.returns = parameters(&ty.results[..in_registers]).collect();
    let length = in_registers.max(INK_RESULT);
    signature.returns.resize(length, word);
    signature.returns.insert(INK_RESULT, word);
    signature
}

/// What begins the parameters of a guest function: its context, stack words and ink.
pub(crate) fn leading_parameters(parameters: &[Value]) -> [Value; LEADING_PARAMETERS] {
    [parameters[0], parameters[1], parameters[2]]
}

/// Returns from a guest function with ink and the results that have registers.
pub(crate) fn return_from_guest(
    builder: &mut FunctionBuilder<'_>,
    ink: Value,
    mut results: Vec<Value>,
) {
    while results.len() < INK_RESULT {
        results.push(builder.ins().iconst(types::I64, 0));
    }
    results.insert(INK_RESULT, ink);
    builder.ins().return_(&results);
}

/// The ink, and the results in registers, that a call of a guest function returned.
pub(crate) fn returned_by(
    builder: &FunctionBuilder<'_>,
    call: Inst,
    ty: &FuncType,
) -> (Value, Vec<Value>) {
    let mut results = builder.inst_results(call).to_vec();
    let ink = results.remove(INK_RESULT);
    results.truncate(ty.results.len());
    (ink, results)
}

/// The signature of [`crate::runtime::RuntimeFn`] in the host's C convention.
pub(crate) fn runtime_signature(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params = vec![AbiParam::new(types::I64); 5];
    signature.returns = vec![AbiParam::new(types::I32)];
    signature
}

/// The signature of [`crate::boundary::Leave`] in the host's C convention; it returns nothing, and never.
pub(crate) fn leave_signature(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params = vec![AbiParam::new(types::I64), AbiParam::new(types::I32)];
    signature
}

/// The signature of [`Entry`] in the host's C convention.
pub(crate) fn entry_signature(convention: CallConv) -> Signature {
    let mut signature = Signature::new(convention);
    signature.params = vec![AbiParam::new(types::I64); 4];
    signature.returns = vec![AbiParam::new(types::I32)];
    signature
}

fn parameters(types: &[ValueType]) -> impl Iterator<Item = AbiParam> {
    types.iter().map(|ty| AbiParam::new(clif_type(*ty)))
}
