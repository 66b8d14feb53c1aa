"""`backward` and `grad`: reverse differentiation of what imperative code recorded."""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping, Sequence
from typing import Any

from . import modes
from .accumulation import Holder, accumulate, holder_of, own
from .backends import backend_of, quiet
from .call import bare, level_of
from .engine import Lift, leading_to, unpacked, walk
from .errors import ArgumentError, GradientError
from .execution import execute, lift_constants, lift_with_graph
from .graph import ROOT, AccumulateGrad, GradientEdge, Level, Node, Output, Vertex
from .passes import Pass
from .roots import check_differentiable, level_at, roots_of, sequence, targets_of, vertex_of
from .tensor import Tensor, as_tensor, new_tensor

Tensors = Tensor | Sequence[Tensor]


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add to `.grad` of each leaf (or of each of `inputs`) the derivative of the sum of `tensors`, each weighted by
    its entry of `grad_tensors` (1 for scalars).

    All or nothing: if anything raises, no `.grad` has changed. Without `retain_graph` (default: `create_graph`) what
    the graph keeps is released on the way. With `create_graph` the gradients can be differentiated themselves.
    """
    if modes.depth.get() > 0 and any(level_at(tensor) is not ROOT for tensor in sequence(tensors)):
        raise GradientError(
            "backward: called inside a transform on a value of that transform; backward() fills .grad, which a "
            "transform cannot return: use arraygrad.autograd.grad or arraygrad.func.grad instead"
        )
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
            "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
            "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
            "the cycle and avoid the leak.",
            UserWarning,
            stacklevel=2,
        )
    targets = None
    if inputs is not None:
        targets = targets_of(inputs)
        if not targets:
            raise GradientError("`inputs` argument to `backward()` cannot be empty.")
        check_differentiable(targets)
    roots = roots_of(tensors, grad_tensors)
    retained: list[tuple[Tensor, Any]] = []
    with Pass(roots, None if targets is None else map(vertex_of, targets)):
        arrived = differentiate(roots, retain_graph, create_graph, targets, retained, executes_inputs=True)
        holders: dict[Vertex, Holder]
        if targets is None:
            holders = {leaf: leaf for leaf in arrived if type(leaf) is AccumulateGrad and leaf.requires_grad}
        else:
            holders = {vertex_of(target): _holder(target) for target in targets if vertex_of(target) in arrived}
        entries = [(holder, [arrived.pop(vertex)]) for vertex, holder in holders.items()]
        if retained:
            entries += _cells(retained, holders)
        accumulate(entries, create_graph)


def _holder(target: Any) -> Holder:
    if type(target) is not GradientEdge:
        return holder_of(target)
    if type(target.vertex) is AccumulateGrad:
        return target.vertex
    raise GradientError(
        f"backward: inputs: got the edge of {target.node.name()}; expected tensors, or edges of leaves: no tensor is known "
        "that would hold the gradient; use arraygrad.autograd.grad"
    )


def _cells(retained: list[tuple[Tensor, Any]], holders: Container[Vertex | None]) -> list[tuple[Holder, list[Any]]]:
    """What `retain_grad` asked for, less what is filled anyway."""
    return [(holder_of(tensor), [g]) for tensor, g in retained if tensor.node not in holders]


def grad(
    outputs: Tensors,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The derivative of the sum of `outputs`, each weighted by its entry of `grad_outputs`, by each of `inputs`.

    `inputs` may be a tensor, a sequence or a dictionary of tensors; the result is a tuple, or a dictionary of the same
    keys. An input that the outputs do not depend on raises, or gives None with `allow_unused`, or zeros with
    `materialize_grads`. With `is_grads_batched` the first axis of each of `grad_outputs` counts cotangents.
    """
    if materialize_grads and allow_unused is False:
        raise ArgumentError(
            "grad: expected allow_unused to be True or not passed when materialize_grads=True, but got False"
        )
    if not only_inputs:
        raise ArgumentError("grad: got only_inputs=False; expected True: to add to .grad of other leaves, call backward()")
    if isinstance(inputs, Mapping):
        values = grad(outputs, list(inputs.values()), grad_outputs, retain_graph, create_graph, only_inputs, allow_unused,
                      is_grads_batched, materialize_grads)  # fmt: skip
        return dict(zip(inputs, values, strict=True))
    targets = targets_of(inputs)
    if not targets:
        raise GradientError("`inputs` argument to `grad()` cannot be empty.")
    check_differentiable(targets)
    if is_grads_batched:
        return _batched(targets_of(outputs), targets, sequence(grad_outputs), retain_graph, create_graph, allow_unused,
                        materialize_grads)  # fmt: skip
    roots = roots_of(outputs, grad_outputs)
    retained: list[tuple[Tensor, Any]] = []
    with Pass(roots, map(vertex_of, targets)):
        arrived = differentiate(roots, retain_graph, create_graph, targets, retained, modes.depth.get() > 0)
        results = [
            _result(arrived, index, target, allow_unused, materialize_grads, create_graph)
            for index, target in enumerate(targets)
        ]
        if retained:
            accumulate(_cells(retained, ()), create_graph)
    return tuple(results)


def _result(
    arrived: dict[Vertex, Any], index: int, target: Tensor, allow_unused: bool | None, materialize: bool, create_graph: bool
) -> Tensor | None:
    if vertex_of(target) in arrived:
        return own([arrived[vertex_of(target)]])
    if materialize and type(target) is GradientEdge:
        raise GradientError(
            f"grad: materialize_grads: got a GradientEdge as input {index}, whose shape is not known; pass the tensor itself"
        )
    if materialize:
        return new_tensor(target.backend.xp.zeros_like(bare(target))).requires_grad_(create_graph)
    if allow_unused:
        return None
    raise GradientError(
        f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
        "Set allow_unused=True if this is the desired behavior."
    )


def _batched(
    outputs: list[Tensor], targets: list[Tensor], grad_outputs: list[Any], retain_graph: bool | None,
    create_graph: bool, allow_unused: bool | None, materialize_grads: bool,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """One walk for each cotangent of a batch."""
    from .ops.manipulation import stack

    count = _batch_size(outputs, grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    rows = [
        grad(outputs, targets, [g[row] for g in grad_outputs], keep or row < count - 1, create_graph,
             allow_unused=allow_unused, materialize_grads=materialize_grads)
        for row in range(count)
    ]  # fmt: skip
    return tuple(None if column[0] is None else stack(list(column)) for column in zip(*rows, strict=True))


def _batch_size(outputs: list[Tensor], grad_outputs: list[Any]) -> int:
    """How many cotangents `grad_outputs` have for each output, checked."""
    if len(grad_outputs) != len(outputs):
        raise ArgumentError(f"grad_outputs: got {len(grad_outputs)} for {len(outputs)} outputs; expected one for each")
    for index, (output, g) in enumerate(zip(outputs, grad_outputs, strict=True)):
        shape = tuple(getattr(g, "shape", ()))
        if not shape or shape[1:] != output.shape or shape[0] in (0, None) or shape[0] != len(grad_outputs[0]):
            raise ArgumentError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
                f"The sizes of the remaining dimensions are expected to match the shape of corresponding output, but got "
                f"grad_output[{index}] of shape {shape} for output[{index}] of shape {output.shape}; "
                "expected the same batch of at least 1 for all"
            )
    return len(grad_outputs[0])


def differentiate(
    roots: list[tuple[Vertex, Any]],
    retain_graph: bool | None,
    create_graph: bool,
    targets: Sequence[Tensor] | None,
    retained: list[tuple[Tensor, Any]] | None = None,
    with_tangents: bool = False,
    executes_inputs: bool = False,
) -> dict[Vertex, Any]:
    """Walk from the roots, in the modes that rules and hooks see: recording only under `create_graph`.

    `with_tangents`: what nodes keep may carry tangents, which are pushed on. `executes_inputs`: hooks of the nodes that
    made the targets run, though nobody asks for what comes before.
    """
    if not roots:
        return {}
    level = roots[0][0].level
    lift = None
    blocked = max(modes.current().blocked, level.depth)
    if create_graph:
        lift, blocked = lift_with_graph, modes.RECORD_ALL
    elif level.lifted or with_tangents or any(_is_of_another(g, level) for _, g in roots):
        lift = lift_constants
        if level is not ROOT:
            blocked = modes.current().blocked  # values of lower levels, which record as the caller has it
    start = [(vertex, bare(g) if lift is None else as_tensor(g)) for vertex, g in roots]
    before = modes.replace(modes.with_blocked(blocked))
    outer = modes.depth.get()
    if outer < level.depth:
        modes.depth.set(level.depth)  # a transform that a rule or a hook calls is deeper than what is blocked
    try:
        with quiet(backend_of(bare(roots[0][1]))):
            arrived = walk(
                start,
                retain_graph=create_graph if retain_graph is None else retain_graph,
                lift=lift,
                inputs=None if targets is None else [vertex_of(target) for target in targets],
                retained=retained,
            )
            if targets is not None and executes_inputs:
                _execute_inputs(frozenset(map(vertex_of, targets)), arrived, lift)
            return arrived
    finally:
        modes.replace(before)
        if outer < level.depth:
            modes.depth.set(outer)


def _execute_inputs(inputs: frozenset[Vertex], arrived: dict[Vertex, Any], lift: Lift | None) -> None:
    """Execute the nodes with hooks that made inputs of `backward`, if the walk ended there: the hooks run, and
    nothing is computed."""
    done = leading_to(inputs, inputs)
    ends: dict[Node, dict[int, Any]] = {}
    for vertex in inputs & arrived.keys():
        node = vertex.node if isinstance(vertex, Output) else vertex
        extra = node.extra
        if isinstance(node, Node) and node not in done and extra is not None and (extra.prehooks or extra.posthooks):
            ends.setdefault(node, {})[vertex.index if isinstance(vertex, Output) else 0] = arrived[vertex]
    for node in sorted(ends, key=lambda node: -node.number):
        kept = node.kept if node.kept is None or type(node.kept) in (tuple, list) else unpacked(node)
        g = ends[node] if node.op.multiple else ends[node][0]
        for _ in execute(node, g, kept if lift is None else lift(node, kept), set(), frozenset()):
            pass


def _is_of_another(g: Any, level: Level) -> bool:
    """Whether a cotangent belongs to another transform, which will differentiate the walk."""
    own = level_of(g)
    return own is not None and own is not level
