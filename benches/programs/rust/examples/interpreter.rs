//! A small interpreter: `run(n)` runs a program of its bytecode that plays Collatz's game for the numbers 1 to
//! n, and returns a hash of the lengths. A loop around one large `match`, registers in memory.
//!
//! An instruction has four bytes: what it does, a register `a`, and two registers `b` and `c` or the place to go
//! on at. There are eight registers of 32 bits and 256 words of memory.
#![no_std]

use programs::fold;

const HALT: u8 = 0;
/// `a` = the constant `b`.
const SET: u8 = 1;
/// `a` = `b` + `c`.
const ADD: u8 = 2;
/// `a` = `b` × `c`.
const MULTIPLY: u8 = 3;
/// `a` = `b` and `c`, bit by bit.
const AND: u8 = 4;
/// `a` = `b` shifted right by `c`.
const SHIFT: u8 = 5;
/// To `b` if `a` is 0.
const IF_ZERO: u8 = 6;
/// To `b`.
const JUMP: u8 = 7;
/// `a` = 1 if `b` and `c` are equal, else 0.
const EQUAL: u8 = 8;
/// `a` = the word of memory at `b` (its lowest byte).
const LOAD: u8 = 9;
/// The word of memory at `b` (its lowest byte) = `a`.
const STORE: u8 = 10;

/// Registers: 0 the number, 1 the last one, 2 the value, 3 the length, 4 and 5 at hand, 6 and 7 constants.
const PROGRAM: [[u8; 4]; 24] = [
    [SET, 7, 1, 0],
    [SET, 6, 3, 0],
    [SET, 0, 1, 0],
    // 3: the next number
    [SET, 3, 0, 0],
    [SET, 4, 0, 0],
    [ADD, 2, 0, 4],
    // 6: the next value
    [EQUAL, 4, 2, 7],
    [IF_ZERO, 4, 9, 0],
    [JUMP, 0, 17, 0],
    [ADD, 3, 3, 7],
    [AND, 4, 2, 7],
    [IF_ZERO, 4, 15, 0],
    [MULTIPLY, 2, 2, 6],
    [ADD, 2, 2, 7],
    [JUMP, 0, 6, 0],
    // 15: an even value
    [SHIFT, 2, 2, 7],
    [JUMP, 0, 6, 0],
    // 17: 1 was reached
    [LOAD, 5, 0, 0],
    [ADD, 5, 5, 3],
    [STORE, 5, 0, 0],
    [EQUAL, 5, 0, 1],
    [ADD, 0, 0, 7],
    [IF_ZERO, 5, 3, 0],
    [HALT, 0, 0, 0],
];

#[unsafe(no_mangle)]
extern "C" fn run(last: i32) -> i32 {
    let mut memory = [0; 256];
    let mut registers = [0; 8];
    registers[1] = last as u32;
    interpret(&PROGRAM, &mut registers, &mut memory);
    memory.iter().fold(0, |hash, &word| fold(hash, word)) as i32
}

fn interpret(program: &[[u8; 4]], registers: &mut [u32; 8], memory: &mut [u32; 256]) {
    let mut at = 0;
    loop {
        let [what, a, b, c] = program[at];
        at += 1;
        let (first, a) = (usize::from(b), usize::from(a) % 8);
        let (left, right) = (registers[first % 8], registers[usize::from(c) % 8]);
        match what {
            SET => registers[a] = b.into(),
            ADD => registers[a] = left.wrapping_add(right),
            MULTIPLY => registers[a] = left.wrapping_mul(right),
            AND => registers[a] = left & right,
            SHIFT => registers[a] = left.wrapping_shr(right),
            EQUAL => registers[a] = u32::from(left == right),
            LOAD => registers[a] = memory[left as usize % 256],
            STORE => memory[left as usize % 256] = registers[a],
            IF_ZERO if registers[a] == 0 => at = first,
            IF_ZERO => {}
            JUMP => at = first,
            _ => return,
        }
    }
}
