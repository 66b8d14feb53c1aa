"""The graph as a table."""

from __future__ import annotations

from .diagram import Box, Diagram


def text_of(diagram: Diagram, limit: int | None) -> str:
    """One line for each node, latest first, with the numbers of those whose results it used."""
    shown = diagram.boxes[:limit]
    inputs: list[list[str]] = [[] for _ in diagram.boxes]
    for arrow in diagram.arrows:
        inputs[arrow.target].append(f"{arrow.source}" + (f"[{arrow.output_nr}]" if arrow.output_nr else ""))
    rows = [
        (str(index), printable(box.name), box.likes, kept_in_words(box), _uses(inputs[index]), "output" * box.is_output)
        for index, box in enumerate(shown)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    hidden = len(diagram.boxes) - len(shown)
    return "\n".join([summary(diagram), "", *lines, *([f"... and {hidden} more nodes"] if hidden else [])])


def summary(diagram: Diagram) -> str:
    """How large the graph is."""
    kept = bytes_in_words(diagram.kept)
    return f"{len(diagram.boxes)} nodes, {len(diagram.arrows)} edges, {kept} kept for the backward pass"


def _uses(inputs: list[str]) -> str:
    return f"<- {', '.join(inputs)}" if inputs else ""


def kept_in_words(box: Box) -> str:
    """What a node keeps."""
    if box.kept is None:
        return "released"
    return f"keeps {bytes_in_words(box.kept)}" if box.kept else ""


def bytes_in_words(count: int) -> str:
    """A number of bytes, to three digits."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.3g} {unit}"


def printable(name: str) -> str:
    """A name on one line: what cannot be printed is shown as Python shows it in a string."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)
