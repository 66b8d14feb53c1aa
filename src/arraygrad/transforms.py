"""Transforms of functions. They nest in any order and to any depth, and close over whatever they like.

Each call makes a level of its own (`graph.Level`), on which the function's arguments are recorded; the values that the
level records, and the derivatives that it returns, belong to the caller's levels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from . import modes
from .backends import default_backend
from .call import bare
from .dual import Dual
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .gradients import differentiate
from .graph import Leaf, Level
from .ops.creation import asarray
from .selection import Selected, settle
from .structure import flatten, rebuild
from .tensor import Tensor, as_tensor, constant, new_tensor

Argnums = int | tuple[int, ...]
Function = Callable[..., Any]


class new_level:
    """A level inside the caller's, as a context."""

    __slots__ = ("_before",)

    def __enter__(self) -> Level:
        self._before = modes.depth.get()
        modes.depth.set(self._before + 1)
        return Level(self._before + 1)

    def __exit__(self, *exception: object) -> None:
        modes.depth.set(self._before)


def to_tensor(value: Any, name: str = "argument") -> Tensor:
    """An argument of a transform as a Tensor: arrays and Python numbers are taken as constants."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (float, complex)):
        return asarray(default_backend(), value)
    if hasattr(value, "__array_namespace__") or hasattr(value, "dtype"):
        return as_tensor(value)
    raise ArgumentTypeError(f"{name}: got {type(value).__name__}; expected a Tensor, an array or a float")


def enter(level: Level, value: Any, name: str) -> Tensor:
    """A value as an argument that `level` differentiates by."""
    tensor = to_tensor(value, name)
    if not tensor.dtype.is_differentiable:
        raise ArgumentTypeError(
            f"{name}: got dtype {tensor.dtype.name}; expected a floating or complex dtype, which can be differentiated by"
        )
    inner = constant(tensor)
    level.lifted = level.lifted or isinstance(inner, Tensor)
    return new_tensor(inner, Leaf(level))


def leave(level: Level, value: Any) -> Any:
    """A result of `level` as a value of the caller's levels."""
    if isinstance(value, Dual) and value.level is level:
        return as_tensor(value.array)
    if isinstance(value, Tensor) and value.node is not None and value.node.level is level:
        return as_tensor(value.array)
    return value


class Recorded:
    """A call of a function on a level of its own: its value there, and what it returned beside it."""

    __slots__ = ("aux", "inputs", "level", "structure", "value")

    def __init__(self, f: Function, primals: tuple[Any, ...], has_aux: bool) -> None:
        leaves, self.structure = flatten(primals)
        with new_level() as level:
            inputs = [enter(level, leaf, f"primals[{index}]") for index, leaf in enumerate(leaves)]
            self.inputs = {x.node: x for x in inputs}  # as they are now: f may write to them
            self.value, self.aux = call(f, rebuild(self.structure, inputs), {}, has_aux)
        self.level = level

    def pull(self, outputs: Sequence[Tensor], cotangents: Sequence[Any], retain_graph: bool) -> Any:
        """The cotangents of the primals, in their structure, from those of outputs of the level."""
        level = self.level
        roots = [
            (output.node, g)
            for output, g in zip(outputs, cotangents) if output.node is not None and output.node.level is level
        ]  # fmt: skip
        arrived = differentiate(roots, retain_graph, False, None)
        found = [as_tensor(settle(arrived[leaf])) if leaf in arrived else zeros_of(x) for leaf, x in self.inputs.items()]
        return rebuild(self.structure, found)


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value of f at the primals, and the function that maps cotangents of the value to those of the primals.

    With `has_aux`, f returns (value, aux), and aux is returned as a third. Cotangents have the structure of the value
    (tensors in nested lists, tuples and dictionaries); the result is a tuple with the structure of each primal.
    """
    recorded = Recorded(f, primals, has_aux)
    outputs, structure = flatten(recorded.value)
    for index, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            raise ArgumentTypeError(f"vjp: output {index} of f: got {type(output).__name__}; expected a Tensor")

    def pull(cotangents: Any, retain_graph: bool = True) -> Any:
        given, given_structure = flatten(cotangents)
        if given_structure != structure:
            raise ArgumentError(f"vjp: cotangents: got the structure {given_structure}; expected {structure}")
        tensors = [to_tensor(g, f"cotangents[{index}]") for index, g in enumerate(given)]
        for index, (g, output) in enumerate(zip(tensors, outputs, strict=True)):
            if g.shape != output.shape:
                raise ArgumentError(f"vjp: cotangents[{index}]: got shape {g.shape}; expected {output.shape}")
        return recorded.pull(outputs, tensors, retain_graph)

    result = rebuild(structure, [leave(recorded.level, output) for output in outputs])
    return (result, pull, _leave_all(recorded.level, recorded.aux)) if has_aux else (result, pull)


def zeros_of(tensor: Tensor) -> Tensor:
    """Constant zeros like a tensor."""
    return new_tensor(tensor.backend.wrap(tensor.backend.xp.zeros_like(bare(tensor))))


def call(f: Function, args: Sequence[Any], kwargs: dict[str, Any], has_aux: bool) -> tuple[Any, Any]:
    """The value of f and what it returns beside it, if `has_aux` says that it does."""
    result = f(*args, **kwargs)
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentTypeError(f"has_aux=True: f returned {type(result).__name__}; expected a pair (value, aux)")
    return result


def _leave_all(level: Level, value: Any) -> Any:
    leaves, structure = flatten(value)
    return rebuild(structure, [leave(level, leaf) for leaf in leaves])


def selected(args: Sequence[Any], argnums: Argnums) -> list[int]:
    """The positions that `argnums` means, checked."""
    chosen = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in chosen:
        if not -len(args) <= number < len(args):
            raise ArgumentError(f"argnums: got {argnums} for a call with {len(args)} positional arguments")
    return [number % len(args) for number in chosen]


def of_arguments(f: Function, args: Sequence[Any], kwargs: dict[str, Any], chosen: list[int]) -> Function:
    """f as a function of the chosen arguments alone."""

    def of_chosen(*values: Any) -> Any:
        full = list(args)
        for number, value in zip(chosen, values, strict=True):
            full[number] = value
        return f(*full, **kwargs)

    return of_chosen


def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that gives f's value and its gradient by the arguments at `argnums`; f returns a real scalar.

    With `has_aux`, f returns (value, aux), and the first of the pair is (value, aux) too.
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        chosen = selected(args, argnums)
        primals = tuple([args[number] for number in chosen])
        recorded = Recorded(of_arguments(f, args, kwargs, chosen), primals, has_aux)
        value = recorded.value
        if not isinstance(value, Tensor) or value.array.shape or not value.dtype.is_floating_point:
            got = f"shape {value.shape} and dtype {value.dtype.name}" if isinstance(value, Tensor) else type(value).__name__
            raise GradientError(
                f"grad: f returned {got}; expected a Tensor of shape () and real floating dtype; "
                "use arraygrad.func.vjp, jacrev or jacfwd for other outputs"
            )
        grads = recorded.pull((value,), (value.backend.xp.ones_like(bare(value)),), retain_graph=False)
        result = grads[0] if isinstance(argnums, int) else grads
        value = leave(recorded.level, value)
        return ((value, _leave_all(recorded.level, recorded.aux)) if has_aux else value), result

    return wrapped


def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of f, which returns a real scalar, by the arguments at `argnums`.

    With `has_aux`, f returns (value, aux) and the result is (gradient, aux).
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def grad_and_value(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """As `value_and_grad`, with the gradient first, as `torch.func` has it."""
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return wrapped


def linearize(f: Function, *primals: Any) -> Any:
    """The value of f at the primals, and the function that maps tangents of the primals to that of the value.

    f is called once: each tangent after that takes a walk over a graph, which is kept. It is the graph of the transpose of
    `vjp`, in whose cotangents that is linear: J. Townsend, A new trick for calculating Jacobian vector products, 2017.
    """
    value, pull = vjp(f, *primals)
    outputs, structure = flatten(value)
    _, transposed = vjp(pull, rebuild(structure, list(map(zeros_of, outputs))))
    expected = flatten(primals)[1]

    def push(*tangents: Any) -> Any:
        given = flatten(tangents)[1]
        if given != expected:
            raise ArgumentError(f"linearize: tangents: got the structure {given}; expected that of primals: {expected}")
        return transposed(tangents)[0]

    return value, push


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False) -> Any:
    """The value of f at the primals, and its derivative in the direction of the tangents.

    Forward mode: no graph, no memory of the way. With `has_aux`, f returns (value, aux), and aux is a third result.
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise ArgumentTypeError(f"jvp: {name}: got {type(given).__name__}; expected a tuple, with one for each argument")
    leaves, structure = flatten(tuple(primals))
    directions, direction_structure = flatten(tuple(tangents))
    if structure != direction_structure:
        raise ArgumentError(f"jvp: tangents: got the structure {direction_structure}; expected that of primals: {structure}")
    with new_level() as level:
        duals = [_dual(level, index, *pair) for index, pair in enumerate(zip(leaves, directions, strict=True))]
        value, aux = call(f, rebuild(structure, duals), {}, has_aux)
    outputs, out_structure = flatten(value)
    result = rebuild(out_structure, [leave(level, output) for output in outputs])
    pushed = rebuild(out_structure, [tangent_of(level, output) for output in outputs])
    return (result, pushed, _leave_all(level, aux)) if has_aux else (result, pushed)


def _dual(level: Level, index: int, primal: Any, tangent: Any) -> Dual:
    x, t = to_tensor(primal, f"primals[{index}]"), to_tensor(tangent, f"tangents[{index}]")
    if t.shape != x.shape or t.dtype != x.dtype or not x.dtype.is_differentiable:
        raise ArgumentError(
            f"jvp: primals[{index}] has shape {x.shape} and dtype {x.dtype.name}, tangents[{index}] has shape {t.shape} "
            f"and dtype {t.dtype.name}; expected the same, of floating or complex dtype"
        )
    return Dual(constant(x), constant(t), level)


def tangent_of(level: Level, output: Any) -> Tensor:
    """The tangent that a value carries at a level; zeros if it carries none."""
    if not isinstance(output, Tensor):
        raise ArgumentTypeError(f"jvp: f returned {type(output).__name__}; expected a Tensor")
    if isinstance(output, Dual) and output.level is level:
        tangent = output.tangent
        return as_tensor(tangent.settle() if type(tangent) is Selected else tangent)
    return zeros_of(output)
