"""A gradient over more numbers than the workers may hold: `python benchmarks/dask_memory.py`.

Workers of `dask.distributed`, each a process that may have so much memory, differentiate the mean of log(1 + (x @ w)**2)
by w, for an x eight times as large as what they may have together, which is drawn where it is needed. The derivative is
compared with its formula, computed in the same chunks without arraygrad, and the highest memory of each worker is reported.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import threads

COLUMNS = 64
TIMES = 8
"""How many times what the workers may have the array takes."""
CHUNK = 8 * 2**20
"""Bytes in a chunk: a few are at work at once in each worker."""


@dataclass(frozen=True)
class Outcome:
    """What a run found. Memory in bytes."""

    array: int
    limit: int
    peaks: list[int]
    seconds: float
    error: float

    @property
    def is_right(self) -> bool:
        """Whether the gradient is that of the formula, and no worker had more than it may have."""
        return self.error < 1e-10 and max(self.peaks) <= self.limit

    def __str__(self) -> str:
        peaks = ", ".join(f"{peak / 2**20:.0f} MiB" for peak in self.peaks)
        return (
            f"array {self.array / 2**20:.0f} MiB, {len(self.peaks)} workers of {self.limit / 2**20:.0f} MiB each "
            f"({self.array / (self.limit * len(self.peaks)):.1f} times what they may have); highest memory of each: "
            f"{peaks}; {self.seconds:.1f} s; relative error of the gradient {self.error:.1e}"
        )


def differentiate(workers: int, limit: int, times: float) -> Outcome:
    """Differentiate over an array of `times` what `workers` of `limit` bytes may have."""
    import dask.array as da
    import numpy as np
    from distributed import Client, LocalCluster

    rows_of_chunk = CHUNK // (8 * COLUMNS)
    chunks = round(workers * limit * times / CHUNK)
    x = da.random.default_rng(0).standard_normal((chunks * rows_of_chunk, COLUMNS), chunks=(rows_of_chunk, COLUMNS))
    w = np.linspace(-1.0, 1.0, COLUMNS) / COLUMNS**0.5
    options: dict[str, Any] = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(n_workers=workers, memory_limit=limit, **options) as cluster, Client(cluster) as client:
        before = perf_counter()
        found = gradient(x, da.from_array(w, chunks=-1)).compute()
        seconds = perf_counter() - before
        peaks = list(client.run(_highest).values())
        expected = by_formula(x, w).compute()
    return Outcome(x.nbytes, limit, peaks, seconds, float(np.max(np.abs(found - expected)) / np.max(np.abs(expected))))


def gradient(x: Any, w: Any) -> Any:
    """By arraygrad: a graph, of which nothing is computed yet."""
    import arraygrad as ag

    leaf = ag.asarray(w).requires_grad_()
    ag.mean(ag.log1p((ag.asarray(x) @ leaf) ** 2)).backward()
    return leaf.grad.array


def by_formula(x: Any, w: Any) -> Any:
    """Σ 2 yᵢ / (1 + yᵢ²) xᵢ / n for y = x w."""
    y = x @ w
    return (2 * y / (1 + y**2)) @ x / x.shape[0]


def _highest() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Run it; 0 if the gradient is right and no worker had more than it may have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--limit", type=int, default=192, metavar="MIB", help="memory of each (default: 192)")
    parser.add_argument("--times", type=float, default=TIMES, help=f"the array over all of that (default: {TIMES})")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the outcome to this file as well")
    arguments = parser.parse_args()
    threads.limit()  # before anything imports NumPy
    from program import provenance

    outcome = differentiate(arguments.workers, arguments.limit * 2**20, arguments.times)
    print(outcome)
    if arguments.markdown:
        arguments.markdown.write_text(f"# A gradient larger than memory\n\n{provenance()}\n\n{outcome}\n", encoding="utf-8")
    return 0 if outcome.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
