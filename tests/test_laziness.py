"""No derivative looks at values that are not there yet: in the traces of JAX and PyTorch, and in Dask's graphs.

No array of a call has values then, those that it is not differentiated by with them. What Dask computes in the end agrees
with NumPy. Left out is what has a shape that depends on values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import pytest
from arraygrad.conformance.parameters import BACKEND, DEVICE
from samples import BOTH, Sample, samples
from test_agreement import NAMES, Own, allows

import arraygrad as ag
from arraygrad.errors import ArraygradError
from arraygrad.namespace import calls

pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries': of infinities, and of what they deprecate

COUNT = 2
"""How many calls of a function are tried."""

BY_VALUES = ("repeat", "unique_all", "unique_counts", "unique_inverse", "unique_values")
"""Functions with shapes that depend on values."""


_BETA = ("betainc", "betaincc", "fdtr", "fdtrc", "stdtr", "stdtrit", "expi", "exp1")
_BESSEL = ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e", "stdtrit")

LACKING = {
    "dask": set(),
    "jax": {
        *((name, dtype) for name in _BESSEL for dtype in BOTH),
        *((name, "complex128") for name in ("exp1", "expi", "log_ndtr", "ndtr")),
    },
    "torch": {(name, dtype) for name in _BETA for dtype in BOTH},
}
"""Special functions that a library lacks: their values come from SciPy, which needs to see those of the arguments."""


class Library:
    """A library whose arrays have no values, asked as those in `samples` are."""

    name: str

    def __init__(self) -> None:
        self.backend = ag.get_backend(self.name)

    def array(self, value: Any) -> Any:
        """An array without values."""
        raise NotImplementedError

    def constant(self, value: Any) -> Any:
        return self.array(value) if isinstance(value, np.ndarray) else value

    def option(self, name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self.option(name, part) for part in value)
        if isinstance(value, str) and value == BACKEND:
            return self.backend
        return self.backend.devices()[0] if isinstance(value, str) and value == DEVICE else self.constant(value)

    def results(self, program: Callable[[], list[ag.Tensor]]) -> list[Any]:
        """What a program gives; nothing where there will be no values."""
        raise NotImplementedError


class Jax(Library):
    name = "jax"

    def array(self, value: Any) -> Any:
        return self.traced * self.backend.xp.asarray(value)

    def results(self, program: Callable[[], list[ag.Tensor]]) -> list[Any]:
        import jax

        def traced(one: Any) -> list[Any]:
            self.traced = one
            return [out.array for out in program()]

        with jax.enable_x64(True):
            jax.eval_shape(traced, True)
        return []


class Torch(Library):
    name = "torch"

    def array(self, value: Any) -> Any:
        return self.mode.from_tensor(self.backend.xp.asarray(value))

    def results(self, program: Callable[[], list[ag.Tensor]]) -> list[Any]:
        from torch._subclasses import FakeTensorMode

        with FakeTensorMode(allow_non_fake_inputs=True) as self.mode:
            program()
        return []


class Dask(Library):
    name = "dask"

    def array(self, value: Any) -> Any:
        import dask.array

        return dask.array.from_array(value, chunks=2 if value.size else -1)

    def results(self, program: Callable[[], list[ag.Tensor]]) -> list[Any]:
        with uncomputed():
            outs = program()
        return [out.numpy() for out in outs]


@contextmanager
def uncomputed() -> Iterator[None]:
    """Where Dask computes nothing."""
    import dask

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was computed")

    with dask.config.set(scheduler=refuse):
        yield


@pytest.fixture(params=[Jax, Torch, Dask], ids=lambda each: each.name)
def library(request: pytest.FixtureRequest) -> Library:
    pytest.importorskip(request.param.name)
    return request.param()


def program(library: Any, name: str, sample: Sample, cotangents: Sequence[Any]) -> Callable[[], list[ag.Tensor]]:
    """Values, gradients, tangents, and tangents of the gradients."""

    def run() -> list[ag.Tensor]:
        f = sample.call(calls()[name], library)
        x, t, g = (tuple(map(library.array, arrays)) for arrays in (sample.primals, sample.directions, cotangents))

        def gradients(*x: Any) -> Any:
            return ag.func.vjp(f, *x)[1](g)

        outs, tangents = ag.func.jvp(f, x, t)
        return [*outs, *tangents, *gradients(*x), *ag.func.jvp(gradients, x, t)[1]]

    return run


def has_known_shape(sample: Sample) -> bool:
    """Whether a call is none of x[mask]."""
    key = sample.options.get("key")
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, np.ndarray) and part.dtype == bool for part in parts)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in NAMES if name not in BY_VALUES for dtype in BOTH if allows(name, dtype)],
)
def test_derivatives_look_at_no_values(library, name, dtype):
    if (name, dtype) in LACKING[library.name]:
        sample = next(samples(name, dtype))
        with pytest.raises(ArraygradError, match=library.name if dtype == "float64" else name):
            library.results(program(library, name, sample, sample.primals))
        return
    count = 0
    for sample in islice(filter(has_known_shape, samples(name, dtype)), COUNT):
        outs = sample.call(calls()[name], Own)(*map(Own.array, sample.primals))
        cotangents = sample.cotangents([out.numpy() for out in outs])
        expected = program(Own, name, sample, cotangents)()
        for found, value in zip(library.results(program(library, name, sample, cotangents)), expected, strict=False):
            np.testing.assert_allclose(found, value.numpy(), rtol=1e-9, atol=1e-9)
        count += 1
    assert count
