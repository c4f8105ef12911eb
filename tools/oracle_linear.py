"""Convolutions and products of matrices for oracle_cases.py."""

import numpy as np
import tosa_serializer as ts

from oracle_cases import DOUBLE, NAN, SINGLE, Model, T, window
from oracle_chains import rescaled

SUMS8 = (T.INT8, T.INT8, T.INT32)


def convolution(random, op, x, w, types, stride, pad, dilation, zp=(0, 0), bias=None, end=None):
    """CONV2D, CONV3D or DEPTHWISE_CONV2D: `x` [N,…,C]; `w` in TOSA's order; axes of stride and dilation; `end` as of
    `ended`."""
    model = Model()
    input_type, weight_type, output_type = types
    depthwise = op == ts.Op.DEPTHWISE_CONV2D
    kernel = w[:2] if depthwise else w[1:-1]
    channels = w[2] * w[3] if depthwise else w[0]
    sides = [window(x[1 + i], kernel[i], stride[i], pad[2 * i], pad[2 * i + 1], dilation[i])
             for i in range(len(kernel))]
    attribute = {ts.Op.CONV2D: "Conv2d", ts.Op.CONV3D: "Conv3d", ts.Op.DEPTHWISE_CONV2D: "DepthwiseConv2d"}[op]
    names = weighted(model, random, x, w, types, zp, channels if bias is None else bias)
    shape = (x[0], *sides, channels)
    name = model.apply(op, names, output_type, shape, attribute,
                       list(pad), list(stride), list(dilation), False, output_type, inner=end is not None)
    return ended(model, name, shape, end)


def transposed(random, x, w, types, stride, out_pad, zp=(0, 0), bias=None):
    model = Model()
    oh = (x[1] - 1) * stride[0] + out_pad[0] + out_pad[1] + w[1]
    ow = (x[2] - 1) * stride[1] + out_pad[2] + out_pad[3] + w[2]
    names = weighted(model, random, x, w, types, zp, w[0] if bias is None else bias)
    model.apply(ts.Op.TRANSPOSE_CONV2D, names, types[2], (x[0], oh, ow, w[0]), "TransposeConv2d",
                list(out_pad), list(stride), False, types[2])
    return model


def weighted(model, random, x, w, types, zp, biases):
    """Operands of a convolution: input, weight, bias, zero points."""
    input_type, weight_type, output_type = types
    reach = {T.INT4: 7, T.INT8: 128}[weight_type]
    weight = random.integers(-reach, 8 if reach == 7 else 128, w)
    return [
        model.input(input_type, x, edges=[-(2**15), 2**15 - 1] if input_type == T.INT16 else [-128, 127]),
        model.const(weight_type, weight),
        model.const(output_type, random.integers(-(2**20), 2**20, biases)),
        model.const(input_type, [zp[0]]),
        model.const(weight_type, [zp[1]]),
    ]


def matmul(a, b, types, zp=(0, 0), constant=None, end=None):
    """MATMUL; `constant` is the second matrix, if it is one; `end` as of `ended`."""
    model = Model()
    low, high = (-128, 127) if types[0] == T.INT8 else (-(2**15), 2**15 - 1)
    names = [model.input(types[0], a, edges=[low] * 4),
             model.input(types[0], b, edges=[low, high, low]) if constant is None else model.const(types[0], constant)]
    names += [model.const(types[0], [value]) for value in zp]
    shape = (a[0], a[1], b[2])
    name = model.apply(ts.Op.MATMUL, names, types[1], shape, "MatMul", inner=end is not None)
    return ended(model, name, shape, end)


def ended(model, name, shape, end):
    """RESCALE and CLAMP behind sums, if `end` gives factors, rounding, zero point and bounds (or None)."""
    if end is not None:
        factors, rounding, zp, bounds = end
        name = rescaled(model, name, (T.INT32, T.INT8), shape, factors, rounding, (0, zp), inner=bounds is not None)
        if bounds is not None:
            low, high = (list(np.array([bound], np.int8).tobytes()) for bound in bounds)
            model.apply(ts.Op.CLAMP, [name], T.INT8, shape, "Clamp", low, high, NAN)
    return model


def packed_sums(random):
    """Sides on and off multiples of four, with RESCALE and CLAMP behind."""
    each = lambda channels, shift=36: [(2**30 + 2**24 * i, shift + i % 5) for i in range(channels)]
    one = lambda shift=38: [(1_518_500_250, shift)]
    depthwise = lambda *arguments, **more: convolution(random, ts.Op.DEPTHWISE_CONV2D, *arguments, **more)
    yield "depthwise_conv2d_one_multiple", depthwise(
        (2, 7, 6, 6), (3, 2, 6, 1), SUMS8, (2, 1), (1, 1, 1, 2), (1, 3), (-128, 0))
    yield "depthwise_conv2d_weight_zp", depthwise(
        (1, 5, 5, 8), (3, 3, 8, 1), SUMS8, (1, 1), (1, 1, 1, 1), (1, 1), (77, -128), 1)
    yield "depthwise_conv2d_one_channel", depthwise(
        (1, 8, 7, 1), (3, 4, 1, 6), SUMS8, (2, 2), (1, 0, 2, 1), (1, 1), (-5, 0))
    yield "depthwise_conv2d_rescaled", depthwise(
        (2, 5, 7, 8), (3, 3, 8, 1), SUMS8, (1, 2), (1, 1, 1, 1), (1, 1), (-128, 0),
        end=(each(8, 41), DOUBLE, 7, None))
    yield "depthwise_conv2d_rescaled_clamped", depthwise(
        (1, 6, 6, 4), (3, 3, 4, 1), SUMS8, (1, 1), (0, 0, 0, 0), (2, 2), (3, 0), end=(one(44), SINGLE, -28, (-110, 90)))
    types = (T.INT8, T.INT32)
    yield "matmul_i8_words", matmul((3, 9, 16), (3, 16, 12), types, (-128, 0))
    yield "matmul_i8_odd", matmul((2, 5, 7), (2, 7, 10), types, (127, -128))
    yield "matmul_i8_rescaled", matmul((2, 6, 10), (2, 10, 8), types, (9, -3), end=(each(8), DOUBLE, -20, None))
    yield "matmul_i8_rescaled_clamped", matmul((1, 3, 24), (1, 24, 4), types, (0, 1), end=(one(), SINGLE, 5, (-60, 60)))
    weight = random.integers(-128, 128, (1, 22, 12))
    yield "matmul_i8_constant", matmul((1, 5, 22), weight.shape, types, (-128, 0), weight)
    yield "matmul_i8_constant_rescaled", matmul(
        (1, 6, 22), weight.shape, types, (4, 0), weight, end=(each(12), DOUBLE, 1, (-128, 80)))
    yield "matmul_i8_constant_zp", matmul((1, 5, 22), weight.shape, types, (-128, 127), weight)
