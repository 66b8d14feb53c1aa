"""What happens when an operation is called.

A call is handled by the deepest level among its arguments (`graph.Level`): its values are those of the levels below,
which may be raw arrays (the library is called) or Tensors (the operation is called again, one level down). What the
level does with the result is to record a node (reverse) or to push tangents (forward).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .backends import Backend, backend_of
from .dtypes import as_dtype
from .dual import Dual, DualLevel
from .errors import ArgumentTypeError, BackendError, GradientError, explain, explain_inside, in_words
from .graph import Level, Node, Output, next_number
from .modes import POLICY, current
from .op import Kind, Op
from .rules import Spec, conform
from .saved import is_held, pack
from .selection import Selected, settle
from .tensor import InferenceTensor, Tensor, as_tensor, constant, new_tensor

if TYPE_CHECKING:
    from traceback import FrameSummary

TRACEBACK = "forward call"
"""The key in a node's metadata for the place of the forward call, if `detect_anomaly` is on."""

_PACKAGE = __file__.rpartition("call.py")[0]


LINE = "line"
"""The key for the line of the forward call, if a profile watched it."""


def frames_of_caller() -> list[FrameSummary]:
    """The calls that led here, without arraygrad's own."""
    from traceback import extract_stack

    frames: list[FrameSummary] = extract_stack()
    while frames and frames[-1].filename.startswith((_PACKAGE, "<string>")):
        frames.pop()
    return frames


def level_of(value: Any) -> Level | None:
    """The level that handles a value: None for constants."""
    if not isinstance(value, Tensor):
        return None
    node = value.node  # to look at it may show that it is a Dual
    if isinstance(value, Dual):
        return value.level
    return None if node is None else node.level


def deepest(arguments: Sequence[Any], op: Op) -> Level | None:
    """The deepest level among the arguments, None if all are constants."""
    found: Level | None = None
    for argument in arguments:
        level = level_of(argument)
        if level is None or level is found:
            continue
        if found is None or level.depth > found.depth:
            found = level
        elif level.depth == found.depth:
            raise GradientError(
                f"{op.name}: its arguments belong to two transforms at the same depth: one leaked out of the function "
                "that it was made in; return it from that function instead (has_aux=True)"
            )
    return found


def dispatch(op: Op, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call an operation on Tensors, raw arrays and Python numbers, at whatever levels they are."""
    arguments = without_numpy_scalars(arguments)
    level = None if stops_gradients(op, options) or current().inference else deepest(arguments, op)
    if level is None:
        values = [bare(argument) for argument in arguments]
        return wrap(op, evaluate(op, values, options))
    convention = current().subgradient
    if convention is not POLICY and op.by_convention is not None:
        return op.by_convention(*arguments, convention)
    values = [
        argument.array if level_of(argument) is level else constant(argument)  # type: ignore[union-attr]
        for argument in arguments
    ]
    outs = apply(op, values, options)
    if any(isinstance(value, Tensor) for value in values):
        level.lifted = True
    if convention is not POLICY and "subgradient" in op.named:
        options = {**options, "subgradient": convention}
    if any(isinstance(argument, Dual) and argument.level is level for argument in arguments):
        return push_forward(level, op, arguments, values, outs, options)
    return record(level, op, arguments, values, outs, options)


_USUAL = {Tensor, Dual, bool, int, float, complex, type(None)}


def without_numpy_scalars(arguments: Sequence[Any]) -> Sequence[Any]:
    """Arguments with NumPy's scalars as Python's, if they stand beside Tensors that another library stores."""
    for argument in arguments:
        if type(argument) not in _USUAL and is_numpy_scalar(argument):
            break
    else:
        return arguments
    if all(other.backend.name == "numpy" for other in arguments if isinstance(other, Tensor)):
        return arguments
    return [argument.item() if is_numpy_scalar(argument) else argument for argument in arguments]


def stops_gradients(op: Op, options: dict[str, Any]) -> bool:
    """Whether the result can require no gradient: it is constant, or its dtype is asked to be an integer."""
    dtype = options.get("dtype")
    return op.kind is Kind.CONSTANT or (dtype is not None and not as_dtype(dtype).is_differentiable)


def bare(value: Any) -> Any:
    """The raw array under any number of levels."""
    while isinstance(value, Tensor):
        value = value.array
    return value


def wrap(op: Op, outs: Any) -> Any:
    """Values as untracked Tensors; Tensors of lower levels as they are."""
    return op.pack(map(as_tensor, outs)) if op.multiple else as_tensor(outs)


def apply(op: Op, values: Sequence[Any], options: dict[str, Any]) -> Any:
    """The operation on values: raw arrays go to the library, Tensors one level down."""
    if any(isinstance(value, Tensor) for value in values):
        outs = dispatch(op, values, options)
        return tuple(map(constant, outs)) if op.multiple else constant(outs)
    return evaluate(op, values, options)


def evaluate(op: Op, values: Sequence[Any], options: dict[str, Any]) -> Any:
    """Call the library, on raw arrays and Python numbers."""
    values, backend = common_backend(op, values)
    kernel = op.kernel_of(backend)
    if options.get("dtype") is not None:
        options = {**options, "dtype": backend.raw_dtype(options["dtype"])}
    start = perf_counter()
    try:
        if op.variadic:
            out = kernel(list(values), **options)
        else:
            named = dict(zip(op.arrays[op.positional :], values[op.positional :], strict=True))
            out = kernel(*values[: op.positional], **named, **options)
    except Exception as error:
        raise explain(op.name, describe(op, values, options), error) from error
    wrap = op.wrap_of(backend)
    outs = tuple(map(wrap, out)) if op.multiple else wrap(out)
    profiler = current().profiler
    if profiler is not None:
        profiler.add(op.name, "forward", start, perf_counter(), sum(map(size_of, outs if op.multiple else (outs,))))
    return outs


def size_of(array: Any) -> int:
    """Bytes of an array, or of what a Tensor or a Selected holds; of what has no size yet, 0."""
    array = bare(settle(array))
    size = getattr(array, "size", None)
    if callable(size) or size is None or size != size:  # noqa: PLR0124 - PyTorch's is a method, dask's may be NaN
        size = math.prod(array.shape) if all(isinstance(length, int) for length in array.shape) else 0
    return int(size) * as_dtype(array.dtype).itemsize


def common_backend(op: Op, values: Sequence[Any]) -> tuple[Sequence[Any], Backend]:
    """The one backend of all arrays among the values. Beside arrays of another, NumPy's scalars count as Python's."""
    backends: dict[Backend, None] = {}
    try:
        for value in values:
            if is_held(value):
                backend = backend_of(value)
                backend.neutral_dtype(value.dtype)  # which raises if they are no numbers
                backends[backend] = None
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{op.name}: {error}") from None
    if len(backends) > 1:
        values = [value.item() if is_numpy_scalar(value) else value for value in values]
        backends = {backend_of(value): None for value in values if is_held(value)}
    if len(backends) == 1:
        return values, next(iter(backends))
    if not backends:
        raise ArgumentTypeError(f"{op.name}: got ({describe(op, values, {})}); expected at least one Tensor or array")
    names = [backend.name for backend in backends]
    raise BackendError(
        f"{op.name}({describe(op, values, {})}): its arrays are stored by {' and by '.join(names)}; expected one backend; "
        f"convert all to one, with x.to_backend({names[0]!r}): gradients flow through that"
    )


def is_numpy_scalar(value: Any) -> bool:
    """Whether `value` is a scalar of NumPy, which is imported if it is."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic)


def describe(op: Op, values: Sequence[Any], options: dict[str, Any]) -> str:
    """The arguments of a call in words, for errors."""
    names = [f"arrays[{i}]" for i in range(len(values))] if op.variadic else op.arrays
    given = zip(names, values, strict=True)
    return in_words([*given, *((name, value) for name, value in options.items() if value is not None)])


# -- recording --------------------------------------------------------------------------------------------


def record(
    level: Level, op: Op, arguments: Sequence[Any], values: Sequence[Any], outs: Any, options: dict[str, Any]
) -> Any:
    """The result of a call as Tensors of `level`, with a node if the level records."""
    if current().blocked >= level.depth:
        return wrap(op, outs)
    edges = tuple(argument.node if level_of(argument) is level else None for argument in arguments)
    results = outs if op.multiple else (outs,)
    node = Node()
    node.op = op
    node.level = level
    node.number = next_number()
    node.edges = edges
    node.options = options
    node.extra = None
    node.conform = tuple(None if edge is None else Spec(value) for edge, value in zip(edges, values, strict=True))
    node.kept = op.keep(op.plan(tuple(edge is not None for edge in edges)), values, results, node.conform)
    refuse_inference(arguments, node.kept)
    hooks = current().saved_hooks
    if hooks and type(node.kept) is tuple:
        node.kept = pack(node.kept, hooks)
    if current().anomaly is not None:
        from traceback import format_list

        node.metadata[TRACEBACK] = "".join(format_list(frames_of_caller()))
    if current().profiler is not None:
        frame = (frames_of_caller() or [None])[-1]
        node.metadata[LINE] = "" if frame is None else f"{frame.filename}:{frame.lineno} {frame.line}"
    if not op.multiple:
        return new_tensor(outs, node)
    return op.pack(new_tensor(out, Output(node, index)) for index, out in enumerate(outs))


def refuse_inference(arguments: Sequence[Any], kept: Any) -> None:
    """Raise GradientError if a node would keep a tensor that was made in inference mode."""
    for argument, value in zip(arguments, kept or ()):
        if type(argument) is InferenceTensor and is_held(value):
            raise GradientError(
                "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
                "computation tracked by autograd; make a normal tensor of it first, with x.clone()"
            )


# -- pushing tangents -------------------------------------------------------------------------------------


def push_forward(
    level: Level, op: Op, arguments: Sequence[Any], values: Sequence[Any], outs: Any, options: dict[str, Any]
) -> Any:
    """The result of a call as Duals of `level`."""
    tangents = [
        argument.tangent if isinstance(argument, Dual) and argument.level is level else None for argument in arguments
    ]
    results = outs if op.multiple else (outs,)
    flowing = [tangent.array if type(tangent) is Selected else tangent for tangent in tangents]
    if any(isinstance(value, Tensor) for value in (*values, *flowing)):
        values, results = lift_all(values), lift_all(results)
        tangents = [lift_tangent(tangent) for tangent in tangents]
    with next(argument for argument in arguments if isinstance(argument, Dual)).backend.quiet():
        try:
            pushed = op.push(tangents, values, results, options)
        except Exception as error:
            raise explain_inside(f"derivative of {op.name}", describe(op, values, options), error) from error
    pushed = pushed if op.multiple else (pushed,)
    duals = tuple(
        as_tensor(out) if tangent is None else Dual(constant(out), conform_tangent(tangent, out), level)
        for out, tangent in zip(results, pushed, strict=True)
    )
    if isinstance(level, DualLevel):
        level.remember(results, (*arguments, *duals))
    return op.pack(duals) if op.multiple else duals[0]


def lift_all(values: Sequence[Any]) -> list[Any]:
    """Raw arrays as Tensors, so that rules meet one kind of value."""
    return [as_tensor(value) if is_held(value) else value for value in values]


def lift_tangent(tangent: Any) -> Any:
    """A tangent over Tensors."""
    if type(tangent) is Selected:
        return Selected(as_tensor(tangent.array), as_tensor(tangent.mask), tangent.clean)
    return tangent if tangent is None else as_tensor(tangent)


def conform_tangent(tangent: Any, out: Any) -> Any:
    """The tangent in the shape and dtype of the result."""
    if isinstance(out, Tensor):
        tangent = lift_tangent(tangent)
    if type(tangent) is Selected:
        array = tangent.array
        fits = tuple(array.shape) == tuple(out.shape) and array.dtype == out.dtype
        return tangent if fits else tangent.move(lambda part: conform(part, out))
    return constant(conform(tangent, out))
