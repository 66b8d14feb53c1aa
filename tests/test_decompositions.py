"""Decompositions and triangular systems, beside what `test_properties` and `test_agreement` say of all operations."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag
from arraygrad import func
from arraygrad.errors import ArgumentError, ArgumentTypeError


@pytest.fixture(params=["numpy", "array_api_strict"], autouse=True)
def backend(request):
    """Every test runs on NumPy and on array_api_strict."""
    pytest.importorskip(request.param)
    with ag.use_backend(request.param):
        yield request.param


def random(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def tensor(array):
    return ag.reshape(ag.tensor(array.reshape(-1).tolist(), dtype=str(array.dtype)), array.shape)


@pytest.mark.parametrize("shape", [(4, 4), (9, 5), (5, 9), (7, 1), (1, 7), (2, 3, 6, 5), (40, 30)])
def test_lu_is_that_of_scipy(shape):
    linalg = pytest.importorskip("scipy.linalg")
    tied = np.random.default_rng(1).integers(-1, 2, shape).astype(float)  # many pivots are equal, and the rank is not full
    for x in (random(*shape), random(*shape) + 1j * random(*shape, seed=1), tied):
        for mine, other in zip(ag.linalg.lu(tensor(x)), linalg.lu(x), strict=True):
            np.testing.assert_allclose(mine.numpy(), other, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (2, 0, 3), (0, 3, 3)])
def test_lu_of_nothing_has_the_shapes_of_its_factors(shape):
    *batch, rows, columns = shape
    rank = min(rows, columns)
    x = ag.zeros(*shape, requires_grad=True)
    factors = ag.linalg.lu(x)
    assert [each.shape for each in factors] == [(*batch, *core) for core in ((rows, rows), (rows, rank), (rank, columns))]
    (ag.sum(factors.L) + ag.sum(factors.U)).backward()
    assert x.grad.shape == shape


def test_factors_of_lu_have_names_and_multiply_to_the_matrix():
    x = tensor(random(4, 3))
    x.requires_grad_()
    factors = ag.linalg.lu(x)
    weights = tensor(random(4, 3, seed=1))
    ag.sum(weights * (factors.P @ factors.L @ factors.U)).backward()
    np.testing.assert_allclose(x.grad.numpy(), weights.numpy(), rtol=1e-13)


def test_the_determinant_from_lu_has_the_derivatives_of_the_determinant():
    x, t = tensor(random(4, 4)), tensor(random(4, 4, seed=1))

    def determinant(x):
        p, _, upper = ag.linalg.lu(x)
        return ag.linalg.det(p.detach()) * ag.prod(ag.linalg.diagonal(upper))

    for derivative in (func.grad, func.hessian, lambda f: lambda x: func.jvp(f, (x,), (t,))[1]):
        found, expected = derivative(determinant)(x).numpy(), derivative(ag.linalg.det)(x).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_the_permutation_of_lu_has_derivative_zero():
    x = tensor(random(3, 3))
    weights = tensor(random(3, 3, seed=1))
    permuted = lambda x: ag.sum(weights * ag.linalg.lu(x).P)  # noqa: E731
    assert func.grad(permuted)(x).tolist() == np.zeros((3, 3)).tolist()
    assert float(func.jvp(permuted, (x,), (weights,))[1]) == 0


def test_lu_says_what_it_takes():
    with pytest.raises(ArgumentError, match="expected matrices"):
        ag.linalg.lu(ag.ones(3))
    with pytest.raises(ArgumentTypeError, match="expected a floating one"):
        ag.linalg.lu(ag.ones(3, 3, dtype="int64"))


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("batches", [((), ()), ((2, 1), (3,))])
def test_large_triangular_systems_are_solved(upper, batches):
    linalg = pytest.importorskip("scipy.linalg")
    a, b = (random(*batch, 150, side) for batch, side in zip(batches, (150, 4), strict=True))
    a = a / 20 + 2 * np.eye(150)
    mine = ag.linalg.solve_triangular(tensor(a), tensor(b), upper=upper).numpy()
    for index in np.ndindex(mine.shape[:-2]):
        a_here, b_here = (np.broadcast_to(x, (*mine.shape[:-2], *x.shape[-2:]))[index] for x in (a, b))
        np.testing.assert_allclose(mine[index], linalg.solve_triangular(a_here, b_here, lower=not upper), rtol=1e-9)
