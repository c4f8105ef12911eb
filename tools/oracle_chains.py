"""Chains of element-wise operators for oracle_cases.py, which a back end may run as one."""

import tosa_serializer as ts

from oracle_cases import DOUBLE, NAN, SINGLE, Model, T


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
