//! The operators as loops over i64, each element by itself.

use aivm_tosa::{DataType, RescaleRounding};

use super::{Conv2dGeometry, Epilogue};

/// Sum over the window of output pixel `(n, oy, ox)` of `term(place of the pixel, ky, kx)`.
fn window(
    g: Conv2dGeometry,
    (n, oy, ox): (usize, usize, usize),
    mut term: impl FnMut(usize, usize, usize) -> i64,
) -> i64 {
    let mut sum = 0;
    for ky in 0..g.kh {
        for kx in 0..g.kw {
            let y = (oy * g.stride.y as usize + ky * g.dilation.y as usize) as i64;
            let x = (ox * g.stride.x as usize + kx * g.dilation.x as usize) as i64;
            let (y, x) = (y - i64::from(g.pad.top), x - i64::from(g.pad.left));
            if (0..g.ih as i64).contains(&y) && (0..g.iw as i64).contains(&x) {
                sum += term((n * g.ih + y as usize) * g.iw + x as usize, ky, kx);
            }
        }
    }
    sum
}

fn pixels(g: Conv2dGeometry) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..g.n).flat_map(move |n| (0..g.oh).flat_map(move |oy| (0..g.ow).map(move |ox| (n, oy, ox))))
}

fn biased(sum: i64, bias: &[i32], column: usize) -> i32 {
    let bias = if bias.len() == 1 {
        bias[0]
    } else {
        bias[column]
    };
    (sum + i64::from(bias)) as i32
}

pub(super) fn conv2d(
    g: Conv2dGeometry,
    input: &[i8],
    weights: &[i8],
    (input_zp, weight_zp): (i32, i32),
    bias: &[i32],
) -> Vec<i32> {
    let mut sums = Vec::new();
    for pixel in pixels(g) {
        for oc in 0..g.oc {
            let sum = window(g, pixel, |place, ky, kx| {
                let term = |ic: usize| {
                    let value = i64::from(input[place * g.ic + ic]) - i64::from(input_zp);
                    let weight = weights[((oc * g.kh + ky) * g.kw + kx) * g.ic + ic];
                    value * (i64::from(weight) - i64::from(weight_zp))
                };
                (0..g.ic).map(term).sum()
            });
            sums.push(biased(sum, bias, oc));
        }
    }
    sums
}

pub(super) fn depthwise(
    g: Conv2dGeometry,
    multiplier: usize,
    input: &[i8],
    weights: &[i8],
    (input_zp, weight_zp): (i32, i32),
    bias: &[i32],
) -> Vec<i32> {
    let mut sums = Vec::new();
    for pixel in pixels(g) {
        for oc in 0..g.oc {
            let sum = window(g, pixel, |place, ky, kx| {
                let value = input[place * g.ic + oc / multiplier];
                let weight = weights[(ky * g.kw + kx) * g.oc + oc];
                (i64::from(value) - i64::from(input_zp))
                    * (i64::from(weight) - i64::from(weight_zp))
            });
            sums.push(biased(sum, bias, oc));
        }
    }
    sums
}

pub(super) fn matmul(
    a: &[i8],
    b: &[i8],
    [n, h, c, w]: [usize; 4],
    (a_zp, b_zp): (i32, i32),
) -> Vec<i32> {
    let mut sums = Vec::new();
    for (n, y, x) in (0..n).flat_map(|n| (0..h).flat_map(move |y| (0..w).map(move |x| (n, y, x)))) {
        let term = |k: usize| {
            let left = i64::from(a[(n * h + y) * c + k]) - i64::from(a_zp);
            left * (i64::from(b[(n * c + k) * w + x]) - i64::from(b_zp))
        };
        sums.push((0..c).map(term).sum::<i64>() as i32);
    }
    sums
}

/// RESCALE by the specification's formula, CLAMP, TABLE, and the bytes of the result.
pub(super) fn finished(sums: &[i32], columns: usize, epilogue: &Epilogue) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, &sum) in sums.iter().enumerate() {
        let Epilogue::Rescale {
            factors,
            per_channel,
            rounding,
            input_zp,
            output_zp,
            output,
            output_unsigned,
            clamp,
            table,
        } = epilogue
        else {
            bytes.extend(sum.to_le_bytes());
            continue;
        };
        let factor = factors[if *per_channel { at % columns } else { 0 }];
        let value = i128::from(sum) - i128::from(*input_zp);
        let mut round = 1_i128 << (factor.shift - 1);
        if *rounding == RescaleRounding::Double && factor.shift > 31 {
            round += if value >= 0 { 1 << 30 } else { -(1 << 30) };
        }
        let scaled = (value * i128::from(factor.multiplier) + round) >> factor.shift;
        let moved = (scaled as i32).wrapping_add(*output_zp);
        let bits = 8 * output.bytes() as u32;
        let (low, high) = match output_unsigned {
            true => (0, (1_i64 << bits) - 1),
            false => (DataType::min(*output), DataType::max(*output)),
        };
        let saturated = i64::from(moved).clamp(low, high);
        let mut value = match output {
            DataType::I8 => i64::from(saturated as i8),
            DataType::I16 => i64::from(saturated as i16),
            _ => i64::from(saturated as i32),
        };
        if let Some((min, max)) = *clamp {
            value = value.max(i64::from(min)).min(i64::from(max));
        }
        if let Some(table) = table {
            value = i64::from(table[(value + 128) as usize]);
        }
        bytes.extend(&value.to_le_bytes()[..output.bytes() as usize]);
    }
    bytes
}
