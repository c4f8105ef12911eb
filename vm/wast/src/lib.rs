//! WebAssembly's test scripts (`.wast`) → what passed, what failed, and what this machine excludes and why.
//!
//! Reading order is the order of the flow: a script's directives with its modules' imports resolved
//! (`script`, `module`), modules without floats (`twin`), instances that share state written as one module
//! (`group`), these on an engine (`world`), the directives carried out (`run`), and the counts
//! ([`Report`]). The two crates of engines see nothing of this: they run plans.
#![forbid(unsafe_code)]

mod group;
mod module;
mod report;
mod run;
mod script;
mod twin;
mod world;

pub use report::{Exclusion, Failed, Kind, Report};
pub use run::{Mode, run};
