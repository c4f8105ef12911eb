//! The kernels for NEON's dot product: four signed bytes by four signed bytes in each lane.

use std::arch::aarch64::*;
use std::arch::asm;

use super::quads::quads;
use super::{Group, portable};

/// `sums` + the products of `values` and `weights`. The intrinsic is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot(sums: int32x4_t, values: int32x4_t, weights: int32x4_t) -> int32x4_t {
    let mut sums = sums;
    // SAFETY: SDOT reads and writes these registers only.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {values:v}.16b, {weights:v}.16b",
            sums = inout(vreg) sums,
            values = in(vreg) values,
            weights = in(vreg) weights,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

quads! {
    features: "neon,dotprod",
    group: Group::QuadsSigned,
    flip: 0,
    vectors: 4,
    load: vld1q_s32,
    store: vst1q_s32,
    splat: vdupq_n_s32,
    subtract: vsubq_s32,
    dot: dot,
    rescale: portable::rescale,
    rows: 6, 5, 4, 3, 2, 1
}
