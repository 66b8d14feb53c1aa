"""How libraries are run without values: by tracing, or with a scheduler that refuses to work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Tracer = Callable[[Callable[..., Any], Sequence[Any]], Any]


def _by_jax(function: Callable[..., Any], arrays: Sequence[Any]) -> None:
    import jax

    jax.make_jaxpr(function)(*arrays)


def _by_dask(function: Callable[..., Any], arrays: Sequence[Any]) -> None:
    import dask

    def refuse(*args: Any, **options: Any) -> Any:
        raise RuntimeError("Dask was asked to compute")

    with dask.config.set(scheduler=refuse):
        function(*arrays)


TRACERS: dict[str, Tracer] = {"jax": _by_jax, "dask": _by_dask}
"""By the name of the backend, what calls a function of arrays and raises if anybody looks at their entries."""
