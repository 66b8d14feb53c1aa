"""Dask arrays, of which nothing is computed before it is asked for. What Dask lacks, NumPy does, by chunks where it can."""

from __future__ import annotations

import math
from typing import Any

import array_api_compat.dask.array as library
import dask.array as da
import numpy

from arraygrad.backends import Backend
from arraygrad.backends.positions import covered, has_array, is_mask, parts_of, shape_at, upwards

from .chunks import NUMPY, whole
from .functions import FUNCTIONS, repeat, unique_all

Array = Any


class DaskBackend(Backend):
    """Dask arrays of NumPy chunks."""

    protocol_version = 1
    oldest = "2025.1"
    writable = False
    lazy = True
    repairs = ("expand_dims", "expm1", "floor_divide", "linspace", "reshape", "tanh")

    def __init__(self) -> None:
        super().__init__("dask", library)
        self.generator = da.random.default_rng()
        self.overrides = {
            **FUNCTIONS,
            "distinct": lambda x, /: tuple(map(self.sized, unique_all(x))),
            "nonzero": lambda x, /: tuple(map(self.sized, library.nonzero(x))),
            "repeat": lambda x, repeats, /, *, axis=None: self.sized(repeat(x, repeats, axis=axis)),
            "to_device": self.to_device,
            "take": lambda x, i, /, *, axis=None: self.getitem(x, (slice(None),) * ((axis or 0) % x.ndim) + (i,)),
        }

    def is_array(self, value: Any) -> bool:
        return isinstance(value, da.Array)

    def devices(self) -> tuple[Any, ...]:
        return ("cpu",)

    def raw_device(self, device: Any) -> Any:
        if device not in (None, "cpu"):
            raise ValueError(f"device: got {device!r}; Dask has arrays on the 'cpu'")
        return device

    def device_of(self, x: Array) -> Any:
        return "cpu"

    def to_device(self, x: Array, /, device: Any, *, stream: Any = None) -> Array:
        self.raw_device(device)
        return x

    def dlpack_device(self, x: Array) -> tuple[int, int]:
        return 1, 0

    def dlpack(self, x: Array, **options: Any) -> Any:
        return self.to_numpy(x).__dlpack__(**options)

    def to_numpy(self, x: Array) -> Any:
        return numpy.asarray(x.compute())

    def seed(self, seed: int) -> None:
        self.generator = da.random.default_rng(seed)

    def sized(self, x: Array) -> Array:
        """x, whose shape may depend on data: then it stays unknown, unless everything may be computed at once."""
        return x.compute_chunk_sizes() if self.computes_implicitly and any(map(math.isnan, x.shape)) else x

    def getitem(self, x: Array, key: Any) -> Array:
        parts = parts_of(key)
        if len(parts) == 1 and is_mask(parts[0]):
            return self.sized(self.masked(x, parts[0]))
        if not has_array(key):
            return x[key]
        shapes = [getattr(part, "shape", ()) for part in parts if not isinstance(part, slice) and part is not ...]
        if len(shapes) == 1 and len(shapes[0]) == 1 and shapes[0] not in ((0,), (1,)) and x.dtype.kind != "c":
            return x[key]
        return whole(NUMPY.getitem, shape_at(x.shape, key), x.dtype, x, key)

    def masked(self, x: Array, mask: Array) -> Array:
        """x[mask], for masks of all axes of x or of the first ones."""
        shape = covered(x.shape, mask)
        if mask.ndim in (1, x.ndim or 1) and mask.shape == shape and 0 not in x.shape:
            return x[mask]
        mask = da.zeros(shape, dtype=bool, chunks=-1) if 0 in mask.shape else mask
        return whole(NUMPY.getitem, (math.nan, *x.shape[mask.ndim :]), x.dtype, x, mask)

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        if not has_array(key):
            return super().index_add(x, values, key=key)
        return whole(NUMPY.index_add, x.shape, x.dtype, x, values, key=key).rechunk(x.chunks)

    def index_set(self, x: Array, values: Array, /, *, key: Any) -> Array:
        if has_array(key) or any(part is None for part in parts_of(key)) or 0 in (*x.shape, *values.shape):
            return whole(NUMPY.index_set, x.shape, x.dtype, x, values, key=key).rechunk(x.chunks)
        key, flipped = upwards(x.shape, key)
        out = da.flip(x, flipped).copy()
        out[key] = values
        return da.flip(out, flipped)
