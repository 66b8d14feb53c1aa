"""All other operations: of one argument with options, of two, and of any number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backends import is_array
from ..call import describe, dispatch
from ..dtypes import DType
from ..errors import explain
from ..graph import Node, next_number
from ..modes import DEFAULT, current
from ..op import NOTHING, Kind, Op
from ..rules import Spec
from ..saved import Scalar
from ..tensor import Tensor

_NO_OPTIONS: dict[str, Any] = {}
_AS_IT_COMES = (None, None)
_TRACKED = ((True, False), (False, True), (True, True))


def single(op: Op) -> Callable[[Any, dict[str, Any]], Any]:
    """The call of an operation of one argument that has options."""
    kernels, wraps = op.kernels, op.wraps
    has_dtype, records, raw_dtypes = "dtype" in op.options, op.kind is not Kind.CONSTANT, op.raw_dtypes
    plan = op.plan((True,)) if records else NOTHING
    keeps_array, keeps_spec, keeps_out = 0 in plan.arrays, 0 in plan.specs, plan.outs

    def call(x: Any, options: dict[str, Any]) -> Any:
        if type(x) is not Tensor or current() is not DEFAULT:
            return dispatch(op, (x,), options)
        array = x.array
        kind = type(array)
        kernel = kernels.get(kind)
        if kernel is None:
            op.learn((x,))
            return dispatch(op, (x,), options)
        given = options
        if has_dtype and (dtype := options["dtype"]) is not None:
            if type(dtype) is not DType or not dtype.is_differentiable:
                return dispatch(op, (x,), options)
            given = {**options, "dtype": raw_dtypes[kind](dtype)}
        try:
            out = kernel(array, **given)
        except Exception as error:
            raise explain(op.name, describe(op, (array,), options), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)
        result = Tensor()
        result.array = out
        result.rest = None
        edge = x.node
        if edge is None or not records:
            result.node = None
            return result
        result.node = node = Node()
        node.op = op
        node.level = edge.level
        node.number = next_number()
        node.edges = (edge,)
        node.options = options
        node.extra = None
        spec = Spec(array)
        node.conform = (spec,)
        if keeps_array or keeps_out:
            node.kept = (array if keeps_array else spec if keeps_spec else None, out if keeps_out else None)
        else:
            node.kept = [spec, None] if keeps_spec else None
        return result

    return call


def pair(op: Op) -> Callable[[Any, Any, dict[str, Any]], Any]:
    """The call of an operation of two arguments, both of them Tensors."""
    kernels, wraps, slow = op.kernels, op.wraps, several(op)
    has_dtype, records = "dtype" in op.options, op.kind is not Kind.CONSTANT
    first, second, both = (op.plan(tracked) if records else NOTHING for tracked in _TRACKED)
    items = op.cores[0] if op.core is not None else None  # a gradient by one item, not a stack, comes as it should

    def call(x1: Any, x2: Any, options: dict[str, Any]) -> Any:
        if (
            type(x1) is not Tensor
            or type(x2) is not Tensor
            or current() is not DEFAULT
            or (has_dtype and options["dtype"] is not None)
        ):
            return slow((x1, x2), options)
        a1, a2, edge1, edge2 = x1.array, x2.array, x1.node, x2.node
        kind = type(a1)
        kernel = kernels.get(kind)
        if type(a2) is not kind or kernel is None or (edge1 and edge2 and edge1.level is not edge2.level):
            return slow((x1, x2), options)
        try:
            out = kernel(a1, a2, **options)
        except Exception as error:
            raise explain(op.name, describe(op, (a1, a2), options), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)
        result = Tensor()
        result.array = out
        result.rest = None
        if (edge1 is None and edge2 is None) or not records:
            result.node = None
            return result
        result.node = node = Node()
        node.op = op
        node.number = next_number()
        node.edges = (edge1, edge2)
        node.options = options
        node.extra = None
        if edge1 is None:
            arrays, specs, keeps_out = second
            node.level = edge2.level  # type: ignore[union-attr]
        else:
            arrays, specs, keeps_out = first if edge2 is None else both
            node.level = edge1.level
        if (a1.ndim, a2.ndim) == items and a1.dtype is a2.dtype:
            node.conform = _AS_IT_COMES
        else:
            node.conform = (None if edge1 is None else Spec(a1), None if edge2 is None else Spec(a2))
        kept1 = a1 if 0 in arrays else Spec(a1) if 0 in specs else None
        kept2 = a2 if 1 in arrays else Spec(a2) if 1 in specs else None
        if keeps_out or arrays:
            node.kept = (kept1, kept2, out if keeps_out else None)
        else:
            node.kept = [kept1, kept2, None]
        return result

    return call


def several(op: Op) -> Callable[[Sequence[Any], dict[str, Any]], Any]:
    """The call of any operation with one output, given its arguments and its options."""
    kernels, wraps = op.kernels, op.wraps
    variadic, positional = op.variadic, op.positional
    names = op.arrays[positional:]
    records = op.kind is not Kind.CONSTANT
    has_dtype = "dtype" in op.options

    def call(arguments: Sequence[Any], options: dict[str, Any]) -> Any:
        if current() is not DEFAULT or (has_dtype and options["dtype"] is not None):
            return dispatch(op, arguments, options)
        kind = level = None
        values, edges = [], []
        for argument in arguments:
            if type(argument) is Tensor or type(argument) in wraps:  # an array is a constant
                if type(argument) is Tensor:
                    value, edge = argument.array, argument.node
                else:
                    value, edge = argument if type(argument) in kernels else wraps[type(argument)](argument), None
                if type(value) is not kind:
                    if kind is not None:
                        return dispatch(op, arguments, options)
                    kind = type(value)
                if records and edge is not None and edge.level is not level:
                    if level is not None:
                        return dispatch(op, arguments, options)
                    level = edge.level
            elif argument is None or type(argument) in Scalar:
                value, edge = argument, None
            else:
                op.learn(arguments)
                return dispatch(op, arguments, options)
            values.append(value)
            edges.append(edge)
        kernel = kernels.get(kind)  # type: ignore[arg-type]
        if kernel is None:
            op.learn(arguments)
            return dispatch(op, arguments, options)
        try:
            if variadic:
                out = kernel(values, **options)
            elif names:
                out = kernel(*values[:positional], **dict(zip(names, values[positional:])), **options)
            else:
                out = kernel(*values, **options)
        except Exception as error:
            raise explain(op.name, describe(op, values, options), error) from error
        if type(out) is not kind:
            out = wraps[kind](out)  # type: ignore[index]
        result = Tensor()
        result.array = out
        result.rest = None
        if level is None:
            result.node = None
            return result
        result.node = node = Node()
        node.op = op
        node.level = level
        node.number = next_number()
        node.edges = tuple(edges)
        node.options = options
        node.extra = None
        node.conform = specs = tuple([None if edge is None else Spec(value) for edge, value in zip(edges, values)])
        node.kept = op.keep(op.plan(tuple([edge is not None for edge in edges])), values, (out,), specs)
        return result

    return call


def general(op: Op, *, is_operator: bool = False) -> Callable[[Any, Any], Any]:
    """The call of an operation of two arguments without a short way; operators leave strangers to their own methods."""
    every, two = several(op), None if op.is_of_pairs else pair(op)

    def call(x1: Any, x2: Any, /) -> Any:
        if is_operator and not (type(x1) is type(x2) is Tensor or (is_operand(x1) and is_operand(x2))):
            return NotImplemented
        return every((x1, x2), _NO_OPTIONS) if two is None else two(x1, x2, _NO_OPTIONS)

    return call


def is_operand(value: object) -> bool:
    """Whether operators take `value`: a Tensor, a Python number, or an array of some backend."""
    return type(value) is Tensor or isinstance(value, (Tensor, *Scalar)) or is_array(value)
