"""What the commands of these benchmarks share: their options, their output, their exit status."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measurement import Settings
from row import Row
from table import Layout, markdown, plain

_DISTRIBUTIONS = ("arraygrad", "numpy", "array-api-compat", "torch", "jax", "dask", "distributed", "array-api-strict")


@dataclass(frozen=True)
class Case:
    """A section of the output: its rows, and how they are laid out."""

    rows: Callable[[Settings], Iterable[Row]]
    layout: Layout = field(default_factory=Layout)


Table = tuple[Layout, list[Row]]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that all commands have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help="fewer repetitions and smaller sizes")
    made.add_argument("--only", metavar="NAME", action="append", help="this case alone; may be given again")
    made.add_argument("--markdown", metavar="FILE", type=Path, help="write the table to this file as well")
    made.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    return made


def measure(cases: Mapping[str, Case], arguments: argparse.Namespace) -> list[Table] | None:
    """Run the cases that were asked for and print their tables, those of one layout together; None for a wrong name."""
    unknown = set(arguments.only or ()) - set(cases)
    if unknown:
        print(f"--only: got {', '.join(sorted(unknown))}; expected one of {', '.join(cases)}", file=sys.stderr)
        return None
    tables: list[Table] = []
    for name in arguments.only or cases:
        case = cases[name]
        if not tables or tables[-1][0] != case.layout:
            tables.append((case.layout, []))
        for row in case.rows(Settings(arguments.quick)):
            print(f"{name}: {row.name}", file=sys.stderr)
            tables[-1][1].append(row)
    print("\n\n".join(plain(rows, layout) for layout, rows in tables))
    return tables


def run(cases: Mapping[str, Case], arguments: argparse.Namespace, title: str = "") -> int:
    """Measure, and write the tables where they are asked for, under a title if there is one; the exit status."""
    tables = measure(cases, arguments)
    if tables is None:
        return 2
    if arguments.markdown:
        write(arguments.markdown, title, provenance() if title else "", tables)
    return verdict([row for _, rows in tables for row in rows], arguments.check)


def write(path: Path, title: str, said: str, tables: Sequence[Table], more: str = "") -> None:
    """A file in Markdown: a title, where the figures come from, the tables, and what else there is to say."""
    parts = [f"# {title}\n\n{said}\n"] if title else []
    parts += [markdown(rows, layout) for layout, rows in tables]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts) + more, encoding="utf-8")


def verdict(rows: Sequence[Row], check: bool) -> int:
    """Print how many targets are missed; 1 if some are and that is checked."""
    missed = [target for row in rows for target in row.missed()]
    print(f"\n{len(missed)} of {sum(len(row.targets) for row in rows)} targets missed")
    return 1 if check and missed else 0


def provenance(*devices: str) -> str:
    """When, with what, and on what."""
    found = []
    for name in _DISTRIBUTIONS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load average {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    where = [f"{cores} cores, {platform.machine()}{load}", *devices]
    return f"{date.today()}; Python {platform.python_version()}, {', '.join(found)}; {'; '.join(where)}."
