"""The second half of tests/oracle: the operators beyond those of the first models, the extensions, control flow.

Used by oracle_cases.py. `all_cases` yields pairs of a name and a model, in a fixed order.
"""

import numpy as np
import tosa_serializer as ts

from oracle_cases import DOUBLE, NAN, SINGLE, T, Model, binary, pool, rescale, unary, window
from oracle_chains import chains, fused
from oracle_linear import convolution, matmul, packed_sums, transposed

I32 = (T.INT32, T.INT32)
TYPES = ((T.BOOL, "bool"), (T.INT8, "i8"), (T.INT16, "i16"), (T.INT32, "i32"))
INTEGERS = TYPES[1:]
LOW, HIGH = -(2**31), 2**31 - 1
WHOLE = (None, None)


def pool16(op, x, kernel, stride, pad):
    model = Model()
    sides = [window(x[1 + i], kernel[i], stride[i], pad[2 * i], pad[2 * i + 1]) for i in range(2)]
    names = [model.input(T.INT16, x, edges=[-(2**15)] * 9 + [2**15 - 1] * 9)]
    shape = (x[0], *sides, x[3])
    if op == ts.Op.AVG_POOL2D:
        names += [model.const(T.INT16, [0]), model.const(T.INT16, [0])]
        model.apply(op, names, T.INT16, shape, "AvgPool2d", list(kernel), list(stride), list(pad), T.INT32)
    else:
        model.apply(op, names, T.INT16, shape, "MaxPool2d", list(kernel), list(stride), list(pad), NAN)
    return model


def resize(x, kind, mode, y, x_axis):
    """`y` and `x_axis`: numerator, denominator, offset, border."""
    model = Model()
    sides = []
    for side, (n, d, offset, border) in zip(x[1:3], (y, x_axis)):
        room = (side - 1) * n - offset + border
        assert room % d == 0, (side, n, d, offset, border)
        sides.append(room // d + 1)
    output = kind if mode == ts.ResizeMode.NEAREST else {T.INT8: T.INT32, T.INT16: T.INT48}[kind]
    names = [
        model.input(kind, x, edges=[-(2**15), 2**15 - 1] if kind == T.INT16 else [-128, 127]),
        model.shape([y[0], y[1], x_axis[0], x_axis[1]]),
        model.shape([y[2], x_axis[2]]),
        model.shape([y[3], x_axis[3]]),
    ]
    model.apply(ts.Op.RESIZE, names, output, (x[0], *sides, x[3]), "Resize", mode)
    return model


def concat(kind, shapes, axis):
    model = Model()
    names = [model.input(kind, shape) for shape in shapes]
    shape = list(shapes[0])
    shape[axis] = sum(shape[axis] for shape in shapes)
    model.apply(ts.Op.CONCAT, names, kind, shape, "Concat", axis)
    return model


def pad(kind, x, before, after, value):
    model = Model()
    padding = [side for pair in zip(before, after) for side in pair]
    names = [model.input(kind, x), model.shape(padding), model.const(kind, [value])]
    shape = [b + side + a for b, side, a in zip(before, x, after)]
    model.apply(ts.Op.PAD, names, kind, shape, "Pad")
    return model


def select(kind, shapes):
    model = Model()
    names = [model.input(T.BOOL, shapes[0]), model.input(kind, shapes[1]), model.input(kind, shapes[2])]
    model.apply(ts.Op.SELECT, names, kind, np.broadcast_shapes(*shapes), "Select")
    return model


def gather(kind, n, k, w, c):
    model = Model()
    names = [model.input(kind, (n, k, c)), model.input(T.INT32, (n, w), 0, k - 1, [0, k - 1])]
    model.apply(ts.Op.GATHER, names, kind, (n, w, c), "Gather")
    return model


def scatter(random, kind, n, k, w, c):
    model = Model()
    indices = [random.permutation(k)[:w] for _ in range(n)]
    names = [model.input(kind, (n, k, c)), model.const(T.INT32, indices), model.input(kind, (n, w, c))]
    model.apply(ts.Op.SCATTER, names, kind, (n, k, c), "Scatter")
    return model


def tensor_operators(random):
    byte = (T.INT8, T.INT8, T.INT32)
    nibble = (T.INT8, T.INT4, T.INT32)
    short = (T.INT16, T.INT8, T.INT48)
    for name, types, zp in (("", byte, (-128, 3)), ("_i4", nibble, (5, 0)), ("_i16", short, (0, 0))):
        if name:
            yield f"conv2d{name}", convolution(
                random, ts.Op.CONV2D, (2, 5, 4, 3), (5, 3, 2, 3), types, (2, 1), (1, 1, 0, 1), (1, 2), zp)
            yield f"conv2d{name}_1x1", convolution(
                random, ts.Op.CONV2D, (1, 2, 3, 17), (4, 1, 1, 17), types, (1, 1), (0,) * 4, (1, 1), zp, bias=1)
        yield f"conv3d{name}", convolution(
            random, ts.Op.CONV3D, (1, 3, 4, 5, 2), (3, 2, 3, 2, 2), types, (1, 2, 1), (1, 0, 1, 0, 0, 2), (2, 1, 3), zp)
        yield f"conv3d{name}_one_bias", convolution(
            random, ts.Op.CONV3D, (2, 1, 2, 3, 5), (2, 1, 2, 3, 5), types, (1, 1, 1), (0, 0, 1, 1, 1, 1), (1, 1, 1), zp, bias=1)
        yield f"depthwise_conv2d{name}", convolution(
            random, ts.Op.DEPTHWISE_CONV2D, (1, 5, 7, 3), (3, 2, 3, 2), types, (1, 2), (1, 0, 1, 0), (2, 1), zp)
        yield f"depthwise_conv2d{name}_one_bias", convolution(
            random, ts.Op.DEPTHWISE_CONV2D, (2, 4, 4, 9), (3, 3, 9, 1), types, (1, 1), (1, 1, 1, 1), (1, 1), zp, bias=1)
        yield f"transpose_conv2d{name}", transposed(
            random, (1, 3, 4, 3), (5, 3, 2, 3), types, (2, 3), (1, -2, 0, 2), zp)
        yield f"transpose_conv2d{name}_cut", transposed(
            random, (2, 2, 3, 5), (3, 2, 3, 5), types, (1, 2), (-1, -1, -2, 0), zp, bias=1)
    yield "depthwise_conv2d_3x3_channels_17", convolution(
        random, ts.Op.DEPTHWISE_CONV2D, (1, 6, 5, 17), (3, 3, 17, 1), byte, (1, 1), (1, 1, 1, 1), (1, 1), (-128, 0))
    yield "transpose_conv2d_wide_stride", transposed(random, (1, 2, 2, 4), (4, 2, 2, 4), byte, (5, 4), (0, 0, 1, 3), (127, -7))
    yield "matmul_i8", matmul((2, 3, 17), (2, 17, 5), (T.INT8, T.INT32), (-128, 127))
    yield "matmul_i8_row", matmul((1, 1, 40), (1, 40, 3), (T.INT8, T.INT32))
    yield "matmul_i16", matmul((3, 4, 7), (3, 7, 2), (T.INT16, T.INT48))
    yield "matmul_i16_column", matmul((1, 5, 9), (1, 9, 1), (T.INT16, T.INT48))
    for op, name in ((ts.Op.AVG_POOL2D, "avg_pool2d"), (ts.Op.MAX_POOL2D, "max_pool2d")):
        yield f"{name}_i16", pool16(op, (1, 7, 5, 3), (3, 2), (2, 1), (1, 1, 0, 1))
        yield f"{name}_i16_global", pool16(op, (2, 5, 7, 2), (5, 7), (1, 1), (0, 0, 0, 0))
    for kind, name in ((T.INT8, "i8"), (T.INT16, "i16")):
        for axis in range(3):
            shape = [3, 5, 4]
            del shape[axis]
            bounds = {"low": -2, "high": 2} if axis else {}  # several largest
            yield f"argmax_{name}_axis{axis}", unary(
                ts.Op.ARGMAX, (3, 5, 4), (kind, T.INT32), axis, NAN, shape=shape, attribute="ArgMax", **bounds)
    yield "argmax_to_rank0", unary(ts.Op.ARGMAX, (9,), (T.INT8, T.INT32), 0, NAN, shape=(), attribute="ArgMax",
                                   edges=[-128] * 9)
    clamp16 = Model()
    name = clamp16.input(T.INT16, (3, 13), edges=[-(2**15), 2**15 - 1, -999, 1000])
    as_bytes = lambda value: list(np.array([value], np.int16).tobytes())
    clamp16.apply(ts.Op.CLAMP, [name], T.INT16, (3, 13), "Clamp", as_bytes(-1000), as_bytes(999), NAN)
    yield "clamp_i16", clamp16


def element_wise(random):
    pair, row_column = ((3, 13), (3, 13)), ((4, 1, 3), (1, 5, 1))
    for op, name in ((ts.Op.BITWISE_AND, "and"), (ts.Op.BITWISE_OR, "or"), (ts.Op.BITWISE_XOR, "xor")):
        for kind, bits in INTEGERS:
            yield f"bitwise_{name}_{bits}", binary(op, (kind, kind), row_column, (WHOLE, WHOLE))
    for op, name in ((ts.Op.LOGICAL_AND, "and"), (ts.Op.LOGICAL_OR, "or"), (ts.Op.LOGICAL_XOR, "xor")):
        yield f"logical_{name}", binary(op, (T.BOOL, T.BOOL), pair, (WHOLE, WHOLE))
        yield f"logical_{name}_broadcast", binary(op, (T.BOOL, T.BOOL), row_column, (WHOLE, WHOLE))
    edges = ((LOW, HIGH, LOW, HIGH, -7, 7, -7, 7), (HIGH, LOW, LOW, -1, 2, -2, -2, 2))
    yield "intdiv", binary(ts.Op.INTDIV, I32, ((40,), (40,)), (WHOLE, (1, 1000)), edges=edges)
    yield "intdiv_broadcast", binary(ts.Op.INTDIV, I32, row_column, (WHOLE, (-99, -2)))
    for op, name, arguments in (
        (ts.Op.MAXIMUM, "maximum", (NAN,)), (ts.Op.MINIMUM, "minimum", (NAN,)),
        (ts.Op.EQUAL, "equal", ()), (ts.Op.GREATER, "greater", ()), (ts.Op.GREATER_EQUAL, "greater_equal", ()),
    ):
        kinds = (T.INT32, T.BOOL if name in ("equal", "greater", "greater_equal") else T.INT32)
        edges = ((LOW, HIGH, LOW, HIGH, 0), (LOW, HIGH, HIGH, LOW, 0))
        yield name, binary(op, kinds, ((2, 20), (2, 20)), (WHOLE, WHOLE), *arguments, edges=edges)
        yield f"{name}_broadcast", binary(op, kinds, row_column, ((-2, 2), (-2, 2)), *arguments)
    for kind, bits in INTEGERS:
        width = int(bits[1:])
        top = 2 ** (width - 1)
        edges = ((-top, top - 1, -1, -top, 1, -5), (width - 1, width - 1, width - 1, 0, 1, 1))
        yield f"logical_right_shift_{bits}", binary(
            ts.Op.LOGICAL_RIGHT_SHIFT, (kind, kind), ((33,), (33,)), (WHOLE, (0, width - 1)), edges=edges)
    yield "logical_right_shift_broadcast", binary(ts.Op.LOGICAL_RIGHT_SHIFT, I32, row_column, (WHOLE, (0, 31)))
    yield "abs", unary(ts.Op.ABS, (3, 11), I32, low=LOW + 1, edges=[LOW + 1, HIGH, -1, 0, 1])
    yield "abs_rank0", unary(ts.Op.ABS, (), I32, low=-5, high=0)
    for kind, bits in INTEGERS:
        yield f"bitwise_not_{bits}", unary(ts.Op.BITWISE_NOT, (2, 3, 5), (kind, kind), edges=[0, -1])
    yield "logical_not", unary(ts.Op.LOGICAL_NOT, (3, 7), (T.BOOL, T.BOOL))
    yield "logical_not_rank0", unary(ts.Op.LOGICAL_NOT, (), (T.BOOL, T.BOOL))
    for zp in ((0, 0), (127, -128), (-128, 127), (-5, 77)):
        name = "_".join(str(value).replace("-", "m") for value in zp)
        yield f"negate_i8_zp_{name}", unary(
            ts.Op.NEGATE, (31,), (T.INT8, T.INT8), extra=[(T.INT8, [zp[0]]), (T.INT8, [zp[1]])], edges=[-128, 127, 0, 1, -1])
    yield "negate_i16", unary(ts.Op.NEGATE, (31,), (T.INT16, T.INT16), extra=[(T.INT16, [0])] * 2, edges=[-(2**15), 2**15 - 1])
    yield "negate_i32", unary(ts.Op.NEGATE, (5, 6), I32, extra=[(T.INT32, [0])] * 2, low=LOW + 1, edges=[LOW + 1, HIGH])
    for kind, name in TYPES:
        yield f"select_{name}", select(kind, ((2, 1, 3), (2, 4, 1), (1, 4, 3)))
    yield "select_same", select(T.INT8, ((33,), (33,), (33,)))
    yield "select_one_condition", select(T.INT32, ((1, 1), (3, 5), (1, 5)))


def reductions(random):
    for axis in range(3):
        shape = [3, 4, 5]
        shape[axis] = 1
        yield f"reduce_all_axis{axis}", unary(ts.Op.REDUCE_ALL, (3, 4, 5), (T.BOOL, T.BOOL), axis, shape=shape)
        yield f"reduce_any_axis{axis}", unary(ts.Op.REDUCE_ANY, (3, 4, 5), (T.BOOL, T.BOOL), axis, shape=shape)
        kind, name = INTEGERS[axis]
        yield f"reduce_min_{name}_axis{axis}", unary(ts.Op.REDUCE_MIN, (3, 4, 5), (kind, kind), axis, NAN, shape=shape)
    top = [HIGH] * 9
    yield "reduce_min_largest", unary(ts.Op.REDUCE_MIN, (9,), I32, 0, NAN, shape=(1,), edges=top)


def data_layout(random):
    for kind, name in TYPES:
        value = {"bool": True, "i8": -128, "i16": 32_767, "i32": LOW}[name]
        yield f"concat_{name}", concat(kind, ((2, 3, 5), (2, 1, 5), (2, 4, 5)), 1)
        yield f"pad_{name}", pad(kind, (2, 3, 4), (1, 0, 2), (0, 3, 1), value)
        yield f"reverse_{name}", unary(ts.Op.REVERSE, (3, 4, 5), (kind, kind), 1)
        yield f"tile_{name}", unary(ts.Op.TILE, (2, 3, 2), (kind, kind), shape=(4, 3, 6), extra=[(T.SHAPE, [2, 1, 3])])
        yield f"transpose_{name}", unary(ts.Op.TRANSPOSE, (2, 3, 5), (kind, kind), [2, 0, 1], shape=(5, 2, 3))
    yield "concat_outer", concat(T.INT8, ((1, 7), (3, 7)), 0)
    yield "concat_inner", concat(T.INT8, ((2, 3, 1), (2, 3, 6)), 2)
    yield "concat_one", concat(T.INT16, ((5,),), 0)
    yield "pad_nhwc", pad(T.INT8, (1, 3, 3, 2), (0, 1, 1, 0), (0, 1, 2, 0), 7)
    yield "pad_nothing", pad(T.INT8, (6,), (0,), (0,), 5)
    yield "reverse_outer", unary(ts.Op.REVERSE, (5, 3), (T.INT8, T.INT8), 0)
    yield "reverse_inner", unary(ts.Op.REVERSE, (2, 2, 7), (T.INT8, T.INT8), 2)
    yield "tile_row", unary(ts.Op.TILE, (3,), (T.INT8, T.INT8), shape=(15,), extra=[(T.SHAPE, [5])])
    yield "transpose_nchw", unary(ts.Op.TRANSPOSE, (1, 3, 4, 5), (T.INT8, T.INT8), [0, 2, 3, 1], shape=(1, 4, 5, 3))
    yield "transpose_rank6", unary(
        ts.Op.TRANSPOSE, (2, 1, 3, 2, 1, 4), (T.INT8, T.INT8), [5, 3, 1, 0, 2, 4], shape=(4, 2, 1, 2, 3, 1))
    yield "transpose_same", unary(ts.Op.TRANSPOSE, (3, 4), I32, [0, 1], shape=(3, 4))


def gather_scatter_image(random):
    for kind, name in INTEGERS:
        yield f"gather_{name}", gather(kind, 2, 5, 4, 3)
        yield f"scatter_{name}", scatter(random, kind, 2, 6, 4, 3)
    yield "gather_one_channel", gather(T.INT8, 1, 9, 17, 1)
    yield "scatter_all", scatter(random, T.INT32, 3, 4, 4, 1)
    for mode, way in ((ts.ResizeMode.NEAREST, "nearest"), (ts.ResizeMode.BILINEAR, "bilinear")):
        for kind, name in ((T.INT8, "i8"), (T.INT16, "i16")):
            yield f"resize_{way}_{name}_twice", resize((1, 4, 3, 2), kind, mode, (4, 2, 0, 2), (4, 2, -1, 1))
            yield f"resize_{way}_{name}_down", resize((2, 9, 7, 3), kind, mode, (2, 4, 1, 1), (3, 5, -2, -5))
            yield f"resize_{way}_{name}_odd", resize((1, 3, 5, 1), kind, mode, (5, 3, -5, 0), (7, 4, 6, 2))
            yield f"resize_{way}_{name}_largest_scale", resize((1, 2, 2, 1), kind, mode, (2048, 683, 0, 1), (2048, 2047, -2047, -1))
            yield f"resize_{way}_{name}_one_pixel", resize((1, 1, 1, 5), kind, mode, (3, 1, 0, 2), (1, 1, 0, 0))


def conversion(random):
    for source, source_name in TYPES:
        for target, target_name in TYPES:
            if source != target:
                edges = [0, 1] if source == T.BOOL else [0, 1, -1, np.iinfo(
                    {T.INT8: np.int8, T.INT16: np.int16, T.INT32: np.int32}[source]).min, 256 if source != T.INT8 else 64]
                yield f"cast_{source_name}_{target_name}", unary(ts.Op.CAST, (3, 7), (source, target), edges=edges)
    for kind, name in (*TYPES, (T.INT48, "i48")):
        yield f"identity_{name}", unary(ts.Op.IDENTITY, (2, 5), (kind, kind))
    for kind, name, zp in ((T.INT8, "i8", -3), (T.INT16, "i16", 0), (T.INT32, "i32", 0)):
        yield f"rescale_i48_{name}", rescale((40,), (T.INT48, kind), [(17_000, 34)], SINGLE, (0, zp), scale32=False, limit=2**47)
        yield f"rescale_i48_{name}_channels", rescale(
            (5, 3), (T.INT48, kind), [(32_767, 62), (1, 18), (20_001, 31)], SINGLE, (0, zp), scale32=False, limit=2**46)
    yield "rescale_i8_u8_negative", rescale((256,), (T.INT8, T.INT8), [(2**30, 30)], SINGLE, (0, 0), (False, True))


def regions(random):
    """COND_IF and WHILE_LOOP. A region's tensors are named as they are added, its inputs and outputs in order."""
    # Two outputs; regions that compute, and one that hands its inputs on.
    model = Model()
    condition, a, b = model.input(T.BOOL, ()), model.input(T.INT32, (2, 3), -999, 999), model.input(T.INT32, (2, 3), -999, 999)
    model.apply_many(ts.Op.COND_IF, [condition, a, b], [(T.INT32, (2, 3))] * 2, "CondIf", "adds", "swaps")
    a, b = model.region("adds", [(T.INT32, (2, 3))] * 2)
    model.apply(ts.Op.ADD, [a, b], T.INT32, (2, 3))
    model.apply(ts.Op.SUB, [a, b], T.INT32, (2, 3))
    a, b = model.region("swaps", [(T.INT32, (2, 3))] * 2)
    model.hand_on(b, a)
    yield "cond_if_two_outputs", model
    # One inside the other; the condition is computed.
    model = Model()
    x = model.input(T.INT32, (1,), -2, 2)
    zero = model.const(T.INT32, [0])
    positive = model.apply(ts.Op.GREATER, [x, zero], T.BOOL, (1,), inner=True)
    model.apply_many(ts.Op.COND_IF, [positive, x], [(T.INT32, (1,))], "CondIf", "positive", "other")
    (x,) = model.region("positive", [(T.INT32, (1,))])
    model.apply(ts.Op.BITWISE_NOT, [x], T.INT32, (1,))
    (x,) = model.region("other", [(T.INT32, (1,))])
    negative = model.apply(ts.Op.GREATER, [model.const(T.INT32, [0]), x], T.BOOL, (1,), inner=True)
    model.apply_many(ts.Op.COND_IF, [negative, x], [(T.INT32, (1,))], "CondIf", "negative", "null")
    (x,) = model.region("negative", [(T.INT32, (1,))])
    model.apply(ts.Op.ABS, [x], T.INT32, (1,))
    (x,) = model.region("null", [(T.INT32, (1,))])
    model.hand_on(model.const(T.INT32, [77]))
    yield "cond_if_nested", model
    # Powers of a vector: n times, n from the input; also never.
    for name, low, high in (("while_loop_powers", 1, 6), ("while_loop_never", -3, 0)):
        model = Model()
        state = [(T.INT32, (1,)), (T.INT32, (2, 2))]
        n, x = model.input(T.INT32, (1,), low, high), model.input(T.INT32, (2, 2), -9, 9)
        model.apply_many(ts.Op.WHILE_LOOP, [n, x], state, "WhileLoop", "more", "step")
        n, x = model.region("more", state)
        model.apply(ts.Op.GREATER, [n, model.const(T.INT32, [0])], T.BOOL, (1,))
        n, x = model.region("step", state)
        model.apply(ts.Op.SUB, [n, model.const(T.INT32, [1])], T.INT32, (1,))
        model.apply(ts.Op.MUL, [x, model.const(T.INT32, [[-3]]), model.const(T.INT8, [0])], T.INT32, (2, 2))
        yield name, model
    # A loop whose body chooses: the steps of Collatz until 1, counted.
    model = Model()
    state = [(T.INT32, ()), (T.INT32, ())]
    x, count = model.input(T.INT32, (), 1, 60), model.const(T.INT32, 0)
    model.apply_many(ts.Op.WHILE_LOOP, [x, count], state, "WhileLoop", "not_one", "body")
    x, count = model.region("not_one", state)
    model.apply(ts.Op.GREATER, [x, model.const(T.INT32, 1)], T.BOOL, ())
    x, count = model.region("body", state)
    low_bit = model.apply(ts.Op.BITWISE_AND, [x, model.const(T.INT32, 1)], T.INT32, (), inner=True)
    odd = model.apply(ts.Op.CAST, [low_bit], T.BOOL, (), inner=True)
    model.apply_many(ts.Op.COND_IF, [odd, x], state[:1], "CondIf", "odd", "even")
    model.apply(ts.Op.ADD, [count, model.const(T.INT32, 1)], T.INT32, ())
    (x,) = model.region("odd", state[:1])
    tripled = model.apply(ts.Op.MUL, [x, model.const(T.INT32, 3), model.const(T.INT8, [0])], T.INT32, (), inner=True)
    model.apply(ts.Op.ADD, [tripled, model.const(T.INT32, 1)], T.INT32, ())
    (x,) = model.region("even", state[:1])
    model.apply(ts.Op.ARITHMETIC_RIGHT_SHIFT, [x, model.const(T.INT32, 1)], T.INT32, (), None, False)
    yield "while_loop_collatz", model


def late_values(random):
    """EXT-DYNAMIC: values of operators that the graph computes itself."""
    # MUL by 2^−shift, the shift from the input.
    model = Model()
    a, b = model.input(T.INT32, (3, 4), -(2**20), 2**20), model.input(T.INT32, (3, 4), -(2**20), 2**20)
    wide = model.apply(ts.Op.BITWISE_AND, [model.input(T.INT8, (1,)), model.const(T.INT8, [15])], T.INT8, (1,), inner=True)
    shift = model.apply(ts.Op.BITWISE_OR, [wide, model.const(T.INT8, [16])], T.INT8, (1,), inner=True)
    model.apply(ts.Op.MUL, [a, b, shift], T.INT32, (3, 4))
    yield "late_mul_shift", model
    # RESCALE to a computed scale.
    model = Model()
    x = model.input(T.INT32, (2, 3), -(2**20), 2**20)
    given = model.input(T.INT32, (3,), 0, 2**29)
    multiplier = model.apply(ts.Op.BITWISE_OR, [given, model.const(T.INT32, [2**29])], T.INT32, (3,), inner=True)
    given = model.input(T.INT8, (3,))
    few = model.apply(ts.Op.BITWISE_AND, [given, model.const(T.INT8, [15])], T.INT8, (3,), inner=True)
    shift = model.apply(ts.Op.BITWISE_OR, [few, model.const(T.INT8, [32])], T.INT8, (3,), inner=True)
    zero = model.apply(ts.Op.BITWISE_NOT, [model.input(T.INT8, (1,))], T.INT8, (1,), inner=True)
    model.apply(ts.Op.RESCALE, [x, multiplier, shift, model.const(T.INT32, [0]), zero], T.INT8, (2, 3),
                "Rescale", True, DOUBLE, True, False, False)
    yield "late_rescale", model
    # Zero points of a convolution, a matrix product, an average and a negation.
    model = Model()
    zp = model.apply(ts.Op.BITWISE_NOT, [model.input(T.INT8, (1,))], T.INT8, (1,), inner=True)
    x = model.input(T.INT8, (1, 3, 4, 2))
    names = [x, model.const(T.INT8, random.integers(-128, 128, (3, 2, 2, 2))),
             model.const(T.INT32, [1, -2, 3]), zp, model.const(T.INT8, [4])]
    model.apply(ts.Op.CONV2D, names, T.INT32, (1, 3, 4, 3), "Conv2d", [1, 0, 0, 1], [1, 1], [1, 1], False, T.INT32)
    model.apply(ts.Op.AVG_POOL2D, [x, zp, zp], T.INT8, (1, 2, 3, 2), "AvgPool2d", [2, 2], [1, 1], [0] * 4, T.INT32)
    model.apply(ts.Op.NEGATE, [x, zp, model.const(T.INT8, [-7])], T.INT8, (1, 3, 4, 2))
    yield "late_zero_points", model
    model = Model()
    zp = model.apply(ts.Op.BITWISE_NOT, [model.input(T.INT8, (1,))], T.INT8, (1,), inner=True)
    a, b = model.input(T.INT8, (1, 3, 5)), model.input(T.INT8, (1, 5, 2))
    model.apply(ts.Op.MATMUL, [a, b, model.const(T.INT8, [1]), zp], T.INT32, (1, 3, 2), "MatMul")
    yield "late_matmul", model
    # Tables and padding that the graph computes.
    model = Model()
    table = model.apply(ts.Op.REVERSE, [model.input(T.INT8, (256,))], T.INT8, (256,), None, 0, inner=True)
    model.apply(ts.Op.TABLE, [model.input(T.INT8, (20,)), table], T.INT8, (20,))
    yield "late_table_i8", model
    model = Model()
    table = model.apply(ts.Op.REVERSE, [model.input(T.INT16, (513,), -(2**14), 2**14 - 1)], T.INT16, (513,), None, 0, inner=True)
    model.apply(ts.Op.TABLE, [model.input(T.INT16, (20,)), table], T.INT32, (20,))
    yield "late_table_i16", model
    model = Model()
    value = model.apply(ts.Op.BITWISE_NOT, [model.input(T.INT16, (1,))], T.INT16, (1,), inner=True)
    model.apply(ts.Op.PAD, [model.input(T.INT16, (2, 3)), model.shape([1, 1, 0, 2]), value], T.INT16, (4, 5))
    yield "late_pad_const", model


def higher_ranks(_):
    yield "reverse_rank4", unary(ts.Op.REVERSE, (2, 3, 4, 5), (T.INT8, T.INT8), 1)
    yield "reverse_rank6", unary(ts.Op.REVERSE, (2, 1, 3, 2, 2, 3), (T.INT16, T.INT16), 3)


def two_steps(random):
    """Axes and windows of more than 4096 elements, which a back end may cut."""
    bits, byte = (T.BOOL, T.BOOL), (T.INT8, T.INT8)
    yield "reduce_all_two_steps", unary(ts.Op.REDUCE_ALL, (4099,), bits, 0, shape=(1,), edges=[1] * 4099)
    yield "reduce_any_two_steps", unary(ts.Op.REDUCE_ANY, (4099,), bits, 0, shape=(1,), edges=[0] * 4098)
    yield "reduce_max_two_steps", unary(ts.Op.REDUCE_MAX, (4097, 3), byte, 0, NAN, shape=(1, 3), high=90)
    yield "reduce_min_two_steps", unary(ts.Op.REDUCE_MIN, (2, 4100), byte, 1, NAN, shape=(2, 1), low=-90)
    yield "reduce_sum_two_steps", unary(ts.Op.REDUCE_SUM, (4111,), I32, 0, shape=(1,), low=-(2**18), high=2**18)
    yield "argmax_two_steps", unary(ts.Op.ARGMAX, (2, 4097, 2), (T.INT8, T.INT32), 1, NAN, shape=(2, 2),
                                    attribute="ArgMax", edges=[-128] * 4097 * 2)
    yield "argmax_i16_two_steps", unary(ts.Op.ARGMAX, (4100,), (T.INT16, T.INT32), 0, NAN, shape=(), attribute="ArgMax")
    for op, name in ((ts.Op.MAX_POOL2D, "max_pool2d"), (ts.Op.AVG_POOL2D, "avg_pool2d")):
        yield f"{name}_two_steps", pool(op, (1, 66, 67, 2), (65, 64), (1, 2), (1, 1, 0, 1), (-101, 5))
        yield f"{name}_i16_two_steps", pool16(op, (2, 3, 2100, 1), (3, 2099), (1, 1), (1, 1, 1, 0))


def all_cases(random):
    # A new group comes last: every case takes random numbers from one sequence.
    for group in (tensor_operators, element_wise, reductions, data_layout, gather_scatter_image, conversion, regions,
                  late_values, higher_ranks):
        yield from group(random)
    yield from chains(random)
    yield from two_steps(random)
    yield from packed_sums(random)
    yield from fused(random)
