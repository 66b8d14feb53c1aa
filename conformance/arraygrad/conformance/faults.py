"""Faults in the rules of an operation, put in place for the time of a `with` block."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from arraygrad import rules
from arraygrad.op import Kind, Op
from arraygrad.rules import parameters
from arraygrad.selection import Selected

from .code import wrong_codes

Rule = Callable[..., Any]
DATA = ("xp", "g", "t", "index")


class Fault:
    """One rule of an operation replaced by a wrong one; `argument` is "jvp" for the forward rule, or "shared"."""

    def __init__(
        self, op: Op, argument: str, what: str, wrong: Rule | None = None, *, code: Any = None, conjugates: bool = True
    ) -> None:
        self.op = op
        self.argument = argument
        self.what = what
        self.wrong = wrong
        self.code = code
        self.conjugates = conjugates

    def __repr__(self) -> str:
        return f"{self.op.name}, rule for {self.argument}: {self.what}"

    def __enter__(self) -> None:
        self._rules, self._conjugate = dict(self.op.rules), rules.conjugate
        self._jvp, self._shared = self.op.jvp, self.op.shared
        if self.wrong is not None and self.argument in ("jvp", "shared"):
            setattr(self.op, self.argument, self.wrong)
        elif self.wrong is not None:
            self.op.rules[self.argument] = self.wrong
        if self.code is not None:
            function, code = self.code
            self._code, function.__code__ = function.__code__, code
        if not self.conjugates:
            rules.conjugate = lambda value: value
        self._derive()

    def __exit__(self, *exception: object) -> None:
        if self.code is not None:
            self.code[0].__code__ = self._code
        self.op.rules.clear()
        self.op.rules.update(self._rules)
        self.op.jvp, self.op.shared, rules.conjugate = self._jvp, self._shared, self._conjugate
        self._derive()

    def _derive(self) -> None:
        for derived in ("pulls", "push", *(["share"] if self.op.shared else [])):
            self.op.__dict__.pop(derived, None)
            getattr(self.op, derived)


def faults_of(op: Op) -> Iterator[Fault]:
    """Every fault that is made of an operation's rules."""
    others = [(name, getattr(op, name)) for name in ("shared", "jvp") if getattr(op, name)]
    for argument, rule in [*op.rules.items(), *others]:
        names = parameters(rule)
        if not names and rule() == 0:
            yield Fault(op, argument, "1 instead of 0", lambda: 1)
            continue
        for what, change in (("times 1.001", 1.001), ("negated", -1.0), ("left out", 0.0)):
            yield Fault(op, argument, what, wrapped(rule, lambda out, change=change: scaled(out, change)))
        yield from _conjugates(op, argument, rule)
        for one, other in itertools.combinations([name for name in names if name not in DATA[:1]], 2):
            if one not in op.options and other not in op.options:
                yield Fault(op, argument, f"{one} and {other} exchanged", exchanged(rule, one, other))
        for option in names:
            if option in op.options and option in OTHER:
                yield Fault(op, argument, f"another {option}", with_other(rule, option))
        for what, function, code in wrong_codes(rule):
            yield Fault(op, argument, what, code=(function, code))
    if op.kind in (Kind.ELEMENTWISE, Kind.REDUCTION) and _has_complex_derivative(op):
        yield Fault(op, next(iter(op.rules)), "the engine's conjugate dropped", conjugates=False)


# -- wrapping ---------------------------------------------------------------------------------------------


def made(names: tuple[str, ...], body: Rule) -> Rule:
    """A plain function with parameters of these names that calls `body` with a dictionary of them."""
    given = ", ".join(f"{name!r}: {name}" for name in names)
    return eval(f"lambda {', '.join(names)}: body({{{given}}})", {"body": body})


def wrapped(rule: Rule, change: Rule) -> Rule:
    """A rule with its result changed."""
    names = parameters(rule)
    return made(names, lambda given: change(rule(*(given[name] for name in names))))


def scaled(out: Any, factor: float) -> Any:
    """A rule's result times a number; zeros for 0, also where it is infinite."""
    if isinstance(out, tuple):
        return tuple(scaled(part, factor) for part in out)
    if type(out) is Selected:
        return Selected(scaled(out.array, factor), out.mask)
    return out * factor


def exchanged(rule: Rule, one: str, other: str) -> Rule:
    """A rule with two of its arguments exchanged."""
    names, swap = parameters(rule), {one: other, other: one}
    return made(names, lambda given: rule(*(given[swap.get(name, name)] for name in names)))


OTHER: dict[str, Callable[[Any], Any]] = {
    "axis": lambda axis: 0 if axis is None else None if isinstance(axis, tuple) else -1 - axis,
    "axes": lambda axes: tuple(reversed(axes)) if isinstance(axes, tuple) else axes,
    "keepdims": lambda flag: not flag,
    "include_initial": lambda flag: not flag,
    "descending": lambda flag: not flag,
    "upper": lambda flag: not flag,
    "correction": lambda correction: correction + 0.5,
    "k": lambda k: k + 1,
    "offset": lambda offset: offset + 1,
    "norm": lambda norm: {"backward": "forward", "forward": "ortho", "ortho": "backward"}[norm],
    "shift": lambda shift: 1 if isinstance(shift, tuple) else shift + 1,
    "ord": lambda ord: ord + 1,
}
"""Another value for an option."""


def with_other(rule: Rule, option: str) -> Rule:
    """A rule that is told another value of an option."""
    names = parameters(rule)
    return made(names, lambda given: rule(*(OTHER[name](given[name]) if name == option else given[name]
                                            for name in names)))  # fmt: skip


# -- conjugates -------------------------------------------------------------------------------------------


class Namespace:
    """A namespace in which one call of `conj` does nothing."""

    def __init__(self, xp: Any, dropped: int) -> None:
        self._xp = xp
        self._left = dropped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)

    def conj(self, x: Any) -> Any:
        """The conjugate, but once."""
        self._left -= 1
        return x if self._left == -1 else self._xp.conj(x)


def _has_complex_derivative(op: Op) -> bool:
    from .properties import takes

    constant = all(not parameters(rule) for rule in op.rules.values())
    moves_g = all(parameters(rule) and type(_probe(rule)) is Selected for rule in op.rules.values())
    return takes(op.name, "complex128") and not constant and not moves_g


def _probe(rule: Rule) -> Any:
    try:
        return rule(*(np.ones(1, dtype=bool) if name != "xp" else np for name in parameters(rule)))
    except Exception:
        return None


def _conjugates(op: Op, argument: str, rule: Rule) -> Iterator[Fault]:
    """Each call of `conj` left out, for as many as the rule makes."""
    names = parameters(rule)
    if "xp" not in names:
        return
    for dropped in range(_count(op, argument, rule)):

        def body(given: dict[str, Any], dropped: int = dropped) -> Any:
            given = {**given, "xp": Namespace(given["xp"], dropped)}
            return rule(*(given[name] for name in names))

        yield Fault(op, argument, f"conjugate {dropped + 1} dropped", made(names, body))


def _count(op: Op, argument: str, rule: Rule) -> int:
    """How many times a rule calls `conj` in a complex case."""
    from .cases import sampled
    from .problem import Problem
    from .properties import get_backend, takes

    if not takes(op.name, "complex128"):
        return 0
    most, names = 0, parameters(rule)

    def body(given: dict[str, Any]) -> Any:
        nonlocal most
        counting = Namespace(given["xp"], 10**9)
        out = rule(*(counting if name == "xp" else given[name] for name in names))
        most = max(most, 10**9 - counting._left)
        return out

    with Fault(op, argument, "counting", made(names, body)):
        for case in sampled(op.name, 4, ("complex128",)):
            try:
                problem = Problem(case, get_backend("numpy"))
                problem.gradients(problem.cotangents())
                problem.tangents(case.directions())
            except Exception:
                continue
    return most
