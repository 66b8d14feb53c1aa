"""The conformance kit as its users call it: options, exit status, report; and that it sees faulty backends."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from arraygrad.conformance import sabotage
from arraygrad.conformance.report import Outcome, Report, State

FAULTY = """
import numpy as np

from arraygrad.backends import get_backend

plugin = get_backend("numpy")
plugin.overrides = {**plugin.overrides, "tanh": lambda x: np.tanh(x) * 1.01}
"""


def kit(*arguments: str, folder: Path | None = None, program: tuple[str, ...] = ("-m", "arraygrad.conformance")):
    """What the command prints, and its exit status."""
    done = subprocess.run([sys.executable, *program, *arguments], capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout + done.stderr, done.returncode


def test_the_command_reports_what_holds(tmp_path):
    files = tmp_path / "report.md", tmp_path / "report.html"
    options = [part for file in files for part in ("--report", str(file))]
    told, status = kit("--only", "sin", "--only", "sort", "--examples", "2", *options, folder=tmp_path)
    assert status == 0, told
    assert re.search(r"numpy: \d+ properties of 2 operations: .*\d+ holds \(\d+ calls\)", told)
    markdown, html = (file.read_text() for file in files)
    assert "| `sin` | . | " in markdown and "numpy: " in markdown
    assert '<td class="HOLDS" title="">.</td>' in html and "<th>sort</th>" in html


def test_pytest_runs_the_kit_by_its_name(tmp_path):
    told, status = kit(
        "--pyargs", "arraygrad.conformance", "--backend", "array_api_strict", "--only", "sin", "--examples", "1",
        folder=tmp_path, program=("-m", "pytest"),
    )  # fmt: skip
    assert status == 0 and "array_api_strict: " in told, told


def test_a_faulty_backend_fails_with_the_smallest_call_and_a_command_that_repeats_it(tmp_path):
    (tmp_path / "faulty.py").write_text(FAULTY)
    program = "import sys; sys.path.insert(0, '.'); import faulty; from arraygrad.conformance.__main__ import main; "
    told, status = kit("--only", "tanh", "--property", "value_is_the_librarys_own", "--seed", "3", folder=tmp_path,
                       program=("-c", program + "sys.exit(main(sys.argv[1:]))"))  # fmt: skip
    assert status == 1, told
    assert "tanh, value_is_the_librarys_own: AssertionError: value" in told
    assert re.search(r"tanh\(x=array\(.*\)\)", told)
    command = re.search(r"python -m arraygrad\.conformance (.*)", told).group(1)
    assert command == "--backend numpy --only tanh --property value_is_the_librarys_own --examples 8 --seed 3"
    assert "1 fails" in told


@pytest.mark.parametrize("option", ["--only", "--property"])
def test_a_name_that_there_is_not_is_an_error_that_says_which_there_are(option):
    told, status = kit(option, "sine")
    assert status not in (0, 1) and f"{option}: got sine; expected one of: " in told


def test_a_report_that_is_neither_page_is_an_error(tmp_path):
    told, status = kit("--report", "report.txt", folder=tmp_path)
    assert status not in (0, 1) and "expected a file called .md or .html" in told


def test_what_a_backend_cannot_do_is_said_and_is_no_success():
    report = Report(8, 0)
    report.add(Outcome("slate", "linalg.det", "single_precision_stays", State.LACKS.value, 0, "slate has no det"))
    report.add(Outcome("slate", "sin", "single_precision_stays", State.HOLDS.value, 8))
    assert "1 the backend cannot, 1 holds (8 calls)" in report.line("slate")
    for told in (report.text(), report.markdown()):
        assert "linalg.det: slate has no det" in told
    assert 'title="slate has no det">-</td>' in report.html()


@pytest.mark.parametrize(
    ("backend", "function"),
    [("numpy", "clone"), ("numpy", "mean"), ("numpy", "where"), ("array_api_strict", "zeros"), ("torch", "add"),
     ("dask", "sqrt"), ("jax", "sqrt")],
)  # fmt: skip
def test_deliberate_faults_in_a_backend_are_caught(backend, function):
    pytest.importorskip(backend)
    found = [fault for fault in sabotage.faults([backend]) if fault.function == function]
    assert found
    for fault in found:
        assert sabotage.catches(fault), f"not caught: {fault}"


def test_a_fault_leaves_nothing_behind():
    fault = next(fault for fault in sabotage.faults(["numpy"]) if fault.function == "tanh")
    import arraygrad as ag

    before = ag.tanh(ag.ones(1)).item()
    with sabotage.in_place(fault):
        assert ag.tanh(ag.ones(1)).item() != before
    assert ag.tanh(ag.ones(1)).item() == before
