"""What several test files use: the libraries that one test runs on."""

from __future__ import annotations

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy asks when it is imported

import importlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import arraygrad as ag


class Library:
    """A library under test: attributes are those of its module; `name` says which, `is_reference` if it is PyTorch."""

    def __init__(self, name: str, module: Any) -> None:
        self.name = name
        self.module = module
        self.is_reference = name == "torch"

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.module, attribute)

    def __repr__(self) -> str:
        return self.name


@pytest.fixture(params=["arraygrad", "arraygrad-strict", "torch"])
def lib(request: pytest.FixtureRequest) -> Iterator[Library]:
    """arraygrad over NumPy, arraygrad over array_api_strict, and PyTorch, which proves the test."""
    with ExitStack() as stack:
        if request.param == "torch":
            torch = pytest.importorskip("torch")
            stack.callback(torch.set_warn_always, torch.is_warn_always_enabled())
            torch.set_warn_always(True)  # else a second test of the same warning would not see it
            yield Library("torch", torch)
            return
        if request.param == "arraygrad-strict":
            pytest.importorskip("array_api_strict")
            stack.enter_context(ag.use_backend("array_api_strict"))
        yield Library(request.param, importlib.import_module("arraygrad"))
