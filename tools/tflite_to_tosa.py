#!/usr/bin/env python3
"""Turns a .tflite file into a .tosa file with Arm's converter, and checks the result.

Usage:  pip install tosa-tools==2026.8.0 tosa-converter-for-tflite==2026.2.0 ai-edge-litert
        python tools/tflite_to_tosa.py MODEL.tflite OUT.tosa [--batch N] [--cases N]

The steps: convert to TOSA MLIR text; fix a dynamic batch; serialise as version 1.0 without locations, which would hold
folder names; run the TOSA reference model. If ai-edge-litert is installed, LiteRT's reference kernels run on the same
random inputs and the largest difference is printed (layers that LiteRT rounds once and TOSA twice may differ by one
level each; LiteRT's default kernels differ by far more and are not used). Exit code 1 if a step fails or the difference
is above --tolerance.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile

import numpy as np

SCRIPTS = pathlib.Path(sysconfig.get_path("scripts"))
SCHEMA = pathlib.Path(sysconfig.get_path("purelib")) / "bin" / "tosa.fbs"


def convert(model, batch, folder):
    """The .tosa file of a .tflite file, and the MLIR text it came from."""
    text = folder / "model.mlir"
    subprocess.check_call([SCRIPTS / "tosa-converter-for-tflite", model, "--text", "-o", text])
    mlir = text.read_text()
    # A dynamic batch is a question mark in types and -1 in shapes.
    mlir = mlir.replace("tensor<?x", f"tensor<{batch}x").replace("dense<[-1, ", f"dense<[{batch}, ")
    mlir = re.sub(r"^#loc.*\n", "", mlir, flags=re.MULTILINE)
    mlir = re.sub(r" loc\((?:[^()]|\([^()]*\))*\)", "", mlir)
    text.write_text(mlir)
    out = folder / "model.tosa"
    subprocess.check_call([
        SCRIPTS / "tosa-opt", text, "--tosa-attach-target=specification_version=1.0", "--tosa-serialize",
        f"--tosa-flatbuffer-filename={out}", f"--tosa-flatbuffer-schema={SCHEMA}", "-o", "/dev/null",
    ])
    return out


def graph(tosa, folder):
    """The graph as JSON, by flatc."""
    flatc = SCHEMA.parent / "flatc"
    subprocess.check_call([flatc, "-o", folder, "--json", "--raw-binary", "--strict-json", SCHEMA, "--", tosa])
    return json.loads(tosa.with_suffix(".json").read_text())["regions"][0]["blocks"][0]


def run_reference(tosa, block, inputs, folder):
    """The outputs of the TOSA reference model."""
    outputs = [folder / f"out{index}.npy" for index in range(len(block["outputs"]))]
    files = []
    for index, value in enumerate(inputs):
        files.append(folder / f"in{index}.npy")
        np.save(files[-1], value)
    description = {
        "tosa_file": str(tosa),
        "ifm_name": block["inputs"],
        "ifm_file": [str(file) for file in files],
        "ofm_name": block["outputs"],
        "ofm_file": [str(file) for file in outputs],
        "expected_failure": False,
    }
    (folder / "desc.json").write_text(json.dumps(description))
    subprocess.check_call([
        SCRIPTS / "tosa_reference_model", f"--test_desc={folder / 'desc.json'}", f"--operator_fbs={SCHEMA}",
    ], cwd=folder)
    return [np.load(file) for file in outputs]


def litert(model, batch):
    """A function from inputs to outputs on LiteRT's reference kernels; None if LiteRT is not installed."""
    try:
        from ai_edge_litert import interpreter as lite
    except ImportError:
        return None
    interpreter = lite.Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=lite.OpResolverType.BUILTIN_REF,
    )
    for detail in interpreter.get_input_details():
        shape = [batch if side < 0 else side for side in detail["shape_signature"]]
        interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()

    def run(inputs):
        for detail, value in zip(interpreter.get_input_details(), inputs):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]

    return run


def random_inputs(block, rng):
    """Random values for each input of the graph."""
    tensors = {tensor["name"]: tensor for tensor in block["tensors"]}
    kinds = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32}
    values = []
    for name in block["inputs"]:
        tensor = tensors[name]
        if tensor["type"] not in kinds:
            raise SystemExit(f"input {name} is {tensor['type']}: quantise inputs and outputs to int8 as well")
        kind = kinds[tensor["type"]]
        low, high = (-1000, 1000) if kind == np.int32 else (np.iinfo(kind).min, np.iinfo(kind).max)
        values.append(rng.integers(low, high + 1, tensor["shape"]).astype(kind))
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=1, help="what replaces a dynamic batch")
    parser.add_argument("--cases", type=int, default=5, help="random inputs of the check")
    parser.add_argument("--tolerance", type=int, default=2, help="largest difference from LiteRT's reference kernels")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tosa = convert(arguments.model.resolve(), arguments.batch, folder)
        block = graph(tosa, folder)
        compare = litert(arguments.model, arguments.batch)
        rng = np.random.default_rng(1)
        worst = 0
        for _ in range(arguments.cases):
            inputs = random_inputs(block, rng)
            ours = run_reference(tosa, block, inputs, folder)
            if compare is None:
                continue
            for a, b in zip(ours, compare(inputs)):
                # LiteRT may give unsigned bytes, which TOSA stores 128 lower.
                b = b.astype(np.int64) - (128 if b.dtype == np.uint8 else 0)
                worst = max(worst, int(np.abs(a.astype(np.int64) - b).max()))
        if compare is None:
            print("checked on the TOSA reference model; ai-edge-litert is not installed, so nothing to compare with")
        else:
            print(f"{arguments.cases} random inputs: at most {worst} levels from LiteRT's reference kernels")
        if worst > arguments.tolerance:
            sys.exit(f"more than {arguments.tolerance}")
        arguments.out.write_bytes(tosa.read_bytes())
        print(f"{arguments.out}: {len(block['operators'])} operators, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
