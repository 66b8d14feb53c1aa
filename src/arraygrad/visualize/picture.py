"""A graph that can be looked at."""

from __future__ import annotations

import html
from os import PathLike
from pathlib import Path

from ..errors import ArgumentError
from .diagram import Diagram
from .dot import dot_of
from .svg import svg_of
from .text import text_of

MANY = 2000
"""Boxes from which on a notebook shows the table instead of an image that nobody can read."""


class Picture:
    """A graph as text, as DOT and as SVG. Notebooks show the SVG."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    def text(self, limit: int | None = None) -> str:
        """A table of the nodes, latest first; of no more than `limit`, with how many are left out."""
        return text_of(self.diagram, limit)

    def dot(self) -> str:
        """The graph in the language of Graphviz."""
        return dot_of(self.diagram)

    def svg(self) -> str:
        """The graph as an image, in layers from its leaves down to its outputs."""
        return svg_of(self.diagram)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to a file, in the form that its suffix says: .txt, .dot or .svg."""
        forms = {".txt": self.text, ".dot": self.dot, ".svg": self.svg}
        suffix = Path(path).suffix.lower()
        if suffix not in forms:
            raise ArgumentError(f"save: path: got {str(path)!r}; expected a name that ends in one of {', '.join(forms)}")
        Path(path).write_text(forms[suffix](), encoding="utf-8")

    def __repr__(self) -> str:
        return self.text(limit=100)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        if len(self.diagram.boxes) > MANY:
            return f"<pre>{html.escape(repr(self))}</pre>"
        return f'<div style="overflow: auto">{self.svg()}</div>'
