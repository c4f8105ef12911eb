//! Every kernel against loops that say what the operator is, over random geometries and extremes.

mod oracle;
mod strassen;
mod winograd;

use std::sync::{Arc, LazyLock};

use aivm_tosa::operator::{Extent, Padding, RescaleFactor};
use aivm_tosa::{DataType, RescaleRounding};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Conv2dGeometry, Epilogue, Linear, matmul, matmul_scratch_bytes};
use crate::isa::Isa;
use crate::threads::Sharing;

/// A seeded generator (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number in `low..=high`.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn size(&mut self, high: usize) -> usize {
        self.within(1, high as i64) as usize
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// Values that are extreme half of the time.
    fn bytes(&mut self, len: usize) -> Vec<i8> {
        let extreme = self.within(0, 3);
        let value = |random: &mut Self| match extreme {
            0 => [-128, 127][random.next() as usize & 1],
            1 => -128,
            _ => random.next() as i8,
        };
        (0..len).map(|_| value(self)).collect()
    }

    fn zero_point(&mut self) -> i32 {
        match self.within(0, 3) {
            0 => 0,
            1 => -128,
            2 => 127,
            _ => self.within(-128, 127) as i32,
        }
    }

    fn bias(&mut self, columns: usize) -> Vec<i32> {
        let len = if self.within(0, 3) == 0 { 1 } else { columns };
        let extreme = self.coin();
        let value = |random: &mut Self| match extreme {
            true => [i32::MIN, i32::MAX][random.next() as usize & 1],
            false => random.within(-100_000, 100_000) as i32,
        };
        (0..len).map(|_| value(self)).collect()
    }

    fn geometry(&mut self, channels: usize, columns: usize) -> Conv2dGeometry {
        loop {
            let pad = Padding {
                top: self.within(0, 3) as u32,
                bottom: self.within(0, 3) as u32,
                left: self.within(0, 3) as u32,
                right: self.within(0, 3) as u32,
            };
            let pointwise = self.within(0, 3) == 0;
            let (kh, kw) = if pointwise {
                (1, 1)
            } else {
                (self.size(5), self.size(5))
            };
            let (stride, dilation) = match self.within(0, 2) {
                0 => ([1, 1], [1, 1]),
                1 => ([self.size(3), self.size(3)], [1, 1]),
                _ => ([self.size(3), self.size(3)], [self.size(3), self.size(3)]),
            };
            let pad = if self.coin() {
                Padding {
                    top: 0,
                    bottom: 0,
                    left: 0,
                    right: 0,
                }
            } else {
                pad
            };
            let (ih, iw) = match self.within(0, 5) {
                0 => (kh, kw),
                _ => (self.size(13), self.size(13)),
            };
            let side = |input: usize, pads: u32, kernel: usize, stride: usize, dilation: usize| {
                let reach = (kernel - 1) * dilation + 1;
                Some((input + pads as usize).checked_sub(reach)? / stride + 1)
            };
            let oh = side(ih, pad.top + pad.bottom, kh, stride[0], dilation[0]);
            let ow = side(iw, pad.left + pad.right, kw, stride[1], dilation[1]);
            let (Some(oh), Some(ow)) = (oh, ow) else {
                continue;
            };
            let extent = |[y, x]: [usize; 2]| Extent {
                y: y as u32,
                x: x as u32,
            };
            return Conv2dGeometry {
                n: self.size(3),
                ih,
                iw,
                ic: self.size(channels),
                oh,
                ow,
                oc: self.size(columns),
                kh,
                kw,
                pad,
                stride: extent(stride),
                dilation: extent(dilation),
            };
        }
    }

    fn epilogue(&mut self, columns: usize) -> Epilogue {
        if self.within(0, 3) == 0 {
            return Epilogue::Accumulators;
        }
        let per_channel = self.coin();
        let lowest = [2, 31, 33][self.within(0, 2) as usize];
        let factor = |random: &mut Self| RescaleFactor {
            multiplier: random.within(0, i64::from(i32::MAX)) as i32,
            shift: random.within(lowest, 62) as u8,
        };
        let factors = (0..if per_channel { columns } else { 1 })
            .map(|_| factor(self))
            .collect();
        let output = [DataType::I8, DataType::I8, DataType::I16, DataType::I32];
        let output = output[self.within(0, 3) as usize];
        let clamp = match self.coin() {
            true => {
                let (min, max) = (output.min(), output.max());
                let low = self.within(min, max);
                Some((low as i32, self.within(low, max) as i32))
            }
            false => None,
        };
        let table = (output == DataType::I8 && self.coin()).then(|| self.bytes(256).into());
        Epilogue::Rescale {
            factors,
            per_channel,
            rounding: [RescaleRounding::Single, RescaleRounding::Double][self.coin() as usize],
            input_zp: if self.within(0, 9) == 0 {
                self.zero_point()
            } else {
                0
            },
            output_zp: self.zero_point(),
            output,
            output_unsigned: self.within(0, 4) == 0,
            clamp,
            table,
        }
    }
}

/// Threads to share steps with.
static TEAM: LazyLock<ThreadPool> = LazyLock::new(|| {
    let pool = ThreadPoolBuilder::new().num_threads(2).build();
    pool.expect("two threads start")
});

/// Runs on a scratch of old bytes, one thread and several.
fn runs(linear: &Linear, input: &[i8], wanted: &[u8], what: &str) {
    for sharing in [Sharing::Alone, Sharing::Team(&TEAM)] {
        let mut scratch = vec![0xa5; linear.scratch_bytes()];
        let mut output = vec![0x5a; wanted.len()];
        linear.run(input, &mut output, &mut scratch, sharing);
        if let Some(at) = (0..wanted.len()).find(|&at| output[at] != wanted[at]) {
            panic!("{what}, {sharing:?}: byte {at} of {}", wanted.len());
        }
    }
}

#[test]
fn convolutions_have_the_bits_of_the_loops() {
    let mut random = Random(0x5eed_0001);
    for round in 0..600 {
        let (channels, columns) = if random.within(0, 9) == 0 {
            (90, 70)
        } else {
            (19, 37)
        };
        let geometry = random.geometry(channels, columns);
        let g = geometry;
        let input = random.bytes(g.input_len());
        let weights = random.bytes(g.oc * g.kh * g.kw * g.ic);
        let (input_zp, weight_zp) = (random.zero_point(), random.zero_point());
        let weight_zp = if random.coin() { 0 } else { weight_zp };
        let bias = random.bias(g.oc);
        let epilogue = random.epilogue(g.oc);
        let sums = oracle::conv2d(g, &input, &weights, (input_zp, weight_zp), &bias);
        let wanted = oracle::finished(&sums, g.oc, &epilogue);
        for isa in Isa::available() {
            let linear = Linear::conv2d(
                g,
                &weights,
                weight_zp,
                input_zp,
                &bias,
                epilogue.clone(),
                isa,
            );
            runs(
                &linear,
                &input,
                &wanted,
                &format!("{round} {isa}: {g:?} {epilogue:?}"),
            );
        }
    }
}

#[test]
fn depthwise_convolutions_have_the_bits_of_the_loops() {
    let mut random = Random(0x5eed_0002);
    for round in 0..400 {
        let multiplier = if random.coin() { 1 } else { random.size(4) };
        let mut g = random.geometry(40, 1);
        g.oc = g.ic * multiplier;
        let input = random.bytes(g.input_len());
        let weights = random.bytes(g.kh * g.kw * g.oc);
        let (input_zp, weight_zp) = (random.zero_point(), random.zero_point());
        let bias = random.bias(g.oc);
        let epilogue = random.epilogue(g.oc);
        let sums = oracle::depthwise(
            g,
            multiplier,
            &input,
            &weights,
            (input_zp, weight_zp),
            &bias,
        );
        let wanted = oracle::finished(&sums, g.oc, &epilogue);
        for isa in Isa::available() {
            let linear = Linear::depthwise(
                g,
                multiplier,
                &weights,
                weight_zp,
                input_zp,
                &bias,
                epilogue.clone(),
                isa,
            );
            runs(
                &linear,
                &input,
                &wanted,
                &format!("{round} {isa}: {g:?} {epilogue:?}"),
            );
        }
    }
}

#[test]
fn products_have_the_bits_of_the_loops() {
    let mut random = Random(0x5eed_0003);
    for round in 0..300 {
        let dims = [
            random.size(4),
            random.size(30),
            random.size(70),
            random.size(70),
        ];
        let [n, h, c, w] = dims;
        let (a, b) = (random.bytes(n * h * c), random.bytes(n * c * w));
        let (a_zp, b_zp) = (random.zero_point(), random.zero_point());
        let b_zp = if random.coin() { 0 } else { b_zp };
        let wanted = oracle::matmul(&a, &b, dims, (a_zp, b_zp));
        for isa in Isa::available() {
            for sharing in [Sharing::Alone, Sharing::Team(&TEAM)] {
                let mut scratch = vec![0xa5; matmul_scratch_bytes(dims, b_zp, isa)];
                let mut out = vec![-1; n * h * w];
                matmul(
                    &a,
                    &b,
                    dims,
                    a_zp,
                    b_zp,
                    &mut out,
                    &mut scratch,
                    isa,
                    sharing,
                );
                assert!(out == wanted, "{round} {isa} {sharing:?}: {dims:?}");
            }
        }
    }
}

/// Large enough to be shared among threads, with rows and panels left over at every end.
#[test]
fn large_operators_are_shared_among_threads_with_the_same_bits() {
    let mut random = Random(0x5eed_0004);
    let shapes = [
        Conv2dGeometry::dense(1, 1501, 1003),
        Conv2dGeometry::dense(67, 131, 257),
        Conv2dGeometry::dense(3, 700, 300),
        Conv2dGeometry {
            ih: 31,
            iw: 29,
            ic: 17,
            oh: 31,
            ow: 29,
            oc: 33,
            n: 2,
            kh: 3,
            kw: 3,
            pad: Padding {
                top: 1,
                bottom: 1,
                left: 1,
                right: 1,
            },
            ..Conv2dGeometry::dense(1, 1, 1)
        },
    ];
    for g in shapes {
        let input = random.bytes(g.input_len());
        let weights = random.bytes(g.oc * g.kh * g.kw * g.ic);
        for weight_zp in [0, -128] {
            let bias = random.bias(g.oc);
            let sums = oracle::conv2d(g, &input, &weights, (127, weight_zp), &bias);
            for epilogue in [Epilogue::Accumulators, random.epilogue(g.oc)] {
                let wanted = oracle::finished(&sums, g.oc, &epilogue);
                for isa in Isa::available() {
                    let linear =
                        Linear::conv2d(g, &weights, weight_zp, 127, &bias, epilogue.clone(), isa);
                    runs(&linear, &input, &wanted, &format!("{isa}: {g:?}"));
                }
            }
        }
    }
}

/// Values at which double rounding, carries and saturation change the result.
#[test]
fn rescale_is_exact_at_its_edges() {
    let shifts = [2, 30, 31, 32, 33, 34, 47, 61, 62];
    let multipliers = [0, 1, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, i32::MAX];
    let near = [
        i32::MIN,
        -(1 << 30),
        -65_536,
        -3,
        0,
        3,
        65_536,
        1 << 30,
        i32::MAX,
    ];
    for shift in shifts {
        for multiplier in multipliers {
            for rounding in [RescaleRounding::Single, RescaleRounding::Double] {
                let bias: Vec<i32> = near
                    .iter()
                    .flat_map(|&value| (-3..=3).map(move |step| value.wrapping_add(step)))
                    .collect();
                let columns = bias.len();
                for output in [DataType::I8, DataType::I16, DataType::I32] {
                    let epilogue = Epilogue::Rescale {
                        factors: Arc::new([RescaleFactor { multiplier, shift }]),
                        per_channel: false,
                        rounding,
                        input_zp: 0,
                        output_zp: 3,
                        output,
                        output_unsigned: false,
                        clamp: None,
                        table: None,
                    };
                    let g = Conv2dGeometry::dense(2, 1, columns);
                    let weights = vec![0; columns];
                    let sums = oracle::conv2d(g, &[1, 2], &weights, (0, 0), &bias);
                    let wanted = oracle::finished(&sums, columns, &epilogue);
                    for isa in Isa::available() {
                        let linear =
                            Linear::conv2d(g, &weights, 0, 0, &bias, epilogue.clone(), isa);
                        runs(&linear, &[1, 2], &wanted, &format!("{isa} {epilogue:?}"));
                    }
                }
            }
        }
    }
}

/// The loops of the instruction sets with a dot product of bytes, with that product put together.
#[cfg(target_arch = "x86_64")]
#[test]
fn loops_around_a_dot_product_have_the_bits_of_the_loops() {
    use super::convolution::Convolution;
    use super::epilogue::Finish;
    use super::kernels::quads::emulated::{KERNELS, VECTOR_KERNELS};
    use super::vector::MatrixVector;
    use super::{ZeroPoints, aligned};

    if !Isa::Avx2.is_available() {
        return;
    }
    let mut random = Random(0x5eed_0005);
    for round in 0..300 {
        let g = match round % 3 {
            0 => Conv2dGeometry::dense(1, random.size(70), random.size(200)),
            _ => random.geometry(19, 37),
        };
        let input = random.bytes(g.input_len());
        let weights = random.bytes(g.oc * g.kh * g.kw * g.ic);
        let bias = random.bias(g.oc);
        let epilogue = random.epilogue(g.oc);
        let mut zero_points = ZeroPoints {
            input: random.zero_point(),
            weight: if round % 3 == 0 {
                random.zero_point()
            } else {
                0
            },
        };
        for vector in [true, false] {
            if vector && round % 3 != 0 {
                continue;
            }
            if !vector {
                zero_points.weight = 0;
            }
            let zp = (zero_points.input, zero_points.weight);
            let sums = oracle::conv2d(g, &input, &weights, zp, &bias);
            let wanted = oracle::finished(&sums, g.oc, &epilogue);
            let finish = Finish::new(epilogue.clone(), g.oc);
            let mut output = vec![0x5a; wanted.len()];
            let mut scratch = vec![0xa5; 1 << 20];
            let scratch = aligned::from_line(&mut scratch);
            if vector {
                let kernels = (&VECTOR_KERNELS, &KERNELS);
                let sizes = (g.oc, g.ic);
                MatrixVector::new(sizes, kernels, &weights, zero_points, &bias, finish).run(
                    &input,
                    &mut output,
                    scratch,
                    Sharing::Team(&TEAM),
                );
            } else {
                let simple = g.simplified();
                Convolution::new(simple, &KERNELS, &weights, zero_points, &bias, finish).run(
                    &input,
                    &mut output,
                    scratch,
                    Sharing::Team(&TEAM),
                );
            }
            assert!(
                output == wanted,
                "{round} vector {vector}: {g:?} {epilogue:?}"
            );
        }
    }
}
