"""The reverse and forward rules of a whole operation, derived from its declaration by kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from . import overwriting
from .backends import namespace_of
from .call import apply
from .errors import DerivativeNotImplemented
from .graph import Node
from .modes import POLICY
from .op import Kind, Op
from .rules import elementwise_pull, elementwise_push, meeting, parameters, plain_pull, reduction_pull, reduction_push
from .selection import Selected, counting, settle, total
from .stacks import counting_items, on_items

Push = Callable[[Sequence[Any], Sequence[Any], Sequence[Any], dict[str, Any]], Any]


class VariadicPulls:
    """The reverse rule of an operation on a list of arrays, for each position."""

    def __init__(self, pull: Callable[..., Any]) -> None:
        self.pull = pull

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return (partial(self.pull, index) for index in itertools.count())


def pulls(op: Op) -> Any:
    """For each argument the function `(g, kept, options)` that gives its gradient; it raises where no rule was declared.

    Of an operation whose rules share something, that stands in the place of g.
    """
    make = {Kind.ELEMENTWISE: elementwise_pull, Kind.REDUCTION: reduction_pull}.get(op.kind, plain_pull)
    if op.variadic:
        return VariadicPulls(make(op, op.rules["arrays"]))
    made = [make(op, op.rules[name]) if name in op.rules else unimplemented(op, name) for name in op.arrays]
    return tuple(map(dropping, made)) if op.drops else tuple(made)


def share(op: Op) -> Callable[..., Any]:
    """The function `(g, kept, options)` that gives what the rules of all arguments share."""
    assert op.shared is not None
    return plain_pull(op, op.shared)


def together(node: Node, g: Any, kept: Any, wants: Sequence[bool]) -> list[Any]:
    """The gradients that are wanted of a call whose rules share something: that is computed once."""
    op, options = node.op, node.options
    shared = op.share(settle(g), kept, options)
    return [pull(shared, kept, options) if pull and want else None for pull, want in zip(op.pulls, wants)]


def dropping(pull: Callable[..., Any]) -> Callable[..., Any]:
    """A rule that leaves zeros where an entry was dropped: there the gradient counts for nothing."""

    def dropped(g: Any, kept: Any, options: Any) -> Selected:
        return Selected(pull(g, kept, options), lambda: settle(pull(counting(g), kept, options)) != 0, clean=True)

    return dropped


def unimplemented(op: Op, name: str) -> Callable[..., Any]:
    """A rule that raises: the derivative by this argument was not declared."""

    def rule(g: Any, kept: Any, options: Any) -> Any:
        raise DerivativeNotImplemented(
            f"the derivative for '{op.name}' is not implemented, by its argument {name!r}. Pass that detached, with "
            "x.detach(), or declare an operation of your own with a rule for it"
        )

    return rule


def push(op: Op) -> Push:
    """The function `(tangents, values, outs, options)` that gives the tangent of the result, None where it is zero."""
    return _PUSH[op.kind](op)


def _push_partials(op: Op) -> Push:
    """Elementwise operations and reductions: the sum over arguments of tangent times partial."""
    make = elementwise_push if op.kind is Kind.ELEMENTWISE else reduction_push
    pushes = [make(op, op.rules[name]) if name in op.rules else unimplemented(op, name) for name in op.arrays]

    def push(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        kept = [*values, *outs]
        sum = None
        for tangent, forward in zip(tangents, pushes, strict=True):
            if tangent is None:
                continue
            if type(tangent) is Selected and op.kind is Kind.ELEMENTWISE:
                term = tangent.follow(forward(tangent.array, kept, options))
            else:
                term = forward(settle(tangent), kept, options)
                if type(tangent) is Selected:
                    term = Selected(term, partial(meeting, tangent.counts(), term.ndim, options), clean=True)
            sum = term if sum is None else total(sum, term)
        return sum

    return push


def _push_linear(op: Op) -> Push:
    """The operation itself on the tangents; zeros stand for arguments that have none, structurally if it `moves`."""

    def push(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        if op.pointwise and type(tangents[0]) is Selected:
            return tangents[0].follow(apply(op, [tangents[0].array], options))
        names = op.arrays if not op.variadic else ["arrays"] * len(values)
        flows = [name in op.rules and value is not None for name, value in zip(names, values, strict=True)]
        xp = namespace_of(settle_first(tangents))

        def replaced(part: Callable[[Any], Any]) -> list[Any]:
            return [
                value if not flowing else xp.zeros_like(value) if tangent is None else part(tangent)
                for flowing, tangent, value in zip(flows, tangents, values, strict=True)
            ]

        if op.joint is overwriting.joint:
            return overwriting.pushed(values[0], values[1], tangents, options["key"])
        pushed = apply(op, replaced(settle), options)
        in_part = (tangent is None or type(tangent) is Selected
                   for flowing, tangent in zip(flows, tangents, strict=True) if flowing)  # fmt: skip
        if op.passes_masks and not op.moves and type(tangents[0]) is Selected:
            return Selected(pushed, partial(meeting, tangents[0].counts(), pushed.ndim, options), clean=True)
        if not op.moves or not (op.drops or any(in_part)):
            return pushed
        if op.multiple:
            moved = apply(op, replaced(counting), options)
            return tuple(Selected(part, mask != 0, clean=True) for part, mask in zip(pushed, moved, strict=True))
        return Selected(pushed, lambda: apply(op, replaced(counting), options) != 0, clean=True)

    return push


def settle_first(tangents: Sequence[Any]) -> Any:
    """The first tangent that there is."""
    return settle(next(tangent for tangent in tangents if tangent is not None))


def _with(values: Sequence[Any], position: int, value: Any) -> list[Any]:
    return [*values[:position], value, *values[position + 1 :]]


def _push_multilinear(op: Op) -> Push:
    """The sum over arguments of the operation with that argument replaced by its tangent."""

    def push(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        total = None
        for position, tangent in enumerate(tangents):
            if tangent is not None:
                term = apply(op, _with(values, position, settle(tangent)), options)
                total = term if total is None else total + term
        return total

    return push


def _push_general(op: Op) -> Push:
    """The forward rule as written: `t` is the tangent, or `t1`, `t2`, ... where there are several arguments."""
    rule = op.jvp
    assert rule is not None, f"{op.name}: a general operation has a forward rule"
    names = parameters(rule)

    def push(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        first = settle_first(tangents)
        xp = namespace_of(first)
        known = {"xp": xp, "subgradient": POLICY, "out": tuple(outs) if op.multiple else outs[0], **options}
        known.update(zip(op.arrays, values, strict=True))
        for position, (tangent, value) in enumerate(zip(tangents, values, strict=True), 1):
            flowing = settle(tangent) if tangent is not None else None
            known[f"t{position}"] = flowing if flowing is not None or value is None else xp.zeros_like(value)
        known["t"] = known["t1"]
        return rule(*(known[name] for name in names))

    if op.is_batched:
        return pushed_items(op, push)
    return pushed_along(op, push) if op.passes_masks and not op.multiple else push


def pushed_along(op: Op, push: Push) -> Push:
    """A forward rule of one argument, of which the result counts only where the tangent does."""

    def pushed(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        result, tangent = push(tangents, values, outs, options), tangents[0]
        if type(tangent) is not Selected:
            return result
        if op.pointwise:
            return tangent.follow(result)
        if op.moves:
            return Selected(result, lambda: push([counting(tangent)], values, outs, options) != 0, clean=True)
        return Selected(result, partial(meeting, tangent.counts(), result.ndim, options))

    return pushed


def pushed_items(op: Op, push: Push) -> Push:
    """A forward rule on stacks, run on those items alone whose tangents count."""

    def pushed(tangents: Sequence[Any], values: Sequence[Any], outs: Sequence[Any], options: dict[str, Any]) -> Any:
        def rule(flowing: Sequence[Any], known: Sequence[Any]) -> Sequence[Any]:
            parts = push(flowing, known[:1], known[1:], options)
            return parts if op.multiple else (parts,)

        mask = counting_items(tangents, op.cores[0])
        parts = on_items(mask, rule, tangents, [*values, *outs], [out.shape for out in outs])
        return tuple(parts) if op.multiple else parts[0]

    return pushed


_PUSH = {
    Kind.ELEMENTWISE: _push_partials,
    Kind.REDUCTION: _push_partials,
    Kind.LINEAR: _push_linear,
    Kind.MULTILINEAR: _push_multilinear,
    Kind.GENERAL: _push_general,
}
