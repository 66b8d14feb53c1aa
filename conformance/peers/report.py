"""What was found out about a peer, as a page."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version

from arraygrad.conformance.trial import described

from .evidence import Evidence
from .known import tracked
from . import PEERS
from .policy import Row
from .verdict import QUESTIONS, Answer, Verdict

MEANINGS = {
    Verdict.HOLDS: "holds",
    Verdict.WRONG: "defect: a wrong number, type or shape, silently",
    Verdict.UNDEFINED: "defect: NaN or an infinity where there is a derivative",
    Verdict.REFUSED: "refusal: raises, although differentiable",
    Verdict.DIFFERENT: "another policy",
    Verdict.MISSING: "the library has no such function, mode or option",
    Verdict.SILENT: "not asked",
}
SHOWN = 420


@dataclass
class Report:
    """Answers, evidence for those that are defects, and rows of the policy."""

    peer: str
    examples: int
    answers: list[Answer] = field(default_factory=list)
    evidence: dict[tuple[str, str], Evidence] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def of(self, *verdicts: Verdict) -> dict[str, list[Answer]]:
        """Answers of these verdicts, by operation."""
        found: dict[str, list[Answer]] = {}
        for each in self.answers:
            if each.verdict in verdicts:
                found.setdefault(each.operation, []).append(each)
        return found

    def line(self) -> str:
        """The report in a line."""
        operations = {each.operation for each in self.answers}
        counts = [(verdict, sum(each.verdict is verdict for each in self.answers)) for verdict in MEANINGS]
        told = [f"{count} {MEANINGS[verdict].partition(':')[0]} ({verdict.value})" for verdict, count in counts if count]
        return f"{len(self.answers)} questions about {len(operations)} operations: {', '.join(told)}."

    def markdown(self) -> str:
        """The page."""
        versions = ", ".join(f"{name} {version(name)}" for name in dict.fromkeys((PEERS[self.peer], "numpy", "arraygrad")))
        return "\n".join([
            f"# {self.peer}, asked by the conformance kit", "",
            f"{date.today()}, {versions}, Python {platform.python_version()}, CPU; "
            f"`python conformance/peers/run.py {self.peer} --examples {self.examples}`", "",
            self.line(), "",
            *self._defects("Wrong, silently", Verdict.WRONG),
            *self._defects("NaN or infinite where there is a derivative", Verdict.UNDEFINED),
            *self._reasons("Refusals", Verdict.REFUSED),
            *self._policy(),
            *self._reasons("Missing", Verdict.MISSING),
            *self._table(), "",
        ])  # fmt: skip

    def _defects(self, title: str, verdict: Verdict) -> Iterator[str]:
        yield from (f"## {title}", "")
        for operation, answers in self.of(verdict).items():
            yield f"### {operation}: {', '.join(each.question.name for each in answers)}"
            yield ""
            yield from filter(None, dict.fromkeys(tracked(self.peer, operation, a.question.name) for a in answers))
            for each in answers:
                proof = self.evidence.get((operation, each.question.name))
                doubt = "" if proof is None or proof.is_conclusive else ", not confirmed"
                yield f"- {each.question.name}: {_short(each.error) if proof is None else proof}{doubt}"
            yield from ("", "```", described(answers[0].failing), "```", "")
        if not self.of(verdict):
            yield from ("None found.", "")

    def _reasons(self, title: str, verdict: Verdict) -> Iterator[str]:
        yield from (f"## {title}", "")
        said: dict[str, dict[str, list[str]]] = {}
        for operation, answers in self.of(verdict).items():
            for each in answers:
                said.setdefault(_short(each.reason, 160), {}).setdefault(operation, []).append(each.question.name)
        for reason, operations in said.items():
            asked = [name for names in operations.values() for name in names]
            about = f" ({', '.join(dict.fromkeys(asked))})" if len(operations) == 1 else ""
            yield f"- {', '.join(operations)}{about}: {reason}"
        yield ""

    def _policy(self) -> Iterator[str]:
        same = sum(row.agrees for row in self.rows)
        yield from ("## Policy", "")
        yield f"{same} of {len(self.rows)} points as in `docs/numerics.md`. A dead branch contributes to the gradient of: "
        yield f"{', '.join(self.of(Verdict.DIFFERENT)) or 'nothing'}."
        yield from ("", *_rows([("point", "arraygrad", self.peer), ("-", "-", "-")]))
        yield from _rows(
            (row.name, _short(str(row.expected)), _short(row.found if isinstance(row.found, str) else
             str([each.tolist() for each in row.found]))) for row in self.rows if not row.agrees
        )  # fmt: skip
        yield ""

    def _table(self) -> Iterator[str]:
        yield from ("## Operations", "")
        yield from (f"- `{verdict.value}` {meaning}" for verdict, meaning in MEANINGS.items())
        yield ""
        yield from (f"{place}. {name}" for place, name in enumerate(QUESTIONS, 1))
        yield from ("", *_rows([("operation", *map(str, range(1, len(QUESTIONS) + 1))), ["-"] * (len(QUESTIONS) + 1)]))
        by_name = {(each.operation, each.question.name): each.verdict.value for each in self.answers}
        for operation in dict.fromkeys(each.operation for each in self.answers):
            yield from _rows([(f"`{operation}`", *(by_name.get((operation, name), " ") for name in QUESTIONS))])


def _short(text: str, length: int = SHOWN) -> str:
    words = " ".join(text.split()).replace("|", "\\|")
    return words if len(words) <= length else words[: length - 3] + "..."


def _rows(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    return (f"| {' | '.join(cells)} |" for cells in rows)
