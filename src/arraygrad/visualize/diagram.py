"""The graph as plain data: what is drawn, however it is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ..call import bare
from ..dtypes import as_dtype
from ..dual import recorded
from ..errors import ArgumentTypeError, GradientError
from ..graph import FREED, AccumulateGrad, Leaf, Node
from ..saved import PackedValue, is_held
from ..structure import flatten
from ..tensor import Tensor


class Box(NamedTuple):
    """A node. `likes` are shape and dtype of each result that is used; `kept` is how many bytes it keeps, None if a
    backward pass has released them."""

    name: str
    likes: str
    kept: int | None
    is_leaf: bool
    is_output: bool


class Arrow(NamedTuple):
    """A use of a result: from the box that made it to the box that used it, by their positions."""

    source: int
    target: int
    output_nr: int


class Diagram(NamedTuple):
    """All boxes, each after those that used its results, and all arrows. `kept` counts once what several nodes keep."""

    boxes: list[Box]
    arrows: list[Arrow]
    kept: int


def diagram_of(tensors: Any, params: Any) -> Diagram:
    """The graph that made tensors, with the names of `params`."""
    roots, names = _roots(tensors), _names(params)
    vertices = _reachable([_vertex(tensor) for tensor in roots])
    likes = _likes(vertices, roots)
    outputs = {id(_vertex(tensor)) for tensor in roots}
    boxes = [
        Box(
            names.get(id(vertex)) or ("leaf" if isinstance(vertex, Leaf) else vertex.name()),
            ", ".join(like for _, like in sorted(likes[id(vertex)].items())),
            None if _is_released(vertex) else sum(map(_bytes, _kept(vertex))),
            isinstance(vertex, Leaf),
            id(vertex) in outputs,
        )
        for vertex in vertices
    ]
    position = {id(vertex): index for index, vertex in enumerate(vertices)}
    arrows = [
        Arrow(position[id(source)], target, output_nr)
        for target, vertex in enumerate(vertices)
        for source, output_nr in vertex.next_functions
        if source is not None
    ]
    distinct = {id(array): _bytes(array) for vertex in vertices for array in _kept(vertex)}
    return Diagram(boxes, arrows, sum(distinct.values()))


def _vertex(tensor: Tensor) -> Any:
    """The node that made a tensor, or the end of the graph for a leaf; None if it requires no gradient."""
    return tensor.grad_fn or tensor.node


def _roots(tensors: Any) -> list[Tensor]:
    """The tensors that have a graph."""
    given, _ = flatten(tensors)
    for tensor in given:
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(f"visualize: got {type(tensor).__name__}; expected a Tensor or Tensors")
    tracked = [recorded(tensor) for tensor in given if tensor.requires_grad]
    if not tracked:
        raise GradientError("visualize: none of the tensors requires a gradient, so there is no graph to show")
    return tracked


def _names(params: Any) -> dict[int, str]:
    """The names that the user gave, by the identity of vertices."""
    pairs: Iterable[Any] = params.items() if isinstance(params, Mapping) else params or ()
    found: dict[int, str] = {}
    for name, tensor in pairs:
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(f"visualize: params[{name!r}]: got {type(tensor).__name__}; expected a Tensor")
        key = id(_vertex(tensor))
        found[key] = f"{found[key]}, {name}" if key in found else str(name)
    return found


def _reachable(roots: list[Any]) -> list[Any]:
    """All vertices that the roots depend on, latest first."""
    found: dict[int, Any] = {}
    stack = list(roots)
    while stack:
        vertex = stack.pop()
        if id(vertex) not in found:
            found[id(vertex)] = vertex
            stack.extend(source for source, _ in vertex.next_functions if source is not None)
    return sorted(found.values(), key=lambda vertex: vertex.number)


def _likes(vertices: list[Any], roots: list[Tensor]) -> dict[int, dict[int, str]]:
    """What the results of each vertex are like, by their numbers.

    A node does not know it. Those that used a result do, if they keep it or its `Spec`; if they do neither, they are
    elementwise, and it was like their own result.
    """
    known: dict[int, dict[int, str]] = {id(vertex): {} for vertex in vertices}
    for tensor in roots:
        known[id(_vertex(tensor))][tensor.output_nr] = _like(tensor)
    for vertex in vertices:
        if isinstance(vertex, AccumulateGrad):
            known[id(vertex)][0] = _like(vertex.array)
        if not isinstance(vertex, Node):
            continue
        own = known[id(vertex)].get(0)
        for position, (source, output_nr) in enumerate(vertex.next_functions):
            if source is not None:
                like = _like_of_input(vertex, position)
                if like is not None:
                    known[id(source)][output_nr] = like
                elif own is not None and vertex.op.elementwise:
                    known[id(source)].setdefault(output_nr, own)
    return known


def _like_of_input(node: Any, position: int) -> str | None:
    """What an input of a node was like, as far as the node itself knows."""
    kept = node.kept[position] if isinstance(node.kept, (tuple, list)) else None
    for value in (node.conform[position], bare(kept)):
        if hasattr(value, "shape"):
            return _like(value)
    return None


def _like(value: Any) -> str:
    lengths = [str(length) if isinstance(length, int) else "?" for length in value.shape]
    shape = f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"
    return f"{shape} {as_dtype(value.dtype).name}"


def _is_released(vertex: Any) -> bool:
    return isinstance(vertex, Node) and vertex.kept is FREED


def _kept(vertex: Any) -> Iterator[Any]:
    """The arrays that a vertex keeps for the backward pass."""
    kept = vertex.kept if isinstance(vertex, Node) else None
    for value in kept if isinstance(kept, tuple) else ():
        value = bare(value.content if type(value) is PackedValue else value)
        if is_held(value) and hasattr(value, "shape"):
            yield value


def _bytes(array: Any) -> int:
    lengths = [length for length in array.shape if isinstance(length, int)]
    return math.prod(lengths) * as_dtype(array.dtype).itemsize
