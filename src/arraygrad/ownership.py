"""Who sees a buffer: whether entries may be written where they are."""

from __future__ import annotations

import sys

from .backends import backend_of
from .family import members
from .graph import AccumulateGrad
from .tensor import Tensor, new_tensor


def is_alone(summit: Tensor) -> bool:
    """Whether it is certain that nobody but the members of a family sees the buffer of their entries."""
    array = summit.array
    if isinstance(array, Tensor) or not backend_of(array).owns(array):
        return False
    holders = _holders(summit)
    for member in members(summit):
        if member.array is array:
            holders += _holders(member)
        elif getattr(member.array, "base", None) is array:
            if not _holds_alone(member):
                return False
            holders += 1
    return sys.getrefcount(array) < _ONE + holders


def _holders(tensor: Tensor) -> int:
    """How often a tensor refers to its array."""
    return 2 if isinstance(tensor.node, AccumulateGrad) else 1


def _holds_alone(tensor: Tensor) -> bool:
    array = tensor.array
    return sys.getrefcount(array) < _ONE + _holders(tensor)


def _references() -> int:
    holder = new_tensor(object())
    array = holder.array
    return sys.getrefcount(array)


_ONE = _references()
"""What CPython counts for an object that a local variable and one tensor hold."""
