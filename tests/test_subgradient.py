"""Another subgradient than the policy's, for a context or a function."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.errors import ArgumentError


def gradient(f, *values):
    tensors = [ag.tensor(np.asarray(value, dtype=float), requires_grad=True) for value in values]
    f(*tensors).sum().backward()
    return [tensor.grad.tolist() for tensor in tensors]


def pushed(f, *values):
    tensors = tuple(ag.tensor(np.asarray(value, dtype=float)) for value in values)
    return ag.func.jvp(f, tensors, tuple(ag.ones_like(tensor) for tensor in tensors))[1].tolist()


def test_ties_share_unless_the_first_is_to_have_all():
    assert gradient(ag.maximum, [1.0], [1.0]) == [[0.5], [0.5]]
    first = ag.subgradient(ties="first")
    assert gradient(first(ag.maximum), [1.0, 3.0], [1.0, 4.0]) == [[1.0, 0.0], [0.0, 1.0]]
    assert gradient(first(ag.minimum), [1.0, 3.0], [1.0, 4.0]) == [[1.0, 1.0], [0.0, 0.0]]
    assert gradient(first(ag.max), [1.0, 2.0, 2.0]) == [[0.0, 1.0, 0.0]]
    assert gradient(first(lambda x: ag.min(x, axis=0)), [[1.0, 2.0], [1.0, 0.0]]) == [[[1.0, 0.0], [0.0, 1.0]]]
    assert gradient(first(lambda x: ag.max(x, axis=(0, 2))), [[[1.0, 5.0]], [[5.0, 5.0]]]) == [
        [[[0.0, 1.0]], [[0.0, 0.0]]]
    ]
    assert gradient(first(ag.nanmax), [1.0, float("nan"), 2.0, 2.0]) == [[0.0, 0.0, 1.0, 0.0]]


def norm(ord, **options):
    return lambda x: ag.linalg.vector_norm(x, ord=ord, **options)


def matrix_norm(ord):
    return lambda x: ag.linalg.matrix_norm(x, ord=ord)


TIED = {
    "infinity norm": (norm(float("inf")), [3.0, -1.0, -3.0], [0.5, 0.0, -0.5], [1.0, 0.0, 0.0]),
    "infinity norm of rows": (norm(float("inf"), axis=1), [[1.0, 2.0], [-4.0, 4.0]], [[0.0, 1.0], [-0.5, 0.5]],
                              [[0.0, 1.0], [-1.0, 0.0]]),
    "least entry": (norm(-float("inf")), [3.0, -1.0, 1.0], [0.0, -0.5, 0.5], [0.0, -1.0, 0.0]),
    "largest column": (matrix_norm(1), [[1.0, 2.0], [-2.0, 1.0]], [[0.5, 0.5], [-0.5, 0.5]], [[1.0, 0.0], [-1.0, 0.0]]),
    "largest row": (matrix_norm(float("inf")), [[1.0, 2.0], [-2.0, 1.0]], [[0.5, 0.5], [-0.5, 0.5]],
                    [[1.0, 1.0], [0.0, 0.0]]),
}  # fmt: skip
"""A function, where it has a tie, the shared derivative, and the one that the first gets."""


@pytest.mark.parametrize("name", TIED)
def test_ties_of_norms_share_unless_the_first_is_to_have_all(name):
    f, x, shared, first = TIED[name]
    assert gradient(f, x) == [shared]
    assert gradient(ag.subgradient(ties="first")(f), x) == [first]


@pytest.mark.parametrize("name", TIED)
def test_forward_mode_breaks_ties_of_norms_as_reverse_mode_does(name):
    f, x, shared, first = TIED[name]
    assert np.sum(pushed(f, x)) == np.sum(shared)
    assert np.sum(pushed(ag.subgradient(ties="first")(f), x)) == np.sum(first)


@pytest.mark.parametrize("ord", [2, -2])
def test_tied_singular_values_share_unless_the_first_is_to_have_all(ord):
    """Both are derivatives along symmetric directions: the trace is 1, and first has rank 1."""
    x = [[2.0, 0.0], [0.0, 2.0]]
    np.testing.assert_allclose(gradient(matrix_norm(ord), x), [[[0.5, 0.0], [0.0, 0.5]]], atol=1e-15)
    first = ag.subgradient(ties="first")(matrix_norm(ord))
    (found,) = gradient(first, x)
    np.testing.assert_allclose(np.linalg.svd(found)[1], [1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(np.trace(found), 1.0)
    np.testing.assert_allclose(pushed(first, x), np.sum(found))


def test_a_tie_of_complex_numbers_goes_to_the_first():
    x = ag.tensor([3.0 + 4.0j, 0.0 + 5.0j], requires_grad=True)
    with ag.subgradient(ties="first"):
        ag.linalg.vector_norm(x, ord=float("inf")).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.6 + 0.8j, 0.0], rtol=1e-6)


def test_kinks_have_derivative_zero_unless_one_side_is_asked_for():
    assert gradient(ag.abs, [-2.0, 0.0, 3.0]) == [[-1.0, 0.0, 1.0]]
    assert gradient(ag.subgradient(kinks="left")(ag.abs), [-2.0, 0.0, 3.0]) == [[-1.0, -1.0, 1.0]]
    assert gradient(ag.subgradient(kinks="right")(ag.abs), [-2.0, 0.0, 3.0]) == [[-1.0, 1.0, 1.0]]
    assert gradient(ag.relu, [-2.0, 0.0, 3.0]) == [[0.0, 0.0, 1.0]]
    assert gradient(ag.subgradient(kinks="left")(ag.relu), [-2.0, 0.0, 3.0]) == [[0.0, 0.0, 1.0]]
    assert gradient(ag.subgradient(kinks="right")(ag.relu), [-2.0, 0.0, 3.0]) == [[0.0, 1.0, 1.0]]
    assert gradient(norm(1), [-2.0, 0.0, 3.0]) == [[-1.0, 0.0, 1.0]]
    assert gradient(ag.subgradient(kinks="right")(norm(1)), [-2.0, 0.0, 3.0]) == [[-1.0, 1.0, 1.0]]


def test_relu_has_the_same_values_by_every_convention():
    x = ag.tensor([-2.0, -0.0, 0.0, 3.0, float("inf"), float("nan")])
    for kinks in ("zero", "left", "right"):
        np.testing.assert_array_equal(ag.subgradient(kinks=kinks)(ag.relu)(x).numpy(), ag.relu(x).numpy())
        y = ag.subgradient(kinks=kinks)(ag.relu)(x.clone().requires_grad_())
        np.testing.assert_array_equal(y.detach().numpy(), ag.relu(x).numpy())


def test_second_derivatives_take_the_convention_too():
    right = ag.subgradient(kinks="right")(lambda x: ag.sum(x * ag.relu(x)))
    x = ag.tensor([0.0, 2.0], dtype="float64")
    assert ag.func.hessian(right)(x).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_forward_mode_takes_the_same_convention():
    assert pushed(ag.subgradient(kinks="right")(ag.abs), [0.0]) == [1.0]
    assert pushed(ag.subgradient(kinks="right")(ag.relu), [-1.0, 0.0, 1.0]) == [0.0, 1.0, 1.0]
    assert pushed(ag.subgradient(kinks="left")(ag.relu), [-1.0, 0.0, 1.0]) == [0.0, 0.0, 1.0]
    assert pushed(ag.subgradient(ties="first")(lambda x: ag.max(x)), [2.0, 2.0]) == 1.0


def test_the_convention_is_that_of_the_call_and_not_of_the_backward_pass():
    x = ag.tensor([0.0], requires_grad=True)
    with ag.subgradient(kinks="right"):
        y = ag.abs(x)
    y.sum().backward()
    assert x.grad.tolist() == [1.0]


def test_an_unknown_convention_is_refused():
    with pytest.raises(ArgumentError, match="'last'"):
        ag.subgradient(ties="last")
