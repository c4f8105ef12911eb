//! The GPU back end on every adapter of this machine: bits, batches, threads, faults.

mod support;

#[allow(dead_code, reason = "the generator of random graphs serves tests")]
#[path = "../../../cpu/tests/random/choices.rs"]
mod choices;
#[path = "../../../cpu/tests/random/elements.rs"]
mod elements;
#[allow(dead_code, reason = "the generator of random graphs serves tests")]
#[path = "../../../cpu/tests/random/generator.rs"]
mod generator;
#[allow(dead_code, reason = "the builder of files serves tests")]
#[allow(clippy::duplicate_mod, reason = "the rules have one of their own")]
#[path = "../../../tosa/tests/files/model.rs"]
mod model;
#[allow(dead_code, reason = "the generator of random graphs serves tests")]
#[path = "../../../cpu/tests/random/operators.rs"]
mod operators;
#[allow(dead_code, reason = "the generator of random graphs serves tests")]
#[path = "../../../cpu/tests/random/regions.rs"]
mod regions;

mod known_answers;
mod oracle;
mod total;

mod chains;
mod long;
mod movement;
mod stateful;

mod models;

mod web;

mod faults;
mod threads;
