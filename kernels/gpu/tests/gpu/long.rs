//! Axes and windows so long that the operator takes several steps: the bytes of the reference on every adapter.

use std::sync::Arc;

use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, Priced};

use crate::choices::Choices;
use crate::generator::{Generator, bits};
use crate::model::{BOOL, I8, I16, I32, INT32, Ints, Table};
use crate::support::{executors, kernels, model};

/// A model of one operator, its input, and the kernels that it takes.
struct Case {
    model: Arc<Priced>,
    input: Vec<u8>,
    kernels: &'static [&'static str],
}

/// An operator on one input whose elements are random in the type's lowest `bits`, so that few bits give many ties.
fn case(
    (name, attribute): (&str, Table),
    (from, shape, bits): (i32, &[i32], u32),
    (to, output_shape): (i32, &[i32]),
    kernels: &'static [&'static str],
) -> Case {
    let mut generator = Generator::new(Choices::new(7), "t", 0);
    let input = generator.input(from, shape);
    let mut inputs = vec![input.name];
    if name == "AVG_POOL2D" {
        let zero = if from == I8 { [-7, 31] } else { [0, 0] };
        inputs.extend(zero.map(|zero| generator.constant(from, &[1], &[zero]).name));
    }
    let inputs: Vec<&str> = inputs.iter().map(|name| &**name).collect();
    generator.operator(name, attribute, &inputs, to, output_shape);
    let mut choices = Choices::new(8);
    let size = match from {
        INT32 => 4,
        I16 => 2,
        _ => 1,
    };
    let elements = shape.iter().product::<i32>();
    let input = (0..elements).flat_map(|_| {
        let value = choices.element(bits).to_le_bytes();
        value.into_iter().take(size)
    });
    Case {
        input: input.collect(),
        model: model(&generator.finish().file()),
        kernels,
    }
}

fn check(case: &Case) {
    let reference = ReferenceExecutor.prepare(&case.model);
    let input = case.input.repeat(2);
    let known = reference.expect("it runs all").run_cases(2, &input);
    assert!(known.is_ok());
    for executor in executors() {
        assert_eq!(kernels(&executor, &case.model), case.kernels);
        let plan = executor.prepare(&case.model).expect("it fits");
        let given = plan.run_cases(2, &input);
        assert!(given == known, "{:?} on {}", case.kernels, executor.name());
    }
}

/// Along the middle one of three axes, and as the only one.
#[test]
fn long_axes_are_reduced_in_steps() {
    let operators: [(&str, i32, &'static [&'static str]); 8] = [
        ("REDUCE_MAX", I8, &["reduce_max"; 2]),
        ("REDUCE_MAX", INT32, &["reduce_max"; 2]),
        ("REDUCE_MIN", I16, &["reduce_min"; 2]),
        ("REDUCE_SUM", INT32, &["reduce_sum"; 2]),
        ("REDUCE_ALL", BOOL, &["reduce_min"; 2]),
        ("REDUCE_ANY", BOOL, &["reduce_max"; 2]),
        ("ARGMAX", I8, &["argmax", "argmax_chunks"]),
        ("ARGMAX", I16, &["argmax", "argmax_chunks"]),
    ];
    for (name, data_type, kernels) in operators {
        for (outer, size, inner) in [(1, 70_000, 1), (2, 4_097, 3)] {
            let axis = vec![(0, I32(1))];
            let (to, output): (_, &[i32]) = match name {
                "ARGMAX" => (INT32, &[outer, inner]),
                _ => (data_type, &[outer, 1, inner]),
            };
            // Of i8, 70,000 elements have every value often.
            let from = (data_type, &[outer, size, inner][..], bits(data_type));
            check(&case((name, axis), from, (to, output), kernels));
        }
    }
}

#[test]
fn large_windows_are_pooled_in_steps() {
    let steps: [(&str, i32, &'static [&'static str]); 4] = [
        ("MAX_POOL2D", I8, &["max_pool2d"; 2]),
        ("MAX_POOL2D", I16, &["max_pool2d"; 2]),
        ("AVG_POOL2D", I8, &["avg_pool2d_sums", "avg_pool2d"]),
        ("AVG_POOL2D", I16, &["avg_pool2d_sums", "avg_pool2d"]),
    ];
    // Sides of input and output, kernel, stride, padding.
    let windows = [
        ([257, 257], [1, 1], [257, 257], [1, 1], [0; 4]),
        ([5000, 3], [3, 3], [7001, 3], [2000, 1], [3000, 3001, 1, 1]),
        ([2, 8192], [2, 1], [2, 8192], [1, 1], [0, 1, 0, 0]),
    ];
    for (name, data_type, kernels) in steps {
        for ([height, width], [oy, ox], kernel, stride, pad) in windows {
            let mut attribute = vec![
                (0, Ints(kernel.to_vec())),
                (1, Ints(stride.to_vec())),
                (2, Ints(pad.to_vec())),
            ];
            if name == "AVG_POOL2D" {
                attribute.push((3, I32(INT32)));
            }
            let from = (data_type, &[1, height, width, 2][..], bits(data_type));
            let to = (data_type, &[1, oy, ox, 2][..]);
            check(&case((name, attribute), from, to, kernels));
        }
    }
}

/// 19,880 taps of one word: the packed kernel would take four rounds for each, more than llvmpipe makes.
#[test]
fn a_large_window_of_few_channels_takes_the_kernel_with_few_rounds() {
    let mut generator = Generator::new(Choices::new(7), "t", 0);
    let sides = [1, 140, 142, 4];
    let elements = sides.iter().product::<i32>() as usize;
    let x = generator.input(I8, &sides).name;
    let mut choices = Choices::new(9);
    let weights: Vec<i64> = (0..elements).map(|_| choices.element(8)).collect();
    let w = generator.constant(I8, &sides, &weights).name;
    let b = generator.constant(INT32, &[1], &[-5]).name;
    let zeros = [3, 0].map(|zero| generator.constant(I8, &[1], &[zero]).name);
    let attribute = vec![
        (0, Ints(vec![0; 4])),
        (1, Ints(vec![1; 2])),
        (2, Ints(vec![1; 2])),
        (4, I32(INT32)),
    ];
    let inputs = [&*x, &*w, &*b, &*zeros[0], &*zeros[1]];
    generator.operator("CONV2D", attribute, &inputs, INT32, &[1, 1, 1, 1]);
    let input = (0..elements).map(|_| choices.element(8) as u8);
    check(&Case {
        input: input.collect(),
        model: model(&generator.finish().file()),
        kernels: &["linear_i32"],
    });
}
