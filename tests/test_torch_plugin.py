"""What the plug-in for PyTorch does differently for speed: whose memory a gradient is, and kernels without wrappers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.backends import get_backend
from arraygrad.errors import BackendError

torch = pytest.importorskip("torch")
library = pytest.importorskip("array_api_compat.torch")
try:
    BACKEND: Any = get_backend("torch")
except BackendError as error:
    pytest.skip(str(error), allow_module_level=True)

ELSEWHERE: dict[str, Callable[[], tuple[Any, Any]]] = {
    "another name": lambda: (x := torch.ones(3), x),
    "a view of it": lambda: (x := torch.ones(3), x[1:]),
    "what it was detached from": lambda: (x := torch.ones(3), x.detach())[::-1],
    "the tensor that it is a part of": lambda: (x := torch.ones(3), x[1:])[::-1],
    "NumPy, which lent it": lambda: (x := np.ones(3), torch.from_numpy(x))[::-1],
    "NumPy, which borrowed it": lambda: (x := torch.ones(3), x.numpy()),
    "DLPack": lambda: (x := torch.ones(3), torch.utils.dlpack.to_dlpack(x)),
}
"""A tensor, and who else has its memory."""


@pytest.mark.parametrize("make", ELSEWHERE.values(), ids=ELSEWHERE)
def test_memory_that_somebody_else_has_is_copied(make):
    cell, other = list(made := make())[:1], made[1]
    del made
    before = cell[0].data_ptr()
    mine = BACKEND.own(cell)
    assert other is not None and mine.data_ptr() != before


def test_memory_that_nobody_else_has_is_not_copied():
    cell = [torch.ones(3) * 2]
    before = cell[0].data_ptr()
    assert BACKEND.own(cell).data_ptr() == before


PARTS: dict[str, Callable[[], Any]] = {
    "expanded": lambda: torch.ones(1).expand(3),
    "expanded, without its base": lambda: torch.ones(1).expand(3).detach(),
    "part": lambda: torch.ones(3)[1:],
    "part, without its base": lambda: torch.ones(3)[1:].detach(),
    "strided": lambda: torch.ones(2, 4)[:, ::2].T,
}


@pytest.mark.parametrize("make", PARTS.values(), ids=PARTS)
def test_what_is_owned_has_memory_for_its_entries_and_no_more(make):
    mine = BACKEND.own([make()])
    assert mine.untyped_storage().nbytes() == mine.numel() * mine.element_size()
    mine[0] = 5
    assert (mine[1] != 5).all()


def test_gradients_can_be_mapped_over_a_batch():
    def gradient(x):
        tensor = ag.tensor(x, requires_grad=True)
        (tensor**3).sum().backward()
        return tensor.grad.array

    batch = torch.asarray([[1.0, 2.0], [3.0, 4.0]])
    torch.testing.assert_close(torch.vmap(gradient)(batch), 3 * batch**2)


BINARY = ("add", "subtract", "multiply", "divide", "pow", "equal", "not_equal", "greater", "greater_equal", "less",
          "less_equal", "maximum", "minimum", "atan2", "hypot", "logaddexp")  # fmt: skip
OPERANDS = [
    (torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.5])),
    (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor(1.5, dtype=torch.float64)),
    (torch.tensor(1.5, dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float32)),
    (torch.tensor([1.0, 2.0], dtype=torch.float32), torch.tensor([2.0, 1.5], dtype=torch.float64)),
    (torch.tensor([1.0, 2.0]), 1.5),
    (torch.tensor([1.0, 2.0], dtype=torch.float64), 2),
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("operands", OPERANDS)
def test_functions_of_two_arguments_promote_as_the_standard_has_it(name, operands):
    assert_same(BACKEND.kernel(name)(*operands), getattr(library, name)(*operands))


AXES = [
    (shape, axis)
    for shape in [(), (0,), (2, 3), (2, 0)]
    for axis in [None, (), 0, -1, (0, 1)][: 2 + 2 * (len(shape) > 0) + (len(shape) > 1)]
]


@pytest.mark.parametrize(("shape", "axis"), AXES)
@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "complex64"])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_are_those_of_the_standard(shape, axis, dtype, keepdims):
    x = torch.ones(shape, dtype=getattr(torch, dtype))
    expected = np.sum(x.numpy(), axis=axis, keepdims=keepdims)
    found = BACKEND.kernel("sum")(x, axis=axis, keepdims=keepdims)
    assert found.shape == expected.shape and np.array_equal(found.numpy(), expected)
    assert found.dtype == library.sum(x, axis=axis, keepdims=keepdims).dtype


@pytest.mark.parametrize(
    "key", [0, -1, ..., None, slice(1, None), (slice(None), 0), (..., -1), (0, None, slice(0, 2)), slice(None, None, -2),
            (slice(None), slice(None, None, -1)), slice(None, None, 2)],
    ids=str,
)  # fmt: skip
def test_keys_select_what_they_select_in_numpy(key):
    x = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(BACKEND.getitem(torch.asarray(x), key).numpy(), x[key])


def test_relu_lets_nan_through():
    assert_same(BACKEND.kernel("relu")(torch.tensor([-1.0, float("nan"), 2.0])), torch.tensor([0.0, float("nan"), 2.0]))


def assert_same(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)
