//! Loops that LLVM vectorises, compiled once for each instruction set and chosen when they run.

use crate::isa::Isa;

/// Work whose loops are compiled for several instruction sets. Implementations mark `run`, and the functions that it
/// calls in loops, `#[inline(always)]`: code that is not inlined keeps the portable instructions.
pub(crate) trait Kernel {
    fn run(self);
}

/// Runs `kernel` with the instructions of `isa`, which this machine has.
pub(crate) fn dispatch<K: Kernel>(isa: Isa, kernel: K) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Isa::Avx2 | Isa::AvxVnni => {
            // SAFETY: `CpuExecutor::with_options`, the one way to a plan, refuses a set that this machine lacks; both of
            // these include AVX2.
            unsafe { avx2(kernel) }
        }
        #[cfg(target_arch = "x86_64")]
        #[allow(unsafe_code)]
        Isa::Avx512Vnni => {
            // SAFETY: as above; this set includes AVX-512 F, BW and VL.
            unsafe { avx512(kernel) }
        }
        _ => kernel.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn avx512<K: Kernel>(kernel: K) {
    kernel.run();
}
