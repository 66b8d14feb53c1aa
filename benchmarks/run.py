"""Compare arraygrad with what a user would pick instead: `python benchmarks/run.py`.

One run, one table: for each case the time of every library that is installed, each with one thread and all in turn,
after their results were found to agree. The two columns "of" are arraygrad's time over that of hand-written NumPy and
of PyTorch.
"""

from __future__ import annotations

import sys

import threads


def main() -> int:
    """Run the cases that were asked for; the exit status."""
    threads.limit()  # before anything imports NumPy
    from cases import CASES
    from program import Case, parser, run

    return run({name: Case(rows) for name, rows in CASES.items()}, parser(__doc__).parse_args())


if __name__ == "__main__":
    sys.exit(main())
