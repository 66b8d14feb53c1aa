"""The properties in `conformance/` of every differentiable operation and composite, on NumPy and array_api_strict."""

from __future__ import annotations

from contextlib import suppress
from zlib import crc32

import pytest
from arraygrad.conformance import (
    PROPERTIES,
    Problem,
    Rejected,
    applicable,
    cases_of,
    check,
    differentiable_calls,
    sampled,
)
from arraygrad.conformance.parameters import strategy_of
from arraygrad.conformance.references import reference
from hypothesis import HealthCheck, Phase, given, seed, settings

from arraygrad.backends import get_backend

NAMES = list(differentiable_calls())
BACKENDS = ("numpy", "array_api_strict")
CHECKS = [
    pytest.param(name, prop, id=f"{name}-{prop.name}")
    for name in NAMES
    for prop in PROPERTIES.values()
    if applicable(prop, name)
]


SETTINGS = settings(
    database=None, deadline=None, phases=(Phase.generate, Phase.shrink), suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "prop"), CHECKS)
def test_property_holds(name, prop, backend):
    @settings(SETTINGS, max_examples=24 if "limits" in prop.name else 8)
    @seed(crc32(f"{name} {prop.name} {backend}".encode()))  # the same cases in every run
    @given(cases_of(prop, name))
    def holds(case):
        with suppress(Rejected):  # the case says nothing about the property; that some do is tested below
            check(prop, case, get_backend(backend))

    holds()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_differences_can_be_taken_of_every_operation(name, backend):
    prop = PROPERTIES["derivatives_are_limits_of_differences"]
    prop = prop if applicable(prop, name) else PROPERTIES[f"{prop.name}_of_complex_numbers"]
    assert applicable(prop, name)
    checked = 0
    for case in sampled(name, 12, prop.dtypes):
        with suppress(Rejected):
            check(prop, case, get_backend(backend))
            checked += 1
    assert checked > 2


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
