"""The programs in `examples` run, on more than one backend, and their results are right."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

for needed in ("matplotlib", "scipy", "sklearn", "tqdm"):
    pytest.importorskip(needed)

from threadpoolctl import threadpool_limits  # noqa: E402 - comes with scikit-learn

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str]]:
    """Run an example with options: what its `main` returns and what it printed. Its plot must be a PNG."""

    def example(name: str, *options: str) -> tuple[Any, str]:
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        file = tmp_path / f"{name}.png"
        with threadpool_limits(1):  # the matrices are small, and other tests want the processor too
            result = module.main([*options, "--plot", str(file)])
        assert file.read_bytes()[1:4] == b"PNG"
        return result, capsys.readouterr().out

    return example


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_every_example_has_a_help_text_with_the_common_options(program: Path) -> None:
    command = [sys.executable, str(program), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    for option in ("--backend", "--seed", "--plot"):
        assert option in shown
    assert f"python examples/{program.name}" in shown


def test_an_example_runs_from_the_command_line(tmp_path: Path) -> None:
    program = EXAMPLES / "logistic_regression.py"
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.startswith("logistic regression: loss ") and done.stdout.count("\n") == 1
    assert "trust-ncg" in done.stderr, "the progress bar keeps out of the output"
    assert (tmp_path / "logistic_regression.png").exists()


def test_digits_are_recognised(run: Callable[..., tuple[Any, str]]) -> None:
    accuracy, printed = run("digits")
    assert accuracy >= 0.97
    assert f"test accuracy {accuracy:.2%}" in printed and "on numpy" in printed


def test_digits_are_learnt_alike_on_another_backend(run: Callable[..., tuple[Any, str]]) -> None:
    pytest.importorskip("array_api_strict")
    short = ("--epochs", "2", "--batch", "128")
    accuracy, printed = run("digits", *short, "--backend", "array_api_strict")
    assert "on array_api_strict" in printed
    assert accuracy >= 0.85
    assert accuracy == pytest.approx(run("digits", *short)[0], abs=0.01)


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict"])
@pytest.mark.parametrize("strength", ["1", "0.01"])
def test_logistic_regression_agrees_with_sklearn(
    backend: str, strength: str, run: Callable[..., tuple[Any, str]]
) -> None:
    pytest.importorskip(backend)
    (above, difference), printed = run("logistic_regression", "--backend", backend, "--strength", strength)
    assert abs(above) < 1e-11, "two minima of one convex function"
    assert difference < 1e-4
    assert f"on {backend}" in printed


@pytest.mark.parametrize(
    ("backend", "options"),
    [
        ("numpy", ("--grid", "8")),
        ("numpy", ("--grid", "4", "--seed", "1", "--row", "120")),
        ("array_api_strict", ("--grid", "4", "--points", "60")),
    ],
)
def test_likelihood_of_the_gaussian_process_agrees_with_sklearn(
    backend: str, options: tuple[str, ...], run: Callable[..., tuple[Any, str]]
) -> None:
    pytest.importorskip(backend)
    (ours, reference), printed = run("gaussian_process", "--backend", backend, *options)
    assert ours == pytest.approx(reference, abs=1e-4)
    assert ours > reference - 1e-5
    inside = int(printed.partition("%")[0].split()[-1])
    assert 80 <= inside <= 100, "of the unseen heights, about 95 % lie in the band"
