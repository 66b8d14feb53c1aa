"""Other differentiation libraries under the kit: a wrong rule is caught and a right one passes, on a peer made for that;
the adapters of the libraries that are installed work."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from arraygrad.conformance import differentiable_calls
from arraygrad.conformance.cases import Case
from arraygrad.conformance.values import Source
from peers import PEERS, peer
from peers.evidence import evidence
from peers.policy import rows
from peers.report import Report
from peers.verdict import QUESTIONS, Verdict, answer

import arraygrad as ag
from arraygrad.namespace import calls

EXACT = ("value", "gradient", "tangent", "transposes", "reverse over reverse", "forward over reverse",
         "reverse over forward", "forward over forward", "type of gradient", "gradient of nothing")  # fmt: skip


def made(function):
    """A peer that has `sin` alone, arraygrad's arrays and derivatives, and this function in its place."""
    return SimpleNamespace(
        function={"sin": function}.get, array=lambda value: ag.asarray(value, copy=True), constant=lambda value: value,
        option=lambda name, value: value, plain=lambda value: value.numpy(), vjp=ag.func.vjp, jvp=ag.func.jvp,
        NESTS=True, TAKES={}, double=nullcontext,
    )  # fmt: skip


def ruled(function, slope):
    """A function with this derivative."""

    class Ruled(ag.autograd.Function):
        @staticmethod
        def forward(x):
            return function(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return g * slope(*ctx.saved_tensors)

        @staticmethod
        def jvp(ctx, t):
            return t * slope(*ctx.saved_tensors)

    return Ruled.apply


def scaled(factor, function):
    return lambda x: factor * function(x)


RIGHT = ruled(ag.sin, ag.cos)
STEEP = ruled(ag.sin, scaled(1.01, ag.cos))
BENT = ruled(ag.sin, ruled(ag.cos, scaled(-1.01, ag.sin)))


def verdicts(library, *questions, name="sin"):
    return [answer(QUESTIONS[question], name, library, 4).verdict for question in questions]


@pytest.mark.parametrize("function", [ag.sin, RIGHT])
def test_right_rules_pass(function):
    assert set(verdicts(made(function), *EXACT)) == {Verdict.HOLDS}


def test_a_wrong_derivative_is_caught_and_confirmed_with_a_small_example():
    library = made(STEEP)
    assert verdicts(library, "value", "gradient", "tangent") == [Verdict.HOLDS, Verdict.WRONG, Verdict.WRONG]
    found = answer(QUESTIONS["gradient"], "sin", library, 4)
    assert found.failing.arrays[0].size <= 3
    proof = evidence("gradient", found.failing, library)
    assert proof.origin == "mpmath" and proof.is_conclusive
    assert np.isclose(proof.peer / proof.reference, 1.01)


def test_a_wrong_second_derivative_is_caught_in_every_composition():
    library = made(BENT)
    assert set(verdicts(library, "gradient", "tangent")) == {Verdict.HOLDS}
    assert set(verdicts(library, *EXACT[4:8])) == {Verdict.WRONG}


def test_what_is_right_is_no_evidence():
    case = answer(QUESTIONS["gradient"], "sin", made(STEEP), 4).failing
    assert not any(evidence(name, case, made(ag.sin)).is_conclusive for name in EXACT[1:8])


def test_where_there_is_no_derivative_there_is_no_evidence():
    at_zero = Case(differentiable_calls()["abs"], [np.array([0.0, 1.0])], {}, Source(0))
    library = made(None)
    library.function = calls().get
    assert not evidence("gradient", at_zero, library).is_conclusive


def test_nan_a_refusal_and_a_missing_function_are_told_apart_from_wrong_numbers():
    def refusing(x):
        raise_ = ag.cos(x).requires_grad
        if raise_:
            raise ValueError("no derivative")
        return ag.sin(x)

    assert verdicts(made(ruled(ag.sin, scaled(np.nan, ag.cos))), "gradient") == [Verdict.UNDEFINED]
    assert verdicts(made(refusing), "value", "gradient") == [Verdict.HOLDS, Verdict.REFUSED]
    assert verdicts(made(ag.sin), "gradient", name="cos") == [Verdict.MISSING]
    assert verdicts(made(lambda x: 1.5 * ag.sin(x)), "value") == [Verdict.DIFFERENT]


def test_a_gradient_of_another_type_is_caught():
    assert verdicts(made(lambda x: ag.astype(ag.sin(ag.astype(x, ag.float64)), x.dtype)), "type of gradient") == [
        Verdict.HOLDS
    ]
    library = made(ag.sin)
    library.vjp = lambda f, *x: (f(*x), lambda g: tuple(ag.astype(each, ag.float64) for each in x))
    assert verdicts(library, "type of gradient") == [Verdict.WRONG]


def test_the_policy_finds_what_differs():
    library = made(None)
    library.function = calls().get
    found = {row.name: row.agrees for row in rows(library)}
    assert len(found) > 90 and all(found.values()), [name for name, agrees in found.items() if not agrees]
    library.function = {**calls(), "abs": lambda x: ag.maximum(x, -x) + x * 0.5}.get
    assert not {row.name: row.agrees for row in rows(library)}["abs at 0"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PEERS)
def test_adapters_work(name):
    pytest.importorskip(PEERS[name])
    library = peer(name)
    for question in ("value", "gradient"):
        assert verdicts(library, question, name="multiply") == [Verdict.HOLDS]
    nested = Verdict.HOLDS if library.NESTS else Verdict.MISSING
    assert verdicts(library, "forward over reverse", name="multiply") == [nested]
    report = Report(name, 4, [answer(QUESTIONS["value"], "multiply", library, 2)])
    assert "1 holds" in report.markdown()


@pytest.mark.filterwarnings("ignore")
def test_a_defect_of_a_released_library_is_found():
    pytest.importorskip("autograd")
    library = peer("autograd")
    found = answer(QUESTIONS["gradient"], "prod", library, 8)  # HIPS/autograd#378: zero factors
    assert found.verdict is Verdict.UNDEFINED
    assert "autograd/issues/378" in Report("autograd", 8, [found]).markdown()
