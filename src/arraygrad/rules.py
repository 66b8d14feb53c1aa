"""From the rules of a declaration to the functions that the engine calls.

A rule is a plain function whose parameters say what it needs: `xp` (the namespace of its values), `g` (the
cotangent), `t` (the tangent), `out` (the result), arguments of the operation, its options, and `subgradient` (the
convention in force at the call). Here each becomes one function with the signature `(g, kept, options)`, which fetches
exactly that: written as source once, when first used, since fetching by loops or closures would cost as much as the
arithmetic of a small array.

`kept` holds the operation's arguments by position, then its outputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from .backends import device_of, half_dtypes, is_real, namespace_of, real_dtypes
from .dtypes import as_dtype
from .errors import DeclarationError, explain_inside, in_words
from .modes import POLICY
from .selection import Selected, settle, times

if TYPE_CHECKING:
    from .op import Op

Rule = Callable[..., Any]

RESERVED = frozenset({"g", "index", "out", "shared", "subgradient", "t", "xp"})
"""Names that mean the same in the rules of every operation."""

_LEADING = tuple(range(64))
"""Axes from the front; no library has arrays of more."""


class Spec:
    """What a linear rule sees of an argument: all but its values."""

    __slots__ = ("device", "dtype", "shape")

    def __init__(self, array: Any) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.device = getattr(array, "device", None)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count


def parameters(rule: Rule) -> tuple[str, ...]:
    """Names of the parameters of a rule, which must be plain positional ones."""
    code = getattr(rule, "__code__", None)
    if code is None:
        raise DeclarationError(f"rule {rule!r}: expected a plain function or lambda")
    if rule.__defaults__ or rule.__kwdefaults__ or code.co_flags & 0x0C:
        raise DeclarationError(
            f"rule {rule.__name__}: its parameters say what is kept, so they can have no defaults, * or **; "
            f"got {code.co_varnames[: code.co_argcount]}"
        )
    return code.co_varnames[: code.co_argcount]


def check(op: Op, rule: Rule, allowed: set[str]) -> None:
    """Raise DeclarationError if a rule names what it cannot get."""
    unknown = [name for name in parameters(rule) if name not in allowed]
    if unknown:
        raise DeclarationError(
            f"{op.name}: its rule at {rule.__code__.co_filename}:{rule.__code__.co_firstlineno} names {unknown}; "
            f"it can name {sorted(allowed)}"
        )


def conjugate(value: Any) -> Any:
    """The complex conjugate of a local derivative: an array, a Python number, or what is selected of it."""
    if type(value) is Selected:
        return Selected(conjugate(value.array), value.mask, value.clean)
    if isinstance(value, (int, float, complex)):
        return value.conjugate()
    return value if is_real(value) else namespace_of(value).conj(value)


def conform(value: Any, like: Any) -> Any:
    """A cotangent or tangent in the shape and dtype of `like`: summed over axes that were broadcast (half precision
    in float32, rounded once), broadcast where it is smaller, its real part where `like` is real."""
    xp, dtype = namespace_of(value), like.dtype
    if value.dtype != dtype and as_dtype(value.dtype).is_complex and not as_dtype(dtype).is_complex:
        value = xp.real(value)
    shape, wanted = tuple(value.shape), tuple(like.shape)
    if shape != wanted:
        wide = xp.float32 if value.dtype in half_dtypes[type(value)] else None
        lead = len(shape) - len(wanted)
        if lead > 0:
            value = xp.sum(value, axis=_LEADING[:lead] if lead > 1 else 0, dtype=wide)
            shape, lead = shape[lead:], 0
        if shape != wanted:
            axes = tuple(axis for axis, length in enumerate(shape) if length != 1 and wanted[axis - lead] == 1)
            value = xp.sum(value, axis=axes, keepdims=True, dtype=wide) if axes else value
            value = xp.broadcast_to(value, wanted)
    return value if value.dtype == dtype else xp.astype(value, dtype)


def expand(value: Any, ndim: int, axis: Any, keepdims: bool) -> Any:
    """The cotangent or result of a reduction over `axis` of an array with `ndim` axes, with the reduced axes back."""
    if type(value) is Selected:
        return value.move(lambda part: expand(part, ndim, axis, keepdims))
    if keepdims or value.ndim in (0, ndim):
        return value
    axes = range(ndim) if axis is None else [each % ndim for each in (axis if isinstance(axis, tuple) else (axis,))]
    kept = iter(value.shape)
    return namespace_of(value).reshape(value, tuple(1 if i in axes else next(kept) for i in range(ndim)))


def meeting(counts: Callable[[], Any], ndim: int, options: dict[str, Any]) -> Any:
    """The mask of a cotangent or tangent of `ndim` axes from that of the one that it was made of, where entries meet along
    the axes that the options say."""
    mask, axes = counts(), options["axis"] if "axis" in options else options["axes"]
    if axes is None and options.get("s") is not None:
        axes = tuple(range(-len(options["s"]), 0))
    axes = axes if axes is None or isinstance(axes, int) else tuple(axes)
    if mask.ndim < ndim:
        return expand(mask, ndim, axes, False)
    return namespace_of(mask).any(mask, axis=axes, keepdims=mask.ndim == ndim)


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The key of what `part` takes along an axis, counted from the front, in a form that every library reads."""
    return (*(slice(None),) * axis, part, ...)


def some(cotangents: tuple[Any, ...]) -> Any:
    """One of the cotangents of an operation with several outputs: those that nobody used are None."""
    return next(g for g in cotangents if g is not None)


def _fetch(op: Op, name: str, flowing: str) -> str:
    """The source that fetches what a rule names; `flowing` is the variable of the cotangent or tangent."""
    if name == "xp":
        return f"namespace_of(some({flowing}))" if op.multiple else f"namespace_of({flowing})"
    if name in ("g", "t", "index"):
        return name
    if name == "shared":
        return flowing
    if name == "out":
        return f"kept[{op.arity}:]" if op.multiple else f"kept[{'-1' if op.variadic else op.arity}]"
    if name == "subgradient":
        return "options.get('subgradient', POLICY)"
    if name in op.arrays:
        return "kept" if op.variadic else f"kept[{op.arrays.index(name)}]"
    return f"options[{name!r}]"


_IDENTITY = (lambda x: x).__code__.co_code


def _call(op: Op, rule: Rule, flowing: str) -> str:
    names = parameters(rule)
    if len(names) == 1 and rule.__code__.co_code == _IDENTITY:
        return _fetch(op, names[0], flowing)
    return f"rule({', '.join(_fetch(op, name, flowing) for name in names)})"


def _compile(op: Op, rule: Rule, source: str, parameters: str = "g, kept, options") -> Callable[..., Any]:
    scope = {
        "rule": rule,
        "namespace_of": namespace_of,
        "real_dtypes": real_dtypes,
        "conjugate": conjugate,
        "expand": expand,
        "settle": settle,
        "times": times,
        "some": some,
        "failed": partial(_failed, op),
        "POLICY": POLICY,
    }
    exec(
        f"def pull({parameters}):\n try:\n  return {source}\n"
        " except Exception as error:\n  raise failed(g, kept, options, error) from error",
        scope,
    )
    return scope["pull"]


def _failed(op: Op, g: Any, kept: Any, options: Any, error: Exception) -> Exception:
    """What was raised inside a rule, as an error that says whose rule it is and what the rule had."""
    names = (f"arrays[{position}]" for position in itertools.count()) if op.variadic else op.arrays
    known = [(name, part) for name, part in (("g", g), *zip(names, kept or ())) if hasattr(part, "shape")]
    return explain_inside(f"derivative of {op.name}", in_words([*known, *options.items()]), error)


def _zeros(g: Any, kept: Any, options: Any) -> Any:
    xp = namespace_of(g)
    return Selected(xp.zeros_like(g), lambda: xp.zeros((), dtype=xp.bool, device=device_of(g)), clean=True)


def _same(g: Any, kept: Any, options: Any) -> Any:
    return g


def _negative(g: Any, kept: Any, options: Any) -> Any:
    return -g


_CONSTANT = {0: _zeros, 1: _same, -1: _negative}


def elementwise_pull(op: Op, rule: Rule) -> Callable[..., Any]:
    """Reverse rule of an elementwise partial d: g times the conjugate of d. A rule that names `g` gives g times d."""
    names = parameters(rule)
    if not names and rule() in _CONSTANT:
        return _CONSTANT[rule()]
    call = _call(op, rule, "g")
    if "g" in names:
        return _compile(
            op, rule, f"{call} if g.dtype in real_dtypes[type(g)] else conjugate((lambda g: {call})(conjugate(g)))"
        )
    return _compile(op, rule, f"g * ({call} if g.dtype in real_dtypes[type(g)] else conjugate({call}))")


def elementwise_push(op: Op, rule: Rule) -> Callable[..., Any]:
    """Forward rule of an elementwise partial d: t times d."""
    names = parameters(rule)
    if not names and rule() in _CONSTANT:
        return _CONSTANT[rule()]
    return _compile(op, rule, f"{'' if 'g' in names else 'g * '}{_call(op, rule, 'g')}")


_EXPAND = "expand({}, kept[0].ndim, options['axis'], options['keepdims'])"


def _reduction_call(op: Op, rule: Rule) -> str:
    out = f"kept[{op.arity}]"
    return _call(op, rule, "g").replace(out, _EXPAND.format(out))


def reduction_pull(op: Op, rule: Rule) -> Callable[..., Any]:
    """Reverse rule of a partial that is summed over axes: the cotangent expands over them."""
    return _compile(op, rule, f"times({_EXPAND.format('g')}, conjugate({_reduction_call(op, rule)}))")


def reduction_push(op: Op, rule: Rule) -> Callable[..., Any]:
    """Forward rule of a partial that is summed over axes."""
    return _compile(
        op, rule, f"namespace_of(g).sum(settle(times(g, {_reduction_call(op, rule)})), "
        "axis=options['axis'], keepdims=options['keepdims'])",
    )  # fmt: skip


def plain_pull(op: Op, rule: Rule) -> Callable[..., Any]:
    """A rule that is given the cotangent itself."""
    return _compile(op, rule, _call(op, rule, "g"), "index, g, kept, options" if op.variadic else "g, kept, options")
