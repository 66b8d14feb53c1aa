"""`python -m arraygrad`: which backends there are, on which devices, and whether a gradient comes out right on each.

The exit status is 0 if NumPy works, whatever the others do.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, NamedTuple

from . import factories
from .backends import Backend, get_backend, survey
from .errors import BackendError

KNOWN = ("numpy", "cupy", "torch", "jax", "dask", "array_api_strict")
"""Libraries that arraygrad is written for; others are found if their plug-in is installed."""

_DESCRIPTION = "Show the backends and their devices, and compute a gradient on each. Fails only if NumPy does not work."
_POINT = (1.0, 2.0, 3.0)
_VALUE, _GRADIENT = 36.0, [3.0, 12.0, 27.0]
_HEADER = ("backend", "version", "device", "state", "gradient of sum(x**3) at [1, 2, 3]")


class Row(NamedTuple):
    """What is known of a backend on one device; `reason` is empty if it works."""

    backend: str
    version: str
    device: str
    state: str
    gradient: str = "-"
    reason: str = ""


def found_backends() -> dict[str, Backend | BackendError]:
    """Every known or installed backend by name: the backend, or why it does not work."""
    found: dict[str, Backend | BackendError] = dict(survey())
    for name in KNOWN:
        if name not in found:
            try:
                found[name] = get_backend(name)
            except BackendError as error:
                found[name] = error
    order = {name: position for position, name in enumerate(KNOWN)}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def examine(name: str, backend: Backend | BackendError) -> Iterator[Row]:
    """A row for each device of a backend, or one that says why there is none."""
    if isinstance(backend, BackendError) and not _is_installed(name):
        yield Row(name, "-", "-", "missing")
        return
    if isinstance(backend, BackendError) and backend.__cause__ is None:
        yield Row(name, _version(name), "-", "no plug-in")
        return
    try:
        if isinstance(backend, BackendError):
            raise backend
        devices = backend.devices()
    except Exception as error:
        yield Row(name, _version(name), "-", "broken", reason=_one_line(error))
        return
    for device in devices:
        yield try_device(name, device)


def try_device(name: str, device: Any) -> Row:
    """Differentiate a small program on one device."""
    try:
        x = factories.tensor(list(_POINT), backend=name, device=device, requires_grad=True)
        y = (x**3).sum()
        y.backward()
        value, gradient = y.item(), x.grad.tolist()  # type: ignore[union-attr]
    except Exception as error:
        return Row(name, _version(name), str(device), "broken", reason=_one_line(error))
    shown = "[" + ", ".join(f"{entry:g}" for entry in gradient) + "]"
    if value != _VALUE or gradient != _GRADIENT:
        reason = f"value {value:g} and gradient {shown}; expected {_VALUE:g} and {_GRADIENT}"
        return Row(name, _version(name), str(device), "wrong", shown, reason)
    return Row(name, _version(name), str(device), "works", shown)


def _is_installed(library: str) -> bool:
    return library in sys.modules or find_spec(library.partition(".")[0]) is not None


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, BackendError) else f"{type(error).__name__}: {text}"


def _version(name: str) -> str:
    """The version of an installed library: as the imported module says, else its distribution."""
    spoken = getattr(sys.modules.get(name), "__version__", None)
    try:
        return str(spoken) if spoken else version(name)
    except PackageNotFoundError:
        return "?"


def table(rows: Sequence[Row]) -> str:
    """The rows under a header, aligned, with the name of a backend on the first of its rows alone."""
    lines: list[list[str]] = [list(_HEADER)]
    for before, row in zip([None, *rows], rows):
        again = before is not None and before.backend == row.backend
        lines.append([*(("", "") if again else row[:2]), *row[2:5]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADER))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def remarks(rows: Sequence[Row]) -> str:
    """Why backends do not work, and which libraries are missing."""
    paragraphs = [f"{row.backend} ({row.device}): {row.reason}".replace(" (-)", "") for row in rows if row.reason]
    meanings = {
        "missing": "Not installed",
        "no plug-in": "Installed, but neither conforming to the array API standard nor with a plug-in for arraygrad",
    }
    for state, meaning in meanings.items():
        names = [row.backend for row in rows if row.state == state]
        if names:
            paragraphs.append(f"{meaning}: {', '.join(names)}.")
    return "\n".join(textwrap.fill(each, width=100, subsequent_indent="    ") for each in paragraphs)


def title() -> str:
    """Versions, and the default backend."""
    default = os.environ.get("ARRAYGRAD_BACKEND")
    chosen = f"{default} (from ARRAYGRAD_BACKEND)" if default else "numpy"
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"arraygrad {version('arraygrad')}, {system}, default backend {chosen}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 0 if NumPy works, else 1."""
    argparse.ArgumentParser(prog="python -m arraygrad", description=_DESCRIPTION).parse_args(argv)
    rows = [row for name, backend in found_backends().items() for row in examine(name, backend)]
    print("\n\n".join(part for part in (title(), table(rows), remarks(rows)) if part))
    return 0 if any(row.backend == "numpy" and row.state == "works" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
