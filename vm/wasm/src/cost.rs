//! The price of each op of the plan, in ink: the whole table in one place.
//!
//! | ops | price |
//! |---|---|
//! | `Block`, `Loop`, `Else`, `End`, `Charge` | 0: they do nothing at run time |
//! | `Unreachable`, constants, `LocalGet`, `Drop`, other arithmetic | `simple` |
//! | conversion, sign extension | `convert` |
//! | `LocalSet`, `LocalTee` | `local_write` |
//! | comparison, `eqz`, `Select` | `compare` |
//! | `clz`, `ctz`, `popcnt` | `bit_count` |
//! | multiplication | `multiply` |
//! | division, remainder | `divide` |
//! | loads | `load` |
//! | stores | `store` |
//! | globals | `global` |
//! | `If`, `Br`, `BrIf`, `Return` | `branch` |
//! | `BrTable` | `branch_table` |
//! | `Call`, to a function of the module or the host | `call`; the host's own price is charged by the host |
//! | `CallIndirect` | `call` + `call_indirect` |
//! | `MemorySize`, `MemoryGrow`, bulk operations, segment drops | `bulk_base`; lengths are priced at run time |
//! | entering a function | `function_header` + `local` for each local that is no parameter |
//!
//! Every loop that comes round takes a branch, so with `branch` above 0 no code runs for ever.

use aivm_core::GasSchedule;

use crate::plan::{BinaryOp, MeteredModule, Op, UnaryOp};
use crate::work::{self, WorkLimits};

/// The price of `op` under `schedule`, in ink.
#[must_use]
pub const fn op(op: &Op, schedule: &GasSchedule) -> u64 {
    match op {
        Op::Charge(_) | Op::Block(_) | Op::Loop(_) | Op::Else | Op::End => 0,
        Op::Unreachable | Op::Drop | Op::LocalGet(_) | Op::I32Const(_) | Op::I64Const(_) => {
            schedule.simple
        }
        Op::LocalSet(_) | Op::LocalTee(_) => schedule.local_write,
        Op::Select => schedule.compare,
        Op::If(_) | Op::Br(_) | Op::BrIf(_) | Op::Return => schedule.branch,
        Op::BrTable { .. } => schedule.branch_table,
        Op::Call(_) => schedule.call,
        Op::CallIndirect { .. } => schedule.call.saturating_add(schedule.call_indirect),
        Op::Load { .. } => schedule.load,
        Op::Store { .. } => schedule.store,
        Op::GlobalGet(_) | Op::GlobalSet(_) => schedule.global,
        Op::MemorySize
        | Op::MemoryGrow
        | Op::MemoryCopy
        | Op::MemoryFill
        | Op::MemoryInit(_)
        | Op::DataDrop(_)
        | Op::TableCopy { .. }
        | Op::TableInit { .. }
        | Op::ElemDrop(_) => schedule.bulk_base,
        Op::Unary(operator) => unary(*operator, schedule),
        Op::Binary(operator) => binary(*operator, schedule),
    }
}

/// The price of entering a function that declares `locals` locals besides its parameters, in ink.
#[must_use]
pub const fn entry(locals: u32, schedule: &GasSchedule) -> u64 {
    schedule
        .function_header
        .saturating_add(schedule.local.saturating_mul(locals as u64))
}

/// The price of activating `module` on top of `create_byte` for each byte of its file, in ink: of compiling it, whether a
/// node does that or not. Code that no node compiles for its work pays for as much work as is compiled, so that it gains
/// nothing by more.
#[must_use]
pub fn activation(module: &MeteredModule, schedule: &GasSchedule) -> u64 {
    let most = WorkLimits::NODE.of_module(module);
    let work = work::of_module(module).min(most);
    schedule
        .activation
        .saturating_add(schedule.activation_work.saturating_mul(work))
}

/// What creating a contract of `module` costs for its bytes and its activation, in ink.
#[must_use]
pub fn creation(module: &MeteredModule, schedule: &GasSchedule) -> u64 {
    schedule
        .create_byte
        .saturating_mul(u64::from(module.bytes))
        .saturating_add(activation(module, schedule))
}

const fn unary(operator: UnaryOp, schedule: &GasSchedule) -> u64 {
    use UnaryOp as U;
    match operator {
        U::I32Eqz | U::I64Eqz => schedule.compare,
        U::I32Clz | U::I32Ctz | U::I32Popcnt => schedule.bit_count,
        U::I64Clz | U::I64Ctz | U::I64Popcnt => schedule.bit_count,
        U::I32Extend8S | U::I32Extend16S => schedule.convert,
        U::I64Extend8S | U::I64Extend16S | U::I64Extend32S => schedule.convert,
        U::I32WrapI64 | U::I64ExtendI32S | U::I64ExtendI32U => schedule.convert,
    }
}

const fn binary(operator: BinaryOp, schedule: &GasSchedule) -> u64 {
    use BinaryOp as B;
    match operator {
        B::I32Mul | B::I64Mul => schedule.multiply,
        B::I32DivS | B::I32DivU | B::I32RemS | B::I32RemU => schedule.divide,
        B::I64DivS | B::I64DivU | B::I64RemS | B::I64RemU => schedule.divide,
        B::I32Add | B::I32Sub | B::I32And | B::I32Or | B::I32Xor => schedule.simple,
        B::I32Shl | B::I32ShrS | B::I32ShrU | B::I32Rotl | B::I32Rotr => schedule.simple,
        B::I32Eq | B::I32Ne => schedule.compare,
        B::I32LtS | B::I32LtU | B::I32GtS | B::I32GtU => schedule.compare,
        B::I32LeS | B::I32LeU | B::I32GeS | B::I32GeU => schedule.compare,
        B::I64Add | B::I64Sub | B::I64And | B::I64Or | B::I64Xor => schedule.simple,
        B::I64Shl | B::I64ShrS | B::I64ShrU | B::I64Rotl | B::I64Rotr => schedule.simple,
        B::I64Eq | B::I64Ne => schedule.compare,
        B::I64LtS | B::I64LtU | B::I64GtS | B::I64GtU => schedule.compare,
        B::I64LeS | B::I64LeU | B::I64GeS | B::I64GeU => schedule.compare,
    }
}
