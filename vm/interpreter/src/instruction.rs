//! The interpreter's own code: flat instructions on numbered slots, with branches resolved. What is executed are
//! the cells that `handlers` makes of them.
//!
//! A *slot* is a u64 of the running function's frame: locals first, then the operand stack. The height of
//! the operand stack is known at every instruction, so operands are named by slot and nothing is pushed or
//! popped at run time. An operand may as well be a local's own slot, and a result go straight to a local.
//! An i32 is kept zero-extended in its slot.
//!
//! A jump pays for what it goes on with: `taken` is the price of the metering block at its target, `passed`
//! that of the block after it, 0 where a [`Instruction::Charge`] stands there or nothing is due.

use aivm_wasm::plan::{BinaryOp, LoadKind, StoreKind, UnaryOp};

/// Index of a slot in the frame.
pub(crate) type Slot = u16;

/// Index of an instruction in the program's code.
pub(crate) type Target = u32;

/// What a jump may charge, in ink; a block that costs more has a `Charge` of its own.
pub(crate) type Price = u16;

/// A comparison whose result is nothing but a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) op: BinaryOp,
    pub(crate) left: Slot,
    pub(crate) right: Right,
}

/// The second operand of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Slot(Slot),
    /// A constant, i32 zero-extended.
    Const(u64),
}

/// Calls `$then!` with the plan's numeric, load and store operations and the names of their instructions.
///
/// - arithmetic: the operation, and the one with a constant on the right;
/// - comparison: as well the jumps on its result, with slots and with a constant of 32 bits, sign-extended;
/// - load: the kind of the plan, the integer of the bytes loaded, and what it is extended to;
/// - store: the one with a constant value, the kind of the plan, and the integer of the bytes stored.
macro_rules! with_operations {
    ($then:ident) => {
        $then! {
            unary:
                I32Eqz I32Clz I32Ctz I32Popcnt I32Extend8S I32Extend16S I32WrapI64
                I64Eqz I64Clz I64Ctz I64Popcnt I64Extend8S I64Extend16S I64Extend32S
                I64ExtendI32S I64ExtendI32U;
            arithmetic:
                I32Add I32AddImm, I32Sub I32SubImm, I32Mul I32MulImm,
                I32DivS I32DivSImm, I32DivU I32DivUImm, I32RemS I32RemSImm, I32RemU I32RemUImm,
                I32And I32AndImm, I32Or I32OrImm, I32Xor I32XorImm,
                I32Shl I32ShlImm, I32ShrS I32ShrSImm, I32ShrU I32ShrUImm,
                I32Rotl I32RotlImm, I32Rotr I32RotrImm,
                I64Add I64AddImm, I64Sub I64SubImm, I64Mul I64MulImm,
                I64DivS I64DivSImm, I64DivU I64DivUImm, I64RemS I64RemSImm, I64RemU I64RemUImm,
                I64And I64AndImm, I64Or I64OrImm, I64Xor I64XorImm,
                I64Shl I64ShlImm, I64ShrS I64ShrSImm, I64ShrU I64ShrUImm,
                I64Rotl I64RotlImm, I64Rotr I64RotrImm;
            comparison:
                I32Eq I32EqImm IfI32Eq IfI32EqImm, I32Ne I32NeImm IfI32Ne IfI32NeImm,
                I32LtS I32LtSImm IfI32LtS IfI32LtSImm, I32LtU I32LtUImm IfI32LtU IfI32LtUImm,
                I32GtS I32GtSImm IfI32GtS IfI32GtSImm, I32GtU I32GtUImm IfI32GtU IfI32GtUImm,
                I32LeS I32LeSImm IfI32LeS IfI32LeSImm, I32LeU I32LeUImm IfI32LeU IfI32LeUImm,
                I32GeS I32GeSImm IfI32GeS IfI32GeSImm, I32GeU I32GeUImm IfI32GeU IfI32GeUImm,
                I64Eq I64EqImm IfI64Eq IfI64EqImm, I64Ne I64NeImm IfI64Ne IfI64NeImm,
                I64LtS I64LtSImm IfI64LtS IfI64LtSImm, I64LtU I64LtUImm IfI64LtU IfI64LtUImm,
                I64GtS I64GtSImm IfI64GtS IfI64GtSImm, I64GtU I64GtUImm IfI64GtU IfI64GtUImm,
                I64LeS I64LeSImm IfI64LeS IfI64LeSImm, I64LeU I64LeUImm IfI64LeU IfI64LeUImm,
                I64GeS I64GeSImm IfI64GeS IfI64GeSImm, I64GeU I64GeUImm IfI64GeU IfI64GeUImm;
            load:
                I32Load I32 u32 u32,
                I32Load8S I32From8S i8 u32, I32Load8U I32From8U u8 u32,
                I32Load16S I32From16S i16 u32, I32Load16U I32From16U u16 u32,
                I64Load I64 u64 u64,
                I64Load8S I64From8S i8 u64, I64Load8U I64From8U u8 u64,
                I64Load16S I64From16S i16 u64, I64Load16U I64From16U u16 u64,
                I64Load32S I64From32S i32 u64, I64Load32U I64From32U u32 u64;
            store:
                I32Store I32StoreImm I32 u32,
                I32Store8 I32Store8Imm I32To8 u8, I32Store16 I32Store16Imm I32To16 u16,
                I64Store I64StoreImm I64 u64, I64Store8 I64Store8Imm I64To8 u8,
                I64Store16 I64Store16Imm I64To16 u16, I64Store32 I64Store32Imm I64To32 u32;
        }
    };
}
pub(crate) use with_operations;

/// Defines [`Instruction`], with a variant for each operation so that the loop dispatches once an
/// instruction, and what chooses a variant or asks what it is.
macro_rules! define_instruction {
    (
        unary: $($unary:ident)*;
        arithmetic: $($arithmetic:ident $arithmetic_imm:ident),*;
        comparison: $($comparison:ident $comparison_imm:ident $jump:ident $jump_imm:ident),*;
        load: $($load:ident $load_kind:ident $narrow:ident $wide:ident),*;
        store: $($store:ident $store_imm:ident $store_kind:ident $stored:ident),*;
    ) => {
        /// One instruction. Charges, traps and order of checks are the plan's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Instruction {
            /// Takes ink or ends the run.
            Charge(u64),
            /// Traps.
            Unreachable,
            /// Goes on at the target.
            Jump { target: Target, taken: Price },
            /// Skips as many instructions as the slot's i32 says, `last` at most. Those that follow are
            /// `last + 1` jumps.
            JumpTable { index: Slot, last: u32 },
            /// Copies `count` slots downwards, or within overlapping ranges as if through a buffer.
            Move { to: Slot, from: Slot, count: u16 },
            /// Moves `count` results to slot 0 and up, and returns to the caller.
            Return { from: Slot, count: u16 },
            /// Returns one result.
            ReturnOne { from: Slot },
            /// Calls a function of the index space. Arguments are at `base` and up, where the results will be:
            /// `base` becomes slot 0 of the callee.
            Call { function: u32, base: Slot },
            /// Calls the table entry that the slot names, arguments and results at `base`.
            CallIndirect { ty: u32, table: u32, index: Slot, base: Slot },
            /// `first` if the condition is not 0, else `otherwise`.
            Select { to: Slot, first: Slot, otherwise: Slot, condition: Slot },
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
            $( $unary { to: Slot, operand: Slot }, )*
            $( $arithmetic { to: Slot, left: Slot, right: Slot }, )*
            $( $arithmetic_imm { to: Slot, left: Slot, right: u64 }, )*
            $(
                $comparison { to: Slot, left: Slot, right: Slot },
                $comparison_imm { to: Slot, left: Slot, right: u64 },
                $jump { left: Slot, right: Slot, taken: Price, passed: Price, target: Target },
                $jump_imm { left: Slot, right: i32, taken: Price, passed: Price, target: Target },
            )*
            $( $load { to: Slot, address: Slot, offset: u32 }, )*
            $(
                $store { address: Slot, value: Slot, offset: u32 },
                $store_imm { address: Slot, value: i32, offset: u32 },
            )*
        }

        impl Instruction {
            /// The instruction of a unary operation.
            pub(crate) fn unary(op: UnaryOp, to: Slot, operand: Slot) -> Instruction {
                match op { $( UnaryOp::$unary => Instruction::$unary { to, operand }, )* }
            }

            /// The instruction of a binary operation.
            pub(crate) fn binary(op: BinaryOp, to: Slot, left: Slot, right: Right) -> Instruction {
                match (op, right) {
                    $(
                        (BinaryOp::$arithmetic, Right::Slot(right)) =>
                            Instruction::$arithmetic { to, left, right },
                        (BinaryOp::$arithmetic, Right::Const(right)) =>
                            Instruction::$arithmetic_imm { to, left, right },
                    )*
                    $(
                        (BinaryOp::$comparison, Right::Slot(right)) =>
                            Instruction::$comparison { to, left, right },
                        (BinaryOp::$comparison, Right::Const(right)) =>
                            Instruction::$comparison_imm { to, left, right },
                    )*
                }
            }

            /// The jump on a condition, its target and prices still to be set; `None` if the operation is
            /// no comparison or its constant is too long.
            pub(crate) fn jump_if(condition: Condition) -> Option<Instruction> {
                let Condition { op, left, right } = condition;
                let (taken, passed, target) = (0, 0, 0);
                Some(match (op, right) {
                    $(
                        (BinaryOp::$comparison, Right::Slot(right)) =>
                            Instruction::$jump { left, right, taken, passed, target },
                        (BinaryOp::$comparison, Right::Const(value)) => {
                            let is_long = stringify!($comparison).starts_with("I64");
                            let right = value as i32;
                            if is_long && right as u64 != value {
                                return None;
                            }
                            Instruction::$jump_imm { left, right, taken, passed, target }
                        }
                    )*
                    _ => return None,
                })
            }

            /// The slot of a comparison's result and what it compares.
            pub(crate) fn comparison(self) -> Option<(Slot, Condition)> {
                Some(match self {
                    $(
                        Instruction::$comparison { to, left, right } => {
                            let right = Right::Slot(right);
                            (to, Condition { op: BinaryOp::$comparison, left, right })
                        }
                        Instruction::$comparison_imm { to, left, right } => {
                            let right = Right::Const(right);
                            (to, Condition { op: BinaryOp::$comparison, left, right })
                        }
                    )*
                    _ => return None,
                })
            }

            /// The slot that the result goes to, of an instruction that writes one slot, wherever it is.
            pub(crate) fn result(&mut self) -> Option<&mut Slot> {
                match self {
                    Instruction::Select { to, .. }
                    | Instruction::Copy { to, .. }
                    | Instruction::Const { to, .. }
                    | Instruction::GlobalGet { to, .. }
                    | Instruction::MemorySize { to }
                    $( | Instruction::$unary { to, .. } )*
                    $( | Instruction::$arithmetic { to, .. } | Instruction::$arithmetic_imm { to, .. } )*
                    $( | Instruction::$comparison { to, .. } | Instruction::$comparison_imm { to, .. } )*
                    $( | Instruction::$load { to, .. } )* => Some(to),
                    _ => None,
                }
            }

            /// Target of a jump, and the price of what is there.
            pub(crate) fn taken(&mut self) -> Option<(&mut Target, &mut Price)> {
                match self {
                    Instruction::Jump { target, taken }
                    $(
                        | Instruction::$jump { target, taken, .. }
                        | Instruction::$jump_imm { target, taken, .. }
                    )* => Some((target, taken)),
                    _ => None,
                }
            }

            /// The price of what follows a jump on a condition.
            pub(crate) fn passed(&mut self) -> Option<&mut Price> {
                match self {
                    $(
                        Instruction::$jump { passed, .. }
                        | Instruction::$jump_imm { passed, .. }
                    )|* => Some(passed),
                    _ => None,
                }
            }

            /// Whether the next instruction may follow it.
            pub(crate) fn falls_through(&self) -> bool {
                !matches!(
                    self,
                    Instruction::Jump { .. }
                        | Instruction::Return { .. }
                        | Instruction::ReturnOne { .. }
                        | Instruction::Unreachable
                )
            }

            /// The instruction of a load.
            pub(crate) fn load(kind: LoadKind, to: Slot, address: Slot, offset: u32) -> Instruction {
                match kind {
                    $( LoadKind::$load_kind => Instruction::$load { to, address, offset }, )*
                }
            }

            /// The instruction of a store.
            pub(crate) fn store(kind: StoreKind, address: Slot, value: Slot, offset: u32) -> Instruction {
                match kind {
                    $( StoreKind::$store_kind => Instruction::$store { address, value, offset }, )*
                }
            }

            /// The instruction of a store of a constant, sign-extended where it is too short.
            pub(crate) fn store_const(kind: StoreKind, address: Slot, value: i32, offset: u32) -> Instruction {
                match kind {
                    $( StoreKind::$store_kind => Instruction::$store_imm { address, value, offset }, )*
                }
            }
        }
    };
}

with_operations!(define_instruction);
