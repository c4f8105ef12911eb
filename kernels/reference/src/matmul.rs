//! TOSA "MATMUL": the product of two matrices with zero points, for each of a batch.

use aivm_tosa::DataType;

use crate::value::{View, wrap};

pub(crate) fn matmul(
    output_type: DataType,
    a: View<'_>,
    b: View<'_>,
    (a_zp, b_zp): (i32, i32),
) -> Vec<i64> {
    let [batch, height, _] = a.sides();
    let [_, _, width] = b.sides();
    let mut output = Vec::with_capacity(batch * height * width);
    for n in 0..batch {
        for h in 0..height {
            let mut sums = vec![0; width];
            for (c, &value) in a.row([n, h]).iter().enumerate() {
                for (sum, &weight) in sums.iter_mut().zip(b.row([n, c])) {
                    *sum += (value - i64::from(a_zp)) * (weight - i64::from(b_zp));
                }
            }
            output.extend(sums.into_iter().map(|sum| wrap(output_type, sum)));
        }
    }
    output
}
