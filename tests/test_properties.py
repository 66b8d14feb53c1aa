"""The properties in `conformance/` of every differentiable operation and composite, on NumPy and array_api_strict."""

from __future__ import annotations

import pytest
from arraygrad_conformance import PROPERTIES, Problem, Rejected, applicable, cases_of, check, differentiable_calls, sampled
from arraygrad_conformance.parameters import strategy_of
from arraygrad_conformance.references import reference
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from arraygrad.backends import get_backend

NAMES = list(differentiable_calls())
BACKENDS = ("numpy", "array_api_strict")
CHECKS = [
    pytest.param(name, prop, id=f"{name}-{prop.name}")
    for name in NAMES
    for prop in PROPERTIES.values()
    if applicable(prop, name)
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "prop"), CHECKS)
@settings(
    max_examples=8, derandomize=True, database=None, deadline=None, phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_property_holds(name, prop, backend, data):
    case = data.draw(cases_of(prop, name))
    try:
        check(prop, case, get_backend(backend))
    except Rejected:
        assume(False)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_a_strategy(name):
    call = differentiable_calls()[name]
    for option in call.options:
        strategy_of(call, option)
    not_differentiable = [array for array in call.arrays if array not in call.differentiable]
    for array in not_differentiable:
        strategy_of(call, array)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_a_reference(name):
    for case in sampled(name, 1):
        reference(Problem(case, get_backend("numpy")))
