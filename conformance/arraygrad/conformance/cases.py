"""One call of an operation as a test makes it: arrays and options, in NumPy's terms, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from arraygrad.op import Kind

from .calls import Call, differentiable_calls
from .shapes import Shape, broadcasting, core_shapes, some_shape
from .values import NONZERO, Source, domain_of

DOUBLE = ("float64",)
"""Data types that arrays are drawn from, unless a property says otherwise."""


@dataclass
class Case:
    """A call: all its arrays in order (some may be numbers or None), and its options."""

    call: Call
    arrays: list[Any]
    options: dict[str, Any]
    source: Source = field(repr=False)

    def parameter(self, position: int) -> str:
        """The name of the parameter that an array is given to."""
        return "arrays" if self.call.is_variadic else self.call.arrays[position]

    @property
    def active(self) -> list[int]:
        """Positions of the arrays that can be differentiated by."""
        return [
            position
            for position, array in enumerate(self.arrays)
            if isinstance(array, np.ndarray) and array.dtype.kind in "fc"
            and self.parameter(position) in self.call.differentiable
        ]  # fmt: skip

    @property
    def primals(self) -> list[Any]:
        """The arrays that can be differentiated by."""
        return [self.arrays[position] for position in self.active]

    @property
    def is_hermitian(self) -> bool:
        """Whether the operation is defined for Hermitian matrices alone."""
        domain = domain_of(self.call.op and self.call.op.domain, "x")
        return getattr(domain, "__name__", "") in ("hermitian", "positive_definite")

    def hermitian(self, x: Any) -> Any:
        """The Hermitian part of matrices."""
        return np.asarray((x + np.conj(np.swapaxes(x, -1, -2))) / 2, dtype=x.dtype)

    def defined(self, gradients: list[Any]) -> list[Any]:
        """What is determined of gradients: of Hermitian matrices their Hermitian part."""
        return [self.hermitian(each) for each in gradients] if self.is_hermitian else gradients

    def directions(self) -> list[Any]:
        """A random tangent for each of `primals`: Hermitian where they have to be."""
        drawn = [self.source.directions(array.shape, str(array.dtype)) for array in self.primals]
        return self.defined(drawn)

    def retyped(self, dtype: str) -> Case:
        """The same call with its differentiable arrays in another precision."""
        arrays = [
            array.astype(dtype) if position in self.active else array for position, array in enumerate(self.arrays)
        ]
        return Case(self.call, arrays, self.options, self.source)


class Draft:
    """A case while it is being drawn: strategies of parameters see what was drawn before them."""

    def __init__(self, call: Call, random: Random, dtypes: Sequence[str], empty: bool) -> None:
        self.call = call
        self.random = random
        self.dtypes = dtypes
        self.empty = empty
        self.source = Source(random.getrandbits(32))
        self.arrays: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self.shape: Shape = ()
        self.zeros = 0 if empty else random.choice(self._zero_counts())

    def _zero_counts(self) -> list[int]:
        many = self.call.kind in (Kind.LINEAR, Kind.MULTILINEAR) or "prod" in self.call.name
        return [0, 0, 2, 3] if many else [0, 0, 0, 1]

    @property
    def ndim(self) -> int:
        """How many axes the first array has."""
        return len(self.shape)

    def values(self, parameter: str, shape: Shape, domain: Any = None, dtype: str | None = None) -> Any:
        """An array for a parameter, of a shape, in its domain."""
        domain = domain or domain_of(self.call.op and self.call.op.domain, parameter)
        dtype = dtype or self.random.choice(self.dtypes)
        if callable(domain):
            return domain(self.source, shape, dtype)
        array = self.source.numbers(shape, dtype, None if domain == NONZERO else domain)
        if domain is None and array.ndim:
            count = min(self.zeros, array.size)
            array.reshape(-1)[self.source.rng.permutation(array.size)[:count]] = 0
            self.zeros -= count
        return array


def draw_case(random: Random, name: str, dtypes: Sequence[str] = DOUBLE, *, empty: bool = False) -> Case:
    """A random call of an operation. `random` decides all: Python's own, or hypothesis's, which shrinks."""
    from .parameters import strategy_of

    call = differentiable_calls()[name]
    draft = Draft(call, random, dtypes, empty)
    _draw_first(draft)
    for option in call.options:
        if option not in draft.options:
            draft.options[option] = strategy_of(call, option)(draft)
    for parameter in call.arrays:
        if parameter not in draft.arrays:
            draft.arrays[parameter] = strategy_of(call, parameter)(draft)
    arrays = draft.arrays["arrays"] if call.is_variadic else [draft.arrays[parameter] for parameter in call.arrays]
    return Case(call, list(arrays), draft.options, draft.source)


def _draw_first(draft: Draft) -> None:
    """The arrays whose shapes do not depend on options; of the others, the shape that they go by."""
    from .parameters import has_strategy, least_axes

    call = draft.call
    first = [parameter for parameter in call.arrays if not has_strategy(call, parameter)]
    if call.core is not None:
        shapes = core_shapes(draft.random, call.core, draft.empty)
    else:
        whole = some_shape(draft.random, draft.empty, least_axes(call))
        shapes = broadcasting(draft.random, max(len(first), 1), whole) if call.is_broadcasting else [whole] * len(first)
        draft.shape = whole
    for parameter, shape in zip(first, shapes, strict=False):
        draft.arrays[parameter] = draft.values(parameter, shape)
        draft.shape = shape
    _put_number(draft, first)


def _put_number(draft: Draft, first: list[str]) -> None:
    """Now and then a Python number for one of two operands."""
    if draft.call.is_broadcasting and len(first) == 2 and draft.random.choice([False, False, True]):
        draft.arrays[draft.random.choice(first)] = draft.random.choice([3, 0.5, 2.0, 1.0, 2])


def cases(name: str, dtypes: Sequence[str] = DOUBLE, *, empty: bool = False) -> st.SearchStrategy[Case]:
    """Calls of an operation, for hypothesis."""
    return st.randoms(use_true_random=False).map(lambda random: draw_case(random, name, dtypes, empty=empty))


def sampled(name: str, count: int, dtypes: Sequence[str] = DOUBLE, *, empty: bool = False) -> Iterator[Case]:
    """Calls of an operation, always the same."""
    for seed in range(count):
        yield draw_case(Random(seed), name, dtypes, empty=empty)
