//! The kernels for AVX-VNNI: four bytes by four bytes in each lane, without saturation.

use std::arch::x86_64::*;

use super::quads::quads;
use super::{Group, avx2_rescale};

quads! {
    features: "avx2,avxvnni",
    group: Group::QuadsUnsigned,
    flip: 0x80,
    vectors: 2,
    load: _mm256_loadu_si256,
    store: _mm256_storeu_si256,
    splat: _mm256_set1_epi32,
    subtract: _mm256_sub_epi32,
    dot: _mm256_dpbusd_avx_epi32,
    rescale: avx2_rescale::rescale,
    rows: 6, 5, 4, 3, 2, 1
}
