"""What arraygrad costs on every array library that is installed: `python benchmarks/backends.py`.

Three tables. On tiny arrays: the time of an operation of the library alone and with arraygrad, and the excess, which is to
be the same as on NumPy. On large arrays: arraygrad beside the library's own derivatives, and beside derivatives by hand.
Compiled: a function that computes derivatives with arraygrad, traced by `jax.jit` and `torch.compile`, beside their own.
All of a row is measured in turn, in one run, after the results were found to agree.
"""

from __future__ import annotations

import sys

import threads


def main() -> int:
    """Run the cases that were asked for; the exit status."""
    threads.limit()  # before anything imports NumPy
    from cases import compiled, overhead, parity
    from program import Case, parser, run

    cases = {
        "overhead": Case(overhead.rows, overhead.LAYOUT),
        "large": Case(parity.rows, parity.LAYOUT),
        "compiled": Case(compiled.rows, compiled.LAYOUT),
    }
    return run(cases, parser(__doc__).parse_args(), "What backends cost")


if __name__ == "__main__":
    sys.exit(main())
