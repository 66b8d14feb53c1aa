"""Keys of `x[key]` as users give them, made plain for the libraries."""

from __future__ import annotations

import sys
from typing import Any

from .backends import device_of, namespace_of
from .call import bare
from .tensor import Tensor


def plain_key(key: Any, like: Any) -> Any:
    """A key without Tensors, lists and NumPy arrays: those become arrays of the library of `like`."""
    if type(key) is int or key is None or key is Ellipsis:
        return key
    if isinstance(key, tuple):
        return tuple([plain_key(part, like) for part in key])
    if isinstance(key, slice):
        parts = (key.start, key.stop, key.step)
        if not (isinstance(parts[0], Tensor) or isinstance(parts[1], Tensor) or isinstance(parts[2], Tensor)):
            return key
        return slice(*(int(part) if isinstance(part, Tensor) else part for part in parts))
    key, like = bare(key), bare(like)
    if isinstance(key, list) or (is_numpy_array(key) and not is_numpy_array(like)):
        xp = namespace_of(like)
        return xp.asarray(key, dtype=xp.int64 if isinstance(key, list) and not key else None, device=device_of(like))
    return key


def is_numpy_array(value: Any) -> bool:
    """Whether `value` is an array of NumPy, which is imported if it is."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)
