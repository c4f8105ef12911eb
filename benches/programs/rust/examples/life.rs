//! Conway's game of life on a torus of 64 × 64 cells, a byte each: `run(n)` plays n generations from a random
//! start and returns a hash of the populations. Byte loads with neighbours, short loops.
#![no_std]

use programs::{Random, fold};

/// Cells of a side.
const SIDE: usize = 64;

type Grid = [[u8; SIDE]; SIDE];

#[unsafe(no_mangle)]
extern "C" fn run(generations: i32) -> i32 {
    let mut random = Random::new(88_172_645);
    let mut cells: Grid = [[0; SIDE]; SIDE];
    for cell in cells.iter_mut().flatten() {
        *cell = (random.next() >> 9 & 1) as u8;
    }
    let mut next: Grid = [[0; SIDE]; SIDE];
    let mut hash = 0;
    for _ in 0..generations {
        let population = step(&cells, &mut next);
        core::mem::swap(&mut cells, &mut next);
        hash = fold(hash, population);
    }
    hash as i32
}

/// The generation after `cells`; how many cells live in it.
fn step(cells: &Grid, next: &mut Grid) -> u32 {
    let mut population = 0;
    for row in 0..SIDE {
        let above = &cells[(row + SIDE - 1) % SIDE];
        let here = &cells[row];
        let below = &cells[(row + 1) % SIDE];
        for column in 0..SIDE {
            let (left, right) = ((column + SIDE - 1) % SIDE, (column + 1) % SIDE);
            let neighbours = above[left]
                + above[column]
                + above[right]
                + here[left]
                + here[right]
                + below[left]
                + below[column]
                + below[right];
            let lives = neighbours == 3 || neighbours == 2 && here[column] == 1;
            next[row][column] = u8::from(lives);
            population += u32::from(lives);
        }
    }
    population
}
