"""Tensors as bytes, and back: little-endian, in the order of C, as the safetensors format has them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..backends import Backend
from ..call import bare
from ..dtypes import DType, as_dtype
from ..errors import ArgumentError, BackendError, LoadError
from ..namespace import has_dtype
from ..ops import creation
from ..ops.data_type import astype
from ..tensor import Tensor

CODES = {
    "bool": "BOOL", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16",
    "uint32": "U32", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "complex64": "C64", "complex128": "C128",
}  # fmt: skip
"""How the format calls data types. It has no complex128: that code is our own."""

DTYPES = {code: as_dtype(name) for name, code in CODES.items()}
MOST_AXES = 64
"""NumPy has no more."""

Bytes = np.ndarray[Any, Any]


class Entry(NamedTuple):
    """What a file says of a tensor: its dtype and shape, and between which of the bytes it lies."""

    dtype: DType
    shape: tuple[int, ...]
    begin: int
    end: int

    def as_json(self) -> dict[str, Any]:
        """As the header has it."""
        return {"dtype": CODES[self.dtype.name], "shape": list(self.shape), "data_offsets": [self.begin, self.end]}


def entry_of(tensor: Tensor, begin: int) -> Entry:
    """What a file says of a tensor whose bytes begin at a position."""
    if tensor.size is None:
        raise ArgumentError(f"save: got a tensor of unknown shape, stored by {tensor.backend.name}; compute it first")
    return _entry(tensor.dtype, tensor.shape, begin)


def _entry(dtype: DType, shape: tuple[int, ...], begin: int) -> Entry:
    return Entry(dtype, shape, begin, begin + math.prod(shape) * dtype.itemsize)


def entry_from_json(value: Any, begin: int) -> Entry:
    """The entry that a header describes by dtype and shape, for bytes that begin at a position. Raises LoadError for what
    cannot be one."""
    match value:
        case {"dtype": str(code), "shape": [*shape]} if code in DTYPES and len(shape) <= MOST_AXES:
            if all(type(length) is int and length >= 0 for length in shape):
                entry = _entry(DTYPES[code], tuple(shape), begin)
                addressed = math.prod(filter(None, shape)) * entry.dtype.itemsize  # NumPy counts empty arrays so
                if addressed < 2**63:
                    return entry
    raise LoadError("its header describes a tensor that there cannot be")


def bytes_of(tensor: Tensor) -> Bytes:
    """The entries of a tensor."""
    raw, backend = bare(tensor), tensor.backend
    if tensor.dtype.name == "bfloat16":  # which NumPy lacks: the upper half of a float32
        wide = backend.to_numpy(backend.xp.astype(raw, backend.raw_dtype("float32")))
        return _flat(np.asarray(wide).view(np.uint32) >> np.uint32(16), np.dtype("<u2"))
    return _flat(np.asarray(backend.to_numpy(raw)), np.dtype(tensor.dtype.name).newbyteorder("<"))


def _flat(values: Any, stored: Any) -> Bytes:
    return np.ascontiguousarray(values.reshape(-1), dtype=stored).view(np.uint8)


def tensor_of(data: Bytes, entry: Entry, backend: Backend, device: Any) -> Tensor:
    """A tensor of a backend from its bytes. Raises BackendError if the backend has no such dtype."""
    name = entry.dtype.name
    if not has_dtype(backend, entry.dtype):
        raise BackendError(
            f"load: the file holds a tensor of {name}, which backend {backend.name!r} does not have; "
            "load it with another one, load(path, backend=...)"
        )
    if name == "bfloat16":
        wide = (data.view("<u2").astype(np.uint32) << np.uint32(16)).view(np.float32).reshape(entry.shape)
        return astype(creation.asarray(backend, wide, dtype="float32", device=device), entry.dtype)
    values = data.view(np.dtype(name).newbyteorder("<")).astype(name, copy=False).reshape(entry.shape)
    made = creation.asarray(backend, values, dtype=entry.dtype, device=device)
    if made.dtype != entry.dtype:
        raise BackendError(
            f"load: the file holds a tensor of {name}, of which backend {backend.name!r} made one of {made.dtype.name}; "
            "let it have that dtype, or load the file with another backend, load(path, backend=...)"
        )
    return made
