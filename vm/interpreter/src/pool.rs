//! Buffers that instances are done with, kept for the next: allocating and clearing them anew costs more than a short
//! call. What a buffer held is never seen again: memory is zeroed when it is taken, and of a stack no slot is read before
//! the running function has written it (its parameters and locals at entry, its operands by their instructions).

use std::sync::{Mutex, PoisonError};

/// Idle buffers of each kind that are kept. More instances than these at a time allocate their own.
const KEPT: usize = 8;
/// Larger memories are given back to the system; no contract has one.
const KEPT_BYTES: usize = 16 << 20;

static STACKS: Mutex<Vec<Vec<u64>>> = Mutex::new(Vec::new());
static MEMORIES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A stack of at least `slots` slots, whatever they hold.
pub(crate) fn take_stack(slots: usize) -> Vec<u64> {
    let mut stack = pop(&STACKS).unwrap_or_default();
    if stack.len() < slots {
        stack.resize(slots, 0);
    }
    stack
}

/// Takes back what [`take_stack`] gave.
pub(crate) fn give_stack(stack: Vec<u64>) {
    push(&STACKS, stack);
}

/// `bytes` zeroed bytes, with room for `max_bytes` without asking the allocator again.
pub(crate) fn take_memory(bytes: usize, max_bytes: usize) -> Vec<u8> {
    let mut memory = match max_bytes {
        0 => Vec::new(),
        _ => pop(&MEMORIES).unwrap_or_default(),
    };
    memory.clear();
    memory.reserve_exact(max_bytes);
    memory.resize(bytes, 0);
    memory
}

/// Takes back what [`take_memory`] gave.
pub(crate) fn give_memory(memory: Vec<u8>) {
    if (1..=KEPT_BYTES).contains(&memory.capacity()) {
        push(&MEMORIES, memory);
    }
}

fn pop<T>(idle: &Mutex<Vec<T>>) -> Option<T> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn push<T>(idle: &Mutex<Vec<T>>, buffer: T) {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < KEPT {
        idle.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_however_it_was_left() {
        // Other tests take buffers meanwhile: enough are left dirty that some are met again.
        for round in 0..4 * KEPT {
            let mut memory = take_memory(300 * (round % 3), 1 << 16);
            assert!(memory.iter().all(|byte| *byte == 0));
            assert!(memory.capacity() >= 1 << 16);
            memory.resize(1 << 16, 0);
            assert!(memory.iter().all(|byte| *byte == 0), "as it grows");
            memory.fill(0xAB);
            give_memory(memory);
        }
    }

    #[test]
    fn stacks_are_long_enough_and_few_are_kept() {
        for slots in [10, 100_000, 50] {
            let stacks: Vec<_> = (0..2 * KEPT).map(|_| take_stack(slots)).collect();
            assert!(stacks.iter().all(|stack| stack.len() >= slots));
            stacks.into_iter().for_each(give_stack);
        }
        assert!(STACKS.lock().expect("no test panics with it").len() <= KEPT);
    }
}
