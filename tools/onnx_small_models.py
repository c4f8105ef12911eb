#!/usr/bin/env python3
"""Writes the two small quantised models of the importer's tests, with inputs and onnxruntime's outputs.

Usage:  pip install onnxruntime numpy onnx==1.18.0
        python tools/onnx_small_models.py kernels/import/tests/goldens

One float graph with most of the operators that are lowered, quantised by onnxruntime in QDQ and in QOperator form with
random calibration data. small_FORM.input holds 16 inputs and small_FORM.output the outputs, as int8 is stored in TOSA,
from onnxruntime without graph optimisations. small_qdq.halves_up.output is the same where averages that are halves
exactly are rounded up, as TOSA does, and not to even.
"""

import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

CASES = 16
SHAPE = (1, 4, 12, 11)


def graph():
    rng = np.random.default_rng(5)
    constants = []

    def constant(name, *shape, scale=0.4):
        values = (rng.standard_normal(shape) * scale).astype(np.float32)
        constants.append(numpy_helper.from_array(values, name))
        return name

    def ints(name, values):
        constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    node = helper.make_node
    nodes = [
        # Strides that do not divide, padding on one side, a bias.
        node("Conv", ["x", constant("w0", 8, 4, 3, 3), constant("b0", 8)], ["c0"], strides=[2, 2], pads=[0, 1, 1, 0]),
        node("Relu", ["c0"], ["r0"]),
        node("Conv", ["r0", constant("w1", 8, 1, 3, 3), constant("b1", 8)], ["c1"], group=8, pads=[1, 1, 1, 1]),
        node("Clip", ["c1", "zero", "six"], ["r1"]),
        node("Conv", ["r1", constant("w2", 8, 4, 1, 1)], ["c2"], group=2),
        node("Sigmoid", ["c2"], ["s2"]),
        node("Mul", ["c2", "s2"], ["m2"]),
        node("Add", ["m2", "r0"], ["a2"]),
        node("MaxPool", ["a2"], ["p3"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("AveragePool", ["a2"], ["p4"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("Concat", ["p3", "p4"], ["k5"], axis=1),
        node("Transpose", ["k5"], ["t6"], perm=[0, 2, 3, 1]),
        node("Reshape", ["t6", ints("shape", [1, -1, 16])], ["f6"]),
        node("MatMul", ["f6", constant("w7", 16, 6)], ["d7"]),
        node("LeakyRelu", ["d7"], ["l7"], alpha=0.1),
        node("Flatten", ["l7"], ["f8"]),
        node("Gemm", ["f8", constant("w8", 5, 54, scale=0.2), constant("b8", 5)], ["y"], transB=1),
    ]
    constants.append(numpy_helper.from_array(np.array(0, np.float32), "zero"))
    constants.append(numpy_helper.from_array(np.array(6, np.float32), "six"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 5))
    made = helper.make_graph(nodes, "small", [x], [y], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


class Samples(CalibrationDataReader):
    def __init__(self):
        rng = np.random.default_rng(6)
        self.samples = iter(rng.standard_normal((64, *SHAPE)).astype(np.float32))

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {"x": sample}


def border(model, op):
    """Scale, zero point and shift to int8 of the quantisation at a border."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    names = {value.name for value in (model.graph.input if op == "QuantizeLinear" else model.graph.output)}
    for node in model.graph.node:
        if node.op_type == op and (node.input[0] if op == "QuantizeLinear" else node.output[0]) in names:
            zero_point = constants[node.input[2]]
            return np.float32(constants[node.input[1]]), int(zero_point), 128 if zero_point.dtype == np.uint8 else 0
    raise SystemExit(f"no {op} at the border")


def unoptimised(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def halves_up(model, real):
    """The outputs of the QDQ model with its 2×2 averages, which keep scale and zero point, rounded half up."""
    before, after = "a2_QuantizeLinear_Output", "p4_QuantizeLinear_Output"
    zero_point = int(next(numpy_helper.to_array(t) for t in model.graph.initializer if t.name == "a2_zero_point"))
    head, tail = onnx.ModelProto(), onnx.ModelProto()
    head.CopyFrom(model)
    head.graph.output.append(onnx.ValueInfoProto(name=before))
    tail.CopyFrom(model)
    nodes = [node for node in model.graph.node if node.output[0] not in ("p4", after)]
    del tail.graph.node[:]
    tail.graph.node.extend(nodes)
    tail.graph.input.append(helper.make_tensor_value_info(after, TensorProto.INT8, (1, 8, 3, 3)))
    head, tail = unoptimised(head), unoptimised(tail)
    outputs = []
    for x in real:
        stored = head.run([before], {"x": x})[0].astype(np.int64)
        averages = np.zeros((1, 8, 3, 3), np.int8)
        for y, column in np.ndindex(3, 3):
            # The last window of a row is not filled: 5 columns.
            window = stored[:, :, 2 * y : 2 * y + 2, 2 * column : 2 * column + 2] - zero_point
            places = window.shape[2] * window.shape[3]
            averages[:, :, y, column] = (2 * window.sum(axis=(2, 3)) + places) // (2 * places) + zero_point
        outputs.append(tail.run(None, {"x": x, after: averages})[0])
    return np.stack(outputs)


def main():
    out = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "small.onnx"
        onnx.save(graph(), source)
        for name, form, activation in (
            ("small_qdq", QuantFormat.QDQ, QuantType.QInt8),
            ("small_qop", QuantFormat.QOperator, QuantType.QUInt8),
        ):
            path = out / f"{name}.onnx"
            quantize_static(source, path, Samples(), quant_format=form, per_channel=True, activation_type=activation,
                            weight_type=QuantType.QInt8, reduce_range=True)
            model = onnx.load(path)
            model.ClearField("producer_version")
            onnx.save(model, path)
            scale, zero_point, shift = border(model, "QuantizeLinear")
            rng = np.random.default_rng(7)
            stored = rng.integers(-128, 128, (CASES, *SHAPE))
            session = unoptimised(model)
            real = ((stored + shift - zero_point) * scale).astype(np.float32)
            outputs = {name: np.stack([session.run(None, {"x": x})[0] for x in real])}
            if form == QuantFormat.QDQ:
                outputs[f"{name}.halves_up"] = halves_up(model, real)
            scale, zero_point, shift = border(model, "DequantizeLinear")
            stored.astype(np.int8).tofile(out / f"{name}.input")
            for file, y in outputs.items():
                steps = np.rint(y / scale).astype(np.int32) + zero_point - shift
                steps.astype(np.int8).tofile(out / f"{file}.output")
            print(name, len(path.read_bytes()), sorted({node.op_type for node in model.graph.node}))


if __name__ == "__main__":
    main()
