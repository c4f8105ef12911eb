//! Instructions that are rare or long, out of the loop: growth, bulk operations, segments.

use aivm_core::HostExit;
use aivm_wasm::plan::MeteredModule;

use crate::instance::State;
use crate::instruction::{Instruction, Slot};
use crate::memory::charge;
use crate::numeric::low32;
use crate::program::FRAME_SLOTS;

/// Executes one instruction that the loop leaves to this function.
///
/// # Errors
/// Its trap, or the end of ink.
#[cold]
#[inline(never)]
pub(crate) fn rare(
    instruction: &Instruction,
    module: &MeteredModule,
    state: &mut State,
    frame: &mut [u64; FRAME_SLOTS],
    ink: &mut u64,
) -> Result<(), HostExit> {
    let costs = module.dynamic_costs;
    let operand = |slot: Slot| low32(frame[usize::from(slot)]);
    let three = |base: Slot| (operand(base), operand(base + 1), operand(base + 2));
    match *instruction {
        Instruction::MemoryGrow { pages } => {
            let delta = operand(pages);
            let memory = &mut state.memory;
            frame[usize::from(pages)] = if memory.may_grow(delta) {
                charge(ink, costs.grow(delta))?;
                let old = memory.pages();
                memory.grow(delta);
                u64::from(old)
            } else {
                u64::from(u32::MAX)
            };
        }
        Instruction::MemoryCopy { base } => {
            let (to, from, len) = three(base);
            charge(ink, costs.bulk(u64::from(len)))?;
            state.memory.copy(to, from, len)?;
        }
        Instruction::MemoryFill { base } => {
            let (to, value, len) = three(base);
            charge(ink, costs.bulk(u64::from(len)))?;
            state.memory.fill(to, value, len)?;
        }
        Instruction::MemoryInit { base, segment } => {
            let (to, from, len) = three(base);
            charge(ink, costs.bulk(u64::from(len)))?;
            let segment = segment as usize;
            let bytes: &[u8] = if state.data_dropped[segment] {
                &[]
            } else {
                &module.data[segment].bytes
            };
            state.memory.init(bytes, to, from, len)?;
        }
        Instruction::DataDrop { segment } => state.data_dropped[segment as usize] = true,
        Instruction::TableCopy {
            base,
            to: to_table,
            from: from_table,
        } => {
            let (to, from, len) = three(base);
            charge(ink, costs.entries(u64::from(len)))?;
            state.table.copy(to_table, from_table, to, from, len)?;
        }
        Instruction::TableInit {
            base,
            table,
            segment,
        } => {
            let (to, from, len) = three(base);
            charge(ink, costs.entries(u64::from(len)))?;
            let segment = segment as usize;
            let entries: &[Option<u32>] = if state.elements_dropped[segment] {
                &[]
            } else {
                &module.elements[segment].entries
            };
            state.table.init(table, entries, to, from, len)?;
        }
        Instruction::ElemDrop { segment } => state.elements_dropped[segment as usize] = true,
        ref other => unreachable!("{other:?} is the loop's"),
    }
    Ok(())
}
