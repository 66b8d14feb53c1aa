"""Rows as text: absolute values in columns, arraygrad's ratio to some of them, and the targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libraries import BY_HAND, NAMES, OURS, PYTORCH
from row import BYTES, SECONDS, TIMES, Row, Target

_UNITS = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))


@dataclass(frozen=True)
class Layout:
    """Which columns a table has, and which of them arraygrad's value is divided by."""

    columns: Sequence[str] = NAMES
    ratios: Mapping[str, str] = field(default_factory=lambda: {BY_HAND: "of NumPy", PYTORCH: "of PyTorch"})
    """The title of a ratio by the column that is divided by."""

    @property
    def header(self) -> list[str]:
        """The titles."""
        return ["case", *self.columns, *self.ratios.values(), "targets"]

    def cells(self, row: Row) -> list[str]:
        """The entries of one line."""
        return [
            row.name,
            *(_quantity(row.values.get(name, ""), row.unit) for name in self.columns),
            *(_ratio(row, other) for other in self.ratios),
            "; ".join(_verdict(row, target) for target in row.targets),
        ]


def _quantity(value: float | str, unit: str) -> str:
    """A number with its unit, three digits long."""
    if isinstance(value, str):
        return value
    if unit == BYTES:
        return f"{value / 2**20:.0f} MiB"
    if unit != SECONDS:
        return f"{value:.2f}"
    factor, symbol = next((each for each in _UNITS if abs(value) >= each[0]), _UNITS[-1])
    scaled = value / factor
    return f"{scaled:.{max(0, min(2, 2 - math.floor(math.log10(max(abs(scaled), 1e-3)))))}f} {symbol}"


def _ratio(row: Row, other: str) -> str:
    """arraygrad's value over that of another."""
    ours, theirs = row.number(OURS), row.number(other)
    return "" if row.unit == TIMES or not ours or not theirs else f"{ours / theirs:.2f}"


def _verdict(row: Row, target: Target) -> str:
    """What was reached, beside the limit."""
    reached = target.reached(row)
    subject = "" if target.of == OURS else f"{target.of} "
    if target.against is None:
        limit, unit = f"{subject}≤ {_quantity(target.limit, row.unit)}", row.unit
    else:
        limit, unit = f"{subject}≤ {target.limit:g} of {target.against}", TIMES
    if reached is None:
        return f"{limit}: not measured"
    said = _quantity(reached, unit)
    return f"{limit}: {said}, {'met' if target.is_met(row) else 'MISSED'}"


def plain(rows: Sequence[Row], layout: Layout) -> str:
    """Columns of equal width, for a terminal."""
    lines = [layout.header, *map(layout.cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown(rows: Sequence[Row], layout: Layout) -> str:
    """A table in Markdown."""
    header = layout.header
    lines = [header, ["---", *["---:"] * (len(header) - 2), "---"], *map(layout.cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
