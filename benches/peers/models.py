#!/usr/bin/env python3
"""Latency of models beside LiteRT and onnxruntime, in one run: the ratios of docs/performance.md.

Needs `pip install ai-edge-litert onnxruntime numpy`, a release build of `aivm`, and the folder of models
(AIVM_SHARED, else ../shared). Batch 1. The programs take turns, so that a noisy machine is noisy for all;
each figure is the smallest median over the rounds.

    python benches/peers/models.py [--aivm target/release/aivm] [--rounds 7] [--threads 1 2]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

import numpy as np

# Model, its .tflite for LiteRT, and an ONNX file of the same network for onnxruntime where there is one (the
# weights of resnet8 differ: it was trained anew; the shapes are the same).
MODELS = [
    ("resnet8", "resnet8.tflite", "onnx/resnet8_cifar_qdq_u8s8_pc.onnx"),
    ("kws_dscnn", "kws_dscnn.tflite", None),
    ("ad01", "ad01.tflite", None),
    ("mnist_cnn", "mnist_cnn.tflite", "onnx/mnist_cnn_qdq_u8s8_pc.onnx"),
]


def timed(call, seconds=0.4):
    """Median of the latencies of `call` in nanoseconds, over some time after a warm-up."""
    for _ in range(20):
        call()
    samples = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - begun)
    return statistics.median(samples)


def litert(path, threads):
    """A call of LiteRT's default kernels (XNNPACK)."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    values = np.random.default_rng(1).integers(-128, 128, detail["shape"], dtype=np.int8)
    interpreter.set_tensor(detail["index"], values)
    return interpreter.invoke


def onnxruntime(path, threads):
    """A call of onnxruntime on the CPU."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {}
    for tensor in session.get_inputs():
        shape = [side if isinstance(side, int) else 1 for side in tensor.shape]
        feed[tensor.name] = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    return lambda: session.run(None, feed)


def aivm(program, path, threads):
    """The median of a run of `aivm model bench`, in nanoseconds."""
    command = [program, "model", "bench", path, "--backend", "cpu", "--threads", threads, "--json"]
    output = subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return json.loads(output.stdout)["latency"]["median_ns"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aivm", default="target/release/aivm")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    models = pathlib.Path(os.environ.get("AIVM_SHARED", "../shared")) / "models"
    print("| model | threads | aivm cpu µs | LiteRT µs | onnxruntime µs | aivm / faster peer |")
    print("|---|---|---|---|---|---|")
    for name, tflite, onnx in MODELS:
        for threads in options.threads:
            peers = {"litert": litert(models / tflite, threads)}
            if onnx:
                peers["onnxruntime"] = onnxruntime(models / onnx, threads)
            best = {}
            for _ in range(options.rounds):
                figures = {peer: timed(call) for peer, call in peers.items()}
                figures["aivm"] = aivm(options.aivm, models / f"{name}.tosa", threads)
                for who, figure in figures.items():
                    best[who] = min(figure, best.get(who, figure))
            faster = min(figure for who, figure in best.items() if who != "aivm")
            shown = [f"{best[who] / 1000:.1f}" if who in best else "" for who in ("aivm", "litert", "onnxruntime")]
            print(f"| {name} | {threads} | {' | '.join(shown)} | {best['aivm'] / faster:.2f} |", flush=True)


if __name__ == "__main__":
    main()
