"""Where the boxes of a diagram go: in layers, so that every arrow points down.

A box is one layer above the highest box that used its result, the outputs below. An arrow that passes by other layers
gets a bend in each, which takes its place among the boxes there. Within a layer boxes and bends are ordered by the mean
position of their neighbours, which keeps arrows short and lets few of them cross. Nothing is random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .diagram import Arrow, Diagram

GAP, LAYER_GAP, MARGIN = 24.0, 44.0, 16.0
SWEEPS = 4
MOST_BENDS = 10_000
"""Where there would be more bends, arrows go straight."""

Links = list[list[int]]


class Place(NamedTuple):
    """The rectangle of a box, by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> float:
        """The middle, from the left."""
        return self.x + self.width / 2

    @property
    def foot(self) -> float:
        """The lower edge."""
        return self.y + self.height


class Layout(NamedTuple):
    """The place of each box, and those of the bends of each arrow, from above."""

    places: list[Place]
    bends: list[list[Place]]


def arrange(diagram: Diagram, sizes: Sequence[tuple[float, float]]) -> Layout:
    """The places of boxes of given widths and heights."""
    layers = _layers(len(diagram.boxes), diagram.arrows)
    sources, targets, bends = _linked(layers, len(diagram.boxes), diagram.arrows)
    _order(layers, sources, targets)
    sizes = [*sizes, *[(0.0, 0.0)] * (len(sources) - len(sizes))]
    is_operation = [not box.is_leaf for box in diagram.boxes] + [False] * (len(sources) - len(diagram.boxes))
    centres = _centres(layers, targets, [width for width, _ in sizes], is_operation)
    left = min(centre - width / 2 for centre, (width, _) in zip(centres, sizes, strict=True)) - MARGIN
    places: dict[int, Place] = {}
    y = MARGIN
    for layer in reversed(layers):
        tallest = max(sizes[index][1] for index in layer)
        for index in layer:
            width, height = sizes[index]
            places[index] = Place(centres[index] - width / 2 - left, y, width, height or tallest)
        y += tallest + LAYER_GAP
    return Layout(
        [places[index] for index in range(len(diagram.boxes))], [[places[index] for index in way] for way in bends]
    )


def _layers(count: int, arrows: Sequence[Arrow]) -> list[list[int]]:
    """The boxes of each layer, from below. A box comes after those that used it, so one pass finds the longest ways."""
    heights = [0] * count
    for source, target, _ in sorted(arrows, key=lambda arrow: arrow.target):
        heights[source] = max(heights[source], heights[target] + 1)
    layers: list[list[int]] = [[] for _ in range(max(heights) + 1)]
    for index, height in enumerate(heights):
        layers[height].append(index)
    return layers


def _linked(layers: list[list[int]], count: int, arrows: Sequence[Arrow]) -> tuple[Links, Links, Links]:
    """What points at each box or bend, what each points at, and the bends of each arrow, which are added to the layers."""
    height = {index: number for number, layer in enumerate(layers) for index in layer}
    sources: Links = [[] for _ in range(count)]
    targets: Links = [[] for _ in range(count)]
    ways: Links = []
    for source, target, _ in arrows:
        passed = range(height[source] - 1, height[target], -1)
        if len(sources) - count + len(passed) > MOST_BENDS:
            passed = range(0)
        way = list(range(len(sources), len(sources) + len(passed)))
        for bend, layer in zip(way, passed, strict=True):
            layers[layer].append(bend)
            sources.append([])
            targets.append([])
        for above, below in zip([source, *way], [*way, target], strict=True):
            targets[above].append(below)
            sources[below].append(above)
        ways.append(way)
    return sources, targets, ways


def _order(layers: list[list[int]], sources: Links, targets: Links) -> None:
    """Order each layer by the mean positions of what its boxes point at, then of what points at them, and again."""
    position = [0.0] * len(sources)

    def settle(layer: list[int], neighbours: Links) -> None:
        means = {
            index: sum(position[other] for other in neighbours[index]) / len(neighbours[index])
            if neighbours[index]
            else position[index]
            for index in layer
        }
        layer.sort(key=means.__getitem__)
        for place, index in enumerate(layer):
            position[index] = (place + 0.5) / len(layer)

    for _ in range(SWEEPS):
        for layer in layers:
            settle(layer, targets)
        for layer in reversed(layers):
            settle(layer, sources)
    for layer in layers:
        settle(layer, targets)


def _centres(
    layers: list[list[int]], targets: Links, widths: Sequence[float], is_operation: Sequence[bool]
) -> list[float]:
    """Where the middle of each box goes: above what it points at, as far as its neighbours leave room. Leaves and bends
    make room for operations."""
    centres = [0.0] * len(widths)
    for layer in layers:
        wanted = {index: sum(centres[user] for user in targets[index]) / max(1, len(targets[index])) for index in layer}
        right = float("-inf")
        for index in layer:
            centres[index] = max(wanted[index], right + GAP + widths[index] / 2)
            right = centres[index] + widths[index] / 2
        deciding = [index for index in layer if is_operation[index]] or layer
        shift = sum(centres[index] - wanted[index] for index in deciding) / len(deciding)
        for index in layer:
            centres[index] -= shift
    return centres
