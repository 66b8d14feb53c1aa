"""A library that arraygrad does not know, differentiated: through the plug-in of `docs/backends.md`, and without one."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import MATRIX, PROGRAMS
from slate_library import Slate, slate

import arraygrad as ag
from arraygrad.backends import Backend, backend_of, registry
from arraygrad.errors import ArgumentTypeError
from arraygrad.kinds import declared

PAGE = Path(__file__).parents[1] / "docs" / "backends.md"


def plug_in_of_the_page() -> type[Backend]:
    """The class that the page for authors shows."""
    scope: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1), scope)
    return scope["SlateBackend"]


class EntryPoint:
    """The plug-in, installed."""

    name = "slate"
    value = "arraygrad_slate:SlateBackend"
    load = staticmethod(plug_in_of_the_page)


@pytest.fixture(params=["with its plug-in", "without a plug-in"])
def backend(request, monkeypatch):
    """The backend of slates, unknown before and after the test."""
    installed = list(importlib.metadata.entry_points(group="arraygrad.backends"))
    if request.param == "with its plug-in":
        installed.append(EntryPoint())
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: installed)
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    monkeypatch.setattr(registry, "_by_type", dict(registry._by_type))
    for op in declared.values():
        op.kernels.pop(Slate, None)  # what operations remember of the test before
    found = ag.get_backend("slate")
    assert (type(found) is Backend) == (request.param == "without a plug-in")
    return found


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # a backend may say how to silence its library
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_gradients_are_those_over_numpy(backend, program):
    for transform in (ag.func.grad, ag.func.hessian):
        expected, found = transform(program)(MATRIX), transform(program)(slate.asarray(MATRIX))
        assert found.backend is backend and isinstance(found.array, Slate) and found.dtype == expected.dtype
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=2e-4, atol=2e-4)


def test_slates_are_found_by_array_and_by_name(backend):
    assert backend_of(slate.ones(2)) is backend
    with ag.use_backend("slate"):
        assert isinstance(ag.randn(2, 3).array, Slate)
    x = ag.tensor(slate.asarray([1.0, 2.0]), requires_grad=True)
    (x**3).sum().backward()
    assert isinstance(x.grad.array, Slate) and x.grad.tolist() == [3, 12] and x.device == "desk"


def test_writes_in_place_work_on_arrays_that_cannot_be_written(backend):
    assert not backend.writable
    x = ag.tensor(slate.asarray([1.0, 2.0, 3.0]), requires_grad=True)
    y = x * 1
    y[1:] *= y[0] * 2
    y[[0, 0]] = ag.asarray(slate.asarray([5.0, 6.0]))
    y.sum().backward()
    assert y.tolist() == [6, 4, 6] and x.grad.tolist() == [10, 2, 2]


def test_the_standard_s_namespace_is_there(backend):
    xp = ag.asarray(slate.ones(2)).__array_namespace__()
    assert xp.__name__ == "arraygrad.slate" and xp.__array_namespace_info__().default_device() == "desk"
    assert isinstance(xp.linspace(0.0, 1.0, 3).array, Slate)


def test_an_array_that_does_not_conform_says_how_to_write_a_plug_in():
    stone = type("Stone", (), {"__module__": "quarry.stones", "shape": (2,), "dtype": "float32"})()
    with pytest.raises(ArgumentTypeError, match=r"quarry\.stones\.Stone.*plug-in for 'quarry'.*see docs/backends\.md"):
        ag.sin(stone)
    with pytest.raises(ArgumentTypeError, match="plug-in for 'quarry'"):
        ag.tensor(stone)
