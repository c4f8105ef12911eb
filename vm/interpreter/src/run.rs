//! The loop: executes the code of one invocation until it returns, traps or runs out of ink.

use aivm_core::{Host, HostExit, TrapCode};
use aivm_wasm::plan::{BinaryOp, UnaryOp};

use crate::instance::{Instance, call_host};
use crate::instruction::{Instruction, Slot, Target};
use crate::memory::charge;
use crate::numeric::{binary, low32, unary};
use crate::program::{Entry, FRAME_SLOTS, Program};

/// A caller that waits for the running function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Where it goes on.
    target: Target,
    /// Its slot 0 on the stack.
    base: usize,
    /// The stack words that were left before the call.
    words_left: u32,
}

/// Slots of the running function. Every [`Slot`] is below its length, so no access to it is checked.
type Window = [u64; FRAME_SLOTS];

/// The frame whose slot 0 is at `base`.
#[inline(always)]
fn window(stack: &mut [u64], base: usize) -> &mut Window {
    stack[base..]
        .first_chunk_mut()
        .expect("a window above the bases that the stack words allow")
}

/// Gives a new frame its locals; the parameters are in place.
#[inline(always)]
fn enter(frame: &mut Window, entry: &Entry) {
    frame[usize::from(entry.parameters)..usize::from(entry.locals)].fill(0);
}

/// Runs the module's own function `function`, whose arguments are at the bottom of the stack, where its
/// results will be.
pub(crate) fn run(
    instance: &mut Instance,
    program: &Program,
    function: usize,
    ink: &mut u64,
    host: &mut dyn Host,
) -> Result<(), HostExit> {
    let module = &**program.module();
    let imports = module.imports.len() as u32;
    let costs = module.dynamic_costs;
    let code = program.code.as_slice();
    let Instance {
        memory,
        table,
        globals,
        data_dropped,
        elements_dropped,
        stack,
        frames,
        ..
    } = instance;
    frames.clear();

    let entry = &program.entries[function];
    let mut words_left = module.stack_words;
    words_left = words_left
        .checked_sub(entry.frame_words)
        .ok_or(TrapCode::StackOverflow)?;
    let mut base = 0;
    let mut frame = window(stack, base);
    enter(frame, entry);
    let mut next = entry.start as usize;

    // Each of these is one arm's body; a macro because it names the loop's variables.
    macro_rules! get {
        ($slot:expr) => {
            frame[usize::from($slot)]
        };
    }
    macro_rules! get32 {
        ($slot:expr) => {
            low32(get!($slot))
        };
    }
    macro_rules! unary {
        ($op:ident, $slots:ident) => {
            get!($slots.to) = unary(UnaryOp::$op, get!($slots.operand))
        };
    }
    macro_rules! binary {
        ($op:ident, $slots:ident) => {
            get!($slots.to) = binary(BinaryOp::$op, get!($slots.left), get!($slots.right))?
        };
    }
    // `as $narrow`: the integer of the bytes loaded; `as $wide`: what it is extended to.
    macro_rules! load {
        ($load:ident, $narrow:ty as $wide:ty) => {{
            let bytes = memory.load(get32!($load.address), $load.offset)?;
            get!($load.to) = <$narrow>::from_le_bytes(bytes) as $wide as u64;
        }};
    }
    macro_rules! store {
        ($store:ident, $narrow:ty) => {{
            let bytes = (get!($store.value) as $narrow).to_le_bytes();
            memory.store(get32!($store.address), $store.offset, bytes)?;
        }};
    }
    // The three operands of a bulk operation.
    macro_rules! bulk_operands {
        ($first:expr) => {
            (get32!($first), get32!($first + 1), get32!($first + 2))
        };
    }
    macro_rules! call {
        ($function:expr, $first:expr) => {{
            let entry = &program.entries[$function as usize];
            let caller = Frame {
                target: next as Target,
                base,
                words_left,
            };
            words_left = words_left
                .checked_sub(entry.frame_words)
                .ok_or(TrapCode::StackOverflow)?;
            frames.push(caller);
            base += usize::from($first);
            frame = window(stack, base);
            enter(frame, entry);
            next = entry.start as usize;
        }};
    }
    macro_rules! call_host {
        ($import:expr, $first:expr) => {{
            let first = usize::from($first);
            let ty = module.import_types[$import as usize] as usize;
            let arguments = &frame[first..first + module.types[ty].parameters.len()];
            if let Some(result) = call_host(module, $import, arguments, memory, ink, host)? {
                frame[first] = result;
            }
        }};
    }

    loop {
        let instruction = code[next];
        next += 1;
        match instruction {
            Instruction::Charge(price) => charge(ink, price)?,
            Instruction::Unreachable => return Err(TrapCode::Unreachable.into()),
            Instruction::Jump(target) => next = target as usize,
            Instruction::JumpIfNot0 { condition, target } => {
                if get32!(condition) != 0 {
                    next = target as usize;
                }
            }
            Instruction::JumpIf0 { condition, target } => {
                if get32!(condition) == 0 {
                    next = target as usize;
                }
            }
            Instruction::JumpTable { index, last } => next += get32!(index).min(last) as usize,
            Instruction::Move { to, from, count } => move_slots(frame, to, from, count),
            Instruction::Return { from, count } => {
                move_slots(frame, 0, from, count);
                let Some(caller) = frames.pop() else {
                    return Ok(());
                };
                next = caller.target as usize;
                base = caller.base;
                words_left = caller.words_left;
                frame = window(stack, base);
            }
            Instruction::Call {
                function,
                base: first,
            } => call!(function, first),
            Instruction::CallHost {
                import,
                base: first,
            } => call_host!(import, first),
            Instruction::CallIndirect {
                ty,
                table: which,
                index,
                base: first,
            } => {
                let function = table.function(which, get32!(index))?;
                if module.function_type(function) != ty {
                    return Err(TrapCode::BadSignature.into());
                }
                match function.checked_sub(imports) {
                    None => call_host!(function, first),
                    Some(own) => call!(own, first),
                }
            }
            Instruction::Select {
                to,
                otherwise,
                condition,
            } => {
                if get32!(condition) == 0 {
                    get!(to) = get!(otherwise);
                }
            }
            Instruction::Copy { to, from } => get!(to) = get!(from),
            Instruction::Const { to, value } => get!(to) = value,
            Instruction::GlobalGet { to, global } => get!(to) = globals[global as usize],
            Instruction::GlobalSet { from, global } => globals[global as usize] = get!(from),

            Instruction::MemorySize { to } => get!(to) = u64::from(memory.pages()),
            Instruction::MemoryGrow { pages } => {
                let delta = get32!(pages);
                get!(pages) = if memory.may_grow(delta) {
                    charge(ink, costs.grow(delta))?;
                    let old = memory.pages();
                    memory.grow(delta);
                    u64::from(old)
                } else {
                    u64::from(u32::MAX)
                };
            }
            Instruction::MemoryCopy { base: first } => {
                let (to, from, len) = bulk_operands!(first);
                charge(ink, costs.bulk(u64::from(len)))?;
                memory.copy(to, from, len)?;
            }
            Instruction::MemoryFill { base: first } => {
                let (to, value, len) = bulk_operands!(first);
                charge(ink, costs.bulk(u64::from(len)))?;
                memory.fill(to, value, len)?;
            }
            Instruction::MemoryInit {
                base: first,
                segment,
            } => {
                let (to, from, len) = bulk_operands!(first);
                charge(ink, costs.bulk(u64::from(len)))?;
                let segment = segment as usize;
                let bytes: &[u8] = if data_dropped[segment] {
                    &[]
                } else {
                    &module.data[segment].bytes
                };
                memory.init(bytes, to, from, len)?;
            }
            Instruction::DataDrop { segment } => data_dropped[segment as usize] = true,
            Instruction::TableCopy {
                base: first,
                to: to_table,
                from: from_table,
            } => {
                let (to, from, len) = bulk_operands!(first);
                charge(ink, costs.bulk(4 * u64::from(len)))?;
                table.copy(to_table, from_table, to, from, len)?;
            }
            Instruction::TableInit {
                base: first,
                table: which,
                segment,
            } => {
                let (to, from, len) = bulk_operands!(first);
                charge(ink, costs.bulk(4 * u64::from(len)))?;
                let segment = segment as usize;
                let entries: &[Option<u32>] = if elements_dropped[segment] {
                    &[]
                } else {
                    &module.elements[segment].entries
                };
                table.init(which, entries, to, from, len)?;
            }
            Instruction::ElemDrop { segment } => elements_dropped[segment as usize] = true,

            Instruction::I32Eqz(slots) => unary!(I32Eqz, slots),
            Instruction::I32Clz(slots) => unary!(I32Clz, slots),
            Instruction::I32Ctz(slots) => unary!(I32Ctz, slots),
            Instruction::I32Popcnt(slots) => unary!(I32Popcnt, slots),
            Instruction::I32Extend8S(slots) => unary!(I32Extend8S, slots),
            Instruction::I32Extend16S(slots) => unary!(I32Extend16S, slots),
            Instruction::I32WrapI64(slots) => unary!(I32WrapI64, slots),
            Instruction::I64Eqz(slots) => unary!(I64Eqz, slots),
            Instruction::I64Clz(slots) => unary!(I64Clz, slots),
            Instruction::I64Ctz(slots) => unary!(I64Ctz, slots),
            Instruction::I64Popcnt(slots) => unary!(I64Popcnt, slots),
            Instruction::I64Extend8S(slots) => unary!(I64Extend8S, slots),
            Instruction::I64Extend16S(slots) => unary!(I64Extend16S, slots),
            Instruction::I64Extend32S(slots) => unary!(I64Extend32S, slots),
            Instruction::I64ExtendI32S(slots) => unary!(I64ExtendI32S, slots),
            Instruction::I64ExtendI32U(slots) => unary!(I64ExtendI32U, slots),

            Instruction::I32Add(slots) => binary!(I32Add, slots),
            Instruction::I32Sub(slots) => binary!(I32Sub, slots),
            Instruction::I32Mul(slots) => binary!(I32Mul, slots),
            Instruction::I32DivS(slots) => binary!(I32DivS, slots),
            Instruction::I32DivU(slots) => binary!(I32DivU, slots),
            Instruction::I32RemS(slots) => binary!(I32RemS, slots),
            Instruction::I32RemU(slots) => binary!(I32RemU, slots),
            Instruction::I32And(slots) => binary!(I32And, slots),
            Instruction::I32Or(slots) => binary!(I32Or, slots),
            Instruction::I32Xor(slots) => binary!(I32Xor, slots),
            Instruction::I32Shl(slots) => binary!(I32Shl, slots),
            Instruction::I32ShrS(slots) => binary!(I32ShrS, slots),
            Instruction::I32ShrU(slots) => binary!(I32ShrU, slots),
            Instruction::I32Rotl(slots) => binary!(I32Rotl, slots),
            Instruction::I32Rotr(slots) => binary!(I32Rotr, slots),
            Instruction::I32Eq(slots) => binary!(I32Eq, slots),
            Instruction::I32Ne(slots) => binary!(I32Ne, slots),
            Instruction::I32LtS(slots) => binary!(I32LtS, slots),
            Instruction::I32LtU(slots) => binary!(I32LtU, slots),
            Instruction::I32GtS(slots) => binary!(I32GtS, slots),
            Instruction::I32GtU(slots) => binary!(I32GtU, slots),
            Instruction::I32LeS(slots) => binary!(I32LeS, slots),
            Instruction::I32LeU(slots) => binary!(I32LeU, slots),
            Instruction::I32GeS(slots) => binary!(I32GeS, slots),
            Instruction::I32GeU(slots) => binary!(I32GeU, slots),
            Instruction::I64Add(slots) => binary!(I64Add, slots),
            Instruction::I64Sub(slots) => binary!(I64Sub, slots),
            Instruction::I64Mul(slots) => binary!(I64Mul, slots),
            Instruction::I64DivS(slots) => binary!(I64DivS, slots),
            Instruction::I64DivU(slots) => binary!(I64DivU, slots),
            Instruction::I64RemS(slots) => binary!(I64RemS, slots),
            Instruction::I64RemU(slots) => binary!(I64RemU, slots),
            Instruction::I64And(slots) => binary!(I64And, slots),
            Instruction::I64Or(slots) => binary!(I64Or, slots),
            Instruction::I64Xor(slots) => binary!(I64Xor, slots),
            Instruction::I64Shl(slots) => binary!(I64Shl, slots),
            Instruction::I64ShrS(slots) => binary!(I64ShrS, slots),
            Instruction::I64ShrU(slots) => binary!(I64ShrU, slots),
            Instruction::I64Rotl(slots) => binary!(I64Rotl, slots),
            Instruction::I64Rotr(slots) => binary!(I64Rotr, slots),
            Instruction::I64Eq(slots) => binary!(I64Eq, slots),
            Instruction::I64Ne(slots) => binary!(I64Ne, slots),
            Instruction::I64LtS(slots) => binary!(I64LtS, slots),
            Instruction::I64LtU(slots) => binary!(I64LtU, slots),
            Instruction::I64GtS(slots) => binary!(I64GtS, slots),
            Instruction::I64GtU(slots) => binary!(I64GtU, slots),
            Instruction::I64LeS(slots) => binary!(I64LeS, slots),
            Instruction::I64LeU(slots) => binary!(I64LeU, slots),
            Instruction::I64GeS(slots) => binary!(I64GeS, slots),
            Instruction::I64GeU(slots) => binary!(I64GeU, slots),

            Instruction::I32Load(load) => load!(load, u32 as u32),
            Instruction::I32Load8S(load) => load!(load, i8 as u32),
            Instruction::I32Load8U(load) => load!(load, u8 as u32),
            Instruction::I32Load16S(load) => load!(load, i16 as u32),
            Instruction::I32Load16U(load) => load!(load, u16 as u32),
            Instruction::I64Load(load) => load!(load, u64 as u64),
            Instruction::I64Load8S(load) => load!(load, i8 as u64),
            Instruction::I64Load8U(load) => load!(load, u8 as u64),
            Instruction::I64Load16S(load) => load!(load, i16 as u64),
            Instruction::I64Load16U(load) => load!(load, u16 as u64),
            Instruction::I64Load32S(load) => load!(load, i32 as u64),
            Instruction::I64Load32U(load) => load!(load, u32 as u64),

            Instruction::I32Store(store) => store!(store, u32),
            Instruction::I32Store8(store) => store!(store, u8),
            Instruction::I32Store16(store) => store!(store, u16),
            Instruction::I64Store(store) => store!(store, u64),
            Instruction::I64Store8(store) => store!(store, u8),
            Instruction::I64Store16(store) => store!(store, u16),
            Instruction::I64Store32(store) => store!(store, u32),
        }
    }
}

/// Copies `count` slots, as if through a buffer. One value is by far the most common count.
#[inline(always)]
fn move_slots(frame: &mut Window, to: Slot, from: Slot, count: u16) {
    match count {
        0 => {}
        1 => frame[usize::from(to)] = frame[usize::from(from)],
        _ => {
            let from = usize::from(from);
            frame.copy_within(from..from + usize::from(count), usize::from(to));
        }
    }
}
