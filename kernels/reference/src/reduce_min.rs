//! TOSA "REDUCE_MIN": the smallest element along an axis.

use aivm_tosa::DataType;

use crate::reduce::reduce;
use crate::value::View;

pub(crate) fn reduce_min(data_type: DataType, input: View<'_>, axis: u32) -> Vec<i64> {
    reduce(input, axis, data_type.max(), i64::min)
}
