//! WebAssembly bytes → [`ValidatedModule`] → [`MeteredModule`](plan::MeteredModule): the one plan that both engines execute.
//!
//! Reading order is the order of the flow: why a module can be refused ([`Refusal`]), the checks
//! ([`validate`](validate()), then sections and bodies), what an instruction becomes (`operator`), dead
//! code (`strip`), prices ([`cost`]), metering blocks (`segments`), the whole plan ([`meter`](meter())),
//! how it reads as text (`text`), what names it (`digest`), what it costs to compile ([`work`]) and what the file calls its
//! functions (`names`).
#![forbid(unsafe_code)]

mod body;
pub mod cost;
mod digest;
mod findings;
mod meter;
mod names;
mod nearest;
mod operator;
pub mod plan;
mod refusal;
mod sections;
mod segments;
mod strip;
mod text;
mod validate;
pub mod work;

pub use meter::{FRAME_HEADER_WORDS, meter};
pub use names::function_names;
pub use refusal::{Refusal, RefusalCode, Section};
pub use validate::{ENTRYPOINT, MEMORY, Rules, ValidatedModule, refusals, validate};
