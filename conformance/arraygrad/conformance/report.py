"""What the kit found: a table of operations and properties, as text, Markdown and HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from html import escape


class State(Enum):
    """What came of checking a property of an operation. The value is how a table shows it."""

    HOLDS = "."
    PARTLY = "~"
    LACKS = "-"
    SILENT = " "
    FAILED = "F"


MEANINGS = {
    State.FAILED: "fails",
    State.LACKS: "the backend cannot",
    State.PARTLY: "holds where the backend can",
    State.SILENT: "no call says anything about it",
    State.HOLDS: "holds",
}


@dataclass
class Outcome:
    """A property of an operation on a backend; `state` is the value of a State, so that workers can send it."""

    backend: str
    operation: str
    prop: str
    state: str
    checked: int
    reason: str = ""
    example: str = ""


@dataclass
class Report:
    """All outcomes of a run with so many examples and this seed."""

    examples: int
    seed: int
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.outcomes.append(outcome)

    # -- what all forms have ------------------------------------------------------------------------

    def backends(self) -> list[str]:
        """Names, in order of appearance."""
        return list(dict.fromkeys(outcome.backend for outcome in self.outcomes))

    def of(self, backend: str) -> dict[tuple[str, str], Outcome]:
        """The outcomes of a backend, by operation and property, in order of their names."""
        found = {(each.operation, each.prop): each for each in self.outcomes if each.backend == backend}
        return dict(sorted(found.items()))

    def line(self, backend: str) -> str:
        """A backend in a line."""
        outcomes = self.of(backend)
        counts = Counter(State(each.state) for each in outcomes.values())
        told = [f"{counts[state]} {meaning}" for state, meaning in MEANINGS.items() if counts[state]]
        operations = {operation for operation, _ in outcomes}
        calls = sum(each.checked for each in outcomes.values())
        return (
            f"{backend}: {len(outcomes)} properties of {len(operations)} operations: {', '.join(told)} ({calls} calls)"
        )

    def reproduce(self, outcome: Outcome) -> str:
        """The command that checks a property again."""
        return (
            f"python -m arraygrad.conformance --backend {outcome.backend} --only {outcome.operation} "
            f"--property {outcome.prop} --examples {self.examples} --seed {self.seed}"
        )

    def failures(self, backend: str) -> list[Outcome]:
        """What does not hold."""
        return [each for each in self.of(backend).values() if each.state == State.FAILED.value]

    def reasons(self, backend: str) -> Iterator[tuple[str, str]]:
        """What the backend cannot do: operations, and why, as the library or its plug-in says it."""
        said: dict[str, list[str]] = {}
        for each in self.of(backend).values():
            if each.state in (State.LACKS.value, State.PARTLY.value):
                said.setdefault(each.reason, []).append(each.operation)
        for reason, operations in said.items():
            yield ", ".join(dict.fromkeys(operations)), _in_short(reason, 200)

    def _grid(self, backend: str) -> tuple[list[str], dict[str, list[Outcome | None]]]:
        """Properties, and a row for each operation."""
        outcomes = self.of(backend)
        props = sorted({prop for _, prop in outcomes})
        operations = dict.fromkeys(operation for operation, _ in outcomes)
        return props, {operation: [outcomes.get((operation, prop)) for prop in props] for operation in operations}

    # -- the three forms ----------------------------------------------------------------------------

    def text(self) -> str:
        """For a terminal: the operations with something to be said, and what to say of them."""
        parts: list[str] = []
        for backend in self.backends():
            props, grid = self._grid(backend)
            rows = {operation: row for operation, row in grid.items() if any(map(_is_remarkable, row))}
            width = max(map(len, rows), default=0)
            if rows:
                parts += [f"{_letters(place):2}  {prop}" for place, prop in enumerate(props)] + [""]
                parts.append(" " * width + " ".join(f" {_letters(place):2}" for place in range(len(props))))
                parts += [f"{name:{width}}" + " ".join(f" {_symbol(each):2}" for each in row) for name, row in rows.items()]
                parts += ["", _legend(), ""]
            parts += [f"{operations}: {reason}" for operations, reason in self.reasons(backend)]
            for failure in self.failures(backend):
                parts += ["", f"{failure.operation}, {failure.prop}: {failure.reason}", f"    {failure.example}",
                          f"    {self.reproduce(failure)}"]  # fmt: skip
            parts += [self.line(backend), ""]
        return "\n".join(parts).rstrip()

    def markdown(self) -> str:
        """For a page."""
        parts = ["# Conformance", "", _legend(), ""]
        for backend in self.backends():
            props, grid = self._grid(backend)
            parts += [f"## {backend}", "", self.line(backend), ""]
            parts += [f"- {_letters(place)}: {prop.replace('_', ' ')}" for place, prop in enumerate(props)] + [""]
            parts.append(_markdown_row(["operation", *map(_letters, range(len(props)))]))
            parts.append(_markdown_row(["-"] * (len(props) + 1)))
            parts += [_markdown_row([f"`{operation}`", *map(_symbol, row)]) for operation, row in grid.items()]
            parts += ["", *(f"- {operations}: {reason}" for operations, reason in self.reasons(backend)), ""]
            for failure in self.failures(backend):
                parts += [f"### {failure.operation}: {failure.prop.replace('_', ' ')}", "", "```", failure.reason,
                          failure.example, self.reproduce(failure), "```", ""]  # fmt: skip
        return "\n".join(parts)

    def html(self) -> str:
        """For a browser: the reason for a mark is shown where the mouse points."""
        parts = [_HEAD, "<h1>Conformance</h1>", f"<p>{escape(_legend())}</p>"]
        for backend in self.backends():
            props, grid = self._grid(backend)
            heads = "".join(f"<th><span>{escape(prop.replace('_', ' '))}</span></th>" for prop in props)
            parts += [f"<h2>{escape(backend)}</h2>", f"<p>{escape(self.line(backend))}</p>"]
            parts += [f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>"]
            for operation, row in grid.items():
                cells = "".join(map(_cell, row))
                parts.append(f"<tr><th>{escape(operation)}</th>{cells}</tr>")
            parts.append("</tbody></table>")
            for failure in self.failures(backend):
                told = "\n".join((failure.reason, failure.example, self.reproduce(failure)))
                parts += [f"<h3>{escape(failure.operation)}: {escape(failure.prop)}</h3>", f"<pre>{escape(told)}</pre>"]
        return "\n".join(parts)


def _is_remarkable(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.state not in (State.HOLDS.value, State.SILENT.value)


def _letters(place: int) -> str:
    """A, B, ..., Z, AA, BB, ..."""
    return chr(65 + place % 26) * (1 + place // 26)


def _symbol(outcome: Outcome | None) -> str:
    return " " if outcome is None else outcome.state


def _legend() -> str:
    return "; ".join(f"{state.value.replace(' ', 'nothing')} {meaning}" for state, meaning in MEANINGS.items())


def _in_short(text: str, length: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 3] + "..."


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "<td></td>"
    told = escape(_in_short(outcome.reason, 300), quote=True)
    return f'<td class="{State(outcome.state).name}" title="{told}">{escape(outcome.state)}</td>'


_HEAD = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Conformance</title>
<style>
body { font: 14px sans-serif } table { border-collapse: collapse } td { text-align: center; width: 1.5em }
tbody th { text-align: left; font-weight: normal } thead th { height: 24em; vertical-align: bottom }
thead span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: normal }
.HOLDS { background: #cfc } .PARTLY { background: #efc } .LACKS { background: #ddd } .FAILED { background: #f88 }
tbody tr:hover { outline: 1px solid #888 } pre { white-space: pre-wrap }
</style>"""
