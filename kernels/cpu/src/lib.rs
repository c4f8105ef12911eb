//! TOSA graphs on the CPU with SIMD and threads, with the bits of the reference.

pub mod isa;
pub mod linear;
