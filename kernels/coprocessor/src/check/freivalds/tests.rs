use std::collections::BTreeMap;
use std::sync::Arc;

use aivm_cases::Choices;
use aivm_cases::model::{I8, I16, I32, I48, INT32, Ints, Model};
use aivm_tosa::{ModelLimits, NodeId, PriceTable, Priced, bytes};

use super::super::secret::residues;
use super::*;

/// A linear operator with an input of all values, and what the reference computes.
struct Case {
    sums: Sums,
    weight: Vec<i64>,
    bias: Option<Vec<i64>>,
    input: Vec<i64>,
    right: Vec<i64>,
}

fn bytes_of(seed: u64, count: i32) -> Vec<u8> {
    let values = Choices::new(seed).elements(8, count as usize);
    values.iter().map(|value| *value as u8).collect()
}

impl Case {
    /// The case of a model whose one node reads `x` and constants, or `x` and the input `b`.
    fn new(model: &Model) -> Case {
        let model = aivm_tosa::load(&model.file(), &ModelLimits::TOOL, &PriceTable::V1);
        let model: Priced = model.expect("the model is valid");
        let (graph, node) = (model.graph(), &model.graph().nodes()[0]);
        let input = aivm_cases::input(&model, &mut Choices::new(5));
        let (mut known, mut rest) = (BTreeMap::new(), &input[..]);
        for &id in graph.inputs() {
            let tensor = graph.tensor(id);
            let (own, behind) = rest.split_at(tensor.bytes() as usize);
            rest = behind;
            known.insert(id, Arc::new(bytes::decode(tensor.data_type, own)));
        }
        aivm_reference::recompute(graph, &[NodeId(0)], &mut known);
        let value = |id: &TensorId| match &graph.tensor(*id).constant {
            Some(constant) => bytes::decode(graph.tensor(*id).data_type, constant),
            None => known[id].to_vec(),
        };
        Case {
            sums: Sums::of(graph, node).expect("a linear operator"),
            weight: value(&node.inputs[1]),
            bias: node.inputs.get(2).map(value),
            input: value(&node.inputs[0]),
            right: value(&node.outputs[0]),
        }
    }

    fn check(&self, sums: &[i64]) -> Result<(), usize> {
        let random = residues(self.sums.output_channels).expect("randomness");
        let folded = self.sums.fold(random, &self.weight, self.bias.as_deref());
        self.sums.check(&folded, &self.input, sums)
    }
}

fn convolution(name: &str, weight: &[i32], output: &[i32], bias: i32, wide: bool) -> Case {
    let (kind, sum) = if wide { (I16, I48) } else { (I8, INT32) };
    let count = weight.iter().product();
    let biases: Vec<u8> = match wide {
        true => (0..bias).flat_map(|b| [b as u8, 7, 0, 0, 0, 0]).collect(),
        false => (0..bias)
            .flat_map(|b| (b * 1000 - 700).to_le_bytes())
            .collect(),
    };
    let zero_point = if wide { vec![0; 2] } else { vec![11] };
    let weight_zero_point = if wide { 0 } else { 249 };
    let model = Model::default()
        .input("x", kind, &[2, 9, 8, 3])
        .constant("w", I8, weight, &bytes_of(3, count))
        .constant("b", sum, &[bias], &biases)
        .constant("zx", kind, &[1], &zero_point)
        .constant("zw", I8, &[1], &[weight_zero_point])
        .output("y", sum, output)
        .operator(
            name,
            vec![
                (0, Ints(vec![1, 0, 2, 1])),
                (1, Ints(vec![2, 1])),
                (2, Ints(vec![1, 2])),
                (4, I32(sum)),
            ],
            &["x", "w", "b", "zx", "zw"],
            &["y"],
        );
    Case::new(&model)
}

fn product() -> Case {
    let model = Model::default()
        .input("x", I8, &[2, 4, 9])
        .input("b", I8, &[2, 9, 5])
        .constant("za", I8, &[1], &[3])
        .constant("zb", I8, &[1], &[250])
        .output("y", INT32, &[2, 4, 5])
        .operator("MATMUL", vec![], &["x", "b", "za", "zb"], &["y"]);
    Case::new(&model)
}

/// Windows of 2 × 3 taps over 9 × 8 places, with every kind of step and padding: 5 × 7 places.
fn cases() -> Vec<Case> {
    let mut cases = vec![product()];
    for wide in [false, true] {
        for bias in [1, 6] {
            let (weight, output) = ([6, 2, 3, 3], [2, 5, 7, 6]);
            cases.push(convolution("CONV2D", &weight, &output, bias, wide));
            let weight = [2, 3, 3, 2];
            cases.push(convolution(
                "DEPTHWISE_CONV2D",
                &weight,
                &output,
                bias,
                wide,
            ));
        }
    }
    cases
}

#[test]
fn right_sums_pass() {
    for case in cases() {
        for _ in 0..8 {
            assert_eq!(case.check(&case.right), Ok(()));
        }
    }
}

#[test]
fn one_wrong_bit_in_any_sum_is_found_where_it_is() {
    for case in cases() {
        for place in 0..case.right.len() {
            let mut wrong = case.right.clone();
            wrong[place] ^= 1 << (place % 32);
            assert_eq!(case.check(&wrong), Err(place / case.sums.output_channels));
        }
    }
}

/// What a plain sum of a position's sums would not find.
#[test]
fn errors_that_cancel_out_are_found() {
    for case in cases() {
        let channels = case.sums.output_channels;
        let mut wrong = case.right.clone();
        (wrong[0], wrong[1]) = (wrong[0] + 77, wrong[1] - 77);
        assert_eq!(case.check(&wrong), Err(0));
        let mut swapped = case.right.clone();
        let other = (0..channels).find(|&channel| swapped[channel] != swapped[0]);
        if let Some(other) = other {
            swapped.swap(0, other);
            assert_eq!(case.check(&swapped), Err(0));
        }
    }
}

#[test]
fn sums_of_another_input_are_found() {
    for case in cases() {
        let wrong = Case {
            input: case.input.iter().map(|x| x ^ 1).collect(),
            right: case.right.clone(),
            bias: case.bias.clone(),
            weight: case.weight.clone(),
            sums: case.sums,
        };
        assert!(wrong.check(&wrong.right).is_err());
    }
}
