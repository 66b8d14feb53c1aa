"""PyTorch's functions of entries and of matrices, where the standard has them under other names, or not at all."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError
from ..ops import (
    creation,
    data_type,
    determinants,
    distributions,
    elementwise,
    linalg,
    linalg_more,
    linear_algebra,
    logic,
    matrices,
    sampled,
    searching,
)  # fmt: skip
from ..ops.axes import normal_axis
from ..tensor import Tensor
from .reductions import mean, norm, sum
from .shapes import adjoint

__all__ = [
    "absolute", "add", "addcdiv", "addcmul", "addmm", "addmv", "addr", "angle", "arccos", "arccosh", "arcsin",
    "arcsinh", "arctan", "arctan2", "arctanh", "baddbmm", "bitwise_not", "bmm", "cdist", "complex", "corrcoef",
    "cosine_similarity", "cov", "cross", "deg2rad", "det", "digamma", "div", "eq", "fix", "fmax", "fmin", "fmod",
    "frac", "ge", "ger", "gt", "heaviside", "inner", "inverse", "isneginf", "isposinf", "le", "lerp", "lgamma",
    "logaddexp2", "logdet", "lt", "matrix_exp", "matrix_power", "mm", "mul", "mv", "ne", "neg", "pinverse", "polar",
    "rad2deg", "round", "rsqrt", "sgn", "slogdet", "sub", "trapezoid", "tensordot", "trapz", "true_divide", "vdot",
]  # fmt: skip

neg, mul, true_divide, absolute = elementwise.negative, elementwise.multiply, elementwise.divide, elementwise.abs
eq, ne, lt = logic.equal, logic.not_equal, logic.less
le, gt, ge = logic.less_equal, logic.greater, logic.greater_equal
arccos, arccosh, arcsin, arcsinh = elementwise.acos, elementwise.acosh, elementwise.asin, elementwise.asinh
arctan, arctanh, arctan2 = elementwise.atan, elementwise.atanh, elementwise.atan2
fix, sgn, bitwise_not = elementwise.trunc, elementwise.sign, logic.bitwise_invert
mm = bmm = mv = linear_algebra.matmul
ger, lgamma, digamma = matrices.outer, distributions.gammaln, distributions.psi
det, slogdet, logdet, inverse = determinants.det, determinants.slogdet, linalg_more.logdet, linalg.inv
pinverse, matrix_exp, matrix_power = linalg.pinv, linalg_more.expm, linalg.matrix_power


# -- of entries ---------------------------------------------------------------------------------------------


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    return elementwise.add(input, other if alpha == 1 else elementwise.multiply(other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    return elementwise.subtract(input, other if alpha == 1 else elementwise.multiply(other, alpha))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient; rounded with "trunc" towards zero, with "floor" down."""
    if rounding_mode not in (None, "trunc", "floor"):
        raise ArgumentError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}")
    if rounding_mode == "floor":
        return elementwise.floor_divide(input, other)
    quotient = elementwise.divide(input, other)
    return quotient if rounding_mode is None else elementwise.trunc(quotient)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest number with so many decimals, to the even one of two."""
    return elementwise.round(input * 10.0**decimals) / 10.0**decimals if decimals else elementwise.round(input)


def lerp(input: Tensor, end: Any, weight: Any) -> Tensor:
    """input + weight * (end - input)."""
    return input + (end - input) * weight


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return input + tensor1 * tensor2 * value


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return input + tensor1 / tensor2 * value


def fmod(input: Any, other: Any) -> Tensor:
    """The remainder of division, with the sign of the dividend."""
    return input - elementwise.trunc(elementwise.divide(input, other)) * other


def frac(input: Tensor) -> Tensor:
    """What `trunc` takes away."""
    return input - elementwise.trunc(input)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger entry, or that which is not NaN."""
    return _that_is_a_number(input, other, elementwise.maximum(input, other))


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller entry, or that which is not NaN."""
    return _that_is_a_number(input, other, elementwise.minimum(input, other))


def _that_is_a_number(first: Tensor, second: Tensor, chosen: Tensor) -> Tensor:
    return searching.where(logic.isnan(first), second, searching.where(logic.isnan(second), first, chosen))


def rsqrt(input: Tensor) -> Tensor:
    """1 over the square root."""
    return elementwise.reciprocal(elementwise.sqrt(input))


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """The logarithm to base 2 of 2**input + 2**other."""
    return elementwise.logaddexp(input * math.log(2), other * math.log(2)) / math.log(2)


def deg2rad(input: Tensor) -> Tensor:
    """Degrees in radians."""
    return input * (math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Radians in degrees."""
    return input * (180 / math.pi)


def angle(input: Tensor) -> Tensor:
    """The angle of complex numbers; of real ones 0, or pi if they are negative."""
    if input.dtype.is_complex:
        return elementwise.atan2(elementwise.imag(input), elementwise.real(input))
    return searching.where(logic.isnan(input), input, searching.where(input < 0, creation.full_like(input, math.pi), 0.0))


def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers of their parts."""
    return real + imag * 1j


def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers of their moduli and angles."""
    return complex(abs * elementwise.cos(angle), abs * elementwise.sin(angle))


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 for negative entries, 1 for positive ones, `values` at 0."""
    return searching.where(logic.equal(input, 0), values, data_type.astype(input > 0, input.dtype))


def isposinf(input: Tensor) -> Tensor:
    """Where entries are positive infinity."""
    return logic.equal(input, math.inf)


def isneginf(input: Tensor) -> Tensor:
    """Where entries are negative infinity."""
    return logic.equal(input, -math.inf)


# -- of matrices --------------------------------------------------------------------------------------------


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors, of which the first is conjugated."""
    return linear_algebra.vecdot(input, other)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last axis of both."""
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    return linear_algebra.tensordot(input, other, axes=((input.ndim - 1,), (other.ndim - 1,)))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over the last axes of one and the first of the other, or over the axes named."""
    return linear_algebra.tensordot(a, b, axes=dims)


def addmm(input: Any, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * mat1 @ mat2, of matrices, of stacks of them, or of a matrix and a vector."""
    product = linear_algebra.matmul(mat1, mat2)
    return (input if beta == 1 else input * beta) + (product if alpha == 1 else product * alpha)


addmv = baddbmm = addmm


def addr(input: Any, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the outer product of two vectors."""
    return (input if beta == 1 else input * beta) + matrices.outer(vec1, vec2) * alpha


def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product of vectors along an axis of length 3, by default the first such axis."""
    if dim is None:
        dim = next((at for at, length in enumerate(input.shape) if length == 3), -1)
    return linalg.cross(input, other, axis=normal_axis("cross", dim, input.ndim) - input.ndim)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The distance of every row of one matrix from every row of another, in stacks of them."""
    return norm(x1[..., :, None, :] - x2[..., None, :, :], p, -1)


def cov(input: Tensor, *, correction: int = 1) -> Tensor:
    """The covariance of variables, one to a row, of which the columns are observations."""
    rows = input if input.ndim == 2 else input[None, :]
    centred = rows - mean(rows, 1, True)
    found = centred @ adjoint(centred) / (rows.shape[1] - correction)
    return found if input.ndim == 2 else found[0, 0]


def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of variables, one to a row, of which the columns are observations."""
    found = cov(input)
    if found.ndim == 0:
        return found / found
    scale = elementwise.sqrt(elementwise.real(linalg.diagonal(found)) if found.dtype.is_complex else linalg.diagonal(found))
    return found / scale[:, None] / scale[None, :]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along an axis."""
    lengths = (elementwise.maximum(norm(x, 2, dim), eps) for x in (x1, x2))
    return sum(x1 * x2, dim) / next(lengths) / next(lengths)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral over an axis by the trapezoidal rule."""
    return sampled.trapezoid(y, x, dx, axis=dim)


trapz = trapezoid
