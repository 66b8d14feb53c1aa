"""An operation: what its declaration says, and what follows from that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import cached_property, partial
from typing import Any, NamedTuple

from .backends import Backend, backend_of, is_array
from .errors import ArgumentTypeError, BackendError, GradientError, in_words
from .graph import FREED, Node
from .rules import Rule, Spec, parameters
from .saved import PackedValue, SavedTensor, is_held
from .tensor import Tensor, as_tensor


class Kind(Enum):
    """What sort of map an operation is, from which its rules and tests follow."""

    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    LINEAR = "linear"
    MULTILINEAR = "multilinear"
    GENERAL = "general"
    CONSTANT = "constant"
    COMPOSITE = "composite"


class Plan(NamedTuple):
    """What a node keeps: the positions of arguments that it keeps, of those of which all but the values is enough, and
    whether it keeps the outputs."""

    arrays: tuple[int, ...]
    specs: tuple[int, ...]
    outs: bool


NOTHING = Plan((), (), False)

RESULT = "result"
"""What the output is called among the values that a node keeps."""


class PullsToCome(Sequence[Callable[..., Any]]):
    """Stands for the reverse rules of an operation until one is asked for."""

    def __init__(self, op: Op) -> None:
        self._op = op

    def _made(self) -> Any:
        from . import derive  # which calls operations, and so comes after this module

        self._op.pulls = derive.pulls(self._op)
        return self._op.pulls

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._made())

    def __getitem__(self, position: Any) -> Any:
        return self._made()[position]

    def __len__(self) -> int:
        return self._op.arity


class Op:
    """A declared operation. Made by the decorators in `kinds`, which say what the attributes mean."""

    kind: Kind
    function: Callable[..., Any]

    def __init__(self, name: str, arrays: tuple[str, ...], options: tuple[str, ...], rules: dict[str, Rule]) -> None:
        self.name = name
        self.arrays = arrays
        self.options = options
        self.rules = rules
        self.variadic = arrays == ("arrays",)
        self.arity = len(arrays)
        self.positional = self.arity
        self.multiple = False
        self.pack: Callable[[Iterable[Any]], tuple[Any, ...]] = tuple
        self.moves = False
        self.drops = False
        self.ordered = False
        self.forward: Callable[..., Any] | None = None
        self.view: Callable[..., bool] | None = None
        self.overlaps = False
        self.shared: Rule | None = None
        self.joint: Callable[..., list[Any]] | None = None
        self.by_convention: Callable[..., Any] | None = None
        self.written_by: Op | None = None
        self.merge: Callable[[Any, Any], Any] | None = None
        self.part_as_view: Callable[..., tuple[Op, dict[str, Any]]]
        self.core: str | None = None
        self.domain: Any = None
        self.jvp: Rule | None = None
        self.node_name = f"{_NODE_NAMES.get(name) or name.rpartition('.')[2].title().replace('_', '')}Backward0"
        self.kernels: dict[type, Callable[..., Any]] = {}
        self._plans: dict[tuple[bool, ...], Plan] = {}
        self.wraps: dict[type, Callable[..., Any]] = {}
        self.raw_dtypes: dict[type, Callable[[Any], Any]] = {}
        self.elementwise = False
        self.crosses = "backend" in options
        """Whether the result is stored by another backend: that of the option."""
        self.named = {name for rule in rules.values() for name in parameters(rule)} if rules else set()
        self.pointwise = False
        self.pulls: Sequence[Callable[..., Any]] = PullsToCome(self)
        """For each argument the function `(g, kept, options)` that gives its gradient."""
        for kept in (*arrays, RESULT):
            Node.show(kept)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    @cached_property
    def push(self) -> Callable[..., Any]:
        """The forward rule. Functions derived from the rules are made when first used: importing must be quick."""
        from . import derive

        return derive.push(self)

    @cached_property
    def share(self) -> Callable[..., Any]:
        """What computes that which the reverse rules of all arguments share."""
        from . import derive

        return derive.share(self)

    @cached_property
    def passes_masks(self) -> bool:
        """Whether the declaration tells which entries of an argument an entry of the result depends on."""
        along_axis = self.kind in (Kind.GENERAL, Kind.LINEAR) and self.arity == 1 and {"axis", "axes"} & {*self.options}
        pointwise = self.elementwise or self.pointwise or self.moves
        return pointwise or self.kind is Kind.REDUCTION or bool(along_axis) or self.is_batched

    @property
    def is_of_pairs(self) -> bool:
        """Whether it is called with two arguments and nothing else, entry by entry or without a derivative."""
        return self.arity == 2 and not self.options and (self.elementwise or self.kind is Kind.CONSTANT)

    @property
    def is_batched(self) -> bool:
        """Whether it is a function of matrices, one by one in a stack of them."""
        return self.kind is Kind.GENERAL and self.arity == 1 and self.core is not None

    @cached_property
    def cores(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """How many axes an item of a stack has, for each argument and each output."""
        assert self.core is not None
        before, after = (
            tuple(len(axes.split(",")) if axes else 0 for axes in re.findall(r"\(([^)]*)\)", side))
            for side in self.core.split("->")
        )
        return before, after

    def learn(self, arguments: Sequence[Any]) -> None:
        """Remember the kernel for each type of raw array among the arguments, for the short ways of `hotpath`; of scalars
        of a library's own only how they become arrays."""
        for argument in arguments:
            array = argument.array if isinstance(argument, Tensor) else argument
            kind = type(array)
            if kind not in self.wraps and not isinstance(array, Tensor) and is_array(array):
                backend = backend_of(array)
                self.wraps[kind] = self.wrap_of(backend)
                self.raw_dtypes[kind] = backend.raw_dtype
                if type(backend.wrap(array)) is kind:
                    self.kernels[kind] = self.kernel_of(backend)

    def kernel_of(self, backend: Backend) -> Callable[..., Any]:
        """The backend's function for this operation."""
        kernel = self._function_of(backend)
        return self._of_ordered(kernel, backend) if self.ordered else kernel

    def _of_ordered(self, kernel: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
        """A kernel that refuses complex numbers. Where the result has the dtype of the arguments that is looked at, since it
        takes the least time; so the kernel is written as source, too."""
        named = (*self.arrays[self.positional :], *self.options)
        given = ", ".join(self.arrays[: self.positional])
        arrays = ", ".join(self.arrays)
        promotes = self.kind is not Kind.CONSTANT and self.arity <= 2  # bounds of `clip` do not
        dtypes = ["out.dtype"] if promotes else [f"getattr({name}, 'dtype', type({name}))" for name in self.arrays]
        source = f"""def call({', *, '.join(filter(None, (given, ', '.join(named))))}):
            try:
                out = kernel({given}{''.join(f', {name}={name}' for name in named)})
            except Exception:
                refuse_complex({arrays})
                raise
            if {' or '.join(f'{dtype} in complexes' for dtype in dtypes)}:
                refuse_complex({arrays})
            return out"""
        complexes = frozenset((*backend.dtypes_named("complex64", "complex128"), complex))
        scope = {"kernel": kernel, "complexes": complexes, "refuse_complex": self._refuse_complex}
        exec(source, scope)
        return scope["call"]

    def _refuse_complex(self, *values: Any) -> None:
        for name, value in zip(self.arrays, values):
            if "complex" in str(getattr(value, "dtype", type(value))):
                raise ArgumentTypeError(
                    f"{self.name}({in_words([(name, value)])}): expected real numbers: complex ones have no order; "
                    "take their real, imag or abs first"
                )

    def _function_of(self, backend: Backend) -> Callable[..., Any]:
        if self.forward is not None and self.name not in backend.overrides:
            return partial(self.forward, backend.xp)
        try:
            return backend.kernel(self.name)
        except AttributeError:
            raise BackendError(
                f"{self.name}: backend {backend.name!r} has no function of this name; the backend's author can add it to "
                "its overrides"
            ) from None

    def wrap_of(self, backend: Backend) -> Callable[..., Any]:
        """The function that makes a proper array of what a kernel of the backend answers."""
        return _unchanged if self.crosses else backend.wrap

    def needs(self, tracked: Sequence[bool]) -> set[str]:
        """Names that the rules of the tracked arguments ask for."""
        if self.variadic:
            return set(parameters(self.rules["arrays"]))
        arguments = self._tracked(tracked)
        names = {name for argument in arguments for name in parameters(self.rules[argument])}
        if self.shared is not None and arguments:
            names = names - {"shared"} | set(parameters(self.shared))
        return names | set(arguments) if self.kind is Kind.REDUCTION else names

    def _tracked(self, tracked: Sequence[bool]) -> list[str]:
        return [name for name, flag in zip(self.arrays, tracked, strict=True) if flag and name in self.rules]

    def plan(self, tracked: tuple[bool, ...]) -> Plan:
        """What a node keeps if these arguments are tracked.

        Only what a rule that can be called names. Of an argument in which the operation is linear, its own rule sees the
        `Spec` only.
        """
        try:
            return self._plans[tracked]
        except KeyError:
            plan = self._plans[tracked] = self._make_plan(tracked)
            return plan

    def _make_plan(self, tracked: tuple[bool, ...]) -> Plan:
        names = self.needs(tracked)
        if not names - set(self.options) - {"xp", "g", "index", "subgradient"}:
            return NOTHING
        if self.variadic:
            return Plan((), tuple(range(len(tracked))) if "arrays" in names else (), "out" in names)
        by_spec = self._known_by_spec(tracked)
        specs = [position for position, name in enumerate(self.arrays) if name in names & by_spec]
        arrays = [position for position, name in enumerate(self.arrays) if name in names - by_spec]
        return Plan(tuple(arrays), tuple(specs), "out" in names)

    def _known_by_spec(self, tracked: Sequence[bool]) -> set[str]:
        """Arguments in which the operation is linear and whose values no rule of another argument names."""
        if self.kind not in (Kind.LINEAR, Kind.MULTILINEAR):
            return set()
        if self.kind is Kind.LINEAR:
            return set(self.rules)
        return set(self.rules) - {
            name for argument in self._tracked(tracked) for name in parameters(self.rules[argument]) if name != argument
        }

    def keep(self, plan: Plan, values: Sequence[Any], outs: Sequence[Any], specs: Sequence[Spec | None]) -> Any:
        """What a node keeps, by position: arguments, then outputs; a list if nothing of it is an array. `specs` are those
        of the arguments that are tracked."""
        kept: list[Any] = [None] * (len(values) + len(outs))
        if plan is NOTHING:
            return kept if self.multiple else None
        holds = plan.outs
        if holds:
            kept[len(values) :] = outs
        for position in plan.specs:
            value = values[position]
            kept[position] = specs[position] or (Spec(value) if is_held(value) else value)
        for position in plan.arrays:
            kept[position] = value = values[position]
            holds = holds or is_held(value)
        return tuple(kept) if holds else kept

    def output_count(self, node: Node, kept: Any) -> int:
        """How many outputs a call had."""
        return len(kept) - len(node.edges) if self.multiple else 1

    def saved(self, node: Node, name: str) -> Tensor | None:
        """The kept value called `name` ("result" for the output), as a tensor."""
        if node.kept is FREED:
            raise released(node)
        value = node.kept[self._position(node, name)]
        if type(value) is PackedValue:
            value = value.unpack()
        return as_tensor(value) if is_held(value) else value

    def raw_saved(self, node: Node, name: str) -> SavedTensor:
        """The same as a `SavedTensor`, which takes hooks."""
        return SavedTensor(node, self._position(node, name))

    def _position(self, node: Node, name: str) -> int:
        names = [*self.arrays, RESULT]
        if name not in names or node.kept is None:
            raise AttributeError(f"{node.name()} keeps no value called {name!r}; it can keep {names}")
        return names.index(name)


def _unchanged(array: Any) -> Any:
    return array


_NODE_NAMES = {
    "multiply": "Mul", "subtract": "Sub", "divide": "Div", "negative": "Neg", "matmul": "Mm",
    "permute_dims": "Permute", "matrix_transpose": "Transpose", "convert": "ToCopy", "concat": "Cat",
    "getitem": "Slice", "expand_dims": "Unsqueeze", "remainder": "Remainder", "broadcast_to": "Expand", "unstack": "Unbind",
    "linalg.vector_norm": "LinalgVectorNorm", "transfer": "ToBackend",
}  # fmt: skip
"""Where PyTorch's name for a node is not that of the standard's function."""


def released(node: Node) -> GradientError:
    """The error for a second walk through values that are gone."""
    return GradientError(
        f"{node.name()}: Trying to backward through the graph a second time (or directly access saved tensors after they "
        "have already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you "
        "need to access saved tensors after calling backward."
    )
