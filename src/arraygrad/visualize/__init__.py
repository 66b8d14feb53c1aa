"""`ag.visualize`: the graph that a backward pass would walk, as text, as a DOT file and as an SVG image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .picture import Picture

__all__ = ["visualize"]


def visualize(tensors: Any, params: Any = None) -> Picture:
    """A picture of the graph that made a tensor, or several in nested lists, tuples and dictionaries.

    Shown in a notebook it is an image, printed it is a table; `save` writes it to a file. Each node has the shape and dtype
    of its result, and the bytes that it keeps for the backward pass. `params` names tensors: a dictionary, or pairs of name
    and tensor. The picture does not keep the graph alive. Raises GradientError if none of the tensors requires a gradient.

        >>> import arraygrad as ag
        >>> w = ag.ones(3, requires_grad=True)
        >>> print(ag.visualize((w**2).sum(), {"w": w}))
        3 nodes, 2 edges, 12 B kept for the backward pass
        <BLANKLINE>
        0  SumBackward0  () float32                <- 1  output
        1  PowBackward0  (3,) float32  keeps 12 B  <- 2
        2  w             (3,) float32
    """
    from .diagram import diagram_of
    from .picture import Picture

    return Picture(diagram_of(tensors, params))
