"""Calls of operations whose derivative the user wrote (`autograd.Function`).

A call goes down through the levels of its arguments (`graph.Level`): `forward` runs once, on plain tensors and without
recording, and each level on the way back adds what is its own: a node whose rule is `backward`, or tangents by `jvp`.
So a Function nests with transforms and with itself, whether it has a `setup_context` or not. What was saved is known as
an input or an output, so that the derivative of `backward` goes through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from . import modes
from .call import deepest, level_of
from .context import FunctionCtx
from .dual import Dual, DualLevel
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .graph import FREED, Level, Node, Output, next_number
from .op import Kind, Op
from .rules import Spec
from .saved import SavedTensor, pack
from .selection import settle
from .tensor import Tensor, as_tensor, constant, new_tensor


class Call(NamedTuple):
    """A call of a Function at some level: its outputs there, and what holds at every level."""

    ctx: FunctionCtx
    outputs: tuple[Any, ...]
    is_tuple: bool
    places: tuple[tuple[str, int], ...]
    """For each saved tensor: "input" or "output" and its position; or "other" and its position in `others`."""
    others: tuple[Any, ...]
    has_derivative: tuple[bool, ...]
    dirty: dict[int, int]
    """The input that an output is, by the positions of the two."""
    residual: Any


def run(function: Any, args: Sequence[Any], names: tuple[str, ...], needs: tuple[bool, ...]) -> Call:
    """Call a Function at the deepest level of its arguments, of which the last have names; `needs` says which of them
    required a gradient."""
    op = _op_of(function)
    level = deepest(args, op)
    if level is None:
        return _forward(function, args, names, needs)
    inner = [_one_level_down(arg, level) for arg in args]
    call = run(function, inner, names, needs)
    if any(isinstance(arg, Dual) and arg.level is level for arg in args):
        return call._replace(outputs=_push(function, level, args, inner, call))
    if modes.current().blocked >= level.depth:
        return call
    if any(isinstance(constant(value), Tensor) for value in (*inner, *call.outputs)):
        level.lifted = True
    return call._replace(outputs=_record(op, level, args, inner, call))


def _one_level_down(arg: Any, level: Level) -> Any:
    """An argument as a value of the levels below. What no level differentiates is itself: `forward` may write to it."""
    if level_of(arg) is not level:
        return arg
    return arg.array if isinstance(arg.array, Tensor) else new_tensor(arg.array)


def _forward(function: Any, args: Sequence[Any], names: tuple[str, ...], needs: tuple[bool, ...]) -> Call:
    """The call on plain tensors, nothing recorded."""
    ctx = FunctionCtx(needs)
    count = len(args) - len(names)
    kwargs = dict(zip(names, args[count:], strict=True))
    before = modes.replace(modes.with_blocked(modes.depth.get()))
    try:
        if function.takes_context():
            output = function.forward(ctx, *args[:count], **kwargs)
        else:
            output = function.forward(*args[:count], **kwargs)
            function.setup_context(ctx, tuple(args), output)
    finally:
        modes.replace(before)
    outputs = tuple(output) if isinstance(output, (tuple, list)) else (output,)
    dirty = {_position(tensor, outputs): _position(tensor, args) for tensor in ctx._dirty}
    if None in dirty:
        raise GradientError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )
    places, others = _places(ctx._to_save, args, outputs, ctx._dirty)
    has_derivative = tuple(
        isinstance(each, Tensor) and each.dtype.is_differentiable and _position(each, ctx._non_differentiable) is None
        for each in outputs
    )
    residual, ctx.residual = ctx.residual, None
    return Call(ctx, outputs, isinstance(output, (tuple, list)), places, others, has_derivative, dirty, residual)  # type: ignore[arg-type]


def _position(tensor: Any, among: Sequence[Any]) -> int | None:
    return next((position for position, each in enumerate(among) if each is tensor), None)


def _places(saved: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], dirty: Sequence[Any]) -> Any:
    places, others = [], []
    for tensor in saved:
        as_output, as_input = _position(tensor, outputs), _position(tensor, inputs)
        if tensor is not None and as_output is not None and (as_input is None or _position(tensor, dirty) is not None):
            places.append(("output", as_output))
        elif tensor is not None and as_input is not None:
            places.append(("input", as_input))
        else:
            places.append(("other", len(others)))
            others.append(tensor)
    return tuple(places), tuple(others)


# -- reverse mode -------------------------------------------------------------------------------------------


class FunctionOp(Op):
    """The operation of a Function, as nodes know it."""

    def __init__(self, function: Any) -> None:
        super().__init__(function.__name__, (), (), {})
        self.kind = Kind.GENERAL
        self.function = function
        self.multiple = True
        self.node_name = f"{function.__name__}Backward"
        self.joint = _pull

    def output_count(self, node: Node, kept: Any) -> int:
        """How many outputs a call had."""
        return len(node.options.specs)


class FunctionNode(Node):
    """The node of such a call. To a PyTorch user it is the `ctx` as well, with what it saved and the user's attributes."""

    __slots__ = ("__dict__",)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that were kept, with their history. Raises GradientError once they are released."""
        from .execution import kept_with_graph

        return _saved(self, kept_with_graph(self))

    @property
    def _raw_saved_tensors(self) -> tuple[SavedTensor, ...]:
        """The same as they are kept: each takes hooks."""
        return tuple(SavedTensor(self, position) for position in _positions(self))

    def __getattr__(self, name: str) -> Any:
        """An attribute that `ctx` has of its own; those of the user are in the dictionary that the two share."""
        return getattr(self.options.call.ctx, name)


def _op_of(function: Any) -> FunctionOp:
    """The operation of a Function, which keeps it: one that was made for a single call goes with it."""
    op = vars(function).get("_operation")
    if op is None:
        op = function._operation = FunctionOp(function)
    return op


class Recorded(NamedTuple):
    """What a node knows of a call: how it was, and what its outputs are like."""

    call: Call
    specs: tuple[Any, ...]
    backend: Any


def _record(op: FunctionOp, level: Level, args: Sequence[Any], inner: Sequence[Any], call: Call) -> tuple[Any, ...]:
    node = FunctionNode()
    node.__dict__ = call.ctx.__dict__
    node.op = op
    node.level = level
    node.number = next_number()
    node.edges = tuple(arg.node if level_of(arg) is level else None for arg in args)
    node.extra = None
    node.conform = tuple(None if edge is None else Spec(constant(value)) for edge, value in zip(node.edges, inner))
    values = [constant(value) if isinstance(value, Tensor) else None for value in (*inner, *call.outputs)]
    node.kept = _kept(call, values, len(args))
    hooks = modes.current().saved_hooks
    if hooks:
        node.kept = pack(node.kept, hooks)
    backend = next(arg.backend for arg in args if isinstance(arg, Tensor))
    specs = tuple(Spec(constant(output)) if isinstance(output, Tensor) else None for output in call.outputs)
    node.options = Recorded(call._replace(outputs=(), others=()), specs, backend)
    made: dict[int, Any] = {}
    for position, output in enumerate(call.outputs):
        if call.has_derivative[position] and id(output) not in made:
            made[id(output)] = new_tensor(constant(output), Output(node, position))
    return tuple(made.get(id(output), output) for output in call.outputs)


def _kept(call: Call, values: Sequence[Any], arity: int) -> tuple[Any, ...]:
    """By position, inputs and outputs that were saved, then whatever else was."""
    wanted = {position + (arity if kind == "output" else 0) for kind, position in call.places if kind != "other"}
    others = [constant(other) if isinstance(other, Tensor) else None for other in call.others]
    return (*(value if position in wanted else None for position, value in enumerate(values)), *others)


def _pull(node: Node, g: tuple[Any, ...], kept: Sequence[Any], wants: Sequence[bool]) -> list[Any]:
    """The gradients of the arguments, by the user's `backward`, checked."""
    call, specs, backend = node.options
    function: Any = node.op.function
    arity = len(node.edges)
    grads = [_grad_output(part, spec, call.ctx, backend) for part, spec in zip(g, specs, strict=True)]
    if node.kept is FREED:
        node.options = Recorded(call._replace(residual=None), specs, backend)
    results = function.reverse_rule()(call.ctx._with(_saved(node, kept), call.residual), *grads)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    if len(results) < arity or any(extra is not None for extra in results[arity:]):
        raise GradientError(
            f"function {node.name()} returned an incorrect number of gradients (expected {arity}, got {len(results)})"
        )
    lifted = any(isinstance(part, Tensor) for part in (*kept, *map(settle, g)))
    return [
        _checked(node, index, result, lifted) if wants[index] else None for index, result in enumerate(results[:arity])
    ]


def _saved(node: Node, kept: Sequence[Any]) -> tuple[Any, ...]:
    """What was given to `save_for_backward`, from what the node keeps."""
    values = [kept[position] for position in _positions(node)]
    return tuple(None if value is None else as_tensor(value) for value in values)


def _positions(node: Node) -> list[int]:
    """Where among what the node keeps is what was given to `save_for_backward`."""
    call, specs, _ = node.options
    offset = {"input": 0, "output": len(node.edges), "other": len(node.edges) + len(specs)}
    return [offset[kind] + position for kind, position in call.places]


def _grad_output(g: Any, spec: Any, ctx: FunctionCtx, backend: Any) -> Any:
    """The gradient of an output as `backward` gets it: zeros where there is none, if those are to be made."""
    if g is not None:
        return as_tensor(settle(g))
    if spec is None or not ctx._materialize:
        return None
    dtype = backend.raw_dtype(spec.dtype)
    return new_tensor(backend.wrap(backend.xp.zeros(spec.shape, dtype=dtype, device=spec.device)))


def _checked(node: Node, index: int, result: Any, lifted: bool) -> Any:
    """A gradient that `backward` returned, as the walk goes on with it."""
    if result is None:
        return None
    if not isinstance(result, Tensor):
        raise ArgumentTypeError(f"{node.name()}: gradient {index}: expected Variable or None (got {type(result).__name__})")
    shape, expected = result.shape, tuple(node.conform[index].shape)
    tail = shape[len(shape) - len(expected) :]
    if len(shape) < len(expected) or any(want not in (1, got) for got, want in zip(tail, expected)):
        raise ArgumentError(
            f"Function {node.name()} returned an invalid gradient at index {index} - got {list(shape)} but expected shape "
            f"compatible with {list(expected)}"
        )
    return result if lifted else constant(result)


# -- forward mode -------------------------------------------------------------------------------------------


def _push(
    function: Any, level: Level, args: Sequence[Any], inner: Sequence[Any], call: Call
) -> tuple[Any, ...]:
    """The outputs with their tangents, by the user's `jvp`."""
    values = {"input": inner, "output": call.outputs, "other": call.others}
    ctx = call.ctx._with(tuple(values[kind][position] for kind, position in call.places), call.residual)
    tangents = []
    for arg, value in zip(args, inner, strict=True):
        if isinstance(arg, Dual) and arg.level is level:
            tangents.append(as_tensor(settle(arg.tangent)))
        elif isinstance(value, Tensor) and ctx._materialize:
            tangents.append(value * 0)
        else:
            tangents.append(None)
    pushed = function.jvp(ctx, *tangents)
    pushed = tuple(pushed) if isinstance(pushed, (tuple, list)) else (pushed,)
    if len(pushed) != len(call.outputs):
        raise GradientError(
            f"function {function.__name__} returned an incorrect number of tangents from jvp (expected "
            f"{len(call.outputs)}, got {len(pushed)})"
        )
    duals = tuple(
        _dual(function, index, output, tangent, level) if call.has_derivative[index] and tangent is not None else output
        for index, (output, tangent) in enumerate(zip(call.outputs, pushed, strict=True))
    )
    if isinstance(level, DualLevel):
        level.remember(call.outputs, (*args, *duals, *(None for _ in call.others)))
    return duals


def _dual(function: Any, index: int, output: Tensor, tangent: Any, level: Level) -> Dual:
    """An output with the tangent that `jvp` returned for it, checked."""
    where = f"{function.__name__}: jvp: tangent {index}"
    if not isinstance(tangent, Tensor):
        raise ArgumentTypeError(f"{where}: expected Variable or None (got {type(tangent).__name__})")
    if tangent.shape != output.shape:
        raise ArgumentError(
            f"{where}: Trying to set a forward gradient that has a different size than that of the original Tensor: got "
            f"{list(tangent.shape)}; expected {list(output.shape)}"
        )
    if tangent.dtype.is_complex and not output.dtype.is_complex:
        raise ArgumentTypeError(f"{where}: got dtype {tangent.dtype.name} for an output of dtype {output.dtype.name}")
    return Dual(constant(output), constant(tangent.astype(output.dtype, copy=False)), level)
