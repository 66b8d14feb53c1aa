"""The cases by name: each gives rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from measurement import Settings
from row import Row

from . import chain, curvature, depth, large, network, startup, writes

CASES: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "chain": chain.rows,
    "network": network.rows,
    "large": large.rows,
    "curvature": curvature.rows,
    "depth": depth.rows,
    "writes": writes.rows,
    "startup": startup.rows,
}
