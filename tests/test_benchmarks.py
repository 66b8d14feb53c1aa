"""The commands of `benchmarks/` at tiny sizes: that they run, notice wrong results, and say what they lack."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
HAS_CUPY = find_spec("cupy") is not None


class Benchmarks:
    """Modules of `benchmarks/` by name, and settings with which nothing is repeated."""

    def __getattr__(self, name: str) -> ModuleType:
        return import_module(name)

    def module(self, name: str) -> Any:
        return import_module(name)

    @property
    def settings(self) -> Any:
        class Once(self.measurement.Settings):
            budget = 0.0
            rounds = 1

        return Once(quick=True)


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    yield Benchmarks()
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / arguments[0]), *arguments[1:]], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("backend", ["array_api_strict", "torch", "jax", "dask"])
def test_overheads_are_measured(benchmarks, backend):
    (library,) = benchmarks.arrays.installed(backend) or pytest.importorskip(backend)
    (numpy,) = benchmarks.arrays.installed("numpy")
    overhead = benchmarks.module("cases.overhead")
    rows = list(overhead.rows(benchmarks.settings, [numpy, library]))
    assert len(rows) == 8
    for row in rows:
        assert row.number("excess") == row.number("arraygrad") - row.number("by hand")
        assert all(row.number(column) > 0 for column in ("arraygrad", "by hand"))
    assert [bool(row.targets) for row in rows] == [False, True] * 4


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_large_arrays_are_measured(benchmarks, backend):
    (library,) = benchmarks.arrays.installed(backend) or pytest.importorskip(backend)
    parity = benchmarks.module("cases.parity")
    for title, make in parity.problems(benchmarks.settings).items():
        row = parity.row(title, library, make(), benchmarks.settings)
        assert row.number("arraygrad") > 0 and row.number("by hand") > 0


def test_compiled_programs_are_measured(benchmarks, monkeypatch):
    pytest.importorskip("jax")
    compiled = benchmarks.module("cases.compiled")
    monkeypatch.setattr(compiled.shutil, "which", lambda name: None)  # C++ is compiled for minutes
    rows = list(compiled.rows(benchmarks.settings))
    assert {row.name.partition(":")[0] for row in rows} == {"jax.jit"}
    assert all(row.number("its own, compiled") > 0 for row in rows)


def test_a_wrong_result_is_not_timed(benchmarks):
    problem = benchmarks.module("cases.overhead").moves_problem(9)
    problem.by_hand["gradients"] = lambda xp, parameters, constants: [1.001 * parameters[0]]
    libraries = {"by hand": benchmarks.libraries.load("NumPy by hand"), "arraygrad": benchmarks.libraries.load("arraygrad")}
    with pytest.raises(benchmarks.problem.WrongResult, match="arraygrad: gradients"):
        benchmarks.measurement.compared(libraries, problem, "gradients", benchmarks.settings)


def test_events_are_awaited_and_give_seconds(benchmarks):
    made, calls = [], []

    class Event:
        def __init__(self) -> None:
            self.seen: list[Any] = []
            made.append(self.seen)

        def record(self) -> None:
            self.seen.append(len(calls))

        def synchronize(self) -> None:
            self.seen.append("waited")

    clock = benchmarks.timing.EventClock(Event, lambda start, end: 1000.0 * (end.seen[0] - start.seen[0]))
    assert clock(lambda: calls.append(None), 3) == 3.0
    assert made == [[0], [3, "waited"]]


def test_a_target_may_limit_any_column(benchmarks):
    row, target = benchmarks.row.Row, benchmarks.row.Target
    of_excess = target(1, "allowed", "excess")
    assert row("", "s", {"excess": 1.0, "allowed": 2.0}, (of_excess,)).missed() == []
    assert row("", "s", {"excess": 3.0, "allowed": 2.0}, (of_excess,)).missed() == [of_excess]
    assert row("", "s", {"allowed": 2.0}, (of_excess,)).missed() == [of_excess]


# -- on a GPU -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(HAS_CUPY, reason="CuPy is installed")
def test_without_cupy_the_command_for_gpus_says_so_and_writes_nothing(tmp_path):
    done = command("gpu.py", "--results", str(tmp_path))
    assert done.returncode == 2 and "CuPy cannot be imported" in done.stderr and "--backend numpy" in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_a_gpu_the_command_for_gpus_says_so(benchmarks, monkeypatch):
    def count() -> int:
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")

    cupy: Any = ModuleType("cupy")
    cupy.cuda = ModuleType("cupy.cuda")
    cupy.cuda.runtime = ModuleType("cupy.cuda.runtime")
    cupy.cuda.runtime.getDeviceCount = count
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert "no CUDA-capable device" in benchmarks.gpu.why_not("cupy")
    cupy.cuda.runtime.getDeviceCount = lambda: 0
    assert benchmarks.gpu.why_not("cupy") == "CuPy finds no GPU"
    cupy.cuda.runtime.getDeviceCount = lambda: 1
    assert benchmarks.gpu.why_not("cupy") is None


def test_the_command_for_gpus_rehearses_on_numpy_and_writes_what_it_found(tmp_path):
    kit = "--examples 1 --only add --property derivatives_are_limits_of_differences"
    done = command("gpu.py", "--backend", "numpy", "--quick", "--only", "overhead", "--results", str(tmp_path), "--kit", kit)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.iterdir()
    text = file.read_text()
    assert text.startswith("# arraygrad on CPU (numpy ") and f"numpy {np.__version__}" in text
    assert "| numpy: entry by entry, forward |" in text
    assert "## Conformance kit on numpy\n\nExit status 0." in text and "1 passed" in text


def test_a_kit_that_fails_has_its_exit_status_in_the_file(benchmarks):
    status, said = benchmarks.gpu.conformance("numpy", ["--only", "nothing"])
    assert status != 0 and "nothing" in said


# -- larger than memory ---------------------------------------------------------------------------------------


def test_the_gradient_over_dask_s_chunks_is_that_of_the_formula(benchmarks):
    da = pytest.importorskip("dask.array")
    x = da.random.default_rng(0).standard_normal((40, 3), chunks=(7, 3))
    w = np.asarray([0.5, -1.0, 2.0])
    found = benchmarks.dask_memory.gradient(x, da.from_array(w)).compute()
    np.testing.assert_allclose(found, benchmarks.dask_memory.by_formula(x, w).compute(), rtol=1e-12)


def test_workers_differentiate_over_more_than_a_chunk():
    pytest.importorskip("distributed")
    done = command("dask_memory.py", "--workers", "1", "--limit", "400", "--times", "0.1")
    assert done.returncode == 0, done.stderr
    assert "array 40 MiB, 1 workers of 400 MiB" in done.stdout


def test_more_memory_than_allowed_or_a_wrong_gradient_is_a_failure(benchmarks):
    outcome = benchmarks.dask_memory.Outcome
    assert outcome(array=80, limit=10, peaks=[9, 10], seconds=1.0, error=1e-15).is_right
    assert not outcome(array=80, limit=10, peaks=[9, 11], seconds=1.0, error=1e-15).is_right
    assert not outcome(array=80, limit=10, peaks=[9, 10], seconds=1.0, error=1e-3).is_right
