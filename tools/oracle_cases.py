#!/usr/bin/env python3
"""Writes the per-operator cases of tests/oracle with the TOSA reference model.

Usage:  pip install tosa-tools==2026.8.0
        python tools/oracle_cases.py tests/oracle

Each case is a folder: model.tosa (one operator, or a few that a back end may fuse), input.bin and output.bin, bytes as they cross borders
(docs/semantics.md): one or more runs, one after the other. The same seed gives the same files. Runs
that the specification calls unpredictable are an error here: their rules have unit tests instead.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import tosa_reference_model as reference
import tosa_serializer as ts

T = ts.DType
NUMPY = {T.BOOL: np.bool_, T.INT4: np.int8, T.INT8: np.int8, T.INT16: np.int16, T.INT32: np.int32, T.INT48: np.int64}
RANGE = {T.BOOL: (0, 1), T.INT4: (-8, 7), T.INT48: (-(2**47), 2**47 - 1)}
SINGLE = ts.RoundingMode.SINGLE_ROUND
DOUBLE = ts.RoundingMode.DOUBLE_ROUND
NAN = ts.NanPropagationMode.PROPAGATE
RUNS = 2


class Model:
    """A graph of one operator while it is built."""

    def __init__(self):
        self.graph = ts.TosaSerializer("", ts.ConstMode.EMBED, 1, 0, 0, False)
        self.inputs = []

    def input(self, dtype, shape, low=None, high=None, edges=()):
        """An input with random values in low..=high; the first elements of run 0 are `edges`."""
        kind = NUMPY[dtype]
        bounds = RANGE.get(dtype) or (np.iinfo(kind).min, np.iinfo(kind).max)
        low = bounds[0] if low is None else low
        high = bounds[1] if high is None else high
        self.inputs.append((kind, shape, low, high, edges))
        zeros = np.zeros(shape, kind)
        return self.graph.addPlaceholder(list(shape), dtype, zeros).name

    def const(self, dtype, values):
        values = np.array(values, NUMPY[dtype])
        return self.graph.addConst(list(values.shape), dtype, values).name

    def shape(self, values):
        values = np.array(values, np.int64)
        return self.graph.addConst([len(values)], T.SHAPE, values).name

    def apply(self, op, inputs, dtype, shape, attribute=None, *arguments, inner=False):
        add = self.graph.addIntermediate if inner else self.graph.addOutput
        output = add(list(shape), dtype).name
        holder = ts.TosaSerializerAttribute()
        name = attribute or "".join(part.capitalize() for part in op.name.replace("INTDIV", "INT_DIV").split("_"))
        getattr(holder, name + "Attribute")(*arguments)
        self.graph.addOperator(op, inputs, [output], holder)
        return output

    def apply_many(self, op, inputs, outputs, attribute, *arguments):
        """An operator with several outputs of the graph: pairs of type and shape."""
        holder = ts.TosaSerializerAttribute()
        getattr(holder, attribute + "Attribute")(*arguments)
        names = [self.graph.addOutput(list(shape), dtype).name for dtype, shape in outputs]
        self.graph.addOperator(op, inputs, names, holder)
        return names

    def region(self, name, inputs):
        """Starts a region with these inputs, pairs of type and shape; what follows is added to it."""
        self.graph.startRegion(name, "")
        self.graph.addBasicBlock(name)
        names = []
        for dtype, shape in inputs:
            tensor = self.graph.addIntermediate(list(shape), dtype)
            self.graph.addInputTensor(tensor)
            names.append(tensor.name)
        return names

    def hand_on(self, *names):
        """Makes tensors of the region its outputs."""
        block = self.graph.currRegion.basicBlocks[0]
        for name in names:
            block.addOutput(name)

    def write(self, folder, random):
        folder.mkdir()
        model = self.graph.serialize()
        (folder / "model.tosa").write_bytes(model)
        given, results = b"", b""
        for run in range(RUNS):
            values = []
            for kind, shape, low, high, edges in self.inputs:
                count = int(np.prod(shape, dtype=np.int64))
                value = random.integers(low, high, count, np.int64, endpoint=True)
                if run == 0:
                    value[: len(edges)] = edges[:count]
                values.append(value.astype(kind).reshape(shape))
            outputs = self.run(model, values)
            given += b"".join(value.tobytes() for value in values)
            results += b"".join(value.tobytes() for value in outputs)
        (folder / "input.bin").write_bytes(given)
        (folder / "output.bin").write_bytes(results)

    def run(self, model, values):
        """Outputs of the reference model."""
        block = self.graph.regions[0].basicBlocks[0]
        if not any(block.getTensorByName(name).dtype == T.INT48 for name in (*block.inputs, *block.outputs)):
            outputs, status = reference.run(model, values)
            if status != reference.GraphStatus.TOSA_VALID:
                raise SystemExit(f"{[str(operator.op) for operator in block.operators]}: {status}")
            return outputs
        # The Python interface has no i48; the command has.
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "model.tosa").write_bytes(model)
            for index, value in enumerate(values):
                np.save(folder / f"in{index}.npy", value)
            files = [f"out{index}.npy" for index in range(len(block.outputs))]
            description = {
                "tosa_file": "model.tosa", "expected_failure": False,
                "ifm_name": list(block.inputs), "ifm_file": [f"in{index}.npy" for index in range(len(values))],
                "ofm_name": list(block.outputs), "ofm_file": files,
            }
            (folder / "desc.json").write_text(json.dumps(description))
            schema = pathlib.Path(reference.__file__).parents[1] / "bin" / "tosa.fbs"
            command = pathlib.Path(sys.executable).with_name("tosa_reference_model")
            subprocess.run([command, "--test_desc=desc.json", f"--operator_fbs={schema}"], cwd=folder, check=True)
            return [np.load(folder / file) for file in files]


def window(side, kernel, stride, before, after, dilation=1):
    room = side + before + after - (kernel - 1) * dilation - 1
    assert room % stride == 0, (side, kernel, stride, before, after, dilation)
    return room // stride + 1


def conv2d(random, x, w, stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1), zp=(0, 0), bias=None):
    model = Model()
    (n, ih, iw, ic), (oc, kh, kw) = x, w
    oh = window(ih, kh, stride[0], pad[0], pad[1], dilation[0])
    ow = window(iw, kw, stride[1], pad[2], pad[3], dilation[1])
    names = [
        model.input(T.INT8, x, edges=[-128, 127] * 4),
        model.const(T.INT8, random.integers(-128, 128, (oc, kh, kw, ic))),
        model.const(T.INT32, random.integers(-(2**20), 2**20, oc if bias is None else bias)),
        model.const(T.INT8, [zp[0]]),
        model.const(T.INT8, [zp[1]]),
    ]
    model.apply(ts.Op.CONV2D, names, T.INT32, (n, oh, ow, oc), "Conv2d",
                list(pad), list(stride), list(dilation), False, T.INT32)
    return model


def pool(op, x, kernel, stride, pad=(0, 0, 0, 0), zp=(0, 0)):
    model = Model()
    n, ih, iw, c = x
    oh = window(ih, kernel[0], stride[0], pad[0], pad[1])
    ow = window(iw, kernel[1], stride[1], pad[2], pad[3])
    names = [model.input(T.INT8, x, edges=[-128, 127] * 4)]
    if op == ts.Op.AVG_POOL2D:
        names += [model.const(T.INT8, [zp[0]]), model.const(T.INT8, [zp[1]])]
        model.apply(op, names, T.INT8, (n, oh, ow, c), "AvgPool2d",
                    list(kernel), list(stride), list(pad), T.INT32)
    else:
        model.apply(op, names, T.INT8, (n, oh, ow, c), "MaxPool2d",
                    list(kernel), list(stride), list(pad), NAN)
    return model


def rescale(x, types, factors, rounding, zp=(0, 0), unsigned=(False, False), scale32=True,
            limit=None):
    model = Model()
    low, high = (None, None) if limit is None else (-limit, limit - 1)
    edges = [0, 1, -1, 2, -2, 3, -3]
    if limit is not None:
        edges = [edge for edge in edges if -limit <= edge < limit] + [-limit, limit - 1]
    multipliers, shifts = zip(*factors)
    per_channel = len(factors) > 1
    stored = [np.array(value).astype(np.int64) for value in zp]
    signed = [value - 2**bits if value >= 2 ** (bits - 1) else value
              for value, bits in zip(stored, ({T.INT8: 8, T.INT16: 16, T.INT32: 32, T.INT48: 48}[t] for t in types))]
    names = [
        model.input(types[0], x, low, high, edges),
        model.const(T.INT32 if scale32 else T.INT16, multipliers),
        model.const(T.INT8, shifts),
        model.const(types[0], [signed[0]]),
        model.const(types[1], [signed[1]]),
    ]
    model.apply(ts.Op.RESCALE, names, types[1], x, "Rescale",
                scale32, rounding, per_channel, *unsigned)
    return model


def binary(op, types, shapes, ranges, *arguments, extra=(), edges=((), ())):
    model = Model()
    names = [model.input(types[0], shape, *bounds, edge)
             for shape, bounds, edge in zip(shapes, ranges, edges)]
    names += [model.const(T.INT8, [value]) for value in extra]
    shape = tuple(max(a, b) for a, b in zip(*shapes))
    model.apply(op, names, types[1], shape, None, *arguments)
    return model


def unary(op, x, types, *arguments, shape=None, attribute=None, extra=(), low=None, high=None, edges=()):
    model = Model()
    names = [model.input(types[0], x, low, high, edges)]
    for dtype, values in extra:
        names.append(model.shape(values) if dtype == T.SHAPE else model.const(dtype, values))
    model.apply(op, names, types[1], x if shape is None else shape, attribute, *arguments)
    return model


def clamp(x, low, high):
    model = Model()
    name = model.input(T.INT8, x, edges=[-128, 127, low, high])
    as_bytes = lambda value: list(np.array([value], np.int8).tobytes())
    model.apply(ts.Op.CLAMP, [name], T.INT8, x, "Clamp", as_bytes(low), as_bytes(high), NAN)
    return model


def convolved_and_rescaled(random, x, w, pad, zp, factors, rounding, bounds=None, accumulators=False):
    """CONV2D and RESCALE, CLAMP to `bounds` behind them; with `accumulators` CONV2D's result is an output too."""
    model = Model()
    (n, ih, iw, ic), (oc, kh, kw) = x, w
    shape = (n, window(ih, kh, 1, pad[0], pad[1]), window(iw, kw, 1, pad[2], pad[3]), oc)
    names = [
        model.input(T.INT8, x, edges=[-128, 127] * 4),
        model.const(T.INT8, random.integers(-128, 128, (oc, kh, kw, ic))),
        model.const(T.INT32, random.integers(-(2**12), 2**12, oc)),
        model.const(T.INT8, [zp[0]]),
        model.const(T.INT8, [0]),
    ]
    name = model.apply(ts.Op.CONV2D, names, T.INT32, shape, "Conv2d",
                       list(pad), [1, 1], [1, 1], False, T.INT32, inner=not accumulators)
    multipliers, shifts = zip(*factors)
    names = [name, model.const(T.INT32, multipliers), model.const(T.INT8, shifts),
             model.const(T.INT32, [0]), model.const(T.INT8, [zp[1]])]
    name = model.apply(ts.Op.RESCALE, names, T.INT8, shape, "Rescale", True, rounding,
                       len(factors) > 1, False, False, inner=bounds is not None)
    if bounds is not None:
        low, high = (list(np.array([bound], np.int8).tobytes()) for bound in bounds)
        model.apply(ts.Op.CLAMP, [name], T.INT8, shape, "Clamp", low, high, NAN)
    return model


def cases(random):
    """Pairs of a name and a model."""
    half = 2**30
    # CONV2D: channels on and off multiples of 4, kernels, strides, padding, dilation, zero points.
    yield "conv2d_1x1", conv2d(random, (1, 3, 3, 4), (8, 1, 1))
    yield "conv2d_1x1_odd_channels", conv2d(random, (2, 2, 5, 3), (5, 1, 1), zp=(-128, 0))
    yield "conv2d_3x3_one_channel", conv2d(random, (1, 10, 9, 1), (16, 3, 3), zp=(-128, 0))
    yield "conv2d_3x3_same", conv2d(random, (1, 8, 8, 16), (16, 3, 3), pad=(1, 1, 1, 1), zp=(5, 0))
    yield "conv2d_3x3_channels_17", conv2d(random, (1, 5, 6, 17), (9, 3, 3), pad=(1, 1, 1, 1), zp=(127, 0))
    yield "conv2d_stride2_asymmetric", conv2d(random, (1, 8, 8, 6), (7, 3, 3), (2, 2), (0, 1, 0, 1), zp=(-3, 0))
    yield "conv2d_stride_2_3", conv2d(random, (1, 7, 10, 4), (4, 3, 1), (2, 3))
    yield "conv2d_dilation", conv2d(random, (1, 9, 11, 5), (6, 3, 2), pad=(2, 0, 1, 1), dilation=(2, 3), zp=(11, 0))
    yield "conv2d_weight_zp", conv2d(random, (1, 6, 6, 8), (8, 3, 3), pad=(1, 1, 1, 1), zp=(-128, -128))
    yield "conv2d_both_zp", conv2d(random, (3, 4, 4, 3), (3, 2, 2), pad=(1, 0, 0, 1), zp=(127, 77))
    yield "conv2d_one_bias", conv2d(random, (1, 4, 4, 8), (12, 2, 2), bias=1)
    yield "conv2d_wide_padding", conv2d(random, (1, 2, 2, 4), (4, 3, 3), pad=(4, 3, 5, 4), zp=(9, 0))
    yield "conv2d_5x1_batch", conv2d(random, (4, 6, 1, 12), (2, 5, 1), pad=(2, 2, 0, 0))
    yield "conv2d_dense_64_10", conv2d(random, (1, 1, 1, 64), (10, 1, 1), zp=(-128, 0))
    yield "conv2d_dense_801_3", conv2d(random, (1, 1, 1, 801), (3, 1, 1), zp=(4, -6))
    yield "conv2d_32_64", conv2d(random, (1, 4, 4, 32), (64, 3, 3), pad=(1, 1, 1, 1), zp=(-128, 0))
    # Pooling.
    for op, name in ((ts.Op.MAX_POOL2D, "max_pool2d"), (ts.Op.AVG_POOL2D, "avg_pool2d")):
        yield f"{name}_2x2", pool(op, (1, 6, 8, 16), (2, 2), (2, 2))
        yield f"{name}_3x3_padded", pool(op, (2, 7, 7, 5), (3, 3), (2, 2), (1, 1, 1, 1), (-7, 20))
        yield f"{name}_asymmetric", pool(op, (1, 5, 9, 3), (4, 3), (1, 3), (0, 3, 2, 1), (-128, 127))
        yield f"{name}_global", pool(op, (1, 8, 8, 64), (8, 8), (1, 1), zp=(127, -128))
        yield f"{name}_1x1", pool(op, (1, 3, 3, 7), (1, 1), (1, 1), zp=(3, 3))
        yield f"{name}_odd_count", pool(op, (1, 7, 5, 4), (7, 5), (1, 1), zp=(-128, -128))
    # RESCALE: types, both roundings, both scales, signs, edges of shift and multiplier.
    for rounding, mode in ((SINGLE, "single"), (DOUBLE, "double")):
        yield f"rescale_i32_i8_{mode}", rescale((2, 50), (T.INT32, T.INT8), [(1_431_655_765, 38)], rounding, (0, -4), limit=2**20)
        yield f"rescale_i32_i8_channels_{mode}", rescale(
            (1, 3, 4, 6), (T.INT32, T.INT8),
            [(2**31 - 1, 40), (half, 31), (1_200_000_001, 33), (half + 1, 45), (1_999_999_999, 39), (0, 37)],
            rounding, (0, 13), limit=2**16)
        yield f"rescale_i32_i16_{mode}", rescale((77,), (T.INT32, T.INT16), [(1_777_777_777, 44)], rounding, limit=2**30)
        yield f"rescale_i32_i32_{mode}", rescale((3, 33), (T.INT32, T.INT32), [(half + 12_345, 34)], rounding, limit=2**31)
        yield f"rescale_i32_i32_ties_{mode}", rescale((5, 41), (T.INT32, T.INT32), [(half, 33)], rounding, limit=64)
        yield f"rescale_i8_i32_{mode}", rescale((4, 64), (T.INT8, T.INT32), [(half, 11)], rounding, (-128, 0))
        yield f"rescale_i8_i8_{mode}", rescale((4, 64), (T.INT8, T.INT8), [(1_100_000_000, 30)], rounding, (17, -90))
        yield f"rescale_shift_62_{mode}", rescale((99,), (T.INT32, T.INT32), [(2**31 - 1, 62)], rounding, limit=2**31)
    yield "rescale_shift_2", rescale((9,), (T.INT32, T.INT32), [(1, 2)], SINGLE, limit=2)
    yield "rescale_shift_31", rescale((99,), (T.INT32, T.INT32), [(2**31 - 1, 31)], DOUBLE, limit=2**30)
    yield "rescale_shift_32", rescale((99,), (T.INT32, T.INT32), [(2**31 - 1, 32)], DOUBLE, limit=2**31)
    yield "rescale_i8_i16", rescale((256,), (T.INT8, T.INT16), [(half, 22)], SINGLE, (5, 0))
    yield "rescale_i16_i8", rescale((200,), (T.INT16, T.INT8), [(half, 37)], SINGLE, (0, 100))
    yield "rescale_i16_i16", rescale((200,), (T.INT16, T.INT16), [(1_999_999_999, 31)], DOUBLE)
    yield "rescale_i16_i32", rescale((200,), (T.INT16, T.INT32), [(half, 20)], SINGLE)
    yield "rescale_scale16_i32_i8", rescale((100,), (T.INT32, T.INT8), [(32_767, 30)], SINGLE, (0, -128), scale32=False)
    yield "rescale_scale16_i8_i32", rescale((100,), (T.INT8, T.INT32), [(16_384, 14)], SINGLE, (-5, 0), scale32=False)
    yield "rescale_scale16_channels", rescale(
        (7, 3), (T.INT16, T.INT16), [(20_000, 14), (1, 2), (32_767, 20)], SINGLE, scale32=False)
    yield "rescale_u8_i8", rescale((256,), (T.INT8, T.INT8), [(half, 30)], SINGLE, (128, 0), (True, False))
    yield "rescale_i8_u8", rescale((256,), (T.INT8, T.INT8), [(half, 30)], SINGLE, (0, 128), (False, True))
    yield "rescale_u8_i16", rescale((256,), (T.INT8, T.INT16), [(half, 25)], DOUBLE, (255, 0), (True, False))
    yield "rescale_u16_i8", rescale((256,), (T.INT16, T.INT8), [(half, 38)], DOUBLE, (32_768, 0), (True, False))
    yield "rescale_i8_u16", rescale((256,), (T.INT8, T.INT16), [(half, 24)], SINGLE, (0, 32_768), (False, True))
    yield "rescale_i16_u8", rescale((256,), (T.INT16, T.INT8), [(half, 38)], SINGLE, (0, 200), (False, True))
    # Element-wise.
    wide = (-(2**30), 2**30 - 1)
    shapes = {
        "same": ((2, 3, 5), (2, 3, 5)),
        "row_column": ((1, 7), (6, 1)),
        "scalar": ((1, 1, 1, 1), (2, 3, 4, 5)),
        "inner": ((2, 1, 3, 1, 2), (1, 4, 3, 5, 1)),
        "rank0": ((), ()),
        "rank6": ((1, 2, 1, 2, 3, 1), (2, 2, 1, 1, 3, 4)),
    }
    i32 = (T.INT32, T.INT32)
    for name, pair in shapes.items():
        yield f"add_{name}", binary(ts.Op.ADD, i32, pair, (wide, wide))
        yield f"sub_{name}", binary(ts.Op.SUB, i32, pair, (wide, wide))
        yield f"mul_{name}", binary(ts.Op.MUL, i32, pair, ((-40_000, 40_000),) * 2, extra=[0])
    low, high = -(2**31), 2**31 - 1
    for shift in (1, 7, 31, 32, 33, 62, 63):
        bound = min(2**31 - 1, 2 ** ((shift + 30) // 2))
        edges = ((bound, -bound, bound, -bound, 1, 0), (bound, bound, -1, -bound, 1, bound))
        yield f"mul_shift_{shift}", binary(ts.Op.MUL, i32, ((50,), (50,)), ((-bound, bound),) * 2, extra=[shift], edges=edges)
    edges = ((low, low, high, high, 1 << 16), (low, high, high, -1, 1 << 16))
    yield "mul_low_bits", binary(ts.Op.MUL, i32, ((20,), (20,)), ((low, high),) * 2, extra=[0], edges=edges)
    yield "mul_i8", binary(ts.Op.MUL, (T.INT8, T.INT32), ((4, 16), (4, 1)), ((None, None),) * 2, extra=[0],
                           edges=((-128, 127), (-128,)))
    yield "mul_i16", binary(ts.Op.MUL, (T.INT16, T.INT32), ((1, 16), (4, 1)), ((None, None),) * 2, extra=[0],
                            edges=((-32_768, 32_767), (-32_768,)))
    for kind, bits in ((T.INT8, 8), (T.INT16, 16), (T.INT32, 32)):
        amounts = (0, bits - 1)
        top = 2 ** (bits - 1)
        edges = ((-top, top - 1, -1, -top, 1, 5, -5), (bits - 1, bits - 1, bits - 1, 0, 1, 1, 1))
        pair, ranges = ((60,), (60,)), ((None, None), amounts)
        for round_ in (False, True):
            yield f"arithmetic_right_shift_i{bits}_{'round' if round_ else 'floor'}", binary(
                ts.Op.ARITHMETIC_RIGHT_SHIFT, (kind, kind), pair, ranges, round_, edges=edges)
        yield f"logical_left_shift_i{bits}", binary(
            ts.Op.LOGICAL_LEFT_SHIFT, (kind, kind), pair, ranges, edges=edges)
    yield "arithmetic_right_shift_broadcast", binary(
        ts.Op.ARITHMETIC_RIGHT_SHIFT, i32, ((3, 1), (1, 5)), ((None, None), (0, 31)), True)
    yield "logical_left_shift_broadcast", binary(
        ts.Op.LOGICAL_LEFT_SHIFT, i32, ((1, 4, 1), (3, 1, 2)), ((None, None), (0, 31)))
    yield "clz", unary(ts.Op.CLZ, (3, 23), i32, edges=[0, 1, -1, low, high, 2, 1 << 30, 255])
    yield "clz_small", unary(ts.Op.CLZ, (40,), i32, low=0, high=70_000)
    table8 = random.integers(-128, 128, 256)
    yield "table_i8", unary(ts.Op.TABLE, (300,), (T.INT8, T.INT8), extra=[(T.INT8, table8)], edges=[-128, 127, 0, -1])
    table16 = (20_000 * np.sin(np.arange(513) / 40.0)).astype(np.int64)
    edges = [-32_768, 32_767, 0, -1, 127, 128, -128, -129, 32_640, 32_639]
    yield "table_i16", unary(ts.Op.TABLE, (2, 200), (T.INT16, T.INT32), extra=[(T.INT16, table16)], edges=edges)
    steep = np.where(np.arange(513) % 2 == 0, -16_384, 16_383)
    yield "table_i16_steep", unary(ts.Op.TABLE, (200,), (T.INT16, T.INT32), extra=[(T.INT16, steep)], edges=edges)
    # Activation.
    yield "clamp_relu", clamp((2, 5, 5, 3), -10, 127)
    yield "clamp_point", clamp((17,), 5, 5)
    yield "clamp_narrow", clamp((3, 11), -128, -100)
    # Reduction: each axis, odd sides.
    for axis in range(4):
        shape = [2, 3, 5, 4]
        shape[axis] = 1
        yield f"reduce_sum_axis{axis}", unary(
            ts.Op.REDUCE_SUM, (2, 3, 5, 4), i32, axis, shape=shape, low=-(2**28), high=2**28)
        yield f"reduce_max_i32_axis{axis}", unary(ts.Op.REDUCE_MAX, (2, 3, 5, 4), i32, axis, NAN, shape=shape, edges=[low] * 12)
    yield "reduce_max_i8", unary(ts.Op.REDUCE_MAX, (6, 9), (T.INT8, T.INT8), 1, NAN, shape=(6, 1), edges=[-128] * 9)
    yield "reduce_max_i16", unary(ts.Op.REDUCE_MAX, (6, 9), (T.INT16, T.INT16), 0, NAN, shape=(1, 9))
    yield "reduce_sum_long", unary(ts.Op.REDUCE_SUM, (1, 1000), i32, 1, shape=(1, 1), low=-(2**20), high=2**20)
    # Data layout.
    for kind, name in ((T.BOOL, "bool"), (T.INT8, "i8"), (T.INT16, "i16"), (T.INT32, "i32")):
        yield f"reshape_{name}", unary(ts.Op.RESHAPE, (2, 3, 4), (kind, kind), shape=(4, 6), extra=[(T.SHAPE, [4, 6])])
        yield f"slice_{name}", unary(ts.Op.SLICE, (3, 5, 7), (kind, kind), shape=(2, 3, 4),
                                     extra=[(T.SHAPE, [1, 0, 3]), (T.SHAPE, [2, 3, 4])])
    yield "slice_nhwc", unary(ts.Op.SLICE, (1, 6, 6, 5), (T.INT8, T.INT8), shape=(1, 5, 5, 5),
                              extra=[(T.SHAPE, [0, 0, 0, 0]), (T.SHAPE, [1, 5, 5, 5])])
    yield "slice_row", unary(ts.Op.SLICE, (100,), (T.INT8, T.INT8), shape=(3,),
                             extra=[(T.SHAPE, [97]), (T.SHAPE, [3])])
    # What a back end may fuse.
    each = lambda channels: [(2**30 + 2**24 * i, 38 + i % 5) for i in range(channels)]
    yield "conv2d_rescaled_channels", convolved_and_rescaled(
        random, (1, 5, 5, 8), (12, 3, 3), (1, 1, 1, 1), (-128, 7), each(12), DOUBLE)
    yield "conv2d_rescaled_clamped", convolved_and_rescaled(
        random, (2, 3, 7, 5), (4, 2, 3), (0, 0, 1, 1), (3, -20), [(1_518_500_250, 39)], SINGLE, (-20, 60))
    yield "conv2d_rescaled_clamped_double", convolved_and_rescaled(
        random, (1, 4, 4, 16), (16, 1, 1), (0, 0, 0, 0), (-1, -128), each(16), DOUBLE, (-128, 100))
    yield "conv2d_rescaled_odd_channels", convolved_and_rescaled(
        random, (1, 4, 3, 4), (10, 3, 3), (1, 1, 1, 1), (0, 0), each(10), DOUBLE, (0, 127))
    yield "conv2d_rescaled_and_read", convolved_and_rescaled(
        random, (1, 4, 4, 4), (4, 3, 3), (1, 1, 1, 1), (9, 1), each(4), SINGLE, (-100, 100), accumulators=True)
    yield "reshape_to_rank0", unary(ts.Op.RESHAPE, (1, 1, 1), (T.INT32, T.INT32), shape=(), extra=[(T.SHAPE, [])])
    yield "reshape_from_rank0", unary(ts.Op.RESHAPE, (), (T.INT8, T.INT8), shape=(1, 1), extra=[(T.SHAPE, [1, 1])])


def main():
    import oracle_operators  # which uses this file

    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name != "stateful":  # cases of several runs, written elsewhere
            shutil.rmtree(old)
    count = 0
    for write in (cases, oracle_operators.all_cases):
        random = np.random.default_rng(20_261_122)
        for name, model in write(random):
            model.write(folder / name, random)
            count += 1
    size = sum(file.stat().st_size for file in folder.rglob("*.*"))
    print(f"{count} cases, {size} bytes")


if __name__ == "__main__":
    main()
