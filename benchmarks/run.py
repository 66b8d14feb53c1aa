"""Compare arraygrad with what a user would pick instead: `python benchmarks/run.py`.

One run, one table: for each case the time of every library that is installed, each with one thread and all in turn,
after their results were found to agree. The two columns "of" are arraygrad's time over that of hand-written NumPy and
of PyTorch.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import threads


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and smaller sizes")
    parser.add_argument("--only", metavar="NAME", action="append", help="this case alone; may be given again")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table to this file as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    return parser.parse_args()


def main() -> int:
    """Run the cases that were asked for; the exit status."""
    threads.limit()  # before anything imports NumPy
    from cases import CASES
    from measurement import Settings
    from table import markdown, plain

    arguments = _arguments()
    unknown = set(arguments.only or ()) - set(CASES)
    if unknown:
        print(f"--only: got {', '.join(sorted(unknown))}; expected one of {', '.join(CASES)}", file=sys.stderr)
        return 2
    rows = []
    for name in arguments.only or CASES:
        for row in CASES[name](Settings(arguments.quick)):
            print(f"{name}: {row.name}", file=sys.stderr)
            rows.append(row)
    print(plain(rows))
    if arguments.markdown:
        arguments.markdown.write_text(markdown(rows), encoding="utf-8")
    missed = [(row, target) for row in rows for target in row.missed()]
    print(f"\n{len(missed)} of {sum(len(row.targets) for row in rows)} targets missed")
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
