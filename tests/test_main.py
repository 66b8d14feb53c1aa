"""`python -m arraygrad`: the table of backends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from arraygrad import __main__ as program
from arraygrad.backends import Backend, registry
from arraygrad.errors import BackendError


class Plugin:
    """An entry point whose loading does what it is told."""

    value = "some_plugin:SomeBackend"

    def __init__(self, load: Any) -> None:
        self.load = load


def failing() -> Any:
    """A plug-in that cannot be imported."""
    raise ImportError("libsomething.so.3: cannot open\nshared object file")


class WithoutDevices(Backend):
    """A backend that loads, and fails when it is asked for its devices."""

    protocol_version = 1

    def __init__(self) -> None:
        super().__init__("sklearn", None)

    def devices(self) -> tuple[Any, ...]:
        """Fail as a driver does."""
        raise OSError("the driver is too old")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Install plug-ins by name, beside NumPy alone."""
    monkeypatch.setattr(program, "KNOWN", ("numpy",))
    registry.get_backend("numpy")  # which stays, while what a test installs goes
    known = dict(registry._by_name)

    def installed(**plug_ins: Any) -> None:
        found = {name: Plugin(load) for name, load in plug_ins.items()}
        monkeypatch.setattr(registry, "_plug_ins", lambda: found)

    yield installed
    registry._by_name.clear()
    registry._by_name.update(known)


def test_program_runs_from_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "arraygrad"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    title, _, header, rule, *rows = done.stdout.splitlines()
    assert title.startswith("arraygrad ") and f"Python {sys.version.split()[0]}" in title
    assert header.startswith("backend ") and set(rule) == {"-", " "}
    assert rows[0].split()[0] == "numpy" and "works" in rows[0] and rows[0].endswith("[3, 12, 27]")
    for name in program.KNOWN:
        assert any(line.startswith(f"{name} ") for line in rows), name


def test_help_is_shown() -> None:
    command = [sys.executable, "-m", "arraygrad", "--help"]
    assert "python -m arraygrad" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_gradient_is_computed_on_every_device_of_array_api_strict() -> None:
    pytest.importorskip("array_api_strict")
    rows = list(program.examine("array_api_strict", program.get_backend("array_api_strict")))
    assert len(rows) > 1
    assert {row.state for row in rows} == {"works"}


def test_broken_backends_are_named_and_disturb_nobody(install: Any, capsys: pytest.CaptureFixture[str]) -> None:
    install(scipy=failing, sklearn=lambda: WithoutDevices)
    assert program.main([]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert "works" in lines["numpy"]
    assert "broken" in lines["scipy"] and "broken" in lines["sklearn"]
    flat = " ".join(out.split())
    assert "scipy: backend 'scipy': its plug-in 'some_plugin:SomeBackend' failed to load" in flat
    assert "libsomething.so.3: cannot open shared object file" in flat
    assert "sklearn: OSError: the driver is too old" in flat


def test_a_library_that_is_not_installed_is_missing(install: Any, capsys: pytest.CaptureFixture[str]) -> None:
    install(no_such_library=failing)
    assert program.main([]) == 0
    out = capsys.readouterr().out
    assert "missing" in out and "Not installed: no_such_library." in out
    assert "libsomething" not in out


def test_a_library_without_a_plug_in_is_not_called_broken() -> None:
    (row,) = program.examine("scipy", BackendError("backend 'scipy': no plug-in"))
    assert (row.state, row.reason) == ("no plug-in", "")
    assert row.version[0].isdigit()


def test_a_wrong_gradient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_GRADIENT", [3.0, 12.0, 28.0])
    row = program.try_device("numpy", "cpu")
    assert row.state == "wrong" and "expected 36 and [3.0, 12.0, 28.0]" in row.reason


def test_an_unknown_device_is_told() -> None:
    row = program.try_device("numpy", "no_such_device")
    assert row.state == "broken" and "no_such_device" in row.reason


def test_exit_status_is_1_without_numpy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    error = BackendError("backend 'numpy': broken")
    error.__cause__ = ImportError("numpy._core")
    monkeypatch.setattr(program, "found_backends", lambda: {"numpy": error})
    assert program.main([]) == 1
    assert "broken" in capsys.readouterr().out


def test_columns_are_aligned_and_a_backend_is_named_once() -> None:
    rows = [
        program.Row("a", "1", "cpu", "works", "[1]"),
        program.Row("a", "1", "a_long_device:0", "works", "[1]"),
        program.Row("a_long_name", "2", "cpu", "broken", reason="why"),
    ]
    header, _, first, second, third = program.table(rows).splitlines()
    for column, cells in (("device", ("cpu", "a_long_device:0", "cpu")), ("state", ("works", "works", "broken"))):
        start = header.index(column)
        assert [line[start:].split()[0] for line in (first, second, third)] == list(cells)
    assert second.startswith(" ") and third.startswith("a_long_name")
    assert program.remarks(rows) == "a_long_name (cpu): why"


@pytest.mark.parametrize("name", ["", "array_api_strict"])
def test_title_says_the_default_backend(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARRAYGRAD_BACKEND", name)
    expected = f"{name} (from ARRAYGRAD_BACKEND)" if name else "numpy"
    assert program.title().endswith(f"default backend {expected}")
