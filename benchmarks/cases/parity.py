"""Large arrays on every library: beside its own derivatives, where it has any, and beside derivatives by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from arrays import ArrayLibrary, installed
from libraries import OURS, PYTORCH, Library, load
from libraries.by_hand import ByHand
from libraries.ours import Ours
from measurement import Settings, compared
from problem import Problem
from row import SECONDS, Row, Target
from table import Layout
from timing import Clock

from .large import SIDE, SIZE, elementwise_problem, product_problem
from .network import perceptron_problem

BY_HAND, ITS_OWN = "by hand", "its own derivatives"
LAYOUT = Layout((BY_HAND, OURS, ITS_OWN), {BY_HAND: "of by hand", ITS_OWN: "of its own"})
LIMIT = 1.05
BATCH = 8192
_NAMES = {"torch": PYTORCH, "jax": "JAX"}
_HELD = ("numpy", "torch", "cupy")
"""Where arraygrad is held to the limit. JAX is meant to be compiled, and Dask's time is that of its scheduler."""


def problems(settings: Settings) -> dict[str, Callable[[], Problem]]:
    """By name; made one by one, since they are large."""
    size, side, batch = (SIZE // 100, SIDE // 8, BATCH // 64) if settings.quick else (SIZE, SIDE, BATCH)
    return {
        f"ten operations on {size:.0e} float64": lambda: elementwise_problem(size),
        f"four products of {side} × {side} float64": lambda: product_problem(side),
        f"MLP 784-256-128-10, batch {batch}, float32": lambda: perceptron_problem(batch),
    }


def rows(
    settings: Settings, arrays: Sequence[ArrayLibrary] | None = None, threads: Sequence[int] | None = None
) -> Iterator[Row]:
    """Value and derivatives, for each problem and library; PyTorch's, whose threads can be told, with one and with two."""
    for title, make in problems(settings).items():
        for each in installed("numpy", "torch", "jax", "dask") if arrays is None else arrays:
            for count in threads or ((1, 2) if each.name == "torch" else (1,)):
                each.use_threads(count)
                suffix = f", {count} threads" if count > 1 else ""
                yield row(f"{each.name}: {title}{suffix}", each, make(), settings)


def row(
    name: str,
    arrays: ArrayLibrary,
    problem: Problem,
    settings: Settings,
    others: Mapping[str, tuple[Library, Clock]] | None = None,
) -> Row:
    """One problem on one library, beside its own derivatives or those of others, each with its clock."""
    asked: dict[str, tuple[Library, Clock]] = {
        BY_HAND: (ByHand(arrays), arrays.clock), OURS: (Ours(arrays.asarray), arrays.clock)
    }  # fmt: skip
    if others is not None:
        asked.update(others)
    elif arrays.name in _NAMES and (own := load(_NAMES[arrays.name])) is not None:
        asked[ITS_OWN] = own, arrays.clock
    libraries, clocks = ({key: pair[at] for key, pair in asked.items()} for at in (0, 1))
    found = compared(libraries, problem, "gradients", settings, clocks)
    against = ITS_OWN if ITS_OWN in asked else BY_HAND
    return Row(name, SECONDS, found, (Target(LIMIT, against),) if arrays.name in _HELD else ())
