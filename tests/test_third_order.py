"""Third derivatives, by each of the eight ways to compose forward and reverse mode, against 40 digits of mpmath."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from arraygrad.conformance.values import MATRICES, Source
from mpmath import mp

import arraygrad as ag
from arraygrad import func

REAL, COMPLEX = "float64", "complex128"


def entries(f):
    """A function of an entry, on a matrix."""
    return lambda x: list(x.apply(f))


def cumulative_products(x):
    return [mp.fprod(list(x)[: count + 1]) for count in range(len(x))]


def eigenvalues(x):
    return sorted(mp.eighe(x, eigvals_only=True))


def singular_values(x):
    return sorted(mp.svd_c(x, compute_uv=False), reverse=True)


def normal(x):
    return x * mp.ncdf(x)


def deviation(x):
    mean = mp.fsum(x) / len(x)
    return [mp.sqrt(mp.fsum((each - mean) ** 2 for each in x) / len(x))]


B = np.asarray([[1.0, -2.0], [0.5, 3.0], [-1.5, 0.25]])

FUNCTIONS = {
    "tanh": (ag.tanh, entries(mp.tanh), (3,)),
    "acos": (ag.acos, entries(mp.acos), (0.1, 0.9)),
    "log": (ag.log, entries(mp.log), (0.2, 2.0)),
    "sqrt": (ag.sqrt, entries(mp.sqrt), (0.2, 2.0)),
    "pow": (lambda x: x**2.5, entries(lambda x: x ** mp.mpf(2.5)), (0.2, 2.0)),
    "reciprocal": (ag.reciprocal, entries(lambda x: 1 / x), (3,)),
    "abs": (ag.abs, entries(mp.fabs), (3,)),
    "sinc": (ag.sinc, entries(mp.sincpi), (3,)),
    "sinc at 0": (ag.sinc, entries(mp.sincpi), [0.0, 1e-3, 0.3]),
    "i1 near 0": (ag.special.i1, entries(lambda x: mp.besseli(1, x)), [0.0, 1e-8, -0.9, 1.1]),
    "j1 near 0": (ag.special.j1, entries(lambda x: mp.besselj(1, x)), [0.0, 1e-8, -0.9, 1.1]),
    "erf": (ag.erf, entries(mp.erf), (3,)),
    "gelu": (ag.gelu, entries(normal), (3,)),
    "prod": (ag.prod, lambda x: [mp.fprod(x)], (4,)),
    "prod with a zero": (ag.prod, lambda x: [mp.fprod(x)], [2.0, 0.0, -1.5, 3.0]),
    "cumulative_prod with zeros": (ag.cumulative_prod, cumulative_products, [2.0, 0.0, -1.5, 0.0, 3.0]),
    "std": (ag.std, deviation, (4,)),
    "logsumexp": (ag.logsumexp, lambda x: [mp.log(mp.fsum(map(mp.exp, x)))], (4,)),
    "vector_norm": (ag.linalg.vector_norm, lambda x: [mp.norm(x, 2)], (4,)),
    "det": (ag.linalg.det, lambda x: [mp.det(x)], "invertible"),
    **{f"det of {what}": (ag.linalg.det, lambda x: [mp.det(x)], x) for what, x in {
        "a singular matrix": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
        "equal singular values": np.eye(3).tolist(),
        "equal singular values and 0": np.diag([1.0, 1.0, 0.0]).tolist(),
        "rank 1": np.outer([1.0, -2.0, 0.5], [2.0, 1.0, 3.0]).tolist(),
        "rank 2 and four rows": (np.vander([1.0, 2.0, 3.0, 4.0], 2) @ np.sin(np.arange(8.0).reshape(2, 4))).tolist(),
        "rank 2 and five rows": (np.vander([1.0, 2.0, 3.0, 4.0, 5.0], 2) @ np.cos(np.arange(10.0).reshape(2, 5))).tolist(),
        "zeros": np.zeros((3, 3)).tolist(),
    }.items()},
    "inv": (ag.linalg.inv, lambda x: list(mp.inverse(x)), "invertible"),
    "solve": (lambda x: ag.linalg.solve(x, like(x, B)), lambda x: list(mp.inverse(x) * mp.matrix(B.tolist())), "invertible"),
    "cholesky": (ag.linalg.cholesky, lambda x: list(mp.cholesky(x)), "positive_definite"),
    "eigvalsh": (ag.linalg.eigvalsh, eigenvalues, "hermitian"),
    "svdvals": (ag.linalg.svdvals, singular_values, "invertible"),
    "expm": (ag.linalg.expm, lambda x: list(mp.expm(x)), "invertible"),
}  # fmt: skip
"""arraygrad's function, mpmath's, and where: a shape, an interval, a sort of matrix, or the point itself."""

OF_REAL_NUMBERS = (
    "erf", "gelu", "i1 near 0", "j1 near 0", "sinc", "sinc at 0", "std", "logsumexp",
)  # fmt: skip


def like(x, array):
    return ag.asarray(array, dtype=x.dtype)


def drawn(where, dtype):
    """A point, and a direction: Hermitian where the point is."""
    source = Source(7)
    if isinstance(where, str):
        x = MATRICES[where](source, (3, 3), dtype)
    elif isinstance(where, list):
        x = np.asarray(where, dtype=dtype)
    else:
        x = source.numbers(where, dtype) if len(where) == 1 else source.numbers((3,), dtype, where)
    t = source.directions(x.shape, dtype)
    if where in ("hermitian", "positive_definite"):
        x, t = ((each + np.conj(each).T) / 2 for each in (x, t))
    return x, t, source


def forward(f, t):
    """The derivative of f along t, as a function, by forward mode."""
    return lambda x: func.jvp(f, (x,), (t,))[1]


def reverse(f, t):
    """The same by reverse mode."""
    return lambda x: ag.sum(ag.real(ag.conj(func.grad(f)(x)) * t)) if t.dtype.is_complex else ag.sum(func.grad(f)(x) * t)


def exactly(f, x, g, t):
    """The third derivative of the real part of <g, f(x + s t)> by s."""
    x, t = (mp.matrix(each.tolist()) for each in (x, t))
    weights = [mp.conj(weight) for weight in g.reshape(-1).tolist()]

    def along(s):
        return mp.fsum(mp.re(weight * out) for weight, out in zip(weights, f(x + s * t), strict=True))

    with mp.workdps(40):
        return float(mp.diff(along, 0, 3))


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name in FUNCTIONS for dtype in (REAL, COMPLEX)
                        if dtype == REAL or name not in OF_REAL_NUMBERS]
)  # fmt: skip
def test_third_derivatives_are_exact_in_every_composition(name, dtype):
    f, exact, where = FUNCTIONS[name]
    x, t, source = drawn(where, dtype)
    out = f(ag.asarray(x)).numpy()
    g = source.directions(out.shape, str(out.dtype))
    expected = exactly(exact, x, g, t)
    point, direction, weights = ag.asarray(x), ag.asarray(t), ag.asarray(g)

    def loss(x):
        product = ag.conj(weights) * f(x) if weights.dtype.is_complex else weights * f(x)
        return ag.sum(ag.real(product) if product.dtype.is_complex else product)

    for modes in itertools.product((forward, reverse), repeat=3):
        derivative = loss
        for mode in modes:
            derivative = mode(derivative, direction)
        found = float(derivative(point))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), [mode.__name__ for mode in modes]
