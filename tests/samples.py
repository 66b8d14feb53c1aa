"""Calls on which libraries are compared: those that conformance draws, and examples of functions beyond the standard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from arraygrad.conformance import differentiable_calls, draw_case
from arraygrad.conformance.values import MATRICES, Source
from peers.problem import outputs

from arraygrad.op import Kind

Function = Callable[..., Any]


@dataclass
class Sample:
    """A function of arrays, and where and along what to differentiate it.

    `call(function, library)` makes of arraygrad's function, or of what stands for it in a library, a function of those
    of the library's arrays that it is differentiated by, with its outputs in a tuple.
    """

    primals: list[Any]
    directions: list[Any]
    source: Source
    call: Callable[[Function, Any], Function]
    options: dict[str, Any]
    defined: Callable[[Any], Any] = np.asarray
    """The part of a gradient that is defined: the Hermitian one, where the function is one of Hermitian matrices."""

    def cotangents(self, outs: Sequence[Any]) -> list[Any]:
        """A random one for each output."""
        return [self.source.directions(out.shape, str(out.dtype)) for out in outs]


def samples(name: str, dtype: str) -> Iterator[Sample]:
    """Calls of a function, always the same."""
    return drawn(name, dtype) if name in differentiable_calls() else examples(name, dtype)


# -- drawn from the declaration ---------------------------------------------------------------------------

def drawn(name: str, dtype: str) -> Iterator[Sample]:
    """Calls as conformance draws them, but for those with a zero where the function may not be smooth."""
    for seed in range(40):
        case = draw_case(Random(seed), name, (dtype,))
        has_zero = any(np.any(primal == 0) for primal in case.primals)
        if case.active and not (has_zero and case.call.kind not in (Kind.LINEAR, Kind.MULTILINEAR)):
            defined = case.hermitian if case.is_hermitian else np.asarray
            yield Sample(case.primals, case.directions(), case.source, _caller(case), case.options, defined)


def _caller(case: Any) -> Callable[[Function, Any], Function]:
    def call(function: Function, library: Any) -> Function:
        options = {name: library.option(name, value) for name, value in case.options.items()}
        fixed = [each if i in case.active else library.constant(each) for i, each in enumerate(case.arrays)]

        def called(*active: Any) -> tuple[Any, ...]:
            given = dict(zip(case.active, active, strict=True))
            positional, named = case.call.bind([given.get(i, each) for i, each in enumerate(fixed)], options)
            return outputs(case.call.name, function(*positional, **named))

        return called

    return call


# -- written down -----------------------------------------------------------------------------------------


def with_nan(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers, of which one is missing."""
    x = source.numbers(shape, dtype)
    x.reshape(-1)[1] = np.nan
    return x


def ascending(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Sorted numbers."""
    return np.sort(source.numbers(shape, dtype))


def fractions(source: Source, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers in (0, 1)."""
    return source.numbers(shape, dtype, (0.0, 1.0))


DOMAINS = {**MATRICES, "with_nan": with_nan, "ascending": ascending, "fractions": fractions}

REAL = ("float64",)
BOTH = ("float64", "complex128")


@dataclass(frozen=True)
class Example:
    """A call `with_(function, *arrays, **options)`; arrays are given by shape, or by the name of a domain and shape."""

    arrays: tuple[Any, ...]
    with_: Function
    dtypes: tuple[str, ...]
    options: dict[str, Any]


def example(
    *arrays: Any,
    with_: Function = lambda f, *x, **options: f(*x, **options),
    dtypes: tuple[str, ...] = BOTH,
    **options: Any,
) -> Example:
    """An Example of so many arrays."""
    return Example(arrays, with_, dtypes, options)


def _drawn(source: Source, array: Any, dtype: str) -> Any:
    if isinstance(array[0], str):
        domain, *shape = array
        return DOMAINS[domain](source, tuple(shape), dtype)
    return source.numbers(array, dtype)


def examples(name: str, dtype: str) -> Iterator[Sample]:
    """The examples of a function that have a dtype, with random entries."""
    for each in EXAMPLES[name]:
        if dtype not in each.dtypes:
            continue
        source = Source(len(name))
        primals = [_drawn(source, array, dtype) for array in each.arrays]
        directions = [source.directions(primal.shape, dtype) for primal in primals]

        def call(function: Function, library: Any, example: Example = each) -> Function:
            return lambda *arrays: outputs(name, example.with_(function, *arrays, **example.options))

        yield Sample(primals, directions, source, call, each.options)


PLACES = np.asarray([[2, 0], [1, 2]])
REPEATED = np.asarray([[2, 0, 0], [1, 2, 2]])


def _scattered(f: Function, x: Any, src: Any, **options: Any) -> Any:
    return f(x, 1, PLACES if src.shape[1] == 2 else REPEATED, src, **options)


def _padded(mode: str, **options: Any) -> Example:
    return example((1, 2, 5), with_=lambda f, x: f(x, ((0, 0), (0, 0), (2, 1)), mode, **options))


def _reduced(*arrays: Any, **options: Any) -> tuple[Example, ...]:
    """Over all axes, and over one."""
    return example(*arrays, dtypes=REAL, **options), example(*arrays, dtypes=REAL, axis=1, **options)


def _first(f: Function, *x: Any) -> Any:
    return f(*x)[0]


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "block_diag": (example((2, 3), (1, 2), (2, 2)),),
    "cummax": (example((2, 4), with_=lambda f, x: f(x, 1)[0], dtypes=REAL),),
    "cummin": (example((2, 4), with_=lambda f, x: f(x, 0)[0], dtypes=REAL),),
    "cumprod": (example((2, 4), axis=1),),
    "cumsum": (example((2, 4), axis=0),),
    "diag": (example((3,), k=1), example((3, 4), k=-1)),
    "dot": (example((3,), (3,)), example((2, 3), (3, 2)), example((2, 3), (2, 3, 2))),
    "einsum": (
        example((2, 3, 4), (2, 4, 2), with_=lambda f, x, y: f("bij,bjk->bki", x, y)),
        example((3, 3, 2), (2,), (3,), with_=lambda f, x, y, z: f("iij,j,i->j", x, y, z)),
    ),
    "expit": (example((2, 3), dtypes=REAL),),
    "gradient": (
        example((3, 4), with_=lambda f, x: f(x, 0.7)),
        example((2, 5), with_=lambda f, x: f(x, [0.0, 0.4, 0.5, 1.1, 2.0], axis=1)),
    ),
    "interp": (example((2, 3), ("ascending", 5), (5,), dtypes=REAL),),
    "kron": (example((2, 3), (2, 2)), example((2,), (3, 2))),
    "linalg.cho_solve": (
        example(("diagonally_dominant", 3, 3), (3, 2), with_=lambda f, c, b: f((c, True), b)),
        example(("diagonally_dominant", 3, 3), (3, 2), with_=lambda f, c, b: f((c, False), b)),
    ),
    "linalg.logdet": (example(("positive_definite", 3, 3), dtypes=REAL),),
    "linalg.lstsq": (
        example(("full_rank", 4, 2), (4, 3), with_=_first),
        example(("full_rank", 2, 4), (2, 3), with_=_first),
    ),
    "linalg.multi_dot": (example((2, 3), (3, 4), (4, 2), with_=lambda f, *x: f(x)),),
    "linalg.norm": (
        example((2, 3)),
        example((2, 3), ord=3, axis=1, keepdims=True),
        example(("full_rank", 3, 2), ord="nuc", axis=(0, 1)),
    ),
    "log_expit": (example((2, 3), dtypes=REAL),),
    "median": _reduced((3, 4)),
    "nan_to_num": (example(("with_nan", 2, 3), dtypes=REAL),),
    "nanmean": _reduced(("with_nan", 2, 3)),
    "nanprod": _reduced(("with_nan", 2, 3)),
    "nanstd": _reduced(("with_nan", 2, 3), correction=0),
    "nansum": _reduced(("with_nan", 2, 3)),
    "nanvar": _reduced(("with_nan", 2, 3), correction=1),
    "outer": (example((3,), (2,)),),
    "pad": (_padded("constant"), _padded("constant", constant_values=1.5), _padded("edge"), _padded("reflect"),
            _padded("wrap")),
    "quantile": (
        example((5,), with_=lambda f, x: f(x, 0.3), dtypes=REAL),
        example((2, 5), ("fractions", 3), with_=lambda f, x, q: f(x, q, 1), dtypes=REAL),
        example((2, 5), with_=lambda f, x: f(x, 0.3, 0, method="midpoint", keepdims=True), dtypes=REAL),
    ),
    "scatter": (
        example((3, 3), (2, 2), with_=_scattered),
        example((3, 3), (2, 3), with_=_scattered, reduce="add"),
        example((3, 3), (2, 2), with_=_scattered, reduce="multiply"),
    ),
    "scatter_add": (example((3, 3), (2, 3), with_=_scattered),),
    "trapezoid": (example((2, 4), dx=0.3), example((2, 4), (4,))),
    "unique_all": (example((2, 3), with_=_first),),
    "unique_counts": (example((2, 3), with_=_first),),
    "unique_inverse": (example((2, 3), with_=_first),),
    "unwrap": (example((2, 4), with_=lambda f, x: f(4 * x), dtypes=REAL),),
}  # fmt: skip
"""Functions that conformance does not draw."""

NEITHER = {
    "linalg.cofactor": "made for the second derivative of the determinant",
    "linalg.cofactor_change": "made for the third derivative of the determinant",
}
"""What neither PyTorch nor JAX has, and why arraygrad has it."""
