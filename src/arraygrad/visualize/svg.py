"""The graph as an SVG image, drawn without any other program."""

from __future__ import annotations

from collections import Counter
from html import escape
from itertools import pairwise

from .diagram import Arrow, Diagram
from .dot import caption, colour
from .layout import LAYER_GAP, MARGIN, Layout, Place, arrange
from .text import summary

BOLD_LETTER, LETTER, LINE, PADDING = 7.3, 6.4, 15.0, 9.0
LONGEST = 48
"""Letters of a line from which on it is cut; the whole of it is in the title that a pointer shows."""


def svg_of(diagram: Diagram) -> str:
    """Boxes in layers, with curves from each box to those that used its result."""
    captions = [[_cut(line) for line in caption(box)] for box in diagram.boxes]
    sizes = [(_width(lines), len(lines) * LINE + PADDING) for lines in captions]
    layout = arrange(diagram, sizes)
    places = layout.places
    width = max(place.x + place.width for way in (places, *layout.bends) for place in way) + MARGIN
    height = max(place.y + place.height for place in places) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{escape(summary(diagram))}</title>",
        '<defs><marker id="arraygrad-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
        '<g fill="none" stroke="#555" marker-end="url(#arraygrad-arrow)">',
        *_curves(diagram.arrows, layout),
        '</g>\n<g font-family="sans-serif" font-size="11" text-anchor="middle" fill="black">',
    ]
    for box, lines, place in zip(diagram.boxes, captions, places, strict=True):
        parts.append(_drawn(caption(box), lines, place, colour(box)))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _width(lines: list[str]) -> float:
    """How wide a box must be for its lines, the first of which is bold."""
    name, *others = map(len, lines)
    return max(name * BOLD_LETTER, *(length * LETTER for length in others), 0.0) + 2 * PADDING


def _drawn(whole: list[str], lines: list[str], place: Place, fill: str) -> str:
    """A box with its lines of text."""
    rows = [
        f'<text x="{place.centre:.1f}" y="{place.y + PADDING / 2 + LINE * row - 4:.1f}"'
        + (' font-weight="bold"' if row == 1 else "") + f">{escape(line)}</text>"
        for row, line in enumerate(lines, 1)
    ]  # fmt: skip
    return (
        f"<g><title>{escape(' '.join(whole))}</title>"
        f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="5" '
        f'fill="{fill}" stroke="#777"/>{"".join(rows)}</g>'
    )


def _curves(arrows: list[Arrow], layout: Layout) -> list[str]:
    """A curve for each arrow, by its bends. Of several without bends between the same boxes, each goes farther aside."""
    drawn: Counter[tuple[int, int]] = Counter()
    found = []
    for (source, target, _), bends in zip(arrows, layout.bends, strict=True):
        aside = 14.0 * drawn[source, target]
        drawn[source, target] += 1
        way = [layout.places[source], *bends, layout.places[target]]
        steps = [_step(above, below, aside if not bends else 0.0) for above, below in pairwise(way)]
        found.append(f'<path d="M{way[0].centre:.1f} {way[0].foot:.1f}{"".join(steps)}"/>')
    return found


def _step(above: Place, below: Place, aside: float) -> str:
    """From the foot of a box or bend to the next one, and through that if it is a bend."""
    reach = max(LAYER_GAP / 2, (below.y - above.foot) / 3)
    curve = (
        f"C{above.centre + aside:.1f} {above.foot + reach:.1f} {below.centre + aside:.1f} {below.y - reach:.1f} "
        f"{below.centre:.1f} {below.y:.1f}"
    )
    return curve if below.width else f"{curve}V{below.foot:.1f}"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
