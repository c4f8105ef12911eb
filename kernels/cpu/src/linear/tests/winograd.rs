//! 3×3 convolutions of step 1 by Winograd's filtering: the bits of the loops, and who takes that way.

use aivm_tosa::operator::{Extent, Padding};

use super::super::winograd::Winograd;
use super::super::{Conv2dGeometry, Epilogue, Kind, Linear};
use super::{Isa, Random, oracle, runs};

/// A 3×3 convolution of step 1 with `ic` input channels.
fn geometry(random: &mut Random, ic: usize) -> Conv2dGeometry {
    let mut pad = || random.within(0, 3) as u32;
    let pad = Padding {
        top: pad(),
        bottom: pad(),
        left: pad(),
        right: pad(),
    };
    let (oh, ow) = (random.size(17), random.size(21));
    let side = |output: usize, pads: u32| {
        (output + 2)
            .checked_sub(pads as usize)
            .filter(|&side| side > 0)
    };
    match (
        side(oh, pad.top + pad.bottom),
        side(ow, pad.left + pad.right),
    ) {
        (Some(ih), Some(iw)) => Conv2dGeometry {
            n: random.size(3),
            ih,
            iw,
            ic,
            oh,
            ow,
            oc: random.size(37),
            kh: 3,
            kw: 3,
            pad,
            ..Conv2dGeometry::dense(1, 1, 1)
        },
        _ => geometry(random, ic),
    }
}

fn is_winograd(linear: &Linear) -> bool {
    matches!(linear.kind, Kind::Winograd(_))
}

#[test]
fn filtered_convolutions_have_the_bits_of_the_loops() {
    let mut random = Random(0x5eed_0006);
    let mut filtered = 0;
    for round in 0..300 {
        let ic = 16 * random.size(3);
        let g = geometry(&mut random, ic);
        let input = random.bytes(g.input_len());
        let weights = random.bytes(g.oc * 9 * g.ic);
        let (input_zp, weight_zp) = (random.zero_point(), random.zero_point());
        let weight_zp = if random.coin() { 0 } else { weight_zp };
        let bias = random.bias(g.oc);
        let epilogue = random.epilogue(g.oc);
        let sums = oracle::conv2d(g, &input, &weights, (input_zp, weight_zp), &bias);
        let wanted = oracle::finished(&sums, g.oc, &epilogue);
        for isa in Isa::available() {
            let epilogue = epilogue.clone();
            let linear = Linear::conv2d(g, &weights, weight_zp, input_zp, &bias, epilogue, isa);
            let kernels = super::super::kernels::winograd::winograd(isa, weight_zp);
            if kernels.is_some() && Winograd::suits(&g) {
                assert!(is_winograd(&linear));
                filtered += 1;
            }
            let what = format!("{round} {isa}: {g:?} {:?}", (input_zp, weight_zp));
            runs(&linear, &input, &wanted, &what);
        }
    }
    assert!(filtered > 300, "{filtered} were filtered");
}

/// Four times the sum of products must fit 32 bits: all inputs and weights at their extremes, as many channels as that
/// allows and sixteen more, which are not filtered.
#[test]
fn sums_of_thirty_bits_are_exact_and_larger_ones_not_filtered() {
    // 9 · 255 · 255 · ic < 2^29.
    for (ic, exact) in [(912, true), (928, false)] {
        let g = Conv2dGeometry {
            ih: 7,
            iw: 6,
            ic,
            oh: 5,
            ow: 4,
            oc: 33,
            kh: 3,
            kw: 3,
            ..Conv2dGeometry::dense(1, 1, 1)
        };
        for (value, weight) in [(-128, -128), (127, -128), (-128, 127), (127, 127)] {
            let input = vec![value; g.input_len()];
            let weights = vec![weight; g.oc * 9 * g.ic];
            let zp = |extreme: i8| if extreme < 0 { 127 } else { -128 };
            let zero_points = (zp(value), zp(weight));
            assert_eq!(Winograd::is_exact(&g, &weights, zero_points.1), exact);
            let bias = [i32::MAX];
            let sums = oracle::conv2d(g, &input, &weights, zero_points, &bias);
            let wanted = oracle::finished(&sums, g.oc, &Epilogue::Accumulators);
            for isa in Isa::available() {
                let epilogue = Epilogue::Accumulators;
                let (input_zp, weight_zp) = zero_points;
                let linear = Linear::conv2d(g, &weights, weight_zp, input_zp, &bias, epilogue, isa);
                assert_eq!(is_winograd(&linear), exact, "{isa}");
                runs(
                    &linear,
                    &input,
                    &wanted,
                    &format!("{isa} {ic} {value} {weight}"),
                );
            }
        }
    }
}

/// Both sides of every line of the rule.
#[test]
fn only_convolutions_that_gain_are_filtered() {
    let conv2d = |[oh, ow]: [usize; 2], ic, oc| Conv2dGeometry {
        ih: oh + 2,
        iw: ow + 2,
        ic,
        oh,
        ow,
        oc,
        kh: 3,
        kw: 3,
        ..Conv2dGeometry::dense(1, 1, 1)
    };
    for (sides, ic, oc, suits) in [
        ([2, 2], 16, 1, true),
        ([1, 2], 16, 16, false),
        ([3, 3], 64, 64, false),
        ([3, 4], 64, 64, true),
        ([5, 5], 64, 64, true),
        ([8, 8], 24, 16, false),
        ([8, 8], 8, 16, false),
        ([8, 8], 128, 31, true),
        ([8, 8], 144, 31, false),
        ([8, 8], 144, 32, true),
    ] {
        let what = format!("{sides:?} {ic} {oc}");
        assert_eq!(Winograd::suits(&conv2d(sides, ic, oc)), suits, "{what}");
    }
    let plain = conv2d([8, 8], 16, 16);
    let step = Extent { y: 1, x: 2 };
    for other in [
        Conv2dGeometry { kh: 1, ..plain },
        Conv2dGeometry { kw: 5, ..plain },
        Conv2dGeometry {
            stride: step,
            ..plain
        },
        Conv2dGeometry {
            dilation: step,
            ..plain
        },
    ] {
        assert!(!Winograd::suits(&other), "{other:?}");
    }
}
