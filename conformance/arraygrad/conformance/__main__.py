"""`python -m arraygrad.conformance --backend NAME`: pytest on the kit, with a bar that says how long it will take.

Takes the options of the kit and those of pytest, of which `-n auto` uses all cores. The exit status is pytest's: 0 if all
holds that the backend can do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm

HERE = Path(__file__).parent


class Bar:
    """A bar in place of pytest's line of dots; with workers their first collection says how long it is."""

    def __init__(self) -> None:
        self.bar = tqdm(unit=" properties", dynamic_ncols=True, disable=None, delay=1)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The tests of this process."""
        self._expect(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """The tests of a worker: each has them all."""
        self._expect(len(ids))

    def _expect(self, count: int) -> None:
        if count:
            self.bar.total = count
            self.bar.refresh()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One is done."""
        if report.when == "teardown":
            self.bar.update()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count without letters; the report has the failures."""
        return (report.outcome if report.when == "call" else "", "", "") if report.outcome != "failed" else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()


def main(arguments: list[str]) -> int:
    """Run the kit as pytest does, without the configuration of the folder that it is called from."""
    given = ["--pyargs", "arraygrad.conformance", "-c", str(HERE / "pytest.ini"), "-p", "arraygrad.conformance.plugin"]
    return pytest.main([*given, *arguments], plugins=[Bar()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
