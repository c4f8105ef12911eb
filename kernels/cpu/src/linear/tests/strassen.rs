//! Seven products of quarters against the loops: any sides, both kinds of i16 groups, extremes that wrap.

use super::super::epilogue::Finish;
use super::super::kernels;
use super::super::strassen::{DEPTH_MAX, SIDE_MIN, Strassen};
use super::super::{Kind, ZeroPoints, aligned};
use super::{Conv2dGeometry, Epilogue, Isa, Linear, Random, Sharing, TEAM, oracle, runs};

/// Every instruction set's kernels of i16; groups of four are padded here, so any depth will do.
fn i16_kernels() -> Vec<&'static kernels::Kernels> {
    let mut all = vec![kernels::dense(Isa::Portable, 1, false)];
    for aligned in [false, true] {
        all.push(kernels::dense(Isa::Avx2, 1, aligned));
    }
    all
}

fn seven_products(random: &mut Random, [rows, depth, columns]: [usize; 3], what: &str) {
    let g = Conv2dGeometry::dense(rows, depth, columns);
    let (input, weights) = (random.bytes(rows * depth), random.bytes(columns * depth));
    let zero_points = ZeroPoints {
        input: random.zero_point(),
        weight: random.zero_point(),
    };
    let (bias, epilogue) = (random.bias(columns), random.epilogue(columns));
    let zp = (zero_points.input, zero_points.weight);
    let sums = oracle::conv2d(g, &input, &weights, zp, &bias);
    let wanted = oracle::finished(&sums, columns, &epilogue);
    for kernels in i16_kernels() {
        let finish = Finish::new(epilogue.clone(), columns);
        let product = Strassen::new(g, kernels, &weights, zero_points, &bias, finish);
        for sharing in [Sharing::Alone, Sharing::Team(&TEAM)] {
            let mut output = vec![0x5a; wanted.len()];
            let mut scratch = vec![0xa5; aligned::with_slack(product.scratch_bytes())];
            product.run(
                &input,
                &mut output,
                aligned::from_line(&mut scratch),
                sharing,
            );
            let group = kernels.group();
            assert!(
                output == wanted,
                "{what} {group:?} {sharing:?}: {rows} × {depth} × {columns}"
            );
        }
    }
}

#[test]
fn seven_products_have_the_bits_of_the_loops() {
    let mut random = Random(0x5eed_0006);
    for round in 0..200 {
        let sides = [random.size(230), random.size(150), random.size(100)];
        seven_products(&mut random, sides, &round.to_string());
    }
    // Depths of several passes, and bands of few rows.
    for depth in [1023, 1024, 1030, DEPTH_MAX, 3 * DEPTH_MAX + 2] {
        seven_products(&mut random, [97, depth, 33], "deep");
    }
}

/// The greatest sums of four values and weights, and accumulators that wrap many times on the way.
#[test]
fn extreme_operands_neither_saturate_nor_lose_bits() {
    let sides @ [rows, depth, columns] = [12, 2 * SIDE_MIN, 32];
    let g = Conv2dGeometry::dense(rows, depth, columns);
    let of = |high: bool| if high { 127 } else { -128 };
    let quarter = |row: usize, side: usize| row / side.div_ceil(2) % 2 == 1;
    for signs in 0..16 {
        // S4 = A11 + A12 − A21 − A22 and T4 = B21 + B12 − B11 − B22 at both ends of their ranges, and others.
        let sign = |bit: u32| signs >> bit & 1 == 1;
        let input: Vec<i8> = (0..rows * depth)
            .map(|at| {
                of(quarter(at / depth, rows) ^ (sign(0) && quarter(at % depth, depth)) ^ sign(1))
            })
            .collect();
        let weights: Vec<i8> = (0..columns * depth)
            .map(|at| of((at / depth >= 16) ^ (sign(2) && quarter(at % depth, depth)) ^ sign(3)))
            .collect();
        for (input_zp, weight_zp) in [(0, 0), (127, 127), (-128, -128), (127, -128)] {
            let zero_points = ZeroPoints {
                input: input_zp,
                weight: weight_zp,
            };
            let bias = [i32::MAX];
            let sums = oracle::conv2d(g, &input, &weights, (input_zp, weight_zp), &bias);
            let wanted = oracle::finished(&sums, columns, &Epilogue::Accumulators);
            for kernels in i16_kernels() {
                let finish = Finish::new(Epilogue::Accumulators, columns);
                let product = Strassen::new(g, kernels, &weights, zero_points, &bias, finish);
                let mut output = vec![0; wanted.len()];
                let mut scratch = vec![0; aligned::with_slack(product.scratch_bytes())];
                let scratch = aligned::from_line(&mut scratch);
                product.run(&input, &mut output, scratch, Sharing::Alone);
                assert!(
                    output == wanted,
                    "{sides:?}, signs {signs:04b}, {zero_points:?}"
                );
            }
        }
    }
}

/// On both sides of each limit: which form is chosen, and its bits.
#[test]
fn large_products_of_i16_are_seven() {
    let mut random = Random(0x5eed_0007);
    let least = [SIDE_MIN; 3];
    let mut cases = vec![
        (least, true),
        ([SIDE_MIN + 1, SIDE_MIN + 4, SIDE_MIN + 1], true),
    ];
    for side in 0..3 {
        let mut sides = least;
        sides[side] -= 1;
        cases.push((sides, false));
    }
    for (sides @ [rows, depth, columns], seven) in cases {
        let g = Conv2dGeometry::dense(rows, depth, columns);
        let (input, weights) = (random.bytes(rows * depth), random.bytes(columns * depth));
        let (bias, epilogue) = (random.bias(columns), random.epilogue(columns));
        // Weights with a zero point have no dot product of bytes.
        let sums = oracle::conv2d(g, &input, &weights, (-128, 3), &bias);
        let wanted = oracle::finished(&sums, columns, &epilogue);
        for isa in Isa::available() {
            let linear = Linear::conv2d(g, &weights, 3, -128, &bias, epilogue.clone(), isa);
            assert_eq!(
                matches!(linear.kind, Kind::Strassen(_)),
                seven,
                "{isa} {sides:?}"
            );
            runs(&linear, &input, &wanted, &format!("{isa} {sides:?}"));
        }
    }
    let deepest = Conv2dGeometry::dense(SIDE_MIN, DEPTH_MAX, SIDE_MIN);
    let deeper = Conv2dGeometry::dense(SIDE_MIN, DEPTH_MAX + 1, SIDE_MIN);
    for kernels in i16_kernels() {
        assert!(Strassen::pays(&deepest, kernels.group()));
        assert!(!Strassen::pays(&deeper, kernels.group()));
    }
    for bytes in [kernels::Group::QuadsSigned, kernels::Group::QuadsUnsigned] {
        assert!(
            !Strassen::pays(&deepest, bytes),
            "sums of bytes do not fit bytes"
        );
    }
}
