#!/usr/bin/env python3
"""Writes onnxruntime's answers on the digits and on random images, for the importer's tests.

Usage:  pip install onnxruntime numpy
        python tools/onnx_goldens.py SHARED/models kernels/import/tests/goldens

For each MNIST model NAME.classes: the class of each of the 1,000 digits, a byte each, from onnxruntime as users run it.
Its default kernels multiply unsigned by signed bytes in pairs that saturate at 16 bits on CPUs without VNNI, so for
models in QDQ form NAME.exact.classes holds the answers without graph optimisations, node by node in float. For each
CIFAR model, the latter way,
NAME.output (onnxruntime's outputs for 32 random images, quantised by the model's last scale, as int8 is stored in TOSA);
the images, quantised and stored likewise, are resnet8_cifar.input.
The committed files were made by onnxruntime 1.32.0 on a CPU with AVX2 and without VNNI.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

IMAGES = 32


def session(path, optimised=False):
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def border(model, op):
    """Scale, zero point and its shift to int8, of the first QuantizeLinear of the input or the last DequantizeLinear."""
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    names = {value.name for value in (model.graph.input if op == "QuantizeLinear" else model.graph.output)}
    for node in model.graph.node:
        ends = node.input[0] if op == "QuantizeLinear" else node.output[0]
        if node.op_type == op and ends in names:
            zero_point = constants[node.input[2]]
            return float(constants[node.input[1]]), int(zero_point), 128 if zero_point.dtype == np.uint8 else 0
    raise SystemExit(f"no {op} at the border")


def digits(folder, name, optimised):
    images = np.fromfile(folder / "mnist" / "t10k-first1000-images-idx3-ubyte", np.uint8)[16:]
    x = images.reshape(-1, 1, 28, 28).astype(np.float32) / np.float32(255)
    run = session(folder / "onnx" / f"{name}.onnx", optimised)
    return run.run(None, {"x": x})[0].argmax(axis=1).astype(np.uint8)


def images(folder, name, seed):
    path = folder / "onnx" / f"{name}.onnx"
    model = onnx.load(path)
    scale, zero_point, shift = border(model, "QuantizeLinear")
    # Half noise, half smooth pictures: noise alone gives every image one class.
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (IMAGES, 3, 4, 4)).repeat(8, axis=2).repeat(8, axis=3)
    noise = rng.integers(0, 256, (IMAGES, 3, 32, 32))
    stored = np.where(np.arange(IMAGES).reshape(-1, 1, 1, 1) % 2 == 0, coarse, noise) - 128
    x = ((stored + shift - zero_point) * np.float32(scale)).astype(np.float32)
    y = session(path).run(None, {"x": x})[0]
    scale, zero_point, shift = border(model, "DequantizeLinear")
    steps = np.rint(y / np.float32(scale)).astype(np.int32) + zero_point - shift
    assert steps.min() >= -128 and steps.max() <= 127
    return stored.astype(np.int8), steps.astype(np.int8)


def main():
    folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for kind in ("qdq_s8s8_pc", "qdq_u8s8_pc", "qop_u8s8_pc"):
        name = f"mnist_cnn_{kind}"
        digits(folder, name, True).tofile(out / f"{name}.classes")
        if "qdq" in name:
            digits(folder, name, False).tofile(out / f"{name}.exact.classes")
    for kind in ("qdq_s8s8_pc", "qdq_u8s8_pc"):
        name = f"resnet8_cifar_{kind}"
        inputs, outputs = images(folder, name, 3)
        inputs.tofile(out / "resnet8_cifar.input")
        outputs.tofile(out / f"{name}.output")
    print("onnxruntime", onnxruntime.__version__)


if __name__ == "__main__":
    main()
