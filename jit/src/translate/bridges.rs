//! The two kinds of functions that are no contract code: thunks, through which contracts call the host,
//! and entries, through which Rust calls contracts.

use aivm_wasm::plan::FuncType;
use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_frontend::FunctionBuilder;

use super::ModuleFacts;
use super::control::result_offset;
use crate::abi::{
    LEADING_PARAMETERS, clif_type, guest_signature, leading_parameters, leave_signature,
    return_from_guest, returned_by, runtime_signature,
};
use crate::context::{REGISTER_RESULTS, offset};
use crate::runtime::RuntimeFunction;
use crate::status;

/// The guest function that stands for import `import`: stores its arguments, ink in the context, calls the
/// host, and returns the ink left and the result, or leaves native code with the host's status.
pub(crate) fn translate_thunk(
    facts: &ModuleFacts<'_>,
    import: u32,
    mut builder: FunctionBuilder<'_>,
) {
    let ty = &facts.module.types[facts.module.import_types[import as usize] as usize];
    let trusted = MemFlagsData::trusted();
    let parameters = begin(&mut builder);
    let [context, _, ink] = leading_parameters(&parameters);
    let arguments = &parameters[LEADING_PARAMETERS..];

    let bytes = u32::try_from(arguments.len() * 8).expect("limits: few parameters");
    let slot = builder.create_sized_stack_slot(StackSlotData::new(
        StackSlotKind::ExplicitSlot,
        bytes.max(8),
        3,
    ));
    let values = builder.ins().stack_addr(types::I64, slot, 0);
    for (index, argument) in arguments.iter().enumerate() {
        let wide = widen(&mut builder, *argument);
        builder.ins().store(trusted, wide, values, word(index));
    }
    let ink = builder.ins().bnot(ink);
    builder.ins().store(trusted, ink, context, offset::INK);

    let signature = runtime_signature(facts.target.default_call_conv);
    let signature = builder.import_signature(signature);
    let callee = builder.ins().load(
        types::I64,
        trusted,
        context,
        RuntimeFunction::HostCall.offset(),
    );
    let import = builder.ins().iconst(types::I64, i64::from(import));
    let zero = builder.ins().iconst(types::I64, 0);
    let call =
        builder
            .ins()
            .call_indirect(signature, callee, &[context, import, values, zero, zero]);
    let status = builder.inst_results(call)[0];
    let (failed, done) = (builder.create_block(), builder.create_block());
    builder.set_cold_block(failed);
    builder.ins().brif(status, failed, &[], done, &[]);

    builder.switch_to_block(failed);
    emit_leave(&mut builder, facts, context, status);

    builder.switch_to_block(done);
    let ink = builder
        .ins()
        .load(types::I64, trusted, context, offset::INK);
    let ink = builder.ins().bnot(ink);
    let mut returns = Vec::new();
    for ty in &ty.results {
        returns.push(
            builder
                .ins()
                .load(clif_type(*ty), trusted, context, offset::RESULT),
        );
    }
    return_from_guest(&mut builder, ink, returns);
    builder.seal_all_blocks();
    builder.finalize(facts.target);
}

/// The function through which Rust calls guest functions of type `ty`: see [`crate::abi::Entry`].
pub(crate) fn translate_entry(
    facts: &ModuleFacts<'_>,
    ty: &FuncType,
    mut builder: FunctionBuilder<'_>,
) {
    let trusted = MemFlagsData::trusted();
    let parameters = begin(&mut builder);
    let (context, code, values, stack_words) =
        (parameters[0], parameters[1], parameters[2], parameters[3]);
    let ink = builder
        .ins()
        .load(types::I64, trusted, context, offset::INK);
    let ink = builder.ins().bnot(ink);
    let mut arguments = vec![context, stack_words, ink];
    for (index, ty) in ty.parameters.iter().enumerate() {
        arguments.push(
            builder
                .ins()
                .load(clif_type(*ty), trusted, values, word(index)),
        );
    }

    let signature = builder.import_signature(guest_signature(ty));
    let call = builder.ins().call_indirect(signature, code, &arguments);
    let (ink, mut results) = returned_by(&builder, call, ty);
    let ink = builder.ins().bnot(ink);
    builder.ins().store(trusted, ink, context, offset::INK);
    for (index, ty) in ty.results.iter().skip(REGISTER_RESULTS).enumerate() {
        let ty: Type = clif_type(*ty);
        results.push(
            builder
                .ins()
                .load(ty, trusted, context, result_offset(index)),
        );
    }
    for (index, result) in results.into_iter().enumerate() {
        let wide = widen(&mut builder, result);
        builder.ins().store(trusted, wide, values, word(index));
    }
    let ok = builder.ins().iconst(types::I32, i64::from(status::OK));
    builder.ins().return_(&[ok]);
    builder.finalize(facts.target);
}

/// Ends the block and the call: [`crate::boundary::leave`] with this status.
pub(super) fn emit_leave(
    builder: &mut FunctionBuilder<'_>,
    facts: &ModuleFacts<'_>,
    context: Value,
    status: Value,
) {
    let constant = MemFlagsData::trusted().with_readonly().with_can_move();
    let leave = builder
        .ins()
        .load(types::I64, constant, context, offset::LEAVE);
    let signature = builder.import_signature(leave_signature(facts.target.default_call_conv));
    builder
        .ins()
        .call_indirect(signature, leave, &[context, status]);
    builder.ins().trap(status::code(status::FAULT));
}

/// Opens the first block and returns the function's parameters.
fn begin(builder: &mut FunctionBuilder<'_>) -> Vec<Value> {
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    builder.seal_block(block);
    builder.block_params(block).to_vec()
}

fn widen(builder: &mut FunctionBuilder<'_>, value: Value) -> Value {
    match builder.func.dfg.value_type(value) {
        types::I64 => value,
        _ => builder.ins().uextend(types::I64, value),
    }
}

fn word(index: usize) -> i32 {
    i32::try_from(index * 8).expect("limits: few parameters and results")
}
