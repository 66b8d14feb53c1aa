"""The graph in the language of Graphviz."""

from __future__ import annotations

from .diagram import Box, Diagram
from .text import kept_in_words, printable

COLOURS = {"leaf": "#cfe8ff", "output": "#ffe3b3", "": "#f2f2f2"}
"""By what a node is."""


def dot_of(diagram: Diagram) -> str:
    """A directed graph from the leaves to the outputs: the way that values went."""
    lines = ["digraph arraygrad {", '  node [shape=box, style="filled,rounded", fontname="sans-serif", fontsize=11];']
    lines += [f"  n{index} [label={quoted(caption(box))}, fillcolor={quoted(colour(box))}];"
              for index, box in enumerate(diagram.boxes)]  # fmt: skip
    for source, target, output_nr in diagram.arrows:
        lines.append(f"  n{source} -> n{target}" + (f' [label="{output_nr}"]' if output_nr else "") + ";")
    return "\n".join([*lines, "}", ""])


def caption(box: Box) -> list[str]:
    """The lines that are written in a box."""
    return [line for line in (printable(box.name), box.likes, kept_in_words(box)) if line]


def colour(box: Box) -> str:
    """The colour that a box is filled with."""
    return COLOURS["output" if box.is_output else "leaf" if box.is_leaf else ""]


def quoted(lines: str | list[str]) -> str:
    """A string of the language; lines are centred."""
    parts = [lines] if isinstance(lines, str) else lines
    return '"' + "\\n".join(part.replace("\\", "\\\\").replace('"', '\\"') for part in parts) + '"'
