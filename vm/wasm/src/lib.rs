//! WebAssembly bytes → [`ValidatedModule`] → [`MeteredModule`](plan::MeteredModule): the one plan that both engines execute.

pub mod plan;
