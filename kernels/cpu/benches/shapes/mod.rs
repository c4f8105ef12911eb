//! Shapes the linear operators are measured on: plain products, and layers of four small models.

use std::thread::available_parallelism;

use aivm_cpu::isa::Isa;
use aivm_cpu::linear::{Conv2dGeometry, Epilogue, Linear};
use aivm_tosa::operator::{Extent, Padding, RescaleFactor};
use aivm_tosa::{DataType, RescaleRounding};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads to share an operator with: one for each core beside the caller's. They sleep between runs.
pub(crate) fn team() -> ThreadPool {
    let helpers = available_parallelism().map_or(1, |cores| cores.get().max(2) - 1);
    let pool = ThreadPoolBuilder::new().num_threads(helpers).build();
    pool.expect("threads start")
}

/// One operator to measure.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) geometry: Conv2dGeometry,
    pub(crate) depthwise: bool,
    /// RESCALE to i8 with a factor for each channel and double rounding; else raw accumulators.
    pub(crate) rescaled: bool,
}

impl Shape {
    /// Multiply-accumulates of one run.
    pub(crate) fn products(&self) -> usize {
        let g = &self.geometry;
        g.output_len() * g.kh * g.kw * if self.depthwise { 1 } else { g.ic }
    }

    /// The operator on fixed weights.
    pub(crate) fn linear(&self, isa: Isa) -> Linear {
        let g = self.geometry;
        let values = |len: usize| (0..len).map(|at| (at * 89 % 251) as i8).collect::<Vec<_>>();
        let bias = vec![1000; g.oc];
        let epilogue = match self.rescaled {
            false => Epilogue::Accumulators,
            true => Epilogue::Rescale {
                factors: (0..g.oc)
                    .map(|channel| RescaleFactor {
                        multiplier: (1 << 30) + channel as i32,
                        shift: 40,
                    })
                    .collect(),
                per_channel: true,
                rounding: RescaleRounding::Double,
                input_zp: 0,
                output_zp: -128,
                output: DataType::I8,
                output_unsigned: false,
                clamp: Some((-128, 127)),
                table: None,
            },
        };
        if self.depthwise {
            let weights = values(g.kh * g.kw * g.oc);
            Linear::depthwise(g, 1, &weights, 0, -128, &bias, epilogue, isa)
        } else {
            let weights = values(g.oc * g.kh * g.kw * g.ic);
            Linear::conv2d(g, &weights, 0, -128, &bias, epilogue, isa)
        }
    }

    /// Bytes of an output element.
    pub(crate) fn output_bytes(&self) -> usize {
        self.geometry.output_len() * if self.rescaled { 1 } else { 4 }
    }
}

/// All shapes, in the order they are reported.
pub(crate) fn shapes() -> Vec<Shape> {
    let dense = |name, m, k, n, rescaled| Shape {
        name,
        geometry: Conv2dGeometry::dense(m, k, n),
        depthwise: false,
        rescaled,
    };
    let square = |name, side, ic, oc, step: u32, depthwise| Shape {
        name,
        geometry: convolution([side, side, ic], oc, [3, 3], step),
        depthwise,
        rescaled: true,
    };
    vec![
        // Small enough for the nearest cache: what the inner loop does at its best.
        dense("gemm/60x256x16", 60, 256, 16, false),
        dense("gemm/60x256x64", 60, 256, 64, false),
        dense("gemm/256x256x256", 256, 256, 256, false),
        dense("gemm/1024x1024x1024", 1024, 1024, 1024, false),
        dense("gemv/1024x1024", 1, 1024, 1024, false),
        dense("gemv/4096x4096", 1, 4096, 4096, false),
        square("resnet8/3x3-32x32x3-16", 32, 3, 16, 1, false),
        square("resnet8/3x3-32x32x16-16", 32, 16, 16, 1, false),
        square("resnet8/3x3-32x32x16-32-step2", 32, 16, 32, 2, false),
        square("resnet8/3x3-16x16x32-32", 16, 32, 32, 1, false),
        square("resnet8/3x3-8x8x64-64", 8, 64, 64, 1, false),
        dense("resnet8/dense-64-10", 1, 64, 10, true),
        Shape {
            name: "kws_dscnn/10x4-49x10x1-64-step2",
            geometry: convolution([49, 10, 1], 64, [10, 4], 2),
            depthwise: false,
            rescaled: true,
        },
        Shape {
            name: "kws_dscnn/depthwise-25x5x64",
            geometry: convolution([25, 5, 64], 64, [3, 3], 1),
            depthwise: true,
            rescaled: true,
        },
        dense("kws_dscnn/1x1-25x5x64-64", 125, 64, 64, true),
        dense("ad01/dense-640-128", 1, 640, 128, true),
        dense("ad01/dense-128-128", 1, 128, 128, true),
        dense("ad01/dense-128-8", 1, 128, 8, true),
        dense("ad01/dense-8-128", 1, 8, 128, true),
        dense("ad01/dense-128-640", 1, 128, 640, true),
    ]
}

/// A convolution padded so that the output is the input's size divided by `step`, rounded up.
fn convolution(
    [ih, iw, ic]: [usize; 3],
    oc: usize,
    kernel: [usize; 2],
    step: u32,
) -> Conv2dGeometry {
    let side = |input: usize, kernel: usize| {
        let output = input.div_ceil(step as usize);
        let total = ((output - 1) * step as usize + kernel).saturating_sub(input) as u32;
        (output, total / 2, total - total / 2)
    };
    let (oh, top, bottom) = side(ih, kernel[0]);
    let (ow, left, right) = side(iw, kernel[1]);
    Conv2dGeometry {
        n: 1,
        ih,
        iw,
        ic,
        oh,
        ow,
        oc,
        kh: kernel[0],
        kw: kernel[1],
        pad: Padding {
            top,
            bottom,
            left,
            right,
        },
        stride: Extent { y: step, x: step },
        dilation: Extent { y: 1, x: 1 },
    }
}
