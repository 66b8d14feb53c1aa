"""The kit as a plug-in of pytest: its options, and its report.

`pytest --pyargs arraygrad.conformance` loads it through `pytest_arraygrad`, and `python -m arraygrad.conformance` by name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from arraygrad.backends import get_backend
from arraygrad.errors import BackendError

from .calls import differentiable_calls
from .properties import PROPERTIES
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
    """Begin a report. Raises UsageError for options that ask for what there is not."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    _check(config)
    config.stash[REPORT] = Report(config.getoption("--examples"), config.getoption("--seed"))
    config.pluginmanager.register(Recorder(config.stash[REPORT]))


def _check(config: pytest.Config) -> None:
    for option, asked, known in (
        ("--only", config.getoption("--only"), differentiable_calls),
        ("--property", config.getoption("--property"), lambda: PROPERTIES),
    ):
        for name in asked or ():
            if name not in known():
                raise pytest.UsageError(f"{option}: got {name}; expected one of: {', '.join(known())}")
    for name in config.getoption("--backend") or ():
        try:
            get_backend(name)
        except BackendError as error:
            raise pytest.UsageError(f"--backend: {error}") from error
    for path in config.getoption("--report"):
        if Path(path).suffix not in (".md", ".html"):
            raise pytest.UsageError(f"--report {path}: expected a file called .md or .html")


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
