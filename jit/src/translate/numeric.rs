//! Arithmetic. Shifts and rotations take their amount modulo the width in CLIF as in WebAssembly; division
//! is the one group that can trap. Where the processor's traps are handled, Cranelift's divisions trap as
//! WebAssembly's do, divisor zero first; elsewhere every trap is tested before the instruction.

use aivm_core::TrapCode;
use aivm_wasm::plan::{BinaryOp, UnaryOp};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};

use super::FunctionTranslator;
use crate::traps::Traps;

/// The four divisions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Division {
    Signed,
    Unsigned,
    SignedRemainder,
    UnsignedRemainder,
}

/// The condition of `ge_u`. The wrong one is planted for tests of the oracles.
const GE_U: IntCC = if cfg!(feature = "planted-bug") {
    IntCC::UnsignedGreaterThan
} else {
    IntCC::UnsignedGreaterThanOrEqual
};

impl FunctionTranslator<'_, '_> {
    pub(super) fn unary(&mut self, op: UnaryOp) {
        let x = self.pop();
        let value = match op {
            UnaryOp::I32Eqz | UnaryOp::I64Eqz => {
                let zero = self.zero_like(x);
                self.compare(IntCC::Equal, x, zero)
            }
            UnaryOp::I32Clz | UnaryOp::I64Clz => self.builder.ins().clz(x),
            UnaryOp::I32Ctz | UnaryOp::I64Ctz => self.builder.ins().ctz(x),
            UnaryOp::I32Popcnt | UnaryOp::I64Popcnt => self.builder.ins().popcnt(x),
            UnaryOp::I32Extend8S | UnaryOp::I64Extend8S => self.extend_from(types::I8, x),
            UnaryOp::I32Extend16S | UnaryOp::I64Extend16S => self.extend_from(types::I16, x),
            UnaryOp::I64Extend32S => self.extend_from(types::I32, x),
            UnaryOp::I32WrapI64 => self.builder.ins().ireduce(types::I32, x),
            UnaryOp::I64ExtendI32S => self.builder.ins().sextend(types::I64, x),
            UnaryOp::I64ExtendI32U => self.builder.ins().uextend(types::I64, x),
        };
        self.stack.push(value);
    }

    pub(super) fn binary(&mut self, op: BinaryOp) {
        let y = self.pop();
        let x = self.pop();
        let value = match op {
            BinaryOp::I32Add | BinaryOp::I64Add => self.builder.ins().iadd(x, y),
            BinaryOp::I32Sub | BinaryOp::I64Sub => self.builder.ins().isub(x, y),
            BinaryOp::I32Mul | BinaryOp::I64Mul => self.builder.ins().imul(x, y),
            BinaryOp::I32DivS | BinaryOp::I64DivS => self.divide(Division::Signed, x, y),
            BinaryOp::I32DivU | BinaryOp::I64DivU => self.divide(Division::Unsigned, x, y),
            BinaryOp::I32RemS | BinaryOp::I64RemS => self.divide(Division::SignedRemainder, x, y),
            BinaryOp::I32RemU | BinaryOp::I64RemU => self.divide(Division::UnsignedRemainder, x, y),
            BinaryOp::I32And | BinaryOp::I64And => self.builder.ins().band(x, y),
            BinaryOp::I32Or | BinaryOp::I64Or => self.builder.ins().bor(x, y),
            BinaryOp::I32Xor | BinaryOp::I64Xor => self.builder.ins().bxor(x, y),
            BinaryOp::I32Shl | BinaryOp::I64Shl => self.builder.ins().ishl(x, y),
            BinaryOp::I32ShrS | BinaryOp::I64ShrS => self.builder.ins().sshr(x, y),
            BinaryOp::I32ShrU | BinaryOp::I64ShrU => self.builder.ins().ushr(x, y),
            BinaryOp::I32Rotl | BinaryOp::I64Rotl => self.builder.ins().rotl(x, y),
            BinaryOp::I32Rotr | BinaryOp::I64Rotr => self.builder.ins().rotr(x, y),
            BinaryOp::I32Eq | BinaryOp::I64Eq => self.compare(IntCC::Equal, x, y),
            BinaryOp::I32Ne | BinaryOp::I64Ne => self.compare(IntCC::NotEqual, x, y),
            BinaryOp::I32LtS | BinaryOp::I64LtS => self.compare(IntCC::SignedLessThan, x, y),
            BinaryOp::I32LtU | BinaryOp::I64LtU => self.compare(IntCC::UnsignedLessThan, x, y),
            BinaryOp::I32GtS | BinaryOp::I64GtS => self.compare(IntCC::SignedGreaterThan, x, y),
            BinaryOp::I32GtU | BinaryOp::I64GtU => self.compare(IntCC::UnsignedLessThan, y, x),
            BinaryOp::I32LeS | BinaryOp::I64LeS => self.compare(IntCC::SignedLessThanOrEqual, x, y),
            BinaryOp::I32LeU | BinaryOp::I64LeU => {
                self.compare(IntCC::UnsignedGreaterThanOrEqual, y, x)
            }
            BinaryOp::I32GeS | BinaryOp::I64GeS => {
                self.compare(IntCC::SignedGreaterThanOrEqual, x, y)
            }
            BinaryOp::I32GeU | BinaryOp::I64GeU => self.compare(GE_U, x, y),
        };
        self.stack.push(value);
    }

    /// A comparison, as an i32. `x > y` comes as `y < x` if it is unsigned, `x ≤ y` as `y ≥ x`: x86-64 has the one in the carry flag,
    /// the other in two flags, which takes longer to read.
    fn compare(&mut self, condition: IntCC, x: Value, y: Value) -> Value {
        let bit = self.builder.ins().icmp(condition, x, y);
        self.builder.ins().uextend(types::I32, bit)
    }

    /// Sign-extends the low bits of `x` that `narrow` holds.
    fn extend_from(&mut self, narrow: Type, x: Value) -> Value {
        let wide = self.builder.func.dfg.value_type(x);
        let low = self.builder.ins().ireduce(narrow, x);
        self.builder.ins().sextend(wide, low)
    }

    fn divide(&mut self, division: Division, x: Value, y: Value) -> Value {
        if self.facts.traps == Traps::Explicit {
            self.test_divisor(division, x, y);
        }
        match division {
            Division::Signed => self.builder.ins().sdiv(x, y),
            Division::Unsigned => self.builder.ins().udiv(x, y),
            Division::SignedRemainder => self.builder.ins().srem(x, y),
            Division::UnsignedRemainder => self.builder.ins().urem(x, y),
        }
    }

    /// Divisor zero first, then overflow. Tests that a constant divisor decides are left out.
    fn test_divisor(&mut self, division: Division, x: Value, y: Value) {
        let divisor = self.constant(y);
        if divisor.is_none_or(|divisor| divisor == 0) {
            let zero = self.zero_like(y);
            let by_zero = self.builder.ins().icmp(IntCC::Equal, y, zero);
            self.trap_if(by_zero, TrapCode::IntegerDivisionByZero);
        }
        let bits = self.builder.func.dfg.value_type(x).bits();
        let minus_one = u64::MAX >> (64 - bits);
        if division == Division::Signed && divisor.is_none_or(|divisor| divisor == minus_one) {
            self.trap_on_overflow(x, y);
        }
    }

    /// The quotient of the minimum by −1 has no representation.
    fn trap_on_overflow(&mut self, x: Value, y: Value) {
        let (minimum, minus_one) = match self.builder.func.dfg.value_type(x) {
            types::I32 => (self.i32_const(1 << 31), self.i32_const(u32::MAX)),
            _ => (self.i64_const(1 << 63), self.i64_const(u64::MAX)),
        };
        let is_minimum = self.builder.ins().icmp(IntCC::Equal, x, minimum);
        let is_minus_one = self.builder.ins().icmp(IntCC::Equal, y, minus_one);
        let overflows = self.builder.ins().band(is_minimum, is_minus_one);
        self.trap_if(overflows, TrapCode::IntegerOverflow);
    }

    fn zero_like(&mut self, value: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        self.builder.ins().iconst(ty, 0)
    }
}
