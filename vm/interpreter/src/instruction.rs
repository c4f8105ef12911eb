//! The interpreter's own code: flat, fixed-size instructions on numbered slots, with branches resolved.
//!
//! A *slot* is a u64 of the running function's frame: locals first, then the operand stack. The height of
//! the operand stack is known at every instruction, so operands are named by slot and nothing is pushed or
//! popped at run time. An i32 is kept zero-extended in its slot.

use aivm_wasm::plan::{BinaryOp, LoadKind, StoreKind, UnaryOp};

/// Index of a slot in the frame.
pub(crate) type Slot = u16;

/// Index of an instruction in the program's code.
pub(crate) type Target = u32;

/// Result and operand of a unary operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unary {
    pub(crate) to: Slot,
    pub(crate) operand: Slot,
}

/// Result and operands of a binary operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) to: Slot,
    pub(crate) left: Slot,
    pub(crate) right: Slot,
}

/// Result, address and constant offset of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) to: Slot,
    pub(crate) address: Slot,
    pub(crate) offset: u32,
}

/// Address, value and constant offset of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) address: Slot,
    pub(crate) value: Slot,
    pub(crate) offset: u32,
}

/// Defines [`Instruction`] with one variant for each numeric, load and store operation of the plan, so that
/// the loop dispatches once an instruction, and the functions that choose the variant.
macro_rules! instructions {
    (
        unary: $($unary:ident)*;
        binary: $($binary:ident)*;
        load: $($load:ident = $load_kind:ident)*;
        store: $($store:ident = $store_kind:ident)*;
        $(#[$meta:meta])*
        other: { $($other:tt)* }
    ) => {
        $(#[$meta])*
        pub(crate) enum Instruction {
            $($other)*
            $( $unary(Unary), )*
            $( $binary(Binary), )*
            $( $load(Load), )*
            $( $store(Store), )*
        }

        impl Instruction {
            /// The instruction of a unary operation.
            pub(crate) fn unary(op: UnaryOp, slots: Unary) -> Instruction {
                match op { $( UnaryOp::$unary => Instruction::$unary(slots), )* }
            }

            /// The instruction of a binary operation.
            pub(crate) fn binary(op: BinaryOp, slots: Binary) -> Instruction {
                match op { $( BinaryOp::$binary => Instruction::$binary(slots), )* }
            }

            /// The instruction of a load.
            pub(crate) fn load(kind: LoadKind, load: Load) -> Instruction {
                match kind { $( LoadKind::$load_kind => Instruction::$load(load), )* }
            }

            /// The instruction of a store.
            pub(crate) fn store(kind: StoreKind, store: Store) -> Instruction {
                match kind { $( StoreKind::$store_kind => Instruction::$store(store), )* }
            }
        }
    };
}

instructions! {
    unary:
        I32Eqz I32Clz I32Ctz I32Popcnt I32Extend8S I32Extend16S I32WrapI64
        I64Eqz I64Clz I64Ctz I64Popcnt I64Extend8S I64Extend16S I64Extend32S I64ExtendI32S I64ExtendI32U;
    binary:
        I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU
        I32And I32Or I32Xor I32Shl I32ShrS I32ShrU I32Rotl I32Rotr
        I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU
        I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU
        I64And I64Or I64Xor I64Shl I64ShrS I64ShrU I64Rotl I64Rotr
        I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU;
    load:
        I32Load = I32
        I32Load8S = I32From8S I32Load8U = I32From8U
        I32Load16S = I32From16S I32Load16U = I32From16U
        I64Load = I64
        I64Load8S = I64From8S I64Load8U = I64From8U
        I64Load16S = I64From16S I64Load16U = I64From16U
        I64Load32S = I64From32S I64Load32U = I64From32U;
    store:
        I32Store = I32 I32Store8 = I32To8 I32Store16 = I32To16
        I64Store = I64 I64Store8 = I64To8 I64Store16 = I64To16 I64Store32 = I64To32;

    /// One instruction. Charges, traps and order of checks are the plan's.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    other: {
        /// Takes ink or ends the run.
        Charge(u64),
        /// Traps.
        Unreachable,
        /// Goes on at the target.
        Jump(Target),
        /// Goes on at the target if the slot's i32 is not 0.
        JumpIfNot0 { condition: Slot, target: Target },
        /// Goes on at the target if the slot's i32 is 0.
        JumpIf0 { condition: Slot, target: Target },
        /// Skips as many instructions as the slot's i32 says, `last` at most. Those that follow are
        /// `last + 1` jumps, returns or traps.
        JumpTable { index: Slot, last: u32 },
        /// Copies `count` slots downwards, or within overlapping ranges as if through a buffer.
        Move { to: Slot, from: Slot, count: u16 },
        /// Moves `count` results to slot 0 and up, and returns to the caller.
        Return { from: Slot, count: u16 },
        /// Calls one of the module's own functions (index among these). Arguments are at `base` and up,
        /// where the results will be: `base` becomes slot 0 of the callee.
        Call { function: u32, base: Slot },
        /// Calls an import, arguments and result at `base`.
        CallHost { import: u32, base: Slot },
        /// Calls the table entry that the slot names, arguments and results at `base`.
        CallIndirect { ty: u32, table: u32, index: Slot, base: Slot },
        /// Keeps the value of `to` if the condition is not 0, else copies `otherwise` to it.
        Select { to: Slot, otherwise: Slot, condition: Slot },
        /// Copies a slot.
        Copy { to: Slot, from: Slot },
        /// Sets a slot.
        Const { to: Slot, value: u64 },
        /// Reads a global.
        GlobalGet { to: Slot, global: u32 },
        /// Writes a global.
        GlobalSet { from: Slot, global: u32 },
        /// Reads the memory's size in pages.
        MemorySize { to: Slot },
        /// Grows the memory by the slot's pages; its old size or −1 replaces them.
        MemoryGrow { pages: Slot },
        /// `memory.copy`; the slots `base..base + 3` are destination, source and length.
        MemoryCopy { base: Slot },
        /// `memory.fill`; the slots are destination, value and length.
        MemoryFill { base: Slot },
        /// `memory.init`; the slots are destination, source and length.
        MemoryInit { base: Slot, segment: u32 },
        /// Drops a data segment.
        DataDrop { segment: u32 },
        /// `table.copy`; the slots are destination, source and length.
        TableCopy { base: Slot, to: u32, from: u32 },
        /// `table.init`; the slots are destination, source and length.
        TableInit { base: Slot, table: u32, segment: u32 },
        /// Drops an element segment.
        ElemDrop { segment: u32 },
    }
}

// Speed depends on it: four instructions a cache line.
const _: () = assert!(size_of::<Instruction>() == 16);
