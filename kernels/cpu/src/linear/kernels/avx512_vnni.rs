//! The kernels for AVX-512-VNNI: four bytes by four bytes in each lane, without saturation.

use std::arch::x86_64::*;

use super::quads::quads;
use super::{Group, avx2_rescale};

quads! {
    features: "avx2,avx512f,avx512bw,avx512vl,avx512vnni",
    group: Group::QuadsUnsigned,
    flip: 0x80,
    vectors: 1,
    load: _mm512_loadu_si512,
    store: _mm512_storeu_si512,
    splat: _mm512_set1_epi32,
    subtract: _mm512_sub_epi32,
    dot: _mm512_dpbusd_epi32,
    rescale: avx2_rescale::rescale,
    rows: 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1
}
