#!/usr/bin/env python3
"""Runs ONNX's own node tests through the importer and the reference, and writes docs/onnx-conformance.md.

Usage:  pip install numpy onnx==1.18.0
        cargo build --release
        python tools/onnx_node_tests.py target/release/aivm docs/onnx-conformance.md

Taken: the tests of quantised operators, and those whose tensors are all integers or booleans. Scales, zero points, weights
of convolutions, shapes and axes come as inputs in these tests; here they are made constants with the test's values,
because an integer graph fixes them at import. Outputs must be equal element for element.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

QUANTISED = {
    "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger", "DynamicQuantizeLinear", "QuantizeLinear",
    "DequantizeLinear",
}
INTEGERS = {
    TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT16, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.BOOL, TensorProto.UINT32, TensorProto.UINT64, TensorProto.INT4, TensorProto.UINT4,
}
# Inputs by position that stay inputs; the others become constants. The default is all.
DATA = {
    "QLinearConv": [0], "ConvInteger": [0], "QLinearMatMul": [0, 3], "MatMulInteger": [0, 1], "QuantizeLinear": [0],
    "DequantizeLinear": [0], "Reshape": [0], "Slice": [0], "Squeeze": [0], "Unsqueeze": [0], "Expand": [0], "Tile": [0],
    "Pad": [0], "Clip": [0], "Split": [0], "ReduceSum": [0], "ReduceMax": [0], "ReduceMin": [0], "Shape": [0],
    "Size": [0],
}
# Tests whose expected outputs wrap where the operator's text says that they saturate: -236 is stored as 20.
WRONG_DATA = {"test_qlinearmatmul_2D_int8_float32", "test_qlinearmatmul_3D_int8_float32"}


def tensors(folder, kind):
    files = sorted(folder.glob(f"{kind}_*.pb"), key=lambda file: int(file.stem.split("_")[1]))
    return [onnx.load_tensor(file) for file in files]


def is_taken(model):
    ops = {node.op_type for node in model.graph.node}
    if ops & QUANTISED:
        return "quantised"
    kinds = set()
    for value in [*model.graph.input, *model.graph.output]:
        if not value.type.HasField("tensor_type"):
            return None
        kinds.add(value.type.tensor_type.elem_type)
    kinds |= {tensor.data_type for tensor in model.graph.initializer}
    return "integer" if kinds <= INTEGERS else None


def bound(model, inputs):
    """The model with everything but data made constant; the data that are left, by name."""
    node = model.graph.node[0]
    data = DATA.get(node.op_type)
    left = {}
    # Names of left-out optional inputs are empty, and have no file.
    for value, tensor in zip(list(model.graph.input), inputs):
        places = [place for place, name in enumerate(node.input) if name == value.name]
        if len(model.graph.node) == 1 and data is not None and places and places[0] not in data:
            tensor.name = value.name
            model.graph.initializer.append(tensor)
            model.graph.input.remove(value)
        else:
            left[value.name] = tensor
    return left


def stored(array):
    """A tensor as it is stored in TOSA."""
    if array.dtype == np.uint8:
        return (array.astype(np.int16) - 128).astype(np.int8)
    return array


def run(aivm, folder, inputs, outputs):
    """None if all outputs are equal, else what is wrong. Raises CalledProcessError if the import refuses."""
    test = pathlib.Path(folder)
    subprocess.run([aivm, "model", "import", test / "m.onnx", "--output", test / "m.tosa"], check=True,
                   capture_output=True, text=True)
    metadata = json.loads((test / "m.tosa.json").read_text())
    command = [aivm, "infer", test / "m.tosa", "--backend", "reference"]
    real = any(tensor.data_type == TensorProto.FLOAT for tensor in [*inputs.values(), *outputs.values()])
    if real:
        command.append("--real")
    for border in metadata["inputs"]:
        array = numpy_helper.to_array(inputs[border["name"]])
        np.save(test / f"{border['name']}.npy", array.astype(np.float32) if real else stored(array))
        command += ["--input", f"{border['name']}={test / border['name']}.npy"]
    for border in metadata["outputs"]:
        command += ["--output", f"{border['name']}={test / border['name']}.out.npy"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    for border in metadata["outputs"]:
        ours = np.load(test / f"{border['name']}.out.npy")
        theirs = numpy_helper.to_array(outputs[border["name"]])
        wanted = theirs.astype(np.float32) if real else stored(theirs)
        if ours.shape != wanted.shape or not np.array_equal(ours.astype(np.float64), wanted.astype(np.float64)):
            differs = int((ours != wanted).sum()) if ours.shape == wanted.shape else -1
            return f"differs in {differs} of {wanted.size} elements"
    return None


def reason(text):
    """The part of an error that says why."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    line = lines[-1] if lines else "no reason"
    return line.split("): ", 1)[-1].removeprefix("error: ").split(";")[0]


def main():
    aivm, page = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    root = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "node"
    rows = collections.defaultdict(list)
    for folder in sorted(root.iterdir()):
        model = onnx.load(folder / "model.onnx")
        kind = is_taken(model)
        if kind is None:
            continue
        data = folder / "test_data_set_0"
        inputs, outputs = tensors(data, "input"), tensors(data, "output")
        try:
            left = bound(model, inputs)
            results = {value.name: tensor for value, tensor in zip(model.graph.output, outputs)}
            with tempfile.TemporaryDirectory() as scratch:
                onnx.save(model, pathlib.Path(scratch) / "m.onnx")
                wrong = run(aivm, scratch, left, results)
            outcome = ("passes", "") if wrong is None else ("FAILS", wrong)
            if wrong and folder.name in WRONG_DATA:
                outcome = ("out of scope", "the expected outputs wrap where QLinearMatMul saturates; " + wrong)
        except subprocess.CalledProcessError as error:
            outcome = ("out of scope", reason(error.stderr.replace(f"{scratch}/m.onnx: ", "")))
        rows[kind].append((folder.name, model.graph.node[0].op_type, *outcome))
    write(page, rows)
    failed = [row for kind in rows.values() for row in kind if row[2] == "FAILS"]
    for row in failed:
        print(*row)
    sys.exit(1 if failed else 0)


def write(page, rows):
    lines = [
        "# ONNX's node tests",
        "",
        f"The node tests that onnx {onnx.__version__} ships as files: those of quantised operators, and those whose tensors are all",
        "integers or booleans. Each is imported (`aivm model import`), run on the reference back end, and compared element for",
        "element. Scales, zero points, weights of convolutions, shapes and axes, which these tests pass as inputs, are made constants",
        "with the test's values: an integer graph fixes them at import. Written by `tools/onnx_node_tests.py`.",
        "",
        "| tests | pass | out of scope | fail |",
        "|---|---|---|---|",
    ]
    names = {"quantised": "quantised operators", "integer": "integers only"}
    for kind in ("quantised", "integer"):
        counts = collections.Counter(row[2] for row in rows[kind])
        lines.append(f"| {names[kind]}: {len(rows[kind])} | {counts['passes']} | {counts['out of scope']} | {counts['FAILS']} |")
    for kind in ("quantised", "integer"):
        lines += ["", f"## {names[kind].capitalize()}", "", "| test | operator | result | why |", "|---|---|---|---|"]
        lines += [f"| {name} | {op} | {outcome} | {why.replace('|', '/')} |" for name, op, outcome, why in rows[kind]]
    page.write_text("\n".join(lines) + "\n")
    for line in lines[7:11]:
        print(line)


if __name__ == "__main__":
    main()
