//! Rules of the plan's documentation, one test a rule, on plans built by hand.

use std::sync::Arc;

use aivm_core::{Exit, Guest, Host, HostExit, HostFunction, Limits, TrapCode, ValueType};
use aivm_wasm::plan::{
    BinaryOp, BlockType, DataSegment, DynamicCosts, ElementSegment, FuncType, Function, Global,
    Import, LoadKind, Memory, MeteredModule, Op, SegmentMode, StoreKind, Table, UnaryOp,
};

use crate::{Instance, Program};

mod forms;
mod limits;
mod memory;

const I32: ValueType = ValueType::I32;
const I64: ValueType = ValueType::I64;

/// A host that reports the ink it sees and its first argument, with garbage in the high half.
struct Probe;

impl Host for Probe {
    fn call(
        &mut self,
        _function: HostFunction,
        arguments: &[u64],
        guest: &mut dyn Guest,
    ) -> Result<u64, HostExit> {
        guest.charge(7)?;
        guest.write(0, &guest.ink_left().to_le_bytes())?;
        Ok(arguments.first().copied().unwrap_or(0) | 0xFFFF_0000_0000)
    }
}

fn ty(parameters: &[ValueType], results: &[ValueType]) -> FuncType {
    FuncType {
        parameters: parameters.to_vec(),
        results: results.to_vec(),
    }
}

/// A function of type `ty` with `extra` locals and 8 operands at most.
fn function(module: &MeteredModule, ty: u32, extra: &[ValueType], ops: Vec<Op>) -> Function {
    higher(module, ty, extra, 8, ops)
}

/// As [`function`], with this many operands at most.
fn higher(
    module: &MeteredModule,
    ty: u32,
    extra: &[ValueType],
    max_operands: u32,
    ops: Vec<Op>,
) -> Function {
    let locals = [&module.types[ty as usize].parameters[..], extra].concat();
    let frame_words = locals.len() as u32 + max_operands + 4;
    Function {
        ty,
        locals,
        max_operands,
        frame_words,
        ops,
    }
}

/// A module of one page (two at most), a table of four, and no function yet. Type 0 is `() -> i32`,
/// 1 `(i32) -> i32`, 2 `() -> ()`, 3 `(i64, i64) -> (i64, i64)`.
fn empty() -> MeteredModule {
    MeteredModule {
        types: vec![
            ty(&[], &[I32]),
            ty(&[I32], &[I32]),
            ty(&[], &[]),
            ty(&[I64, I64], &[I64, I64]),
        ],
        imports: Vec::new(),
        import_types: Vec::new(),
        functions: Vec::new(),
        tables: vec![Table {
            first: 0,
            entries: 4,
        }],
        memory: Some(Memory {
            min_pages: 1,
            max_pages: 2,
        }),
        globals: vec![Global {
            ty: I64,
            mutable: true,
            init: 5,
        }],
        elements: Vec::new(),
        data: Vec::new(),
        exports: Vec::new(),
        start: None,
        dynamic_costs: DynamicCosts {
            bulk_byte: 2,
            table_entry: 8,
            memory_page: 100,
        },
        stack_words: 100,
        bytes: 0,
    }
}

/// The module with one function, of type `() -> i32`.
fn of(ops: Vec<Op>) -> MeteredModule {
    let mut module = empty();
    module.functions = vec![function(&module, 0, &[I32], ops)];
    module
}

fn instance(module: MeteredModule) -> Instance {
    Instance::new(&Arc::new(Program::new(Arc::new(module)))).expect("segments are in bounds")
}

/// Runs the last function with `ink`, in both forms; how it ended and what was left.
fn run_with(module: MeteredModule, arguments: &[u64], ink: u64) -> (Exit, u64) {
    let module = Arc::new(module);
    let last = module.imports.len() + module.functions.len() - 1;
    let [fused, plain] = [Program::new, Program::plain].map(|lower| {
        let mut left = ink;
        let program = Arc::new(lower(Arc::clone(&module)));
        let mut instance = Instance::new(&program).expect("segments are in bounds");
        let exit = instance.invoke(last as u32, arguments, &mut left, &mut Probe);
        let state = (instance.memory().to_vec(), instance.globals().to_vec());
        ((exit, left), state)
    });
    assert!(fused == plain, "{:?}, plain {:?}", fused.0, plain.0);
    fused.0
}

fn run(ops: Vec<Op>) -> Exit {
    run_with(of(ops), &[], 1000).0
}

fn returned(value: u64) -> Exit {
    Exit::Return(vec![value])
}

#[test]
fn a_charge_takes_all_or_ends_with_nothing_left() {
    let ops = || vec![Op::Charge(10), Op::I32Const(-1), Op::Charge(5), Op::End];
    assert_eq!(run_with(of(ops()), &[], 15), (returned(0xFFFF_FFFF), 0));
    assert_eq!(run_with(of(ops()), &[], 16), (returned(0xFFFF_FFFF), 1));
    assert_eq!(run_with(of(ops()), &[], 14), (Exit::OutOfInk, 0));
    assert_eq!(run_with(of(ops()), &[], 9), (Exit::OutOfInk, 0));
}

#[test]
fn a_trap_leaves_the_ink_as_it_is() {
    let ops = vec![Op::Charge(10), Op::Unreachable, Op::End];
    assert_eq!(
        run_with(of(ops), &[], 15),
        (Exit::Trap(TrapCode::Unreachable), 5)
    );
}

#[test]
fn a_branch_keeps_results_and_drops_what_lies_between() {
    // Two dead values lie under the kept one.
    let ops = vec![
        Op::Block(BlockType::Value(I32)),
        Op::I32Const(1),
        Op::I32Const(2),
        Op::I32Const(3),
        Op::Br(0),
        Op::End,
        Op::I32Const(40),
        Op::Binary(BinaryOp::I32Add),
        Op::End,
    ];
    assert_eq!(run(ops), returned(43));
}

#[test]
fn a_conditional_branch_moves_only_when_taken() {
    let ops = |condition| {
        vec![
            Op::Block(BlockType::Value(I32)),
            Op::I32Const(1),
            Op::I32Const(2),
            Op::I32Const(condition),
            Op::BrIf(0),
            Op::Binary(BinaryOp::I32Add),
            Op::End,
            Op::End,
        ]
    };
    assert_eq!(run(ops(0)), returned(3));
    assert_eq!(run(ops(1)), returned(2));
}

#[test]
fn a_table_of_branches_takes_the_default_beyond_its_end() {
    let ops = |index| {
        vec![
            Op::Block(BlockType::Value(I32)),
            Op::I32Const(7),
            Op::I32Const(8),
            Op::I32Const(index),
            // 0 leaves the block, anything else the function.
            Op::BrTable {
                targets: Box::new([0, 1]),
                default: 1,
            },
            Op::End,
            Op::I32Const(100),
            Op::Binary(BinaryOp::I32Add),
            Op::End,
        ]
    };
    assert_eq!(run(ops(0)), returned(108));
    assert_eq!(run(ops(1)), returned(8));
    assert_eq!(run(ops(-1)), returned(8));
}

#[test]
fn a_loop_charges_at_every_round_and_its_branch_keeps_parameters() {
    // Adds up local 0 = 5, 4, … 1 in the loop's parameter.
    let mut module = empty();
    let ops = vec![
        Op::I32Const(0),
        Op::Loop(BlockType::Func(1)),
        Op::Charge(10),
        Op::LocalGet(0),
        Op::Binary(BinaryOp::I32Add),
        Op::LocalGet(0),
        Op::I32Const(1),
        Op::Binary(BinaryOp::I32Sub),
        Op::LocalTee(0),
        Op::BrIf(0),
        Op::End,
        Op::End,
    ];
    module.functions = vec![function(&module, 1, &[], ops)];
    assert_eq!(run_with(module, &[5], 1000), (returned(15), 950));
}

#[test]
fn both_arms_of_an_if_meet_at_its_end() {
    let ops = |condition| {
        vec![
            Op::I32Const(condition),
            Op::If(BlockType::Value(I32)),
            Op::I32Const(10),
            Op::Else,
            Op::I32Const(20),
            Op::End,
            Op::I32Const(1),
            Op::Binary(BinaryOp::I32Add),
            Op::End,
        ]
    };
    assert_eq!(run(ops(3)), returned(11));
    assert_eq!(run(ops(0)), returned(21));
}

#[test]
fn calls_stop_at_the_stack_words_before_the_callee_is_charged() {
    // 13 words a frame, 100 in all: seven frames fit.
    let ops = vec![Op::Charge(10), Op::Call(0), Op::End];
    assert_eq!(
        run_with(of(ops), &[], 1000),
        (Exit::Trap(TrapCode::StackOverflow), 930)
    );
}

#[test]
fn a_call_passes_arguments_zeroes_locals_and_returns_several_results() {
    let mut module = empty();
    // (a, b) → (b, a + third local, which is always 0 at first and then dirtied)
    let swap = vec![
        Op::LocalGet(1),
        Op::LocalGet(0),
        Op::LocalGet(2),
        Op::Binary(BinaryOp::I64Add),
        Op::I64Const(99),
        Op::LocalSet(2),
        Op::End,
    ];
    let twice = vec![
        Op::LocalGet(0),
        Op::LocalGet(1),
        Op::Call(0),
        Op::Call(0),
        Op::Call(0),
        Op::Return,
        Op::End,
    ];
    module.functions = vec![
        function(&module, 3, &[I64], swap),
        function(&module, 3, &[], twice),
    ];
    assert_eq!(
        run_with(module, &[u64::MAX, 4], 0).0,
        Exit::Return(vec![4, u64::MAX])
    );
}

#[test]
fn an_indirect_call_checks_bounds_then_null_then_type() {
    let call = |index| {
        let mut module = empty();
        let nothing = function(&module, 2, &[], vec![Op::End]);
        let nine = function(&module, 0, &[], vec![Op::I32Const(9), Op::End]);
        let call = vec![
            Op::I32Const(index),
            Op::CallIndirect { ty: 0, table: 0 },
            Op::End,
        ];
        module.functions = vec![nothing, nine, function(&module, 0, &[], call)];
        module.elements = vec![ElementSegment {
            mode: SegmentMode::Active { offset: 1 },
            table: 0,
            entries: vec![Some(0), Some(1), None],
        }];
        run_with(module, &[], 0).0
    };
    assert_eq!(call(0), Exit::Trap(TrapCode::IndirectCallToNull));
    assert_eq!(call(1), Exit::Trap(TrapCode::BadSignature));
    assert_eq!(call(2), returned(9));
    assert_eq!(call(3), Exit::Trap(TrapCode::IndirectCallToNull));
    assert_eq!(call(4), Exit::Trap(TrapCode::TableOutOfBounds));
    assert_eq!(call(-1), Exit::Trap(TrapCode::TableOutOfBounds));
}

#[test]
fn a_host_call_sees_exact_ink_and_its_i32_result_has_no_high_half() {
    let mut module = empty();
    module.imports = vec![Import::Host(HostFunction::MsgReentrant)];
    module.import_types = vec![1];
    let ops = vec![
        Op::Charge(10),
        Op::I32Const(-2),
        Op::Call(0),
        Op::Charge(3),
        Op::End,
    ];
    module.functions = vec![function(&module, 0, &[], ops)];
    let mut instance = instance(module);
    let mut ink = 100;
    let exit = instance.invoke(1, &[], &mut ink, &mut Probe);
    assert_eq!((exit, ink), (returned(0xFFFF_FFFE), 80));
    assert_eq!(instance.memory()[..8], 83u64.to_le_bytes());
    // The import itself may be invoked, too.
    assert_eq!(instance.invoke(0, &[3], &mut ink, &mut Probe), returned(3));
    assert_eq!(instance.invoke(0, &[3], &mut 6, &mut Probe), Exit::OutOfInk);
}

#[test]
fn globals_outlive_a_run_and_operands_are_popped_in_order() {
    let ops = vec![
        Op::GlobalGet(0),
        Op::I64Const(8),
        Op::Binary(BinaryOp::I64Sub),
        Op::GlobalSet(0),
        Op::I32Const(1),
        Op::I32Const(2),
        Op::GlobalGet(0),
        Op::Unary(UnaryOp::I64Eqz),
        Op::Select,
        Op::End,
    ];
    let mut instance = instance(of(ops));
    assert_eq!(instance.invoke(0, &[], &mut 0, &mut Probe), returned(2));
    assert_eq!(instance.globals(), [3u64.wrapping_sub(6)]);
}

#[test]
fn a_wrong_invocation_is_a_fault_and_not_a_result() {
    let mut instance = instance(of(vec![Op::I32Const(0), Op::End]));
    assert!(matches!(
        instance.invoke(1, &[], &mut 0, &mut Probe),
        Exit::Fault(_)
    ));
    assert!(matches!(
        instance.invoke(0, &[1], &mut 0, &mut Probe),
        Exit::Fault(_)
    ));
}
