//! The accepted instructions: what a WebAssembly operator becomes in the plan, or why it is refused.
//!
//! Validation and metering both go through [`translate`], so that what is accepted can be expressed.

use aivm_core::ValueType;
use wasmparser::{MemArg, Operator, ValType};

use crate::plan::{BinaryOp, BlockType, LoadKind, Op, StoreKind, UnaryOp};
use crate::refusal::RefusalCode;

/// What an operator becomes.
#[derive(Debug)]
pub(crate) enum Translation {
    /// This op of the plan.
    Op(Op),
    /// Nothing: `nop`.
    Nothing,
    /// It has no place in the plan; see [`refusal_of`].
    Refused,
}

/// Translates one operator. `type_index` maps a type index of the file to one of the plan, `table_entries` says how long a
/// table is, which is for ever.
///
/// # Errors
/// The targets of a `br_table` cannot be read.
pub(crate) fn translate(
    operator: &Operator<'_>,
    type_index: impl Fn(u32) -> u32,
    table_entries: impl Fn(u32) -> u32,
) -> wasmparser::Result<Translation> {
    use Operator as W;
    let block = |ty: wasmparser::BlockType| match ty {
        wasmparser::BlockType::Empty => Some(BlockType::Empty),
        wasmparser::BlockType::Type(ty) => value_type(ty).map(BlockType::Value),
        wasmparser::BlockType::FuncType(index) => Some(BlockType::Func(type_index(index))),
    };
    let op = match *operator {
        W::Nop => return Ok(Translation::Nothing),
        W::Unreachable => Some(Op::Unreachable),
        W::Block { blockty } => block(blockty).map(Op::Block),
        W::Loop { blockty } => block(blockty).map(Op::Loop),
        W::If { blockty } => block(blockty).map(Op::If),
        W::Else => Some(Op::Else),
        W::End => Some(Op::End),
        W::Br { relative_depth } => Some(Op::Br(relative_depth)),
        W::BrIf { relative_depth } => Some(Op::BrIf(relative_depth)),
        W::BrTable { ref targets } => Some(Op::BrTable {
            targets: targets.targets().collect::<wasmparser::Result<_>>()?,
            default: targets.default(),
        }),
        W::Return => Some(Op::Return),
        W::Call { function_index } => Some(Op::Call(function_index)),
        W::CallIndirect {
            type_index: ty,
            table_index,
        } => Some(Op::CallIndirect {
            ty: type_index(ty),
            table: table_index,
        }),
        W::Drop => Some(Op::Drop),
        W::Select => Some(Op::Select),
        W::TypedSelect { ty } => value_type(ty).map(|_| Op::Select),
        W::LocalGet { local_index } => Some(Op::LocalGet(local_index)),
        W::LocalSet { local_index } => Some(Op::LocalSet(local_index)),
        W::LocalTee { local_index } => Some(Op::LocalTee(local_index)),
        W::GlobalGet { global_index } => Some(Op::GlobalGet(global_index)),
        W::GlobalSet { global_index } => Some(Op::GlobalSet(global_index)),
        W::MemorySize { .. } => Some(Op::MemorySize),
        W::MemoryGrow { .. } => Some(Op::MemoryGrow),
        W::MemoryCopy { .. } => Some(Op::MemoryCopy),
        W::MemoryFill { .. } => Some(Op::MemoryFill),
        W::MemoryInit { data_index, .. } => Some(Op::MemoryInit(data_index)),
        W::DataDrop { data_index } => Some(Op::DataDrop(data_index)),
        W::TableCopy {
            dst_table,
            src_table,
        } => Some(Op::TableCopy {
            to: dst_table,
            from: src_table,
        }),
        W::TableInit { elem_index, table } => Some(Op::TableInit {
            table,
            segment: elem_index,
        }),
        W::TableSize { table } => Some(Op::I32Const(table_entries(table).cast_signed())),
        W::ElemDrop { elem_index } => Some(Op::ElemDrop(elem_index)),
        W::I32Const { value } => Some(Op::I32Const(value)),
        W::I64Const { value } => Some(Op::I64Const(value)),
        ref other => memory_access(other)
            .or_else(|| unary(other).map(Op::Unary))
            .or_else(|| binary(other).map(Op::Binary)),
    };
    Ok(op.map_or(Translation::Refused, Translation::Op))
}

/// The integer type, if it is one.
pub(crate) fn value_type(ty: ValType) -> Option<ValueType> {
    match ty {
        ValType::I32 => Some(ValueType::I32),
        ValType::I64 => Some(ValueType::I64),
        ValType::F32 | ValType::F64 | ValType::V128 | ValType::Ref(_) => None,
    }
}

fn memory_access(operator: &Operator<'_>) -> Option<Op> {
    use Operator as W;
    let load = |kind, memarg: MemArg| {
        let offset = u32::try_from(memarg.offset).ok()?;
        Some(Op::Load { kind, offset })
    };
    let store = |kind, memarg: MemArg| {
        let offset = u32::try_from(memarg.offset).ok()?;
        Some(Op::Store { kind, offset })
    };
    match *operator {
        W::I32Load { memarg } => load(LoadKind::I32, memarg),
        W::I32Load8S { memarg } => load(LoadKind::I32From8S, memarg),
        W::I32Load8U { memarg } => load(LoadKind::I32From8U, memarg),
        W::I32Load16S { memarg } => load(LoadKind::I32From16S, memarg),
        W::I32Load16U { memarg } => load(LoadKind::I32From16U, memarg),
        W::I64Load { memarg } => load(LoadKind::I64, memarg),
        W::I64Load8S { memarg } => load(LoadKind::I64From8S, memarg),
        W::I64Load8U { memarg } => load(LoadKind::I64From8U, memarg),
        W::I64Load16S { memarg } => load(LoadKind::I64From16S, memarg),
        W::I64Load16U { memarg } => load(LoadKind::I64From16U, memarg),
        W::I64Load32S { memarg } => load(LoadKind::I64From32S, memarg),
        W::I64Load32U { memarg } => load(LoadKind::I64From32U, memarg),
        W::I32Store { memarg } => store(StoreKind::I32, memarg),
        W::I32Store8 { memarg } => store(StoreKind::I32To8, memarg),
        W::I32Store16 { memarg } => store(StoreKind::I32To16, memarg),
        W::I64Store { memarg } => store(StoreKind::I64, memarg),
        W::I64Store8 { memarg } => store(StoreKind::I64To8, memarg),
        W::I64Store16 { memarg } => store(StoreKind::I64To16, memarg),
        W::I64Store32 { memarg } => store(StoreKind::I64To32, memarg),
        _ => None,
    }
}

/// Maps operators to ops of the same name.
macro_rules! same_name {
    ($operator:expr, $to:ident: $($name:ident)*) => {
        match $operator {
            $( Operator::$name => Some($to::$name), )*
            _ => None,
        }
    };
}

fn unary(operator: &Operator<'_>) -> Option<UnaryOp> {
    same_name!(operator, UnaryOp:
        I32Eqz I32Clz I32Ctz I32Popcnt I32Extend8S I32Extend16S I32WrapI64
        I64Eqz I64Clz I64Ctz I64Popcnt I64Extend8S I64Extend16S I64Extend32S
        I64ExtendI32S I64ExtendI32U
    )
}

fn binary(operator: &Operator<'_>) -> Option<BinaryOp> {
    same_name!(operator, BinaryOp:
        I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU I32And I32Or I32Xor
        I32Shl I32ShrS I32ShrU I32Rotl I32Rotr
        I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU
        I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU I64And I64Or I64Xor
        I64Shl I64ShrS I64ShrU I64Rotl I64Rotr
        I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU
    )
}

/// Why `operator`, which [`translate`] refuses, is refused: the rule, what it is, and what would be right.
pub(crate) fn refusal_of(operator: &Operator<'_>) -> (RefusalCode, String, &'static str) {
    if let Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } =
        operator
        && let wasmparser::BlockType::Type(ty) = blockty
    {
        return refusal_of_type(*ty);
    }
    if let Operator::TypedSelect { ty } = operator {
        return refusal_of_type(*ty);
    }
    let (proposal, name) = describe(operator);
    let what = format!("instruction `{name}`");
    if name.contains("f32") || name.contains("f64") {
        (RefusalCode::Float, what, INTEGERS_ONLY)
    } else if proposal == "reference_types" {
        (RefusalCode::Reference, what, NO_REFERENCES)
    } else {
        let what = format!("{what} of WebAssembly's {proposal} extension");
        (RefusalCode::Feature, what, NO_EXTENSIONS)
    }
}

/// Why a value of type `ty` is refused, for a type that [`value_type`] refuses.
pub(crate) fn refusal_of_type(ty: ValType) -> (RefusalCode, String, &'static str) {
    let what = format!("type `{ty}`");
    match ty {
        ValType::Ref(_) => (RefusalCode::Reference, what, NO_REFERENCES),
        ValType::V128 => (RefusalCode::Feature, what, NO_EXTENSIONS),
        _ => (RefusalCode::Float, what, INTEGERS_ONLY),
    }
}

const INTEGERS_ONLY: &str = "contracts compute with i32 and i64 only";
const NO_REFERENCES: &str = "references exist only inside the table and element segments";
pub(crate) const NO_EXTENSIONS: &str = "accepted are WebAssembly 1.0 integers with sign extension, \
    mutable globals, multi-value, bulk memory, extended constants and the encodings of reference types";

/// The proposal that brought an operator, and its name in the text format.
fn describe(operator: &Operator<'_>) -> (&'static str, String) {
    macro_rules! names {
        ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $( Operator::$op $({ $($arg: _),* })? => (stringify!($proposal), stringify!($visit)), )*
                _ => ("unknown", "visit_unknown"),
            }
        };
    }
    let (proposal, visit) = wasmparser::for_each_operator!(names);
    // `visit_i32_trunc_f32_s` is `i32.trunc_f32_s`; control instructions keep their underscore.
    let name = visit.strip_prefix("visit_").unwrap_or(visit);
    let dotted = !matches!(proposal, "tail_call" | "exceptions" | "legacy_exceptions")
        && !name.starts_with("br_")
        && !name.starts_with("typed_");
    let name = if dotted {
        name.replacen('_', ".", 1)
    } else {
        name.to_owned()
    };
    (proposal, name)
}
