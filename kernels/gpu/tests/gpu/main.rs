//! The GPU back end on every adapter of this machine: bits, batches, threads, faults.

mod support;

mod known_answers;
mod oracle;
mod total;

mod models;

mod faults;
mod threads;
