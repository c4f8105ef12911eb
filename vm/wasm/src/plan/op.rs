//! The instructions of a plan.

use aivm_core::ValueType;

/// The type of a block, loop or if.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockType {
    /// No parameters, no results.
    Empty,
    /// No parameters, one result.
    Value(ValueType),
    /// Index into [`MeteredModule::types`](super::MeteredModule::types).
    Func(u32),
}

/// One instruction of the plan. Operand order is WebAssembly's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Takes ink: the price of the metering block that begins here.
    Charge(u64),
    /// Traps.
    Unreachable,
    /// Opens a block.
    Block(BlockType),
    /// Opens a loop; branches to it go to its beginning (before its `Charge`).
    Loop(BlockType),
    /// Pops an i32 and opens the first arm if it is not 0, else the second (or nothing).
    If(BlockType),
    /// Begins the second arm of an `If`.
    Else,
    /// Closes a block, loop, if or the function.
    End,
    /// Branches to the label at this depth.
    Br(u32),
    /// Pops an i32 and branches if it is not 0.
    BrIf(u32),
    /// Pops an i32 index and branches to `targets[index]`, or to `default` when it is out of range.
    BrTable {
        /// Depths by index.
        targets: Box<[u32]>,
        /// Depth for every other index.
        default: u32,
    },
    /// Returns from the function.
    Return,
    /// Calls a function of the index space (an import is a host call).
    Call(u32),
    /// Pops a table index and calls the entry, whose type must be this one.
    CallIndirect {
        /// Index into [`MeteredModule::types`](super::MeteredModule::types).
        ty: u32,
        /// Index into [`MeteredModule::tables`](super::MeteredModule::tables).
        table: u32,
    },
    /// Drops a value.
    Drop,
    /// Pops an i32 condition and two values; pushes the first if the condition is not 0.
    Select,
    /// Pushes a local.
    LocalGet(u32),
    /// Pops into a local.
    LocalSet(u32),
    /// Copies the top into a local.
    LocalTee(u32),
    /// Pushes a global.
    GlobalGet(u32),
    /// Pops into a global.
    GlobalSet(u32),
    /// Pops an address, loads at address + offset (computed without wrapping).
    Load {
        /// Width and extension.
        kind: LoadKind,
        /// Constant offset.
        offset: u32,
    },
    /// Pops a value and an address, stores.
    Store {
        /// Width.
        kind: StoreKind,
        /// Constant offset.
        offset: u32,
    },
    /// Pushes the memory's size in pages.
    MemorySize,
    /// Pops a page count, grows, pushes the old size or −1.
    MemoryGrow,
    /// `memory.copy`: pops length, source, destination.
    MemoryCopy,
    /// `memory.fill`: pops length, value, destination.
    MemoryFill,
    /// `memory.init` from this data segment: pops length, source, destination.
    MemoryInit(u32),
    /// Drops a data segment.
    DataDrop(u32),
    /// `table.copy`: pops length, source, destination.
    TableCopy {
        /// The table written to.
        to: u32,
        /// The table read.
        from: u32,
    },
    /// `table.init`: pops length, source, destination.
    TableInit {
        /// The table written to.
        table: u32,
        /// The element segment read.
        segment: u32,
    },
    /// Drops an element segment.
    ElemDrop(u32),
    /// Pushes an i32.
    I32Const(i32),
    /// Pushes an i64.
    I64Const(i64),
    /// Pops one value, pushes one.
    Unary(UnaryOp),
    /// Pops two values, pushes one.
    Binary(BinaryOp),
}

/// Width and extension of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Named as the WebAssembly instructions.
pub enum LoadKind {
    I32,
    I32From8S,
    I32From8U,
    I32From16S,
    I32From16U,
    I64,
    I64From8S,
    I64From8U,
    I64From16S,
    I64From16U,
    I64From32S,
    I64From32U,
}

/// Width of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Named as the WebAssembly instructions.
pub enum StoreKind {
    I32,
    I32To8,
    I32To16,
    I64,
    I64To8,
    I64To16,
    I64To32,
}

/// An instruction of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Named as the WebAssembly instructions.
pub enum UnaryOp {
    I32Eqz,
    I32Clz,
    I32Ctz,
    I32Popcnt,
    I32Extend8S,
    I32Extend16S,
    I32WrapI64,
    I64Eqz,
    I64Clz,
    I64Ctz,
    I64Popcnt,
    I64Extend8S,
    I64Extend16S,
    I64Extend32S,
    I64ExtendI32S,
    I64ExtendI32U,
}

/// An instruction of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Named as the WebAssembly instructions.
pub enum BinaryOp {
    I32Add,
    I32Sub,
    I32Mul,
    I32DivS,
    I32DivU,
    I32RemS,
    I32RemU,
    I32And,
    I32Or,
    I32Xor,
    I32Shl,
    I32ShrS,
    I32ShrU,
    I32Rotl,
    I32Rotr,
    I32Eq,
    I32Ne,
    I32LtS,
    I32LtU,
    I32GtS,
    I32GtU,
    I32LeS,
    I32LeU,
    I32GeS,
    I32GeU,
    I64Add,
    I64Sub,
    I64Mul,
    I64DivS,
    I64DivU,
    I64RemS,
    I64RemU,
    I64And,
    I64Or,
    I64Xor,
    I64Shl,
    I64ShrS,
    I64ShrU,
    I64Rotl,
    I64Rotr,
    I64Eq,
    I64Ne,
    I64LtS,
    I64LtU,
    I64GtS,
    I64GtU,
    I64LeS,
    I64LeU,
    I64GeS,
    I64GeU,
}
