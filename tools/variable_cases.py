#!/usr/bin/env python3
"""Writes the stateful cases of tests/oracle/stateful: small models with variables, and what they must give.

The conformance suite has no tests of VARIABLE, VARIABLE_READ and VARIABLE_WRITE, and the TOSA reference model does
not run these operators by their names. So each case is built twice from one description: as a model with variables
(the file that is kept), and as a model without, which takes the variables' values as further inputs and gives their
new values as further outputs. The reference model runs the second one, step by step.

Needs the packages tosa-tools (tried with 2026.8.0) and numpy. Run it from an empty folder: the tools leave files.

    python3 tools/variable_cases.py tests/oracle/stateful

The layout of a case is described in tests/oracle/stateful/README.md.
"""

import sys
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore", DeprecationWarning)
import serializer.tosa_serializer as ts  # noqa: E402
import tosa_reference_model  # noqa: E402

OP = ts.TosaOp.Op()
BOOL, I8, I32 = ts.DType.BOOL, ts.DType.INT8, ts.DType.INT32
NUMPY = {BOOL: np.bool_, I8: np.int8, I32: np.int32}
STEPS = 50


def attribute(kind, *values):
    made = ts.TosaSerializerAttribute()
    getattr(made, kind + "Attribute")(*values)
    return made


class Graph:
    """A graph under construction, with variables (`form` "schema" or "tosa-opt") or without ("plain").

    "schema" writes VARIABLE, VARIABLE_READ and VARIABLE_WRITE; "tosa-opt" writes what that tool writes: no
    VARIABLE, and IDENTITY with the attribute of VARIABLE_READ or VARIABLE_WRITE.
    """

    def __init__(self, form, variables):
        self.form = form
        # name -> (shape, type, first value or None)
        self.variables = variables
        self.serializer = ts.TosaSerializer(".", tosa_version_major=1, tosa_version_minor=0,
                                            tosa_version_patch=0, tosa_version_draft=False)
        self.block = self.serializer.currRegion.currBasicBlock
        self.count = 0
        # tensor -> (shape, type), over all blocks
        self.known = {}
        # plain: variable -> tensor that holds it
        self.current = {}
        self.enter()

    def enter(self):
        """At the beginning of a block: the variables."""
        for name, (shape, dtype, first) in self.variables.items():
            if self.form == "plain":
                self.current[name] = self.input(shape, dtype)
                continue
            place = f"variable-{name}"
            self.block.addTensor(place, shape, dtype, first, None, False, True, name)
            if self.form == "schema" and len(self.serializer.regions) == 1:
                self.block.addOperator(OP.VARIABLE, [], [place], attribute("Variable"))

    def leave(self):
        """At the end of a block."""
        if self.form == "plain":
            for name in self.variables:
                # An output that is also an input needs a name of its own in some readers.
                self.output(self.identity(self.current[name]))

    def name(self, shape, dtype):
        self.count += 1
        name = f"t{self.count}"
        self.known[name] = (list(shape), dtype)
        return name

    def tensor(self, shape, dtype):
        name = self.name(shape, dtype)
        self.block.addTensor(name, shape, dtype)
        return name

    def input(self, shape, dtype):
        name = self.tensor(shape, dtype)
        self.block.addInput(name)
        return name

    def output(self, name):
        self.block.addOutput(name)

    def const(self, values, dtype):
        values = np.asarray(values, NUMPY[dtype])
        name = self.name(values.shape, dtype)
        self.block.addTensor(name, list(values.shape), dtype, values)
        self.block.addOperator(OP.CONST, [], [name], attribute("Const"))
        return name

    def shape(self, values):
        self.count += 1
        name = f"s{self.count}"
        self.block.addShape(name, len(values), np.asarray(values, np.int64))
        self.block.addOperator(OP.CONST_SHAPE, [], [name], attribute("ConstShape"))
        return name

    def op(self, number, kind, inputs, shape, dtype, *values):
        output = self.tensor(shape, dtype)
        self.block.addOperator(number, inputs, [output], attribute(kind, *values))
        return output

    def identity(self, tensor):
        return self.op(OP.IDENTITY, "Identity", [tensor], *self.known[tensor])

    def read(self, variable):
        shape, dtype, _ = self.variables[variable]
        if self.form == "plain":
            return self.identity(self.current[variable])
        number = OP.VARIABLE_READ if self.form == "schema" else OP.IDENTITY
        return self.op(number, "VariableRead", [f"variable-{variable}"], shape, dtype)

    def write(self, variable, tensor):
        if self.form == "plain":
            self.current[variable] = tensor
            return
        number = OP.VARIABLE_WRITE if self.form == "schema" else OP.IDENTITY
        self.block.addOperator(number, [tensor], [f"variable-{variable}"], attribute("VariableWrite"))

    def add(self, a, b):
        return self.op(OP.ADD, "Add", [a, b], *self.known[a])

    def cast(self, a, dtype):
        return self.op(OP.CAST, "Cast", [a], self.known[a][0], dtype)

    def regions(self, number, kind, condition, inputs, builders):
        """COND_IF or WHILE_LOOP: each builder gets the inputs' names inside and gives the outputs' names there."""
        if self.form == "plain":
            inputs = inputs + list(self.current.values())
        outer, outer_current = self.block, dict(self.current)
        plain_inputs = len(inputs) - (len(self.variables) if self.form == "plain" else 0)
        names = []
        for builder in builders:
            names.append(f"region-{len(self.serializer.regions)}")
            self.serializer.startRegion(names[-1], ".")
            self.serializer.addBasicBlock(names[-1])
            self.block = self.serializer.currRegion.currBasicBlock
            inside = [self.input(*self.known[tensor]) for tensor in inputs[:plain_inputs]]
            self.enter()
            outputs = builder(inside)
            for tensor in outputs:
                self.output(tensor)
            if number != OP.WHILE_LOOP or builder is not builders[0]:
                self.leave()
            self.current = dict(outer_current)
        # A loop gives what its body gives, a choice what each branch gives: the last builder's.
        self.block = outer
        given = [self.tensor(*self.known[tensor]) for tensor in outputs]
        all_given = list(given)
        if self.form == "plain":
            for variable, (shape, dtype, _) in self.variables.items():
                self.current[variable] = self.tensor(shape, dtype)
                all_given.append(self.current[variable])
        operands = ([condition] if condition else []) + inputs
        self.block.addOperator(number, operands, all_given, attribute(kind, *names))
        return given

    def file(self, build):
        for tensor in build(self):
            self.output(tensor)
        self.leave()
        return bytes(self.serializer.serialize())


def accumulator(g):
    """y = acc = acc + x."""
    x = g.input([4], I32)
    y = g.add(g.read("acc"), x)
    g.write("acc", y)
    return [y]


def ring(g):
    """The last 8 frames of 3 channels, kept by CONCAT and SLICE, under a convolution, as streaming models do."""
    x = g.input([1, 1, 1, 3], I8)
    nine = g.op(OP.CONCAT, "Concat", [g.read("frames"), x], [1, 9, 1, 3], I8, 1)
    eight = g.op(OP.SLICE, "Slice", [nine, g.shape([0, 1, 0, 0]), g.shape([1, 8, 1, 3])], [1, 8, 1, 3], I8)
    g.write("frames", eight)
    weights = np.random.default_rng(2).integers(-128, 128, [4, 8, 1, 3])
    operands = [eight, g.const(weights, I8), g.const([5, -700, 0, 90], I32), g.const([3], I8), g.const([0], I8)]
    sums = g.op(OP.CONV2D, "Conv2d", operands, [1, 1, 1, 4], I32, [0, 0, 0, 0], [1, 1], [1, 1], False, I32)
    factors = [g.const([1 << 30], I32), g.const([38], I8), g.const([0], I32), g.const([-4], I8)]
    y = g.op(OP.RESCALE, "Rescale", [sums] + factors, [1, 1, 1, 4], I8, True,
             1, False, False, False)
    return [y]


def two_types(g):
    """An i32 total without a first value, and a smoothed i8 level, of the same input; both are outputs."""
    x = g.cast(g.input([2, 3], I8), I32)
    total = g.add(g.read("total"), x)
    level = g.cast(g.read("level"), I32)
    threefold = g.add(g.add(level, level), level)
    smooth = g.op(OP.ARITHMETIC_RIGHT_SHIFT, "ArithmeticRightShift",
                  [g.add(threefold, x), g.const(np.full([1, 1], 2), I32)], [2, 3], I32, True)
    level = g.cast(smooth, I8)
    g.write("level", level)
    g.write("total", total)
    return [total, level]


def gate(g):
    """A variable that one branch of COND_IF writes and the other only reads; read again after it."""
    open_ = g.input([1], BOOL)
    x = g.input([3], I32)

    def then(inside):
        held = g.add(g.read("held"), inside[0])
        g.write("held", held)
        return [held]

    def otherwise(inside):
        return [g.read("held")]

    (y,) = g.regions(OP.COND_IF, "CondIf", open_, [x], [then, otherwise])
    return [y, g.add(g.read("held"), y)]


def loop(g):
    """A variable read before and after a WHILE_LOOP whose body writes it n times."""
    n = g.input([1], I32)
    before = g.read("sum")

    def cond(inside):
        return [g.op(OP.GREATER, "Greater", [inside[0], g.const([0], I32)], [1], BOOL)]

    def body(inside):
        g.write("sum", g.add(g.read("sum"), inside[0]))
        return [g.add(inside[0], g.const([-1], I32))]

    (left,) = g.regions(OP.WHILE_LOOP, "WhileLoop", None, [n], [cond, body])
    return [before, g.add(g.read("sum"), left)]


def some(shape, low, high, dtype):
    return lambda random: random.integers(low, high, [STEPS, *shape]).astype(NUMPY[dtype])


# name: (form, graph, variables, inputs)
CASES = {
    "accumulator": ("schema", accumulator,
                    {"acc": ([4], I32, np.array([0, 5, -5, 1 << 20], np.int32))},
                    [some([4], -1000, 1000, I32)]),
    "ring": ("schema", ring,
             {"frames": ([1, 8, 1, 3], I8, np.full([1, 8, 1, 3], 3, np.int8))},
             [some([1, 1, 1, 3], -128, 128, I8)]),
    "two_types": ("schema", two_types,
                  {"total": ([2, 3], I32, None),
                   "level": ([2, 3], I8, np.arange(-3, 3, dtype=np.int8).reshape(2, 3))},
                  [some([2, 3], -128, 128, I8)]),
    "gate": ("schema", gate, {"held": ([3], I32, np.array([7, 0, -7], np.int32))},
             [some([1], 0, 2, BOOL), some([3], -100, 100, I32)]),
    "gate_tosa_opt": ("tosa-opt", gate, {"held": ([3], I32, np.array([7, 0, -7], np.int32))},
                      [some([1], 0, 2, BOOL), some([3], -100, 100, I32)]),
    "loop": ("schema", loop, {"sum": ([1], I32, np.array([100], np.int32))}, [some([1], 0, 6, I32)]),
}


def run(model, inputs):
    """The outputs of the reference model."""
    outputs, status = tosa_reference_model.run(model, inputs)
    if int(status) != 0:
        sys.exit(f"the reference model says {status}")
    return [np.asarray(tensor) for tensor in outputs]


def state(values):
    """All variables as bytes, in declared order: what a snapshot holds."""
    return np.frombuffer(b"".join(value.tobytes() for value in values), np.uint8)


def write(folder, form, graph, variables, inputs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tosa").write_bytes(Graph(form, variables).file(graph))
    plain = Graph("plain", variables).file(graph)
    random = np.random.default_rng(1)
    inputs = [make(random) for make in inputs]
    values = [np.zeros(shape, NUMPY[dtype]) if first is None else first
              for shape, dtype, first in variables.values()]
    # What the reference model does know of variables: the first step, if reads and writes are spelled IDENTITY.
    # (Not inside WHILE_LOOP: there it aborts at the second iteration.)
    first = None if graph is loop else run(Graph("tosa-opt", variables).file(graph), [series[0] for series in inputs])
    states, outputs = [state(values)], []
    for step in range(STEPS):
        # The inputs of the plain model: the variables come first.
        given = run(plain, values + [series[step] for series in inputs])
        count = len(given) - len(values)
        outputs.append(given[:count])
        values = given[count:]
        states.append(state(values))
    if first and not all(np.array_equal(a, b) for a, b in zip(first, outputs[0], strict=True)):
        sys.exit(f"{folder.name}: the models with and without variables differ in the first step")
    for index, series in enumerate(inputs):
        np.save(folder / f"input-{index}.npy", series)
    for index in range(len(outputs[0])):
        np.save(folder / f"output-{index}.npy", np.stack([step[index] for step in outputs]))
    np.save(folder / "state.npy", np.stack(states))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, case in CASES.items():
        write(Path(sys.argv[1]) / name, *case)
        print(f"{name}: {STEPS} steps")


if __name__ == "__main__":
    main()
