#!/usr/bin/env python3
"""Turns a .tflite file into a .tosa file with Arm's converter, and checks the result.

Usage:  pip install tosa-tools==2026.8.0 tosa-converter-for-tflite==2026.2.0 ai-edge-litert==2.3.0
        python tools/tflite_to_tosa.py MODEL.tflite OUT.tosa [--rounding litert|converter] [--batch N]
                                       [--cases N] [--inputs FILE.npy] [--tolerance N]

The steps: convert to TOSA MLIR text; fix a dynamic batch; serialise as version 1.0; set the rounding of dense layers;
take away locations, which hold names of folders; run the TOSA reference model and LiteRT's reference kernels on the
same inputs, random ones and those of --inputs, and compare.

--rounding litert (the default): outputs equal those of LiteRT's reference kernels. They round the result of a dense
layer (FULLY_CONNECTED) once, that of a convolution twice; the converter writes DOUBLE_ROUND for both. The RESCALE of
each FULLY_CONNECTED operator gets SINGLE_ROUND: it stands behind the CONV2D with the location of that operator's
output tensor. Each operator has to have exactly one such RESCALE. No difference is allowed. Needs ai-edge-litert.

--rounding converter: RESCALE as the converter wrote it. Differences of 2 levels are allowed. Without ai-edge-litert
only the TOSA reference model runs.

Exit code 1 if a step fails or the difference is above --tolerance; then no file is written. The first operator that
differs is named. LiteRT's default kernels (XNNPACK) differ from its reference kernels by far more and are not used.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile
from typing import NamedTuple

import numpy as np

try:
    from ai_edge_litert import interpreter as lite
    from ai_edge_litert import schema_py_generated as schema
except ImportError:
    lite = None

SCRIPTS = pathlib.Path(sysconfig.get_path("scripts"))
SCHEMA = pathlib.Path(sysconfig.get_path("purelib")) / "bin" / "tosa.fbs"


class Layer(NamedTuple):
    """An operator of the .tflite file: its kind, and its tensors by index (-1: left out)."""

    kind: str
    inputs: list
    outputs: list


class Source(NamedTuple):
    """What is read from the .tflite file: the names of its tensors, its operators in order."""

    names: list
    layers: list


def call(*words, folder=None):
    """Runs a program in a folder; what it says is shown only if it fails."""
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{pathlib.Path(words[0]).name} failed with {done.returncode}")


def flatc(folder, *words):
    call(SCHEMA.parent / "flatc", "-o", folder, *words)


def convert(model, batch, folder):
    """The graph of a .tflite file as flatc's JSON, with locations: those of the tensors in the .tflite file."""
    text = folder / "model.mlir"
    call(SCRIPTS / "tosa-converter-for-tflite", model, "--text", "--emit-debug-info", "-o", text)
    mlir = text.read_text()
    # A dynamic batch is a question mark in types and -1 in shapes.
    mlir = mlir.replace("tensor<?x", f"tensor<{batch}x").replace("dense<[-1, ", f"dense<[{batch}, ")
    text.write_text(mlir)
    tosa = folder / "converted.tosa"
    call(
        SCRIPTS / "tosa-opt", text, "--tosa-attach-target=specification_version=1.0", "--tosa-serialize",
        f"--tosa-flatbuffer-filename={tosa}", f"--tosa-flatbuffer-schema={SCHEMA}", "-o", "/dev/null",
    )
    flatc(folder, "--json", "--raw-binary", "--strict-json", SCHEMA, "--", tosa)
    return json.loads(tosa.with_suffix(".json").read_text())


def serialise(document, name, folder):
    """The .tosa file of a graph in JSON."""
    text = folder / f"{name}.json"
    text.write_text(json.dumps(document))
    flatc(folder, "--binary", SCHEMA, text)
    return folder / f"{name}.tosa"


def block_of(document):
    return document["regions"][0]["blocks"][0]


def read_source(model):
    """The tensors and operators of a .tflite file's main graph."""
    file = schema.Model.GetRootAs(model.read_bytes(), 0)
    graph = file.Subgraphs(0)
    kinds = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    layers = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = file.OperatorCodes(operator.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        outputs = [operator.Outputs(i) for i in range(operator.OutputsLength())]
        layers.append(Layer(kinds.get(number, str(number)), inputs, outputs))
    names = [graph.Tensors(index).Name() or b"" for index in range(graph.TensorsLength())]
    return Source(names, layers)


def take_locations(block):
    """Takes the locations out of the operators: the name in each, as MLIR escapes it; None if it has none."""
    texts = [operator.pop("location", {}).get("text", "") for operator in block["operators"]]
    matches = [re.match(r'loc\("((?:[^"\\]|\\.)*)"[()]', text) for text in texts]
    return [match and match[1] for match in matches]


def escape(name):
    """A tensor's name as MLIR prints it in a location."""
    plain = lambda byte: 0x20 <= byte < 0x7F and byte != ord('"')
    return "".join("\\\\" if b == ord("\\") else chr(b) if plain(b) else f"\\{b:02X}" for b in name)


def round_dense_layers_once(block, locations, source):
    """Gives the RESCALE of each FULLY_CONNECTED operator SINGLE_ROUND; how many these are."""
    writer = {output: index for index, operator in enumerate(block["operators"]) for output in operator["outputs"]}
    dense = [layer.outputs[0] for layer in source.layers if layer.kind == "FULLY_CONNECTED"]
    for tensor in dense:
        name = source.names[tensor]
        location = escape(name)
        if not name or source.names.count(name) > 1:
            sys.exit(f'the output of a FULLY_CONNECTED, "{location}", has no name of its own: its RESCALE is not known')
        found = []
        for operator, place in zip(block["operators"], locations):
            if operator["op"] != "RESCALE" or place != location:
                continue
            product = writer.get(operator["inputs"][0])
            if product is not None and locations[product] == location and block["operators"][product]["op"] == "CONV2D":
                found.append(operator)
        if len(found) != 1:
            sys.exit(f'FULLY_CONNECTED "{location}" became {len(found)} RESCALE behind a CONV2D, not one')
        found[0]["attribute"]["rounding_mode"] = "SINGLE_ROUND"
    return len(dense)


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
    call(
        SCRIPTS / "tosa_reference_model", f"--test_desc={folder / 'desc.json'}", f"--operator_fbs={SCHEMA}",
        folder=folder,
    )
    return [np.load(file) for file in outputs]


def litert(model, batch, keep=False):
    """LiteRT's reference kernels: a function from inputs to outputs, and the interpreter; `keep` keeps all tensors."""
    interpreter = lite.Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=lite.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=keep,
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

    return run, interpreter


def levels(ours, theirs):
    """The differences between values of the TOSA reference model and LiteRT's."""
    # LiteRT may give unsigned bytes, which TOSA stores 128 lower.
    theirs = theirs.astype(np.int64) - (128 if theirs.dtype == np.uint8 else 0)
    return np.abs(ours.astype(np.int64) - theirs)


def first_difference(document, locations, source, model, batch, inputs, folder):
    """Names the first operator of the .tflite file whose output differs from LiteRT's although its inputs do not."""
    document = json.loads(json.dumps(document))
    block = block_of(document)
    last = {}  # the value that stands for a tensor is the last one with its location
    for operator, location in zip(block["operators"], locations):
        if not operator["op"].startswith("CONST"):
            last[location] = operator["outputs"][0]
    tensors = {tensor for layer in source.layers for tensor in layer.outputs}
    shown = {tensor: last[escape(source.names[tensor])] for tensor in tensors if escape(source.names[tensor]) in last}
    block["outputs"] = list(dict.fromkeys(shown.values()))
    values = dict(zip(block["outputs"], run_reference(serialise(document, "layers", folder), block, inputs, folder)))
    run, interpreter = litert(model, batch, keep=True)
    run(inputs)
    apart = {}
    for tensor, name in shown.items():
        theirs = interpreter.get_tensor(tensor)
        if theirs.shape == values[name].shape:
            apart[tensor] = int(levels(values[name], theirs).max(initial=0))
    for layer in source.layers:
        worst = max((apart.get(tensor, 0) for tensor in layer.outputs), default=0)
        if worst and not any(apart.get(tensor, 0) for tensor in layer.inputs):
            return f'in {layer.kind} "{escape(source.names[layer.outputs[0]])}", by {worst}'
    return "in no operator whose output could be compared"


def random_inputs(block, rng):
    """Random values for each input of the graph."""
    tensors = {tensor["name"]: tensor for tensor in block["tensors"]}
    kinds = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32}
    values = []
    for name in block["inputs"]:
        tensor = tensors[name]
        if tensor["type"] not in kinds:
            sys.exit(f"input {name} is {tensor['type']}: quantise inputs and outputs to int8 as well")
        kind = kinds[tensor["type"]]
        low, high = (-1000, 1000) if kind == np.int32 else (np.iinfo(kind).min, np.iinfo(kind).max)
        values.append(rng.integers(low, high + 1, tensor["shape"]).astype(kind))
    return values


def given_inputs(files, like):
    """The cases of .npy files, one for each input of the graph; the first axis counts cases."""
    if not files:
        return []
    if len(files) != len(like):
        sys.exit(f"the graph has {len(like)} inputs, --inputs was given {len(files)} times")
    arrays = [np.load(file) for file in files]
    for file, array, value in zip(files, arrays, like):
        if array.shape[1:] != value.shape or array.dtype != value.dtype or len(array) != len(arrays[0]):
            sys.exit(f"{file} is {array.dtype} {array.shape}: wanted is {value.dtype}, cases × {value.shape}")
    return list(zip(*arrays))


def main():
    description, *details = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog="\n\n".join(details[1:]), formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rounding", choices=["litert", "converter"], default="litert",
                        help="how dense layers round: once, as LiteRT's (default), or as the converter wrote")
    parser.add_argument("--batch", type=int, default=1, help="what replaces a dynamic batch")
    parser.add_argument("--cases", type=int, default=5, help="random inputs of the check (5)")
    parser.add_argument("--inputs", type=pathlib.Path, action="append", metavar="FILE.npy",
                        help="further inputs of the check, stored integers, first axis cases; once for each input")
    parser.add_argument("--tolerance", type=int,
                        help="largest difference allowed, in levels (litert: 0, converter: 2)")
    arguments = parser.parse_args()
    once = arguments.rounding == "litert"
    tolerance = arguments.tolerance if arguments.tolerance is not None else 0 if once else 2
    if lite is None and once:
        sys.exit("--rounding litert needs ai-edge-litert, to read the operators and to check")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        document = convert(arguments.model.resolve(), arguments.batch, folder)
        block = block_of(document)
        locations = take_locations(block)
        if lite is not None:
            source = read_source(arguments.model)
            run, _ = litert(arguments.model, arguments.batch)
        if once:
            count = round_dense_layers_once(block, locations, source)
            print(f"dense layers that round once: {count}")
        tosa = serialise(document, "model", folder)
        rng = np.random.default_rng(1)
        cases = [random_inputs(block, rng) for _ in range(arguments.cases)]
        cases += given_inputs(arguments.inputs, random_inputs(block, rng))
        worst, worst_case, different, values = 0, None, 0, 0
        for inputs in cases:
            ours = run_reference(tosa, block, inputs, folder)
            if lite is None:
                continue
            for a, b in zip(ours, run(inputs), strict=True):
                apart = levels(a, b)
                different += np.count_nonzero(apart)
                values += apart.size
                if apart.max(initial=0) > worst:
                    worst, worst_case = int(apart.max()), inputs
        if lite is None:
            print("checked on the TOSA reference model; ai-edge-litert is not installed, so nothing to compare with")
        else:
            print(f"{len(cases)} inputs: {different} of {values} outputs differ from LiteRT's reference kernels, "
                  f"by at most {worst} levels")
        if worst:
            place = first_difference(
                document, locations, source, arguments.model, arguments.batch, worst_case, folder)
            print(f"the difference begins {place}")
        if worst > tolerance:
            sys.exit(f"more than {tolerance} levels: {arguments.out} is not written")
        arguments.out.write_bytes(tosa.read_bytes())
        print(f"{arguments.out}: {len(block['operators'])} operators, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
