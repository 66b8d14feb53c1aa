"""Values and derivatives of every function, of first and of second order, agree with PyTorch and JAX to rounding.

The adapters of `conformance/peers` say what the libraries have for each function, and what they lack. `samples` says where the
functions are compared: at regular points, since at others the libraries disagree (`docs/numerics.md`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from arraygrad.conformance import differentiable_calls
from arraygrad.conformance.closeness import same
from arraygrad.conformance.parameters import DEVICE
from arraygrad.conformance.properties import takes
from peers import peer
from samples import BOTH, EXAMPLES, NEITHER, Sample, samples

import arraygrad as ag
from arraygrad.kinds import composites, declared
from arraygrad.namespace import calls
from arraygrad.op import Kind

COUNT = {"torch": 4, "jax": 1}
"""How many drawn calls of a function are compared: JAX compiles each."""

pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries': of infinities, of what they deprecate

ROUNDING = 1e-11
"""Relative to the largest entry, or to 1."""


def names() -> list[str]:
    """Every declared function that takes arrays and has a derivative."""
    operations = [name for name, op in declared.items() if op.kind is not Kind.CONSTANT]
    return operations + [name for name, function in composites.items() if "Array" in str(inspect.signature(function))]


NAMES = names()


class Own:
    """arraygrad, asked as the libraries are."""

    vjp, jvp = staticmethod(ag.func.vjp), staticmethod(ag.func.jvp)

    @staticmethod
    def constant(value: Any) -> Any:
        return value

    @staticmethod
    def option(name: str, value: Any) -> Any:
        return "cpu" if isinstance(value, str) and value == DEVICE else value

    @staticmethod
    def array(value: Any) -> Any:
        return ag.asarray(value, copy=True)

    @staticmethod
    def evaluated(functions: dict[str, Callable[..., Any]], *args: Any) -> dict[str, Any]:
        return {name: function(*args) for name, function in functions.items()}

    @staticmethod
    def plain(value: Any) -> Any:
        return value.numpy()


@pytest.fixture(params=["torch", "jax"])
def library(request: pytest.FixtureRequest) -> Any:
    """What stands for arraygrad's functions in PyTorch, and in JAX."""
    pytest.importorskip(request.param)
    found = peer(request.param)
    found.count = COUNT[request.param]
    return found


def derivatives(library: Any, f: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The value and the derivatives of f as functions of its arguments, of tangents, and of cotangents."""

    def gradient(x: Any, t: Any, g: Any) -> Any:
        return library.vjp(f, *x)[1](g)

    return {
        "value": lambda x, t, g: f(*x),
        "gradient": gradient,
        "tangent": lambda x, t, g: library.jvp(f, x, t)[1],
        "gradient of the gradient": lambda x, t, g: library.vjp(lambda *x: gradient(x, t, g), *x)[1](t),
        "tangent of the gradient": lambda x, t, g: library.jvp(lambda *x: gradient(x, t, g), x, t)[1],
    }


def found(library: Any, name: str, function: Callable[..., Any], sample: Sample, g: list[Any]) -> dict[str, list[Any]]:
    """What a library makes of a sample, as NumPy arrays by the names of `derivatives`."""
    functions = derivatives(library, sample.call(function, library))
    functions = {what: each for what, each in functions.items() if (name, what) not in getattr(library, "APART", {})}
    args = [tuple(map(library.array, arrays)) for arrays in (sample.primals, sample.directions, g)]
    results = library.evaluated(functions, *args)
    return {what: [library.plain(part) for part in parts] for what, parts in results.items()}


def compared(library: Any, name: str, dtype: str) -> Iterator[Sample]:
    """The samples that a library takes: all examples, or a few of those drawn."""
    taken = (each for each in samples(name, dtype) if name not in library.TAKES or library.TAKES[name](each))
    return taken if name in EXAMPLES else islice(taken, library.count)


def allows(name: str, dtype: str) -> bool:
    """Whether a function takes numbers of a type."""
    if name in EXAMPLES:
        return any(dtype in each.dtypes for each in EXAMPLES[name])
    return name not in NEITHER and takes(name, dtype)


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name in NAMES for dtype in BOTH if allows(name, dtype)]
)
def test_values_and_derivatives_agree(library, name, dtype):
    if lacking := library.LACKS.get(name) or library.LACKS.get((name, dtype)):
        pytest.skip(f"{library.__name__}: {lacking}")
    count = 0
    for sample in compared(library, name, dtype):
        outs = sample.call(calls()[name], Own)(*map(Own.array, sample.primals))
        g = sample.cotangents([out.numpy() for out in outs])
        mine = found(Own, name, calls()[name], sample, g)
        for what, expected in found(library, name, library.function(name), sample, g).items():
            expected = list(map(sample.defined, expected)) if "gradient" in what else expected
            same(mine[what], expected, f"{what} of {name} with {sample.options}", ROUNDING, least=1.0)
            assert [each.dtype for each in mine[what]] == [each.dtype for each in expected]
        count += 1
    assert count


@pytest.mark.parametrize("name", NAMES)
def test_every_function_is_compared_or_known_to_be_missing(library, name):
    assert name in differentiable_calls() or name in EXAMPLES
    if name in NEITHER or name in library.LACKS:
        return
    assert library.function(name) is not None, f"{library.__name__} has nothing for {name}: add it, or say that it lacks it"


def test_what_is_said_to_be_missing_is(library):
    absent = [name for name, why in library.LACKS.items() if why == "no such function"]
    assert not [name for name in [*absent, *NEITHER] if library.function(name) is not None]
    assert not [name for name in [*NEITHER, *EXAMPLES, *library.FUNCTIONS] if name not in NAMES]
