//! The GPU back end on every adapter of this machine: bits, batches, threads, faults.

mod support;

// Tests name these as modules of this crate.
use aivm_cases::{choices, generator, model};

mod known_answers;
mod oracle;
mod total;

mod cases;
mod chains;
mod fusion;
mod long;
mod movement;
mod stateful;

mod models;

mod web;

mod blocks;
#[cfg(feature = "cooperative-matrix")]
mod cooperative;
mod faults;
mod resources;
mod threads;
mod tiles;
