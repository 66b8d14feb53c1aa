"""Run the standard's own test suite on the namespace of a backend: data-apis/array-api-tests, version 2025.12.

    python conformance/run_suite.py <checkout of array-api-tests> numpy [pytest options]

The checkout needs its submodule `array-api`. Prints the line of results, and the exit status is pytest's. Tests that
cannot pass for a reason outside arraygrad are listed, with the reason, in `suite_skips/<backend>.txt`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

VERSION = "2025.12"
SKIPS = Path(__file__).parent.resolve() / "suite_skips"


def main() -> int:
    """Parse the command line, run the suite, print what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suite", type=Path, help="a checkout of data-apis/array-api-tests with its submodule")
    parser.add_argument("backend", help="name of the backend, as in arraygrad.<backend>")
    parser.add_argument("--examples", type=int, default=200, help="random examples for each test (default: 200)")
    arguments, others = parser.parse_known_args()
    if not (arguments.suite / "array-api" / "src").is_dir():
        parser.error(f"{arguments.suite}: no array-api/src in it; run `git submodule update --init` there")
    environment = {
        **os.environ,
        "ARRAY_API_TESTS_MODULE": f"arraygrad.{arguments.backend}",
        "ARRAY_API_TESTS_VERSION": VERSION,
    }
    command = [sys.executable, "-m", "pytest", "array_api_tests", "-q", "--disable-deadline", "-p", "no:cacheprovider",
               "-p", "no:warnings", "--max-examples", str(arguments.examples), *others]  # fmt: skip
    skips = SKIPS / f"{arguments.backend}.txt"
    if skips.exists():
        command += ["--skips-file", str(skips)]
    return subprocess.run(command, cwd=arguments.suite, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
