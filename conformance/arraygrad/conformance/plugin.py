"""The kit as a plug-in of pytest: its options, and its report.

`pytest --pyargs arraygrad.conformance` loads it through `pytest_arraygrad`, and `python -m arraygrad.conformance` by name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .report import Outcome, Report

SETTINGS = {"JAX_ENABLE_X64": "1"}
"""What libraries need to have all data types of the standard, unless the environment says otherwise."""

OUTCOME = "arraygrad.conformance"
REPORT = pytest.StashKey[Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the kit."""
    group = parser.getgroup("arraygrad.conformance", "conformance of a backend of arraygrad")
    add = group.addoption
    add("--backend", action="append", metavar="NAME", help="backend to test; may be given again (default: numpy)")
    add("--examples", type=int, default=8, metavar="N", help="random calls of an operation for each property (default: 8)")
    add("--seed", type=int, default=0, metavar="N", help="of the random calls (default: 0)")
    add("--only", action="append", metavar="OPERATION", help="test this operation, as linalg.det; may be given again")
    add("--property", action="append", metavar="PROPERTY", help="test this property; may be given again")
    add("--report", action="append", default=[], metavar="FILE", help="write the report as FILE.md or FILE.html")
    parser.addini("backends", "backends that arraygrad.conformance tests by default", type="args", default=["numpy"])


def pytest_configure(config: pytest.Config) -> None:
    """Begin a report."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    config.stash[REPORT] = Report(config.getoption("--examples"), config.getoption("--seed"))
    for path in config.getoption("--report"):
        if Path(path).suffix not in (".md", ".html"):
            raise pytest.UsageError(f"--report {path}: expected a file called .md or .html")
    config.pluginmanager.register(Recorder(config.stash[REPORT]))


class Recorder:
    """Collects the outcomes of all checks, of all workers."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """An outcome is among the properties of the test that found it."""
        for key, value in report.user_properties:
            if key == OUTCOME and report.when == "call":
                self.report.add(Outcome(**value))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the report, and write the files that were asked for."""
    report = config.stash[REPORT]
    if not report.outcomes:
        return
    terminalreporter.section("conformance")
    terminalreporter.write_line(report.text())
    for path in config.getoption("--report"):
        Path(path).write_text(report.html() if path.endswith(".html") else report.markdown(), encoding="utf-8")
        terminalreporter.write_line(f"written: {path}")
