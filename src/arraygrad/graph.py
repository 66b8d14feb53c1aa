"""The graph: one node for each recorded call.

Edges point at the nodes that made a call's inputs, never at tensors, and what a rule will need is kept
apart from them. So an intermediate tensor dies with its last use, by reference count alone.

A vertex is one of three: a `Node` (a recorded call), an `Output` (one of several outputs of a call), or a
`Leaf` (where differentiation ends). All have `op`, `edges`, `level`, `number` and `extra`; only a Node's `op`
is not None. Numbers count down: an edge always runs from a smaller number to a larger one, so a heap
of numbers yields the latest vertex first, and every vertex after all that used it.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor

next_number = itertools.count(0, -1).__next__
"""An atomic counter."""


class Freed:
    """Stands in a node for the values that it kept until a backward pass released them."""

    def __repr__(self) -> str:
        return "<released>"


FREED = Freed()


class Level:
    """Which transform a vertex belongs to.

    Depth 0 is imperative code (`backward`); every call of a transform makes a level one deeper than its
    caller's. An operation is handled by the deepest level among its arguments, and what that level
    stores are values of the levels below: raw arrays, or Tensors. `lifted` says that it has met a Tensor.
    """

    __slots__ = ("depth", "lifted")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.lifted = False


ROOT = Level(0)


class Extra:
    """What few vertices have: hooks, metadata, tangents of what a node keeps."""

    __slots__ = (
        "__weakref__", "accumulated_hooks", "metadata", "posthooks", "prehooks", "retained", "tangents", "tensor_hooks"
    )  # fmt: skip

    def __init__(self) -> None:
        self.tensor_hooks: dict[int, Any] | None = None
        self.prehooks: dict[int, Any] | None = None
        self.posthooks: dict[int, Any] | None = None
        self.accumulated_hooks: dict[int, Any] | None = None
        self.retained: weakref.ref[Tensor] | None = None
        self.tangents: tuple[tuple[Level, tuple[Any, ...]], ...] | None = None
        self.metadata: dict[Any, Any] = {}


class Vertex:
    """What the three have in common, as a PyTorch user knows it."""

    __slots__ = ("extra", "level", "number")

    is_end = False
    level: Level
    number: int
    extra: Extra | None

    def name(self) -> str:
        """As PyTorch names it: "MulBackward0"."""
        raise NotImplementedError

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each input its node, or None, and which of that node's outputs it was."""
        return ()

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user, which lives as long as the node."""
        return self.extras().metadata

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call `hook(grad_inputs, grad_outputs)` after the node was executed; what it returns, if not None, replaces the
        gradients of the node's inputs."""
        from .hooks import register_node_hook

        return register_node_hook(self, "posthooks", hook)

    def register_prehook(self, hook: Callable[..., Any]) -> Any:
        """Call `hook(grad_outputs)` before the node is executed; what it returns, if not None, replaces those."""
        from .hooks import register_node_hook

        return register_node_hook(self, "prehooks", hook)

    def extras(self) -> Extra:
        """`extra`, made if need be."""
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Node(Vertex):
    """One recorded call.

    `kept` holds, by position, the arguments and outputs that the rules name: a tuple, which a backward pass
    releases; or a list, when all it holds are Python scalars. `conform` holds by position the `Spec` of an
    input where its gradient may come out in another shape or dtype.
    """

    __slots__ = ("conform", "edges", "kept", "op", "options")

    op: Op
    edges: tuple[Vertex | None, ...]
    kept: Any
    options: Any
    conform: tuple[Any, ...]

    def name(self) -> str:
        """The operation's name, as PyTorch writes it."""
        return self.op.node_name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """For each input its node, or None, and which of that node's outputs it was."""
        return tuple(
            (None, 0) if edge is None else (edge.node, edge.index) if isinstance(edge, Output) else (edge, 0)
            for edge in self.edges
        )

    @classmethod
    def show(cls, name: str) -> None:
        """Let nodes have `_saved_<name>`, what they keep under a name, and `_raw_saved_<name>`, which takes hooks.

        As properties: a `__getattr__` would make every other attribute slow.
        """
        if hasattr(cls, f"_saved_{name}"):
            return
        setattr(cls, f"_saved_{name}", property(lambda node: node.op.saved(node, name)))
        setattr(cls, f"_raw_saved_{name}", property(lambda node: node.op.raw_saved(node, name)))

    def __call__(self, *gradients: Any) -> Any:
        """The gradients of the node's inputs from those of its outputs: Tensors or None, one alone or a tuple of them."""
        from .execution import call_node

        return call_node(self, gradients)


class GradientEdge(NamedTuple):
    """Where a gradient flows to: an output of a node. It may stand for a tensor in `backward` and `grad`.

    `like` has the shape, the dtype and the place of that tensor, without its entries.
    """

    node: Vertex
    output_nr: int
    vertex: Vertex
    like: Tensor


class Output(Vertex):
    """One output of a call that has several: hands its gradient to the node at its position."""

    __slots__ = ("index", "node")

    op = None
    edges = ()

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index
        self.level = node.level
        self.number = next_number()
        self.extra = None

    def name(self) -> str:
        """The name of the node that it belongs to."""
        return self.node.name()


class Leaf(Vertex):
    """Where differentiation ends: the argument of a transform."""

    __slots__ = ()

    is_end = True
    op = None
    edges = ()

    def __init__(self, level: Level) -> None:
        self.level = level
        self.number = next_number()
        self.extra = None

    def name(self) -> str:
        """What it is."""
        return "Leaf"


class AccumulateGrad(Leaf):
    """The end of the graph at a tensor that requires a gradient; here its `.grad` lives.

    It must outlive neither need: the tensor holds its AccumulateGrad, the AccumulateGrad holds the tensor
    weakly, and a graph that outlives the tensor gets an equal one from `variable`.
    """

    __slots__ = ("_tensor", "array", "grad", "requires_grad")

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(ROOT)
        self._tensor = weakref.ref(tensor)
        self.array = tensor.array
        self.grad: Tensor | None = None
        self.requires_grad = True

    def name(self) -> str:
        """As PyTorch names it."""
        return "AccumulateGrad"

    @property
    def variable(self) -> Tensor:
        """The leaf tensor."""
        tensor = self._tensor()
        if tensor is None:
            from .tensor import new_tensor

            tensor = new_tensor(self.array, self)
            self._tensor = weakref.ref(tensor)
        return tensor
