"""Shapes for tests: those that broadcast against one another, and those that a gufunc signature asks for."""

from __future__ import annotations

import re
from random import Random

Shape = tuple[int, ...]

FILLED: tuple[Shape, ...] = ((3,), (2, 3), (), (1,), (4, 2), (2, 1, 3), (3, 3), (2, 2, 2), (1, 4))
EMPTY: tuple[Shape, ...] = ((0,), (2, 0), (0, 3), (1, 0, 2))
BATCHES: tuple[Shape, ...] = ((), (), (), (2,), (3, 1), (1, 2))


def some_shape(random: Random, empty: bool, least: int = 0) -> Shape:
    """A shape with at least `least` axes, of which one has length 0 if `empty`."""
    return random.choice([shape for shape in (EMPTY if empty else FILLED) if len(shape) >= least])


def broadcasting(random: Random, count: int, whole: Shape) -> list[Shape]:
    """Shapes that broadcast to `whole`, at least one of which has all of its axes."""
    shapes = [whole]
    for _ in range(count - 1):
        start = random.choice([0, 0, 0, random.randint(0, len(whole))])
        ones = random.choice([False, False, True])
        shapes.append(tuple(1 if ones and random.randint(0, 1) else length for length in whole[start:]))
    random.shuffle(shapes)
    return shapes


def core_shapes(random: Random, core: str, empty: bool) -> list[Shape]:
    """Shapes of the arguments for a gufunc signature, with batch axes that broadcast."""
    inputs = re.findall(r"\(([^)]*)\)", core.partition("->")[0])
    letters = sorted({name.strip() for part in inputs for name in part.split(",") if name.strip()})
    lengths = {name: int(name) if name.isdigit() else random.choice([2, 3, 1, 3]) for name in letters}
    batch = (0,) if empty else random.choice(BATCHES)
    batches = broadcasting(random, len(inputs), batch)
    return [
        (*before, *(lengths[name.strip()] for name in part.split(",") if name.strip()))
        for before, part in zip(batches, inputs, strict=True)
    ]
