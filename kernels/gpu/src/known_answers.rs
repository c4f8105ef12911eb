//! Known-answer tests: small graphs with inputs and outputs that the TOSA reference model gave, for every
//! kernel and every operator of generated ones. An adapter that gives another answer is not used.

use std::sync::Arc;

use aivm_shaders::kernels::{FRAMES, PACK_COLUMNS};
use aivm_shaders::{block, tile};
use aivm_tosa::{ExecutorFault, FaultKind, ModelLimits, Plan, PriceTable, RunError};

use crate::executor::GpuExecutor;
use crate::operands::Operands;
use crate::plan::Dispatch;

/// The outcome of one kernel's test on one adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelCheck {
    /// The kernel's name; of a generated one those of its operators.
    pub kernel: &'static str,
    /// Whether every answer was right.
    pub passed: bool,
    /// What went wrong; empty if nothing did.
    pub detail: String,
    /// What kept it from answering; `None` if it answered, be it wrong.
    pub fault: Option<FaultKind>,
}

/// A graph with its answer: a case of `tests/oracle`.
struct KnownAnswer {
    name: &'static str,
    model: &'static [u8],
    /// One or more cases.
    input: &'static [u8],
    output: &'static [u8],
}

macro_rules! answers {
    ($($kernel:literal: $($case:literal)*;)*) => {
        &[$(($kernel, &[$(KnownAnswer {
            name: $case,
            model: include_bytes!(concat!("../../../tests/oracle/", $case, "/model.tosa")),
            input: include_bytes!(concat!("../../../tests/oracle/", $case, "/input.bin")),
            output: include_bytes!(concat!("../../../tests/oracle/", $case, "/output.bin")),
        }),*])),*]
    };
}

/// Graphs that dispatch each kernel.
const ANSWERS: &[(&str, &[KnownAnswer])] = answers! {
    "argmax": "argmax_i8_axis1" "argmax_i8_axis0" "argmax_i16_axis2" "argmax_to_rank0";
    "argmax_chunks": "argmax_two_steps" "argmax_i16_two_steps";
    "avg_pool2d": "avg_pool2d_3x3_padded" "avg_pool2d_odd_count" "avg_pool2d_i16" "avg_pool2d_i16_global";
    "avg_pool2d_sums": "avg_pool2d_two_steps" "avg_pool2d_i16_two_steps";
    "concat": "concat_i8" "concat_i32" "concat_bool" "concat_inner" "concat_outer";
    "conv2d": "conv2d_3x3_same" "conv2d_dilation" "conv2d_stride2_asymmetric" "conv2d_dense_64_10" "conv2d_i4"
        "conv2d_rescaled_channels" "conv2d_rescaled_clamped" "conv2d_rescaled_clamped_double"
        "depthwise_conv2d_one_channel" "matmul_i8_constant_rescaled";
    "depthwise_conv2d": "depthwise_conv2d_one_multiple" "depthwise_conv2d_weight_zp" "depthwise_conv2d_rescaled"
        "depthwise_conv2d_rescaled_clamped";
    "gather": "gather_i8" "gather_i16" "gather_i32" "gather_one_channel";
    "linear_i32": "conv2d_weight_zp" "conv2d_both_zp" "conv3d" "depthwise_conv2d" "transpose_conv2d" "transpose_conv2d_cut"
        "transpose_conv2d_i4";
    "linear_i48": "conv2d_i16" "conv3d_i16" "depthwise_conv2d_i16" "matmul_i16" "transpose_conv2d_i16_cut";
    "matmul": "matmul_i8" "matmul_i8_row" "matmul_i8_words" "matmul_i8_odd" "matmul_i8_rescaled" "matmul_i8_rescaled_clamped"
        "matmul_i8_constant_zp";
    "max_pool2d": "max_pool2d_3x3_padded" "max_pool2d_odd_count" "max_pool2d_i16" "max_pool2d_two_steps"
        "max_pool2d_i16_two_steps";
    "move": "pad_i8" "pad_i16" "pad_bool" "pad_nhwc" "reverse_i8" "reverse_inner" "reverse_rank6" "slice_i8" "slice_i16"
        "slice_i32" "slice_row" "tile_i16" "tile_bool" "transpose_i8" "transpose_nchw" "transpose_rank6";
    "pack_columns": "matmul_i8" "matmul_i8_odd" "matmul_i8_rescaled";
    "pad_channels": "conv2d_3x3_channels_17" "conv2d_3x3_one_channel";
    "reduce_max": "reduce_max_i8" "reduce_max_i16" "reduce_max_i32_axis1" "reduce_any_axis1" "reduce_max_two_steps"
        "reduce_any_two_steps";
    "reduce_min": "reduce_min_i8_axis0" "reduce_min_i16_axis1" "reduce_min_i32_axis2" "reduce_min_largest"
        "reduce_all_axis1" "reduce_min_two_steps" "reduce_all_two_steps";
    "reduce_sum": "reduce_sum_axis2" "reduce_sum_long" "reduce_sum_two_steps";
    "resize_bilinear": "resize_bilinear_i8_twice" "resize_bilinear_i8_down" "resize_bilinear_i8_odd"
        "resize_bilinear_i8_largest_scale";
    "resize_bilinear_i48": "resize_bilinear_i16_twice" "resize_bilinear_i16_down" "resize_bilinear_i16_odd"
        "resize_bilinear_i16_largest_scale";
    "resize_nearest": "resize_nearest_i8_twice" "resize_nearest_i8_down" "resize_nearest_i16_odd"
        "resize_nearest_i16_largest_scale";
    "scatter": "scatter_i8" "scatter_i16" "scatter_i32";
    "scatter_rows": "scatter_all" "scatter_i8";
};

/// Graphs that dispatch each element-wise operator alone, with each of its types and modes.
const ELEMENT_WISE: &[(&str, &[KnownAnswer])] = answers! {
    "abs": "abs" "abs_rank0";
    "add": "add_row_column" "add_rank6" "add_rank0" "add_same";
    "arithmetic_right_shift": "arithmetic_right_shift_i8_floor" "arithmetic_right_shift_i8_round"
        "arithmetic_right_shift_i16_floor" "arithmetic_right_shift_i16_round" "arithmetic_right_shift_i32_floor"
        "arithmetic_right_shift_i32_round" "arithmetic_right_shift_broadcast";
    "bitwise_and": "bitwise_and_i8" "bitwise_and_i16" "bitwise_and_i32";
    "bitwise_not": "bitwise_not_i8" "bitwise_not_i16" "bitwise_not_i32";
    "bitwise_or": "bitwise_or_i8" "bitwise_or_i16" "bitwise_or_i32";
    "bitwise_xor": "bitwise_xor_i8" "bitwise_xor_i16" "bitwise_xor_i32";
    "cast": "cast_bool_i8" "cast_bool_i16" "cast_bool_i32" "cast_i8_bool" "cast_i8_i16" "cast_i8_i32" "cast_i16_bool"
        "cast_i16_i8" "cast_i16_i32" "cast_i32_bool" "cast_i32_i8" "cast_i32_i16";
    "clamp": "clamp_relu" "clamp_narrow" "clamp_i16";
    "clz": "clz" "clz_small";
    "equal": "equal" "equal_broadcast";
    "greater": "greater" "greater_broadcast";
    "greater_equal": "greater_equal" "greater_equal_broadcast";
    "intdiv": "intdiv" "intdiv_broadcast";
    "logical_and": "logical_and" "logical_and_broadcast";
    "logical_left_shift": "logical_left_shift_i8" "logical_left_shift_i16" "logical_left_shift_i32"
        "logical_left_shift_broadcast";
    "logical_not": "logical_not" "logical_not_rank0";
    "logical_or": "logical_or" "logical_or_broadcast";
    "logical_right_shift": "logical_right_shift_i8" "logical_right_shift_i16" "logical_right_shift_i32"
        "logical_right_shift_broadcast";
    "logical_xor": "logical_xor" "logical_xor_broadcast";
    "maximum": "maximum" "maximum_broadcast";
    "minimum": "minimum" "minimum_broadcast";
    "mul": "mul_shift_1" "mul_shift_31" "mul_shift_32" "mul_shift_63" "mul_i8" "mul_i16" "mul_low_bits" "mul_row_column";
    "negate": "negate_i8_zp_m5_77" "negate_i8_zp_127_m128" "negate_i16" "negate_i32";
    "rescale": "rescale_i32_i8_channels_double" "rescale_i32_i32_ties_double" "rescale_i32_i32_ties_single"
        "rescale_shift_2" "rescale_shift_32" "rescale_shift_62_double" "rescale_u8_i16" "rescale_u16_i8" "rescale_i8_u16"
        "rescale_i8_u8_negative" "rescale_i16_i16" "rescale_scale16_channels" "rescale_i48_i8" "rescale_i48_i16_channels"
        "rescale_i48_i32";
    "select": "select_bool" "select_i8" "select_i16" "select_i32" "select_one_condition" "select_same";
    "sub": "sub_inner" "sub_rank6" "sub_scalar";
    "table": "table_i8" "table_i16" "table_i16_steep";
};

/// Graphs whose element-wise operators share a dispatch.
const CHAINS: &[(&str, &[KnownAnswer])] = answers! {
    "rescale+rescale+add+rescale+clamp": "chain_residual";
    "rescale+sub+rescale+table+arithmetic_right_shift+mul+rescale": "chain_exponentials";
    "greater+cast+logical_xor+maximum+select+cast": "chain_choices";
    "conv2d+rescale+rescale+rescale+add+rescale+table": "conv2d_residual";
    "reduce_max+cast+reduce_min+cast+sub": "rows_spread";
    "rescale+reduce_max+sub+rescale+table+arithmetic_right_shift+table+arithmetic_right_shift+add+reduce_sum+clz+sub+logical_left_shift+sub+mul+mul+rescale":
        "rows_softmax" "rows_softmax_whole_words";
};

/// Of the kernel that is no WGSL.
#[cfg(feature = "cooperative-matrix")]
const COOPERATIVE: &[(&str, &[KnownAnswer])] = answers! {
    "matmul_cooperative": "matmul_i8_tiles";
};
#[cfg(not(feature = "cooperative-matrix"))]
const COOPERATIVE: &[(&str, &[KnownAnswer])] = &[];

/// Every known answer.
fn all_answers() -> impl Iterator<Item = &'static (&'static str, &'static [KnownAnswer])> {
    let generated = ELEMENT_WISE.iter().chain(CHAINS);
    ANSWERS.iter().chain(generated).chain(COOPERATIVE)
}

impl GpuExecutor {
    /// Runs every kernel on inputs whose outputs are known.
    #[must_use]
    pub fn known_answer_tests(&self) -> Vec<KernelCheck> {
        let check = |&(kernel, answers): &(&'static str, &[KnownAnswer])| {
            let forms = self.forms(kernel);
            let failures: Vec<Failure> = forms
                .iter()
                .flat_map(|&form| answers.iter().map(move |answer| (form, answer)))
                .filter_map(|(form, answer)| self.check(kernel, form, answer).err())
                .collect();
            let answered_wrong = failures.iter().any(|failure| failure.fault.is_none());
            let first = failures.first().and_then(|failure| failure.fault);
            let details: Vec<String> = failures.into_iter().map(|failure| failure.what).collect();
            KernelCheck {
                kernel,
                passed: details.is_empty(),
                detail: details.join("; "),
                fault: first.filter(|_| !answered_wrong),
            }
        };
        let checks = all_answers().map(check).collect();
        self.save_pipelines();
        checks
    }

    /// The forms in which this adapter may be given a kernel.
    fn forms(&self, kernel: &str) -> Vec<Operands> {
        #[cfg(feature = "cooperative-matrix")]
        if kernel == crate::cooperative::MATMUL.name {
            let chosen = Some(self.operands()).filter(|&chosen| chosen == Operands::Cooperative);
            return chosen.into_iter().collect();
        }
        let tiled = tile::all().any(|tiled| tiled.frame.name == kernel);
        let blocked = block::all().any(|blocked| blocked.operator.name() == kernel);
        // Only tiles read what it makes.
        let packs = kernel == PACK_COLUMNS.name;
        match self.operands() {
            Operands::Uniform if packs => vec![Operands::Uniform],
            _ if packs => Vec::new(),
            Operands::Uniform if tiled => vec![Operands::Uniform, Operands::Storage],
            // Also where the graph is smaller than what would be computed so.
            Operands::Blocks { size, .. } if blocked => vec![
                Operands::Blocks {
                    size,
                    positions_min: 0,
                },
                Operands::Storage,
            ],
            _ => vec![Operands::Storage],
        }
    }

    fn check(&self, kernel: &str, form: Operands, answer: &KnownAnswer) -> Result<(), Failure> {
        let name = answer.name;
        let fail = |fault, what: String| Failure {
            fault,
            what: format!("{name}, {form:?}: {what}"),
        };
        let model = aivm_tosa::load(
            answer.model,
            &ModelLimits::default(),
            &PriceTable::default(),
        )
        .map_err(|refusal| fail(Some(FaultKind::Unsupported), refusal.to_string()))?;
        let model = Arc::new(model);
        let faulted = |fault: ExecutorFault| fail(Some(fault.kind), fault.to_string());
        let plan = self.plan_with(&model, form).map_err(faulted)?;
        let dispatches = plan.dispatches();
        if !dispatches
            .iter()
            .any(|dispatch| is_of(dispatch, kernel, form))
        {
            let what = format!("dispatches {dispatches:?}");
            return Err(fail(Some(FaultKind::Unsupported), what));
        }
        let cases = answer.input.len() as u64 / model.graph().input_bytes();
        let output = plan
            .run_cases(cases as u32, answer.input)
            .map_err(|error| match error {
                RunError::Fault(fault) => faulted(fault),
                // Known inputs are valid: that it thinks otherwise is a wrong answer.
                RunError::Status(status) => fail(None, status.to_string()),
            })?;
        let wrong = |what| Err(fail(None, what));
        let mut bytes = output.iter().zip(answer.output);
        match bytes.position(|(given, known)| given != known) {
            None if output.len() == answer.output.len() => Ok(()),
            None => wrong(format!(
                "{} bytes instead of {}",
                output.len(),
                answer.output.len()
            )),
            Some(byte) => wrong(format!(
                "byte {byte} is {} instead of {}",
                output[byte], answer.output[byte]
            )),
        }
    }
}

/// Whether a dispatch runs a kernel in a form: that alone, or, if it is a frame, with what follows its sums.
fn is_of(dispatch: &Dispatch, kernel: &str, form: Operands) -> bool {
    let first = match dispatch.kernel.split_once('+') {
        Some((first, _)) => first,
        None => &dispatch.kernel,
    };
    if let Operands::Blocks { size, .. } = form {
        let mut frames = block::all();
        return frames.any(|blocked| {
            blocked.frame.name == first && blocked.operator.name() == kernel && blocked.size == size
        });
    }
    let frame = FRAMES.iter().any(|frame| frame.name == kernel);
    let name = if frame { first } else { &dispatch.kernel };
    // What packs for tiles reads storage buffers.
    let uniform = form == Operands::Uniform && kernel != PACK_COLUMNS.name;
    name == kernel && dispatch.uniform_operands == uniform
}

/// Why a known answer was not given.
struct Failure {
    /// `None`: another answer was given.
    fault: Option<FaultKind>,
    what: String,
}

#[cfg(test)]
mod tests {
    use aivm_tosa::Executor;

    use super::*;

    #[test]
    fn every_kernel_has_a_known_answer() {
        let tested: Vec<&str> = ANSWERS.iter().map(|&(kernel, _)| kernel).collect();
        let kernels = aivm_shaders::kernels::ALL.iter();
        let mut kernels: Vec<&str> = kernels.map(|kernel| &*kernel.name).collect();
        let frames = aivm_shaders::kernels::FRAMES.iter();
        kernels.extend(frames.map(|frame| frame.name));
        kernels.sort_unstable();
        assert_eq!(tested, kernels);
    }

    #[test]
    fn every_element_wise_operator_has_a_known_answer() {
        let tested: Vec<&str> = ELEMENT_WISE.iter().map(|&(kernel, _)| kernel).collect();
        assert_eq!(tested, aivm_shaders::chain::Function::NAMES);
    }

    #[test]
    fn the_reference_gives_the_known_answers() {
        for answer in all_answers().flat_map(|&(_, answers)| answers) {
            let model = aivm_tosa::load(
                answer.model,
                &ModelLimits::default(),
                &PriceTable::default(),
            );
            let model = Arc::new(model.expect("a valid model"));
            let plan = aivm_reference::ReferenceExecutor
                .prepare(&model)
                .expect("the reference runs every model");
            let cases = answer.input.len() as u64 / model.graph().input_bytes();
            assert_eq!(
                plan.run_cases(cases as u32, answer.input).as_deref(),
                Ok(answer.output),
                "{}",
                answer.name
            );
        }
    }
}
