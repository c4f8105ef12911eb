#!/usr/bin/env python3
"""The int8 matrix products of docs/performance.md beside onnxruntime's MatMulInteger, in one run.

Needs `pip install onnxruntime onnx numpy` and cargo. One thread; the weights are constants, packed before the
first run on both sides. The programs take turns, so that a noisy machine is noisy for all; each figure is the
smallest time of the thread that computes, over all rounds.

    python benches/peers/gemm.py [--rounds 7] [--shapes gemm/1024x1024x1024 ...]
"""

import argparse
import subprocess
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

SHAPES = ["gemm/1024x1024x1024", "gemm/256x256x256", "gemv/1024x1024", "gemv/4096x4096"]
BENCH = ["cargo", "bench", "-q", "-p", "aivm-cpu", "--bench", "linear_minima", "--"]


def sides(shape):
    """Rows, depth and columns of a shape's name."""
    numbers = [int(side) for side in shape.split("/")[1].split("x")]
    return numbers if len(numbers) == 3 else [1, *numbers]


def peer(shape, left):
    """A call of onnxruntime's product of a run-time `left` type with constant s8."""
    rows, depth, columns = sides(shape)
    random = np.random.default_rng(1)
    weights = random.integers(-128, 128, (depth, columns), dtype=np.int8)
    node = helper.make_node("MatMulInteger", ["a", "b"], ["c"])
    kind = TensorProto.UINT8 if left is np.uint8 else TensorProto.INT8
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("a", kind, [rows, depth])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [rows, columns])],
        [onnx.numpy_helper.from_array(weights, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    limits = np.iinfo(left)
    values = random.integers(limits.min, limits.max + 1, (rows, depth), dtype=left)
    return lambda: session.run(None, {"a": values})


def shortest(call, seconds=0.5):
    """The shortest of the runs of `call` over some time, in nanoseconds of this thread."""
    best = float("inf")
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end or rounds < 5:
        begun = time.thread_time_ns()
        call()
        best = min(best, time.thread_time_ns() - begun)
        rounds += 1
    return best


def ours(shape):
    """The shortest run of ours on one thread, in nanoseconds of that thread."""
    output = subprocess.run([*BENCH, shape], check=True, capture_output=True, text=True).stdout
    line = next(line for line in output.splitlines() if line.startswith(f"{shape} "))
    return float(line.split()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--shapes", nargs="+", default=SHAPES)
    options = parser.parse_args()
    print("| shape | ours µs | onnxruntime u8 × s8 µs | onnxruntime s8 × s8 µs | ours ÷ u8 × s8 | of its rate |")
    print("|---|---|---|---|---|---|")
    for shape in options.shapes:
        peers = {"u8": peer(shape, np.uint8), "s8": peer(shape, np.int8)}
        best = {}
        for _ in range(options.rounds):
            figures = {"ours": ours(shape)} | {who: shortest(call) for who, call in peers.items()}
            for who, figure in figures.items():
                best[who] = min(figure, best.get(who, figure))
        shown = " | ".join(f"{best[who] / 1000:.1f}" for who in ("ours", "u8", "s8"))
        ratio = best["ours"] / best["u8"]
        print(f"| {shape} | {shown} | {ratio:.2f} | {100 / ratio:.0f} % |", flush=True)


if __name__ == "__main__":
    main()
