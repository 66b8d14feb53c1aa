"""The short ways of `hotpath` give what `dispatch` gives: values, dtypes, gradients, errors, whatever the operands are."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraygrad as ag
from arraygrad.graph import Node
from arraygrad.tensor import Tensor

BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "maximum": ag.maximum,
    "atan2": ag.atan2,
    "matmul": lambda a, b: a @ b,
    "less": lambda a, b: a < b,
}
SHAPES = ((), (1,), (3,), (2, 3), (2, 1), (3, 3), (0, 3))
DTYPES = ("float32", "float64", "complex64", "int64", "bool", "float16")
SCALARS = (2, 0.5, True, 1.5 - 2j, np.float64(0.25), np.float32(4.0), np.int64(3), np.complex64(1j), np.bool_(True))


@st.composite
def arrays(draw):
    """Of small numbers that divide exactly in every data type."""
    shape, dtype = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))
    entries = np.resize([2.0, 0.5, 4.0, 1.0, 0.25], shape)
    return (entries * (1 + 1j) if dtype.startswith("complex") else entries).astype(dtype)


@st.composite
def operands(draw):
    """A leaf, a constant tensor, an array, or a number."""
    kind = draw(st.sampled_from(("leaf", "leaf", "constant", "array", "scalar")))
    if kind == "scalar":
        return draw(st.sampled_from(SCALARS))
    array = draw(arrays())
    if kind == "array":
        return array
    tensor = ag.asarray(array)
    return tensor.requires_grad_() if kind == "leaf" and tensor.dtype.is_differentiable else tensor


def outcome(function, *args):
    """What a call gives, and its gradients; or the type of the error that it raises."""
    leaves = [each for each in args if isinstance(each, ag.Tensor) and each.requires_grad]
    try:
        out = function(*args)
    except Exception as error:
        return type(error)
    if not isinstance(out, ag.Tensor):  # of two numbers or arrays that are not ours
        return None
    assert type(out.array) is np.ndarray
    found = [out.detach().numpy()]
    if out.requires_grad:
        grads = ag.autograd.grad(out, leaves, ag.ones_like(out), allow_unused=True, materialize_grads=True)
        found += [g.numpy() for g in grads]
    return [(each.dtype, each.shape, each.tobytes()) for each in found], out.requires_grad


def dispatched(function, *args):
    """The same where a mode is not the default, so that no short way is taken."""
    with ag.autograd.detect_anomaly(check_nan=False):
        return outcome(function, *args)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(BINARY)), operands(), operands())
def test_short_ways_of_two_operands_give_what_dispatch_gives(name, a, b):
    function = BINARY[name]
    for _ in range(2):  # the first call of a kind learns the kernel
        assert outcome(function, a, b) == dispatched(function, a, b)


def test_arrays_and_scalars_of_numpy_take_the_short_way(monkeypatch):
    x = ag.tensor(np.ones(3), requires_grad=True)
    others = (np.ones(3), np.float64(2), np.ones((2, 3)))
    for other in others:
        x * other  # learns
    monkeypatch.setattr(sys.modules["arraygrad.hotpath.several"], "dispatch", None)
    for other in others:
        assert (x * other).requires_grad


def test_arrays_of_another_library_are_refused_beside_those_that_were_met():
    strict = pytest.importorskip("array_api_strict")
    x, other = ag.tensor(np.ones(3), requires_grad=True), strict.ones(3)
    for function in BINARY.values():
        ag.asarray(other) + other  # a kernel of its own is known
        with pytest.raises(ag.errors.BackendError):
            function(x, other)


@pytest.mark.parametrize("kind", [type(ag.sin.op), Node, Tensor], ids=lambda kind: kind.__name__)
def test_what_the_hot_path_reads_looks_attributes_up_as_python_does_by_itself(kind):
    # a method of its own for that makes each attribute five times as slow, those that are there too
    assert kind.__getattribute__ is object.__getattribute__ and not hasattr(kind, "__getattr__")
