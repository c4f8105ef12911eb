"""Chains of operators for oracle_cases.py, which a back end may run as one."""

import tosa_serializer as ts

from oracle_cases import DOUBLE, NAN, SINGLE, Model, T, window


def rescaled(model, name, kinds, shape, factors, rounding=SINGLE, zp=(0, 0), inner=True):
    multipliers, shifts = zip(*factors)
    names = [name, model.const(T.INT32, multipliers), model.const(T.INT8, shifts),
             model.const(kinds[0], [zp[0]]), model.const(kinds[1], [zp[1]])]
    return model.apply(ts.Op.RESCALE, names, kinds[1], shape, "Rescale", True, rounding,
                       len(factors) > 1, False, False, inner=inner)


def residual():
    """Two i8 tensors added, as quantised networks do."""
    model, shape, half = Model(), (1, 5, 7, 6), 2**30
    a, b = (model.input(T.INT8, shape, edges=[-128, 127, 127]) for _ in range(2))
    a = rescaled(model, a, (T.INT8, T.INT32), shape, [(half, 11)], DOUBLE, zp=(-7, 0))
    b = rescaled(model, b, (T.INT8, T.INT32), shape, [(1_518_500_250, 12)], DOUBLE, zp=(12, 0))
    total = model.apply(ts.Op.ADD, [a, b], T.INT32, shape, inner=True)
    narrow = rescaled(model, total, (T.INT32, T.INT8), shape, [(1_234_567_890, 50)], DOUBLE, zp=(0, -4))
    low, high = [156], [90]  # -100 and 90 as bytes
    model.apply(ts.Op.CLAMP, [narrow], T.INT8, shape, "Clamp", low, high, NAN)
    return model


def exponentials(random):
    """Differences from a broadcast maximum through a table, shifted and scaled, as integer softmax does."""
    model, shape = Model(), (3, 2, 11)
    x = model.input(T.INT8, shape, edges=[-128, 127])
    largest = model.input(T.INT32, (3, 2, 1), -128, 127)
    wide = rescaled(model, x, (T.INT8, T.INT32), shape, [(2**30, 30)], zp=(5, 0))
    difference = model.apply(ts.Op.SUB, [wide, largest], T.INT32, shape, inner=True)
    short = rescaled(model, difference, (T.INT32, T.INT16), shape, [(2**30, 24)])
    table = model.const(T.INT16, random.integers(-(2**14), 2**14, 513))
    looked_up = model.apply(ts.Op.TABLE, [short, table], T.INT32, shape, inner=True)
    shifted = model.apply(ts.Op.ARITHMETIC_RIGHT_SHIFT, [looked_up, model.const(T.INT32, [[[5]]])], T.INT32, shape,
                          None, True, inner=True)
    factors = model.const(T.INT32, random.integers(2**28, 2**29, (1, 1, 11)))
    product = model.apply(ts.Op.MUL, [shifted, factors, model.const(T.INT8, [30])], T.INT32, shape, inner=True)
    channels = [(2**29 + channel, 38) for channel in range(11)]
    rescaled(model, product, (T.INT32, T.INT8), shape, channels, zp=(0, 9), inner=False)
    return model


def choices():
    """Comparisons and a choice; some tensors are read several times, and one result is an output as well."""
    model, shape = Model(), (4, 1, 9)
    a = model.input(T.INT32, shape, -3, 3)
    b = model.input(T.INT32, (1, 1, 9), -3, 3)
    flag = model.input(T.INT8, shape, -1, 1)
    greater = model.apply(ts.Op.GREATER, [a, b], T.BOOL, shape, inner=True)
    given = model.apply(ts.Op.CAST, [flag], T.BOOL, shape, inner=True)
    either = model.apply(ts.Op.LOGICAL_XOR, [greater, given], T.BOOL, shape, inner=True)
    square = model.apply(ts.Op.MUL, [a, a, model.const(T.INT8, [0])], T.INT32, shape, inner=True)
    difference = model.apply(ts.Op.SUB, [square, b], T.INT32, shape)
    other = model.apply(ts.Op.MAXIMUM, [difference, difference], T.INT32, shape, None, NAN, inner=True)
    chosen = model.apply(ts.Op.SELECT, [either, other, b], T.INT32, shape, inner=True)
    model.apply(ts.Op.CAST, [chosen], T.INT16, shape)
    return model


def long_chain(random):
    """More operators than one kernel holds."""
    model, shape = Model(), (37,)
    name = model.input(T.INT16, shape)
    operators = (ts.Op.BITWISE_XOR, ts.Op.LOGICAL_RIGHT_SHIFT, ts.Op.LOGICAL_LEFT_SHIFT)
    for index in range(35):
        op = operators[index % 3]
        values = [3] if index % 3 else random.integers(-(2**15), 2**15, 37)
        operand = model.const(T.INT16, values)
        name = model.apply(op, [name, operand], T.INT16, shape, inner=index < 34)
    return model


def many_operands():
    """More tensors than one kernel reads, added by pairs."""
    model = Model()
    shapes = [(6, 1) if index % 3 else (6, 5) for index in range(13)]
    terms = [(model.input(T.INT32, shape, -(2**20), 2**20), shape) for shape in shapes]
    while len(terms) > 1:
        (a, x), (b, y), *terms = terms
        shape = max(x, y)
        terms.append((model.apply(ts.Op.ADD, [a, b], T.INT32, shape, inner=len(terms) > 0), shape))
    return model


def chains(random):
    yield "chain_residual", residual()
    yield "chain_exponentials", exponentials(random)
    yield "chain_choices", choices()
    yield "chain_long", long_chain(random)
    yield "chain_many_operands", many_operands()


def clamped(model, name, shape, low, high, inner=False):
    low, high = ([value % 256] for value in (low, high))
    return model.apply(ts.Op.CLAMP, [name], T.INT8, shape, "Clamp", low, high, NAN, inner=inner)


def shifted_product(model, a, b, shape, shift, inner=True):
    return model.apply(ts.Op.MUL, [a, b, model.const(T.INT8, [shift])], T.INT32, shape, inner=inner)


def softmax(random, shape, reshaped=None):
    """An integer softmax along the last axis, with one step of a reciprocal's iteration; `reshaped` between."""
    model, row = Model(), (*shape[:-1], 1)
    constant = lambda value: model.const(T.INT32, [[[value]]] if len(shape) == 3 else [[value]])
    x = model.input(T.INT8, shape, edges=[-128, 127])
    x = rescaled(model, x, (T.INT8, T.INT32), shape, [(2**30, 30)], zp=(5, 0))
    largest = model.apply(ts.Op.REDUCE_MAX, [x], T.INT32, row, None, len(shape) - 1, NAN, inner=True)
    x = model.apply(ts.Op.SUB, [x, largest], T.INT32, shape, inner=True)
    x = rescaled(model, x, (T.INT32, T.INT16), shape, [(2**30, 23)])
    parts = []
    for amount in (3, 0):
        table = model.const(T.INT16, random.integers(0, 2**14, 513))
        part = model.apply(ts.Op.TABLE, [x, table], T.INT32, shape, inner=True)
        operands = [part, constant(amount)]
        parts.append(model.apply(ts.Op.ARITHMETIC_RIGHT_SHIFT, operands, T.INT32, shape, None, True, inner=True))
    exponentials = model.apply(ts.Op.ADD, parts, T.INT32, shape, inner=True)
    total = model.apply(ts.Op.REDUCE_SUM, [exponentials], T.INT32, row, None, len(shape) - 1, inner=True)
    zeros = model.apply(ts.Op.CLZ, [total], T.INT32, row, inner=True)
    zeros = model.apply(ts.Op.SUB, [zeros, constant(1)], T.INT32, row, inner=True)
    scaled = model.apply(ts.Op.LOGICAL_LEFT_SHIFT, [total, zeros], T.INT32, row, inner=True)
    guess = model.apply(ts.Op.SUB, [constant(2**30), scaled], T.INT32, row, inner=True)
    guess = shifted_product(model, guess, guess, row, 31)
    if reshaped:
        # The same rows under another name.
        exponentials, guess = (
            model.apply(ts.Op.RESHAPE, [name, model.shape(to)], T.INT32, to, inner=True)
            for name, to in ((exponentials, reshaped), (guess, (*reshaped[:-1], 1))))
        shape = reshaped
    product = shifted_product(model, exponentials, guess, shape, 28)
    channels = [(2**30 + channel, 33) for channel in range(shape[-1])]
    rescaled(model, product, (T.INT32, T.INT8), shape, channels, zp=(0, -128), inner=False)
    return model


def normalised(random):
    """The shape of a layer normalisation: a mean, deviations, the sum of their squares, factors along the last axis."""
    model, shape, row = Model(), (7, 24), (7, 1)
    x = model.input(T.INT16, shape, edges=[-2**15, 2**15 - 1])
    x = rescaled(model, x, (T.INT16, T.INT32), shape, [(2**30, 31)], zp=(0, 0))
    total = model.apply(ts.Op.REDUCE_SUM, [x], T.INT32, row, None, 1, inner=True)
    mean = rescaled(model, total, (T.INT32, T.INT32), row, [(1_431_655_765, 35)])
    deviation = model.apply(ts.Op.SUB, [x, mean], T.INT32, shape, inner=True)
    squares = shifted_product(model, deviation, deviation, shape, 8)
    variance = model.apply(ts.Op.REDUCE_SUM, [squares], T.INT32, row, None, 1, inner=True)
    zeros = model.apply(ts.Op.CLZ, [variance], T.INT32, row, inner=True)
    factor = model.apply(ts.Op.LOGICAL_LEFT_SHIFT, [model.const(T.INT32, [[64]]), zeros], T.INT32, row, inner=True)
    product = shifted_product(model, deviation, factor, shape, 16)
    scales = model.const(T.INT32, random.integers(-(2**10), 2**10, (1, 24)))
    product = shifted_product(model, product, scales, shape, 20)
    rescaled(model, product, (T.INT32, T.INT16), shape, [(2**30, 32)], inner=False)
    return model


def row_questions():
    """Reductions of bools and of i8 that are the result, of rows that share words."""
    model, shape, row = Model(), (3, 3, 5), (3, 3, 1)
    x = model.input(T.INT32, shape, -3, 3)
    y = model.input(T.INT32, (1, 1, 5), -2, 2)
    equal = model.apply(ts.Op.EQUAL, [x, y], T.BOOL, shape, inner=True)
    any_equal = model.apply(ts.Op.REDUCE_ANY, [equal], T.BOOL, row, None, 2, inner=True)
    greater = model.apply(ts.Op.GREATER, [x, y], T.BOOL, shape, inner=True)
    all_greater = model.apply(ts.Op.REDUCE_ALL, [greater], T.BOOL, row, None, 2, inner=True)
    model.apply(ts.Op.LOGICAL_OR, [any_equal, all_greater], T.BOOL, row)
    return model


def row_spread():
    """The spread of each row of i8 as i32, read by nothing else."""
    model, shape, row = Model(), (5, 9), (5, 1)
    x = model.input(T.INT8, shape, edges=[-128, 127])
    low = model.apply(ts.Op.REDUCE_MIN, [x], T.INT8, row, None, 1, NAN, inner=True)
    high = model.apply(ts.Op.REDUCE_MAX, [x], T.INT8, row, None, 1, NAN, inner=True)
    low, high = (model.apply(ts.Op.CAST, [name], T.INT32, row, inner=True) for name in (low, high))
    model.apply(ts.Op.SUB, [high, low], T.INT32, row)
    return model


def sums(model, random, x, w, stride=(1, 1), pad=(0, 0, 0, 0), name=None):
    """CONV2D of i8: the sums and their shape."""
    (n, ih, iw, ic), (oc, kh, kw) = x, w
    shape = (n, window(ih, kh, stride[0], pad[0], pad[1]), window(iw, kw, stride[1], pad[2], pad[3]), oc)
    names = [
        name or model.input(T.INT8, x, edges=[-128, 127] * 4),
        model.const(T.INT8, random.integers(-128, 128, (oc, kh, kw, ic))),
        model.const(T.INT32, random.integers(-(2**12), 2**12, oc)),
        model.const(T.INT8, [3]),
        model.const(T.INT8, [0]),
    ]
    name = model.apply(ts.Op.CONV2D, names, T.INT32, shape, "Conv2d",
                       list(pad), list(stride), [1, 1], False, T.INT32, inner=True)
    return name, shape


def each(channels, shift=38):
    return [(2**30 + 2**24 * channel, shift + channel % 5) for channel in range(channels)]


def conv2d_residual(random, broadcast):
    """A sum of CONV2D and of another tensor, as residual networks have it, looked up in a table."""
    model = Model()
    name, shape = sums(model, random, (1, 5, 6, 8), (8, 3, 3), pad=(1, 1, 1, 1))
    name = rescaled(model, name, (T.INT32, T.INT8), shape, each(8), DOUBLE, zp=(0, 4))
    name = rescaled(model, name, (T.INT8, T.INT32), shape, [(2**30, 11)], DOUBLE, zp=(4, 0))
    own = (1, 1, 6, 8) if broadcast else shape
    other = model.input(T.INT8, own, edges=[-128, 127, 127])
    other = rescaled(model, other, (T.INT8, T.INT32), own, [(1_518_500_250, 12)], DOUBLE, zp=(12, 0))
    name = model.apply(ts.Op.ADD, [name, other], T.INT32, shape, inner=True)
    name = rescaled(model, name, (T.INT32, T.INT8), shape, [(1_234_567_890, 50)], DOUBLE, zp=(0, -4))
    table = model.const(T.INT8, random.integers(-128, 128, 256))
    model.apply(ts.Op.TABLE, [name, table], T.INT8, shape)
    return model


def conv2d_twice(random):
    """Two CONV2Ds whose sums are added: only one kernel can end with that."""
    model = Model()
    a, shape = sums(model, random, (1, 4, 4, 4), (6, 1, 1))
    b, _ = sums(model, random, (1, 4, 4, 8), (6, 1, 1))
    a, b = (rescaled(model, name, (T.INT32, T.INT16), shape, each(6, 34)) for name in (a, b))
    a, b = (rescaled(model, name, (T.INT16, T.INT32), shape, [(2**30, 28)]) for name in (a, b))
    total = model.apply(ts.Op.ADD, [a, b], T.INT32, shape, inner=True)
    # Six channels of i16 are whole words.
    rescaled(model, total, (T.INT32, T.INT16), shape, [(2**30, 34)], inner=False)
    return model


def conv2d_reshaped(random):
    """A dense layer of ten channels whose CLAMP stands behind a RESHAPE, as converters write it."""
    model = Model()
    name, shape = sums(model, random, (1, 1, 1, 20), (10, 1, 1))
    name = rescaled(model, name, (T.INT32, T.INT8), shape, each(10, 36), DOUBLE, zp=(0, 3))
    name = model.apply(ts.Op.RESHAPE, [name, model.shape([1, 10])], T.INT8, (1, 10), inner=True)
    clamped(model, name, (1, 10), -60, 100)
    return model


def conv2d_turned(random):
    """Channels that are others behind a RESHAPE, with a factor for each of those."""
    model = Model()
    name, shape = sums(model, random, (1, 2, 3, 4), (4, 1, 1))
    name = model.apply(ts.Op.RESHAPE, [name, model.shape([3, 8])], T.INT32, (3, 8), inner=True)
    rescaled(model, name, (T.INT32, T.INT8), (3, 8), each(8, 34), DOUBLE, inner=False)
    return model


def conv2d_softmax(random):
    """A dense layer before reductions, which no kernel takes with it."""
    model = Model()
    name, shape = sums(model, random, (1, 1, 1, 16), (12, 1, 1))
    name = rescaled(model, name, (T.INT32, T.INT8), shape, each(12, 35), DOUBLE)
    name = rescaled(model, name, (T.INT8, T.INT32), shape, [(2**30, 30)])
    largest = model.apply(ts.Op.REDUCE_MAX, [name], T.INT32, (1, 1, 1, 1), None, 3, NAN, inner=True)
    model.apply(ts.Op.SUB, [name, largest], T.INT32, shape)
    return model


def conv2d_sliced(random, start, size, kernel, stride):
    """CONV2D of a part of a tensor, as converters write a window that leaves rows over."""
    model, whole = Model(), (1, 8, 9, 5)
    part = (1, *size, 5)
    x = model.input(T.INT8, whole)
    x = model.apply(ts.Op.SLICE, [x, model.shape([0, *start, 0]), model.shape(part)], T.INT8, part, inner=True)
    name, shape = sums(model, random, part, (4, *kernel), stride, name=x)
    rescaled(model, name, (T.INT32, T.INT8), shape, each(4), DOUBLE, inner=False)
    return model


def fused(random):
    """Operators of several kinds that a back end may run as one."""
    yield "rows_softmax", softmax(random, (2, 3, 10))
    yield "rows_softmax_whole_words", softmax(random, (5, 16))
    yield "rows_softmax_reshaped", softmax(random, (2, 3, 7), (6, 7))
    yield "rows_normalised", normalised(random)
    yield "rows_questions", row_questions()
    yield "rows_spread", row_spread()
    yield "conv2d_residual", conv2d_residual(random, False)
    yield "conv2d_residual_broadcast", conv2d_residual(random, True)
    yield "conv2d_twice", conv2d_twice(random)
    yield "conv2d_reshaped", conv2d_reshaped(random)
    yield "conv2d_turned", conv2d_turned(random)
    yield "conv2d_softmax", conv2d_softmax(random)
    yield "conv2d_sliced", conv2d_sliced(random, (0, 0), (7, 9), (1, 1), (2, 2))
    yield "conv2d_sliced_inside", conv2d_sliced(random, (1, 2), (6, 6), (3, 2), (1, 2))
