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


def test_kinks_have_derivative_zero_unless_one_side_is_asked_for():
    assert gradient(ag.abs, [-2.0, 0.0, 3.0]) == [[-1.0, 0.0, 1.0]]
    assert gradient(ag.subgradient(kinks="left")(ag.abs), [-2.0, 0.0, 3.0]) == [[-1.0, -1.0, 1.0]]
    assert gradient(ag.subgradient(kinks="right")(ag.abs), [-2.0, 0.0, 3.0]) == [[-1.0, 1.0, 1.0]]


def test_forward_mode_takes_the_same_convention():
    assert pushed(ag.subgradient(kinks="right")(ag.abs), [0.0]) == [1.0]
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
