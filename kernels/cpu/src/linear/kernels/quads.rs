//! The loops around a dot product of four bytes by four bytes in each 32-bit lane, for every instruction
//! set that has one. Only the vector type and five operations on it differ.

/// Defines `KERNELS` and `VECTOR_KERNELS` of `$group`.
///
/// `$vectors` registers hold [`COLUMNS`](super::COLUMNS) lanes; `$splat` fills one with four bytes or an
/// i32, `$dot` adds the products of values and weights to accumulators, `$rows` is how many rows are
/// multiplied at once, the largest first. The operations may read or write at any address.
macro_rules! quads {
    (
        features: $features:literal,
        group: $group:expr,
        flip: $flip:literal,
        vectors: $vectors:literal,
        load: $load:expr,
        store: $store:expr,
        splat: $splat:expr,
        subtract: $subtract:expr,
        dot: $dot:expr,
        rescale: $rescale:expr,
        rows: $most:literal $(, $fewer:literal)*
    ) => {
        use crate::linear::COLUMNS;
        use crate::linear::kernels::{Kernels, Rows, Vector, VectorKernels};

        pub(crate) const KERNELS: Kernels = Kernels {
            group: $group,
            rows: $most,
            convert: convert_band,
            multiply,
            own_products: None,
            rescale: $rescale,
        };

        pub(crate) const VECTOR_KERNELS: VectorKernels = VectorKernels {
            group: $group,
            group_bytes: 4,
            convert,
            multiply: multiply_vector,
        };

        /// Lanes of a register.
        const LANES: usize = COLUMNS / $vectors;
        /// Panels multiplied at once by a vector.
        const PANELS: usize = 8 / $vectors;

        #[target_feature(enable = $features)]
        fn convert_band(values: &[i8], _zero_point: i32, to: &mut [u8]) {
            convert(values, to);
        }

        #[target_feature(enable = $features)]
        fn convert(values: &[i8], to: &mut [u8]) {
            let (to, padding) = to.split_at_mut(values.len());
            for (to, &value) in to.iter_mut().zip(values) {
                *to = value as u8 ^ $flip;
            }
            padding.fill(0);
        }

        #[target_feature(enable = $features)]
        fn multiply(rows: &Rows<'_>, accumulators: &mut [i32]) {
            for (index, accumulators) in accumulators.chunks_mut($most * COLUMNS).enumerate() {
                let first = index * $most;
                match accumulators.len() / COLUMNS {
                    $most => tile::<$most>(rows, first, accumulators),
                    $($fewer => tile::<$fewer>(rows, first, accumulators),)*
                    _ => {}
                }
            }
        }

        /// Multiplies `ROWS` rows from `first` on.
        #[target_feature(enable = $features)]
        fn tile<const ROWS: usize>(rows: &Rows<'_>, first: usize, accumulators: &mut [i32]) {
            let windows = &rows.windows[first..][..ROWS];
            assert_eq!(accumulators.len(), ROWS * COLUMNS);
            // SAFETY: `Rows::check` holds: every group that a segment of a row names lies in the band,
            // the panel has as many, and there are ROWS · COLUMNS accumulators.
            unsafe {
                let mut sums = [[$splat(0); $vectors]; ROWS];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let from = match rows.start {
                        Some(start) => start.columns.as_ptr(),
                        None => accumulators.as_ptr().add(row * COLUMNS),
                    };
                    for (index, sum) in sums.iter_mut().enumerate() {
                        *sum = $load(from.add(index * LANES).cast());
                    }
                }
                let mut row = [rows.band.as_ptr(); ROWS];
                for (row, &window) in row.iter_mut().zip(windows) {
                    *row = row.add(window);
                }
                let mut panel = rows.panel.as_ptr();
                for &segment in rows.segments {
                    let end = segment.wrapping_add(rows.groups.wrapping_mul(4));
                    let mut at = segment;
                    while at != end {
                        let mut weights = [$splat(0); $vectors];
                        for (index, weights) in weights.iter_mut().enumerate() {
                            *weights = $load(panel.add(index * LANES * 4).cast());
                        }
                        for (sums, row) in sums.iter_mut().zip(row) {
                            let values = $splat(row.add(at).cast::<i32>().read_unaligned());
                            for (sum, &weights) in sums.iter_mut().zip(&weights) {
                                *sum = $dot(*sum, values, weights);
                            }
                        }
                        at = at.wrapping_add(4);
                        panel = panel.add(COLUMNS * 4);
                    }
                }
                let to = accumulators.as_mut_ptr();
                for (index, &sum) in sums.as_flattened().iter().enumerate() {
                    $store(to.add(index * LANES).cast(), sum);
                }
            }
        }

        #[target_feature(enable = $features)]
        fn multiply_vector(vector: &Vector<'_>, accumulators: &mut [[i32; COLUMNS]]) {
            let panel_bytes = vector.values.len() * COLUMNS;
            for (index, accumulators) in accumulators.chunks_mut(PANELS).enumerate() {
                let (first, count) = (index * PANELS, accumulators.len());
                let panels = &vector.panels[first * panel_bytes..][..count * panel_bytes];
                let start = &vector.start[first..][..count];
                if count == PANELS {
                    panels_at_once::<PANELS>(vector, panels, start, accumulators);
                    continue;
                }
                let panels = panels.chunks_exact(panel_bytes.max(1));
                let places = start.chunks(1).zip(accumulators.chunks_mut(1));
                for (panel, (start, accumulators)) in panels.zip(places) {
                    panels_at_once::<1>(vector, panel, start, accumulators);
                }
            }
        }

        /// Multiplies by `COUNT` panels.
        #[target_feature(enable = $features)]
        fn panels_at_once<const COUNT: usize>(
            vector: &Vector<'_>,
            panels: &[u8],
            start: &[[i32; COLUMNS]],
            accumulators: &mut [[i32; COLUMNS]],
        ) {
            let panel_bytes = vector.values.len() * COLUMNS;
            assert_eq!(panels.len(), COUNT * panel_bytes);
            assert_eq!((start.len(), accumulators.len()), (COUNT, COUNT));
            // SAFETY: each panel has COLUMNS groups for each group of values, and `start` and
            // `accumulators` have COLUMNS elements for each panel.
            unsafe {
                let mut sums = [[$splat(0); $vectors]; COUNT];
                for (sums, start) in sums.iter_mut().zip(start) {
                    for (index, sum) in sums.iter_mut().enumerate() {
                        let start = $load(start.as_ptr().add(index * LANES).cast());
                        *sum = $subtract(start, $splat(vector.term));
                    }
                }
                let mut weights = panels.as_ptr();
                for four in vector.values.as_chunks::<4>().0 {
                    let values = $splat(i32::from_ne_bytes(*four));
                    let mut panel = weights;
                    for sums in &mut sums {
                        for (index, sum) in sums.iter_mut().enumerate() {
                            let weights = $load(panel.add(index * LANES * 4).cast());
                            *sum = $dot(*sum, values, weights);
                        }
                        panel = panel.wrapping_add(panel_bytes);
                    }
                    weights = weights.add(COLUMNS * 4);
                }
                for (sums, to) in sums.iter().zip(accumulators) {
                    for (index, &sum) in sums.iter().enumerate() {
                        $store(to.as_mut_ptr().add(index * LANES).cast(), sum);
                    }
                }
            }
        }
    };
}

pub(crate) use quads;

/// The loops with a dot product put together from AVX2's instructions, so that a processor without one
/// tests them too.
#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) mod emulated {
    use std::arch::x86_64::*;

    use super::super::{Group, avx2_rescale};

    #[inline]
    #[target_feature(enable = "avx2")]
    fn dot(sums: __m256i, values: __m256i, weights: __m256i) -> __m256i {
        let even = _mm256_and_si256(values, _mm256_set1_epi16(0xff));
        let even_weights = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(weights));
        let odd = _mm256_srli_epi16::<8>(values);
        let odd_weights = _mm256_srai_epi16::<8>(weights);
        let even = _mm256_madd_epi16(even, even_weights);
        let odd = _mm256_madd_epi16(odd, odd_weights);
        _mm256_add_epi32(sums, _mm256_add_epi32(even, odd))
    }

    quads! {
        features: "avx2",
        group: Group::QuadsUnsigned,
        flip: 0x80,
        vectors: 2,
        load: _mm256_loadu_si256,
        store: _mm256_storeu_si256,
        splat: _mm256_set1_epi32,
        subtract: _mm256_sub_epi32,
        dot: dot,
        rescale: avx2_rescale::rescale,
        rows: 6, 5, 4, 3, 2, 1
    }
}
