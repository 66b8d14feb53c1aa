"""Run the standard's own test suite on the namespace of a backend: data-apis/array-api-tests, version 2025.12.

    python conformance/run_suite.py <checkout of array-api-tests> numpy [pytest options]

The checkout needs its submodule `array-api`. Prints the line of results, and the exit status is pytest's. Tests that
fail for a defect of the library that no backend can mend are listed, with a link to its report, in
`backends/<backend>/xfails.txt`; one of them that passes is a failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

VERSION = "2025.12"
BACKENDS = Path(__file__).parents[1].resolve() / "backends"

NAMESPACE = (
    'from arraygrad.backends import get_backend; get_backend("{0}").computes_implicitly = True; import arraygrad.{0} as xp'
)
"""The suite looks at values, also at those that are computed when they are asked for."""

SETTINGS = {"JAX_ENABLE_X64": "1"}
"""What libraries need to have all data types of the standard."""


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
        **SETTINGS,
        **os.environ,
        "ARRAY_API_TESTS_MODULE": f"exec('{NAMESPACE.format(arguments.backend)}')",
        "ARRAY_API_TESTS_VERSION": VERSION,
    }
    command = [sys.executable, "-m", "pytest", "array_api_tests", "-q", "--disable-deadline", "-p", "no:cacheprovider",
               "-p", "no:warnings", "--max-examples", str(arguments.examples), *others]  # fmt: skip
    xfails = BACKENDS / arguments.backend / "xfails.txt"
    if xfails.exists():
        command += ["--xfails-file", str(xfails), "-o", "xfail_strict=True"]
    return subprocess.run(command, cwd=arguments.suite, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
