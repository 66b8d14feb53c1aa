"""Arrays of Dask made of numbers, also those without entries, for which it divides by zero."""

from __future__ import annotations

from typing import Any

import array_api_compat.dask.array as library
import dask.array as da
import numpy

from .chunks import Array, Function, stored


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Array:
    """Dask's for its own arrays."""
    if isinstance(obj, da.Array) or copy is False:
        return library.asarray(obj, dtype=dtype, copy=copy)
    return stored(numpy.array(obj, dtype=dtype))


def creation(function: Function) -> Function:
    """A creation function of Dask, also for arrays without entries."""

    def call(shape: Any, *args: Any, device: Any = None, **options: Any) -> Array:
        is_empty = 0 in (shape if isinstance(shape, tuple) else (shape,))
        return function(shape, *args, **options, **({"chunks": -1} if is_empty else {}))

    return call


def eye(n: int, m: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Array:
    """Dask's loses chunks of matrices that are not square."""
    columns = n if m is None else m
    k = min(max(k, -n), columns)
    return (da.arange(n)[:, None] + k == da.arange(columns)[None, :]).astype(dtype or numpy.float64)


CREATION: dict[str, Function] = {
    "asarray": asarray,
    "eye": eye,
    "from_dlpack": lambda x, /, **options: stored(numpy.from_dlpack(x, **options)),
    **{name: creation(getattr(library, name)) for name in ("empty", "full", "ones", "zeros")},
}
