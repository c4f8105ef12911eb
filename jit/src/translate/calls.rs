//! Calls of functions, of table entries and of runtime functions. After each, ink is what the callee left, and
//! the memory's size is read again where the callee may have grown it.

use aivm_core::TrapCode;
use aivm_wasm::plan::{FuncType, Table};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    ExtFuncData, ExternalName, FuncRef, Inst, InstBuilder, SigRef, UserExternalName, Value, types,
};

use super::FunctionTranslator;
use super::control::result_offset;
use crate::abi::{clif_type, guest_signature, returned_by, runtime_signature};
use crate::context::{REGISTER_RESULTS, TableEntry, offset};
use crate::runtime::RuntimeFunction;

impl<'m> FunctionTranslator<'m, '_> {
    pub(super) fn call(&mut self, function: u32) {
        let ty = self.function_type(self.module.function_type(function));
        let callee = self.function_reference(function);
        let arguments = self.call_arguments(ty);
        let call = self.builder.ins().call(callee, &arguments);
        self.after_call(call, ty);
    }

    /// Index, null and type are checked in this order. The index is also clamped, so that a mispredicted
    /// branch cannot jump through memory beyond the table.
    pub(super) fn call_indirect(&mut self, type_index: u32, table: u32) {
        let index = self.pop();
        let Table { first, entries } = self.module.tables[table as usize];
        let entries = self.i32_const(entries);
        let out = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, index, entries);
        self.trap_if(out, TrapCode::TableOutOfBounds);

        let wide = self.builder.ins().uextend(types::I64, index);
        let zero = self.i64_const(0);
        let safe = self.builder.ins().select_spectre_guard(out, zero, wide);
        let bytes = self.i64_const(TableEntry::BYTES.cast_unsigned());
        let distance = self.builder.ins().imul(safe, bytes);
        let table = self.constant_field(offset::TABLE);
        let entry = self.builder.ins().iadd(table, distance);
        let place =
            i32::try_from(i64::from(first) * TableEntry::BYTES).expect("limits: few table entries");

        let code = self
            .builder
            .ins()
            .load(types::I64, self.flags.table, entry, place);
        let null = self.i64_const(0);
        let is_null = self.builder.ins().icmp(IntCC::Equal, code, null);
        self.trap_if(is_null, TrapCode::IndirectCallToNull);

        let actual = self.builder.ins().load(
            types::I64,
            self.flags.table,
            entry,
            place + TableEntry::TYPE_OFFSET,
        );
        let expected = self.i64_const(u64::from(type_index));
        let differs = self.builder.ins().icmp(IntCC::NotEqual, actual, expected);
        self.trap_if(differs, TrapCode::BadSignature);

        let ty = self.function_type(type_index);
        let signature = self.signature(type_index, ty);
        let arguments = self.call_arguments(ty);
        let call = self
            .builder
            .ins()
            .call_indirect(signature, code, &arguments);
        self.after_call(call, ty);
    }

    /// Calls a runtime function: ink is written back before and read again after, and the status is tested.
    pub(super) fn runtime_call(&mut self, function: RuntimeFunction, arguments: &[Value]) {
        self.write_ink_back();
        let signature = *self.runtime_signature.get_or_insert_with(|| {
            let convention = self.facts.target.default_call_conv;
            self.builder.import_signature(runtime_signature(convention))
        });
        let status = emit_runtime_call(self, signature, function, arguments);
        self.exit_with(status);
        let ink =
            self.builder
                .ins()
                .load(types::I64, self.flags.context, self.context, offset::INK);
        let spent = self.builder.ins().bnot(ink);
        self.builder.def_var(self.ink, spent);
    }

    fn function_type(&self, index: u32) -> &'m FuncType {
        &self.module.types[index as usize]
    }

    /// Context, stack words, ink, then the operands.
    fn call_arguments(&mut self, ty: &FuncType) -> Vec<Value> {
        let ink = self.builder.use_var(self.ink);
        let mut arguments = vec![self.context, self.stack_words, ink];
        arguments.extend(self.pop_many(ty.parameters.len()));
        arguments
    }

    fn after_call(&mut self, call: Inst, ty: &FuncType) {
        let (ink, results) = returned_by(&self.builder, call, ty);
        self.builder.def_var(self.ink, ink);
        self.reload_memory_size();
        self.stack.extend(results);
        for (index, ty) in ty.results.iter().skip(REGISTER_RESULTS).enumerate() {
            let value = self.builder.ins().load(
                clif_type(*ty),
                self.flags.context,
                self.context,
                result_offset(index),
            );
            self.stack.push(value);
        }
    }

    fn function_reference(&mut self, function: u32) -> FuncRef {
        if let Some(reference) = self.functions.get(&function) {
            return *reference;
        }
        let type_index = self.module.function_type(function);
        let signature = self.signature(type_index, self.function_type(type_index));
        let name = self
            .builder
            .func
            .declare_imported_user_function(UserExternalName::new(0, function));
        let reference = self.builder.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        });
        self.functions.insert(function, reference);
        reference
    }

    fn signature(&mut self, type_index: u32, ty: &FuncType) -> SigRef {
        *self
            .signatures
            .entry(type_index)
            .or_insert_with(|| self.builder.import_signature(guest_signature(ty)))
    }
}

/// The call itself: the function's address from the context, unused arguments 0. Returns the status.
fn emit_runtime_call(
    translator: &mut FunctionTranslator<'_, '_>,
    signature: SigRef,
    function: RuntimeFunction,
    arguments: &[Value],
) -> Value {
    let callee = translator.constant_field(function.offset());
    let zero = translator.i64_const(0);
    let mut all = [translator.context, zero, zero, zero, zero];
    for (slot, argument) in all[1..].iter_mut().zip(arguments) {
        *slot = translator.extend_to_u64(*argument);
    }
    let call = translator
        .builder
        .ins()
        .call_indirect(signature, callee, &all);
    translator.builder.inst_results(call)[0]
}
