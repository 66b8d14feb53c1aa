"""What is asked of a peer about each operation, and what came of it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from arraygrad.conformance import Problem, Rejected, contracts, differentiable_calls, properties, second, unselected
from arraygrad.conformance.cases import DOUBLE, Case, cases
from arraygrad.conformance.closeness import same
from arraygrad.conformance.properties import COMPLEX, Property, takes
from arraygrad.conformance.references import reference
from arraygrad.conformance.trial import described
from hypothesis import HealthCheck, Phase, given, seed, settings

from arraygrad.backends import get_backend

from .problem import Missing, PeerProblem, Refused, outputs, said

SHRINKING = 40
"""How many more calls are tried, at most, for a smaller example of a failure."""


SETTINGS = settings(
    database=None, deadline=None, phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


class Verdict(Enum):
    """The value is how a table shows it."""

    HOLDS = "."
    WRONG = "W"
    UNDEFINED = "n"
    DIFFERENT = "p"
    REFUSED = "r"
    MISSING = "-"
    SILENT = " "


@dataclass(frozen=True)
class Question:
    """A property of the kit, and what a peer needs for it. `is_policy`: a peer may answer otherwise and not be wrong."""

    name: str
    check: Callable[[Any], None]
    dtypes: tuple[str, ...] = DOUBLE
    empty: bool = False
    forward: bool = True
    nests: bool = False
    is_policy: bool = False
    applies: Callable[[Any], bool] = lambda call: True

    @property
    def is_derivative(self) -> bool:
        """Whether it is about the numbers of a derivative."""
        return not (self.is_policy or self.name.startswith(("value", "type of", "gradient of", "tangent of")))

    def is_about(self, name: str) -> bool:
        """Whether it can be asked of an operation."""
        own = Property(self.name, self.check, self.dtypes, self.empty, self.applies)
        return properties.applicable(own, name)

    def cases(self, name: str) -> Any:
        """Calls of an operation, of the types that it takes."""
        dtypes = [each for each in self.dtypes if takes(name, "complex128" if "complex" in each else "float64")]
        drawn = cases(name, dtypes, empty=self.empty)
        return drawn if "complex128" not in self.dtypes else drawn.filter(_is_complex)


def _is_complex(case: Case) -> bool:
    return any(np.iscomplexobj(primal) for primal in case.primals)


def value_is_numpys(problem: PeerProblem) -> None:
    """The forward function is NumPy's."""
    same(problem.value(problem.case.primals), list(outputs(problem.case.call.name, numpys(problem.case))), "value", 1e-9)


def _is_ordered(call: Any) -> bool:
    return call.name != "unique_values"  # which may give them in any order


def _questions() -> Iterator[Question]:
    """The kit's properties of first and second order, by mode; of gradients as arrays; of what is not selected."""
    for suffix, dtypes in (("", DOUBLE), (", complex", COMPLEX)):
        yield Question(f"value{suffix}", value_is_numpys, dtypes, forward=False, is_policy=True,
                       applies=_is_ordered)  # fmt: skip
        yield Question(f"gradient{suffix}", properties.gradients_are_limits_of_differences, dtypes, forward=False)
        yield Question(f"tangent{suffix}", properties.tangents_are_limits_of_differences, dtypes)
        yield Question(f"transposes{suffix}", properties.forward_and_reverse_are_transposes, dtypes)
        for composition in COMPOSITIONS:
            check = partial(second.second_derivatives_are_limits_of_differences, composition=composition)
            yield Question(f"{composition}{suffix}", check, dtypes, forward="forward" in composition, nests=True)
    types = ("float32", "float64")
    yield Question("type of gradient", contracts.gradients_have_types_and_shapes, types, forward=False)
    yield Question("type of tangent", contracts.tangents_have_types_and_shapes, types)
    yield Question("gradient of nothing", contracts.gradients_have_types_and_shapes, empty=True, forward=False)
    yield Question("tangent of nothing", contracts.tangents_have_types_and_shapes, empty=True)
    yield Question("dead branch", unselected.what_is_not_selected_contributes_nothing, nests=True, is_policy=True,
                   applies=unselected.is_local)  # fmt: skip


COMPOSITIONS = ("reverse over reverse", "forward over reverse", "reverse over forward", "forward over forward")
QUESTIONS = {question.name: question for question in _questions()}


def numpys(case: Case) -> list[Any]:
    """The values of a case by NumPy. Raises Rejected if it does not take the case."""
    problem = Problem(case, get_backend("numpy"))
    return problem.library(reference(problem))


def ask(question: Question, case: Case, peer: Any) -> None:
    """Raise AssertionError if the property does not hold, and Missing, Refused or Rejected if there is no answer."""
    if not case.active:
        raise Rejected("no array to differentiate by")
    if not question.empty and not all(np.isfinite(value).all() for value in numpys(case)):
        raise Rejected("the value is not finite")
    problem = PeerProblem(case, peer)
    problem.value(case.primals)
    try:
        question.check(problem)
    except AssertionError as error:
        raise (Undefined if problem.is_undefined else AssertionError)(*error.args) from None
    except Rejected:
        raise
    except Exception as error:
        raise Refused(said(error)) from error


class Undefined(AssertionError):
    """The peer gives NaN or an infinity."""


@dataclass
class Answer:
    """What came of a question about an operation: how often what, and the smallest failing call."""

    question: Question
    operation: str
    counts: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[tuple[Verdict, str]] = field(default_factory=Counter)
    failing: Case | None = None
    error: str = ""

    @property
    def verdict(self) -> Verdict:
        """Of all calls together: the worst."""
        order = (Verdict.WRONG, Verdict.UNDEFINED, Verdict.DIFFERENT, Verdict.REFUSED, Verdict.HOLDS, Verdict.MISSING)
        return next((each for each in order if self.counts[each]), Verdict.SILENT)

    def dismiss(self) -> None:
        """What failed is no defect: there is no derivative at that point."""
        self.counts[Verdict.WRONG] = self.counts[Verdict.UNDEFINED] = 0
        self.counts[Verdict.DIFFERENT] = 1

    @property
    def reason(self) -> str:
        """The error of the smallest failing call, or what was said most often."""
        said = [text for (verdict, text), _ in self.reasons.most_common() if verdict is self.verdict]
        return self.error or (said[0] if said else "")


def answer(question: Question, name: str, peer: Any, examples: int) -> Answer:
    """Ask about so many random calls of an operation, the same in every run; shrink one that fails."""
    found = Answer(question, name)
    if (question.forward and peer.jvp is None) or (question.nests and not peer.NESTS):
        found.counts[Verdict.MISSING] += 1
        found.reasons[Verdict.MISSING, "no such mode"] += 1
        return found
    failures: dict[str, AssertionError] = {}
    tries = 0

    @settings(SETTINGS, max_examples=examples)
    @seed(crc32(f"{name} {question.name}".encode()))
    @given(question.cases(name))
    def holds(case: Case) -> None:
        nonlocal tries
        call = described(case)
        tries += bool(failures)
        if call in failures:
            found.failing = case
            raise failures[call]
        if tries > SHRINKING:
            return
        try:
            _count(found, question, case, peer)
        except AssertionError as error:
            found.failing, failures[call] = case, error
            raise

    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"), peer.double():
        try:
            holds()
        except AssertionError as error:
            wrong = Verdict.UNDEFINED if isinstance(error, Undefined) else Verdict.WRONG
            found.counts[Verdict.DIFFERENT if question.is_policy else wrong] += 1
            found.error = " ".join(str(error).split())
    return found


def _count(found: Answer, question: Question, case: Case, peer: Any) -> None:
    try:
        ask(question, case, peer)
    except (Missing, Refused) as error:
        verdict = Verdict.REFUSED if isinstance(error, Refused) else Verdict.MISSING
        found.counts[verdict] += 1
        found.reasons[verdict, str(error)] += 1
    except Rejected:
        found.counts[Verdict.SILENT] += 1
    else:
        found.counts[Verdict.HOLDS] += 1


def operations() -> list[str]:
    """Every operation of arraygrad's but those that it made for itself."""
    return [name for name in differentiable_calls() if name not in OWN]


OWN = ("clone", "linalg.cofactor", "linalg.cofactor_change", "masked", "to_device")
"""What stands in no other library under a name."""
