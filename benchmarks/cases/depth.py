"""A graph of a million operations: built, differentiated and freed without recursion or garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import process_time
from typing import Any

from isolation import isolated
from libraries import BY_HAND, NAMES, Library, is_installed, load
from measurement import ABSENT, NONE, Settings
from memory import growth
from problem import compare
from row import SECONDS, TIMES, Row, Target

from .chain import problem

SHORT, LONG = 1_000, 1_000_000
RTOL = 1e-9
_PER_NODE_TOO_SLOW = ("JAX", "JAX jit")


def deep(name: str, length: int) -> dict[str, float]:
    """Seconds per operation of a short and of a long chain, and the share of its memory that stays when it is gone.

    In seconds of the processor, since the long chain cannot wait for a moment in which nothing else runs.
    """
    library, reference = load(name), load(BY_HAND)
    assert library is not None and reference is not None
    gc.disable()
    short, long = (_prepared(library, each) for each in (SHORT, length))
    compare(name, "gradients", library.values(short()), reference.values(_prepared(reference, SHORT)()), RTOL)
    once = min(_seconds(short)[0] for _ in range(30)) / SHORT
    times: list[float] = []
    peak, left = growth(lambda: times.append(_seconds(long)[0]))
    again, result = _seconds(long)
    compare(name, "gradients", library.values(result), reference.values(_prepared(reference, length)()), RTOL)
    per_node = min(*times, again) / length
    return {"short": once, "long": per_node, "ratio": per_node / once, "left": left / max(peak, 1)}


def _prepared(library: Library, length: int) -> Any:
    return library.gradients(problem((10,), length, tracked=False))


def _seconds(call: Any) -> tuple[float, Any]:
    before = process_time()
    result = call()
    return process_time() - before, result


def rows(settings: Settings) -> Iterator[Row]:
    """Time per operation of short and long chains, their ratio, and what memory is left."""
    length = LONG // 10 if settings.quick else LONG
    found: dict[str, Any] = {}
    for name in NAMES:
        if not is_installed(name) or name in _PER_NODE_TOO_SLOW:
            found[name] = NONE if is_installed(name) else ABSENT
        else:
            found[name] = isolated("cases.depth", "deep", name, length)

    def column(key: str) -> dict[str, float | str]:
        return {name: value if isinstance(value, str) else value[key] for name, value in found.items()}

    yield Row(f"per operation, chain of {SHORT:,}", SECONDS, column("short"))
    yield Row(f"per operation, chain of {length:,}", SECONDS, column("long"))
    yield Row("the one over the other", TIMES, column("ratio"), (Target(1.5),))
    yield Row("share of its memory left after del", TIMES, column("left"), (Target(0.05),))
