#!/usr/bin/env python3
"""Writes a copy of a .tosa file whose last N RESCALE nodes round once (SINGLE_ROUND).

LiteRT's dense kernels round once, while the converter writes DOUBLE_ROUND for every layer. A model whose
dense layers come last gives LiteRT's own bytes after this change. Needs `pip install tosa-tools==2026.8.0`,
which brings flatc and the schema.

    tools/single_round_dense.py examples/models/mnist_cnn.tosa OUT.tosa --last 2
"""

import argparse
import json
import pathlib
import subprocess
import sysconfig
import tempfile


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--last", type=int, required=True, help="how many RESCALE nodes to change, from the end")
    arguments = parser.parse_args()

    tools = pathlib.Path(sysconfig.get_path("purelib")) / "bin"
    flatc, schema = tools / "flatc", tools / "tosa.fbs"
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "model.tosa"
        source.write_bytes(arguments.input.read_bytes())
        run = lambda *words: subprocess.check_call([flatc, "-o", folder, *words])
        run("--json", "--raw-binary", "--strict-json", schema, "--", source)
        text = source.with_suffix(".json")
        graph = json.loads(text.read_text())
        operators = graph["regions"][0]["blocks"][0]["operators"]
        for operator in operators:
            operator.pop("location", None)  # names of folders on the converting machine
        rescales = [operator for operator in operators if operator["op"] == "RESCALE"]
        if len(rescales) < arguments.last:
            parser.error(f"{arguments.input} has {len(rescales)} RESCALE nodes, fewer than {arguments.last}")
        for operator in rescales[-arguments.last :]:
            operator["attribute"]["rounding_mode"] = "SINGLE_ROUND"
        text.write_text(json.dumps(graph))
        source.unlink()
        run("--binary", schema, text)
        arguments.output.write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
