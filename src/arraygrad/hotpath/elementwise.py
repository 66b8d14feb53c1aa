"""Elementwise operations of one argument and of two, of which one may be a Python number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..call import describe, dispatch
from ..errors import explain
from ..graph import Node, next_number
from ..modes import DEFAULT, current
from ..op import Kind, Op
from ..rules import Spec
from ..tensor import Tensor

_NO_OPTIONS: dict[str, Any] = {}
_AS_IT_COMES = (None, None)
_TRACKED = ((True, False), (False, True), (True, True))


def _differing(array: Any, out: Any) -> Spec | None:
    """The shape and dtype of an argument, None if they are the result's, and so those of its gradient."""
    return None if array.shape == out.shape and array.dtype == out.dtype else Spec(array)


def unary(op: Op) -> Callable[..., Any]:
    """The call of an elementwise operation of one argument that keeps the dtype of floats."""
    kernels, wraps = op.kernels, op.wraps
    names = op.needs((True,))
    keeps_x, keeps_out = "x" in names, "out" in names

    def call(x: Any, /) -> Any:
        if type(x) is not Tensor or current() is not DEFAULT:
            return dispatch(op, (x,), _NO_OPTIONS)
        array = x.array
        kind = type(array)
        kernel = kernels.get(kind)
        if kernel is None:
            op.learn((x,))
            return dispatch(op, (x,), _NO_OPTIONS)
        try:
            out = kernel(array)
        except Exception as error:
            raise explain(op.name, describe(op, (array,), _NO_OPTIONS), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)
        result = Tensor()
        result.array = out
        result.rest = None
        edge = x.node
        if edge is None:
            result.node = None
            return result
        result.node = node = Node()
        node.op = op
        node.level = edge.level
        node.number = next_number()
        node.edges = (edge,)
        node.options = _NO_OPTIONS
        node.extra = None
        node.conform = _AS_IT_COMES
        node.kept = (array if keeps_x else None, out if keeps_out else None) if keeps_x or keeps_out else None
        return result

    return call


def _keeps(op: Op, tracked: tuple[bool, bool]) -> tuple[bool, bool, bool] | None:
    """Whether the first argument, the second and the output are kept; None if nothing is."""
    names = op.needs(tracked)
    keep = (op.arrays[0] in names, op.arrays[1] in names, "out" in names)
    return keep if any(keep) else None


def binary(op: Op, slow: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The call of an elementwise operation of two arguments, of which the second may be a Python number or an array."""
    kernels, wraps = op.kernels, op.wraps
    records = op.kind is not Kind.CONSTANT
    keep_first, keep_second, keep_both = (_keeps(op, tracked) for tracked in _TRACKED)
    keeps_number_only = keep_first == (False, True, False)

    def call(x1: Any, x2: Any, /) -> Any:
        if type(x1) is not Tensor or current() is not DEFAULT:
            return slow(x1, x2)
        a1 = x1.array
        kind = type(a1)
        kernel = kernels.get(kind)
        if type(x2) is Tensor:
            a2 = x2.array
            edge2 = x2.node
            if type(a2) is not kind:
                return slow(x1, x2)
        elif type(x2) is float or type(x2) is int or type(x2) is kind:
            a2 = x2
            edge2 = None
        elif kernel is None or wraps.get(type(x2)) is not wraps[kind]:
            return slow(x1, x2)
        else:  # a scalar of the library's own
            a2 = wraps[kind](x2)
            edge2 = None
        edge1 = x1.node
        if not records:
            edge1 = edge2 = None
        if kernel is None or (edge1 is not None and edge2 is not None and edge1.level is not edge2.level):
            return slow(x1, x2)
        try:
            out = kernel(a1, a2)
        except Exception as error:
            raise explain(op.name, describe(op, (a1, a2), _NO_OPTIONS), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)
        result = Tensor()
        result.array = out
        result.rest = None
        if edge1 is None:
            if edge2 is None:
                result.node = None
                return result
            level, keep = edge2.level, keep_second
        else:
            level, keep = edge1.level, keep_first if edge2 is None else keep_both
        result.node = node = Node()
        node.op = op
        node.level = level
        node.number = next_number()
        node.edges = (edge1, edge2)
        node.options = _NO_OPTIONS
        node.extra = None
        if keep is None:
            node.kept = None
        elif keeps_number_only and type(a2) is not kind:
            node.kept = [None, a2, None]
        else:
            node.kept = (a1 if keep[0] else None, a2 if keep[1] else None, out if keep[2] else None)
        if type(a2) is not kind or (a1.shape == a2.shape and a1.dtype is a2.dtype):  # type: ignore[union-attr]
            node.conform = _AS_IT_COMES
        else:
            node.conform = (None if edge1 is None else _differing(a1, out), None if edge2 is None else _differing(a2, out))
        return result

    return call


def reflected(op: Op, slow: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The call of an elementwise operation whose first argument is a Python number: `1 - x`, as `(x, 1)`."""
    kernels, wraps = op.kernels, op.wraps
    records = op.kind is not Kind.CONSTANT
    keep = _keeps(op, (False, True))
    keeps_number_only = keep == (True, False, False)

    def call(x2: Any, x1: Any, /) -> Any:
        if not (type(x1) is float or type(x1) is int) or type(x2) is not Tensor or current() is not DEFAULT:
            return slow(x1, x2)
        array = x2.array
        kind = type(array)
        kernel = kernels.get(kind)
        if kernel is None:
            return slow(x1, x2)
        try:
            out = kernel(x1, array)
        except Exception as error:
            raise explain(op.name, describe(op, (x1, array), _NO_OPTIONS), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)
        result = Tensor()
        result.array = out
        result.rest = None
        edge = x2.node
        if edge is None or not records:
            result.node = None
            return result
        result.node = node = Node()
        node.op = op
        node.level = edge.level
        node.number = next_number()
        node.edges = (None, edge)
        node.options = _NO_OPTIONS
        node.extra = None
        node.conform = _AS_IT_COMES
        if keep is None:
            node.kept = None
        elif keeps_number_only:
            node.kept = [x1, None, None]
        else:
            node.kept = (x1 if keep[0] else None, array if keep[1] else None, out if keep[2] else None)
        return result

    return call
