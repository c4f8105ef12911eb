//! Files that are small and ask for much.

use aivm_import::ImportError;

use crate::import_bounded;

/// A protobuf message that is being written.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Message {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn number(self, field: u64, value: i64) -> Message {
        self.varint(field << 3).varint(value as u64)
    }

    fn bytes(self, field: u64, bytes: &[u8]) -> Message {
        let mut message = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        message.0.extend_from_slice(bytes);
        message
    }

    fn text(self, field: u64, text: &str) -> Message {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, inner: &Message) -> Message {
        self.bytes(field, &inner.0)
    }
}

fn tensor(name: &str, kind: i64, dims: &[i64], raw: &[u8]) -> Message {
    let message = dims
        .iter()
        .fold(Message::default(), |message, &side| message.number(1, side));
    message.number(2, kind).text(8, name).bytes(9, raw)
}

fn value(name: &str, kind: i64, dims: &[i64]) -> Message {
    let shape = dims.iter().fold(Message::default(), |shape, &side| {
        shape.message(1, &Message::default().number(1, side))
    });
    let tensor = Message::default().number(1, kind).message(2, &shape);
    Message::default()
        .text(1, name)
        .message(2, &Message::default().message(1, &tensor))
}

fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[Message]) -> Message {
    let message = inputs
        .iter()
        .fold(Message::default(), |message, name| message.text(1, name));
    let message = outputs
        .iter()
        .fold(message, |message, name| message.text(2, name));
    let message = message.text(4, op);
    attributes
        .iter()
        .fold(message, |message, attribute| message.message(5, attribute))
}

fn ints(name: &str, list: &[i64]) -> Message {
    let message = Message::default().text(1, name).number(20, 7);
    list.iter()
        .fold(message, |message, &n| message.number(8, n))
}

fn number(name: &str, n: i64) -> Message {
    Message::default().text(1, name).number(3, n).number(20, 2)
}

const FLOAT: i64 = 1;
const INT8: i64 = 3;
const INT64: i64 = 7;

/// A constant list of integers.
fn list(name: &str, list: &[i64]) -> Message {
    let bytes: Vec<u8> = list.iter().flat_map(|n| n.to_le_bytes()).collect();
    tensor(name, INT64, &[list.len() as i64], &bytes)
}

/// A model of opset 17 with this graph.
fn model(graph: &Message) -> Vec<u8> {
    let opset = Message::default().text(1, "").number(2, 17);
    Message::default()
        .number(1, 8)
        .message(7, graph)
        .message(8, &opset)
        .0
}

/// A graph whose int8 input x has these sides, with scale s and zero point z for it.
fn graph(dims: &[i64]) -> Message {
    Message::default()
        .message(5, &tensor("s", FLOAT, &[], &1.0_f32.to_le_bytes()))
        .message(5, &tensor("z", INT8, &[], &[0]))
        .message(11, &value("x", INT8, dims))
        .message(1, &node("DequantizeLinear", &["x", "s", "z"], &["r"], &[]))
}

/// The graph with an output y that quantises the real tensor `from`.
fn quantised(graph: Message, from: &str) -> Vec<u8> {
    let graph = graph
        .message(1, &node("QuantizeLinear", &[from, "s", "z"], &["y"], &[]))
        .message(12, &value("y", INT8, &[]));
    model(&graph)
}

/// A model of one node from the real tensor r of these sides to q.
fn one(dims: &[i64], op: &str, attributes: &[Message]) -> Vec<u8> {
    quantised(
        graph(dims).message(1, &node(op, &["r"], &["q"], attributes)),
        "q",
    )
}

fn refusal(file: &[u8], part: &str) {
    let error = import_bounded(file).expect_err("it is refused").to_string();
    assert!(error.contains(part), "{error}");
    assert!(error.len() < 1 << 20);
}

#[test]
fn the_undamaged_graph_is_imported() {
    let file = quantised(
        graph(&[1, 4]).message(1, &node("Relu", &["r"], &["q"], &[])),
        "q",
    );
    let model = import_bounded(&file).expect("it is a model");
    assert_eq!(model.metadata.outputs[0].name, "y");
}

#[test]
fn external_data_is_refused() {
    let weight = tensor("w", INT8, &[4], &[]).number(14, 1);
    refusal(
        &quantised(graph(&[1, 4]).message(5, &weight), "r"),
        "another file",
    );
}

#[test]
fn functions_and_subgraphs_are_refused() {
    let mut file = model(&graph(&[1, 4]));
    file.extend_from_slice(&Message::default().bytes(25, b"f").0);
    refusal(&file, "functions");
    let branch = Message::default()
        .text(1, "then_branch")
        .bytes(6, &[0x0a; 40]);
    let graph = graph(&[1, 4]).message(1, &node("If", &["r"], &["q"], &[branch]));
    refusal(&quantised(graph, "q"), "subgraph");
}

#[test]
fn huge_sides_are_refused() {
    refusal(&quantised(graph(&[i64::MAX]), "r"), "side");
    refusal(&quantised(graph(&[1 << 30, 1 << 30]), "r"), "elements");
    let weight = tensor(
        "w",
        INT8,
        &[0, i64::from(i32::MAX), i64::from(i32::MAX)],
        &[],
    );
    refusal(&quantised(graph(&[1]).message(5, &weight), "r"), "elements");
    let weight = tensor("w", INT8, &[1 << 20], &[1]);
    refusal(
        &quantised(graph(&[1]).message(5, &weight), "r"),
        "bytes of data",
    );
}

#[test]
fn windows_that_would_need_large_constants_are_refused() {
    let attributes = [
        ints("kernel_shape", &[1024, 1024]),
        ints("pads", &[1023, 1023, 1023, 1023]),
        number("count_include_pad", 1),
    ];
    let graph =
        graph(&[1, 1024, 8, 8]).message(1, &node("AveragePool", &["r"], &["q"], &attributes));
    refusal(&quantised(graph, "q"), "bytes of constants");
}

#[test]
fn one_large_constant_read_by_many_nodes_is_refused() {
    let side = 1 << 20;
    let mut graph = graph(&[1, side])
        .message(5, &tensor("w", INT8, &[side, 1], &vec![1; side as usize]))
        .message(1, &node("DequantizeLinear", &["w", "s", "z"], &["v"], &[]));
    for index in 0..1000 {
        graph = graph.message(
            1,
            &node("MatMul", &["r", "v"], &[&format!("m{index}")], &[]),
        );
    }
    refusal(&quantised(graph, "m0"), "bytes of constants");
}

#[test]
fn one_long_list_read_by_many_nodes_is_refused() {
    let list = vec![1; 8 << 20];
    let mut graph = graph(&[1, 4]).message(5, &tensor("l", INT64, &[1 << 20], &list));
    for index in 0..10_000 {
        graph = graph.message(
            1,
            &node("Reshape", &["r", "l"], &[&format!("m{index}")], &[]),
        );
    }
    refusal(&quantised(graph, "m0"), "1048576 numbers");
}

#[test]
fn long_chains_stay_within_the_bound() {
    for op in ["Relu", "Sigmoid", "Identity", "Transpose", "Abs"] {
        let mut graph = graph(&[2, 3]);
        let mut last = "r".to_owned();
        for index in 0..16_000 {
            let next = format!("{index:0>500}");
            graph = graph.message(1, &node(op, &[&last], &[&next], &[]));
            last = next;
        }
        let result = import_bounded(&quantised(graph, &last));
        assert!(
            result.is_ok() || op == "Sigmoid" || op == "Abs",
            "{op}: {:?}",
            result.err()
        );
    }
}

#[test]
fn long_chains_of_operators_that_double_are_refused_or_bounded() {
    // Each Concat is twice as long as the one before.
    let mut graph = graph(&[1, 4]);
    let mut last = "r".to_owned();
    for index in 0..100 {
        let next = format!("m{index}");
        graph = graph.message(
            1,
            &node("Concat", &[&last, &last], &[&next], &[number("axis", 1)]),
        );
        last = next;
    }
    refusal(&quantised(graph, &last), "2^31");
}

#[test]
fn many_nodes_names_and_numbers_are_refused_or_bounded() {
    let mut many = graph(&[1, 4]);
    for _ in 0..20_000 {
        many = many.message(1, &node("Foo", &["r"], &[], &[]));
    }
    refusal(&quantised(many, "r"), "nodes");
    let long = "n".repeat(1 << 20);
    refusal(
        &quantised(
            graph(&[1, 4]).message(1, &node("Relu", &["r"], &[&long], &[])),
            "r",
        ),
        "a name of",
    );
    // A list of a million numbers, one byte each.
    let list = Message::default()
        .text(1, "pads")
        .bytes(8, &vec![1; 4 << 20]);
    let kernel = ints("kernel_shape", &[1, 1]);
    let graph =
        graph(&[1, 4, 8, 8]).message(1, &node("AveragePool", &["r"], &["q"], &[kernel, list]));
    refusal(&quantised(graph, "q"), "pads");
}

#[test]
fn deep_nesting_is_skipped() {
    // An unknown field inside an unknown field, many times.
    let mut inner = Vec::new();
    for _ in 0..20 {
        inner = Message::default().bytes(99, &inner).0;
    }
    let mut file = quantised(graph(&[1, 4]), "r");
    file.extend_from_slice(&Message::default().bytes(99, &inner).0);
    import_bounded(&file).expect("unknown fields are skipped");
    // Groups, which could nest without lengths, are no part of the format.
    file.extend_from_slice(&[0x3b; 100_000]);
    assert!(matches!(
        import_bounded(&file),
        Err(ImportError::File { .. })
    ));
}

#[test]
fn cycles_and_unknown_names_are_refused() {
    let graph = graph(&[1, 4])
        .message(1, &node("Relu", &["b"], &["a"], &[]))
        .message(1, &node("Relu", &["a"], &["b"], &[]));
    refusal(&quantised(graph, "b"), "which no node before it computes");
}

#[test]
fn axes_that_are_not_there_or_twice_are_refused() {
    let sides = [1, 4, 8, 8];
    let many = [2; 50];
    for axes in [&[1, 1][..], &[1, -3], &[9], &[i64::MIN], &many] {
        let file = one(&sides, "ReduceMean", &[ints("axes", axes)]);
        refusal(&file, "of a tensor of rank 4");
    }
    let slice = graph(&sides)
        .message(5, &list("starts", &[0, 1]))
        .message(5, &list("ends", &[4, 2]))
        .message(5, &list("axes", &[1, 1]))
        .message(
            1,
            &node("Slice", &["r", "starts", "ends", "axes"], &["q"], &[]),
        );
    refusal(&quantised(slice, "q"), "axes [1, 1] of rank 4");
}

#[test]
fn sums_that_leave_32_bits_are_refused() {
    let inputs = 1 << 18;
    let graph = graph(&[1, inputs])
        .message(
            5,
            &tensor("w", INT8, &[inputs, 1], &vec![127; inputs as usize]),
        )
        .message(1, &node("DequantizeLinear", &["w", "s", "z"], &["v"], &[]))
        .message(1, &node("MatMul", &["r", "v"], &["q"], &[]));
    refusal(&quantised(graph, "q"), "which leave 32 bits");
    let file = one(&[1, 1, 8192, 8192], "ReduceSum", &[]);
    refusal(&file, "which leave 32 bits");
}

#[test]
fn more_groups_than_a_list_holds_are_refused() {
    let weight = tensor("w", INT8, &[130, 2, 1, 1], &[1; 260]);
    let graph = graph(&[1, 130, 1, 1])
        .message(5, &weight)
        .message(1, &node("DequantizeLinear", &["w", "s", "z"], &["v"], &[]))
        .message(
            1,
            &node("Conv", &["r", "v"], &["q"], &[number("group", 65)]),
        );
    refusal(&quantised(graph, "q"), "at most 64 at a time");
}

#[test]
fn attributes_that_contradict_are_refused() {
    let sides = [1, 4, 8, 8];
    refusal(&one(&sides, "AveragePool", &[]), "no kernel_shape");
    // A number where a list belongs.
    let kernel = ints("kernel_shape", &[2, 2]);
    let file = one(&sides, "AveragePool", &[kernel, number("strides", 2)]);
    refusal(&file, "strides is []");
    let graph = graph(&sides)
        .message(5, &tensor("w", INT8, &[1, 4, 3, 3], &[1; 36]))
        .message(1, &node("DequantizeLinear", &["w", "s", "z"], &["v"], &[]))
        .message(
            1,
            &node(
                "Conv",
                &["r", "v"],
                &["q"],
                &[ints("kernel_shape", &[5, 5])],
            ),
        );
    refusal(&quantised(graph, "q"), "kernel_shape");
    let mode = Message::default().text(1, "mode").text(4, "FOO");
    let file = one(&sides, "DepthToSpace", &[number("blocksize", 2), mode]);
    refusal(&file, "DCR or CRD");
}

#[test]
fn constants_that_contradict_are_refused() {
    let both = tensor("w", INT8, &[1], &[1]).number(5, 1);
    refusal(
        &quantised(graph(&[1, 4]).message(5, &both), "r"),
        "keep one of them",
    );
    let zero_points = graph(&[1, 4])
        .message(5, &tensor("zz", INT8, &[2], &[0, 0]))
        .message(1, &node("DequantizeLinear", &["x", "s", "zz"], &["q"], &[]));
    refusal(&quantised(zero_points, "q"), "2 zero points");
    for number in [f32::NAN, f32::INFINITY] {
        let graph = graph(&[1, 4])
            .message(5, &tensor("c", FLOAT, &[], &number.to_le_bytes()))
            .message(1, &node("Add", &["r", "c"], &["q"], &[]));
        refusal(&quantised(graph, "q"), "not a finite number");
    }
}

#[test]
fn versions_before_broadcasting_are_refused() {
    let graph = graph(&[1, 4])
        .message(1, &node("QuantizeLinear", &["r", "s", "z"], &["y"], &[]))
        .message(12, &value("y", INT8, &[]));
    let none = Message::default().number(1, 8).message(7, &graph);
    refusal(&none.0, "version 0 of ONNX's operators");
    let old = Message::default().text(1, "").number(2, 6);
    refusal(&none.message(8, &old).0, "version 6 of ONNX's operators");
}
