"""Ask another differentiation library what the kit asks arraygrad.

    python conformance/peers/run.py torch
    python conformance/peers/run.py jax --only linalg.det --only prod --examples 20
    python conformance/peers/run.py mygrad --write docs/results/peers

Prints a row for each operation, then the report; writes it after every operation if `--write` names a folder. The exit
status is 0: what a stranger does wrong is no failure of ours.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

CONFORMANCE = Path(__file__).parents[1]
sys.path[:1] = [str(CONFORMANCE), str(CONFORMANCE.parent / "tests")]

for variable, setting in {
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false",  # each program runs once
}.items():
    os.environ.setdefault(variable, setting)

from peers import PEERS, peer
from peers.evidence import evidence
from peers.policy import rows
from peers.report import Report
from peers.verdict import QUESTIONS, Verdict, answer, operations


def main() -> None:
    """Parse the command line, ask, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("peer", choices=PEERS, help="the library")
    parser.add_argument("--examples", type=int, default=6, help="random calls for each question (default: 6)")
    parser.add_argument("--only", action="append", choices=operations(), metavar="OPERATION", help="may be given again")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write the report as FOLDER/<peer>.md")
    arguments = parser.parse_args()
    report = Report(arguments.peer, arguments.examples)
    library = peer(arguments.peer)
    report.rows = list(rows(library))
    for name in arguments.only or operations():
        print(f"{name:26}{asked(report, name, library)}", flush=True)
        if arguments.write is not None:
            arguments.write.mkdir(parents=True, exist_ok=True)
            (arguments.write / f"{arguments.peer}.md").write_text(report.markdown(), encoding="utf-8")
    print(f"\n{report.markdown()}")


def asked(report: Report, name: str, library: object) -> str:
    """Put all questions about an operation; return what came of them in a row."""
    row = ""
    for question in QUESTIONS.values():
        if not question.is_about(name):
            row += " "
            continue
        found = answer(question, name, library, report.examples)
        report.answers.append(found)
        if found.verdict in (Verdict.WRONG, Verdict.UNDEFINED) and found.question.is_derivative:
            report.evidence[name, question.name] = evidence(question.name, found.failing, library)
        row += found.verdict.value
    return row


if __name__ == "__main__":
    main()
