"""What the conformance kit needs to know of every operation. The properties themselves are tests of the kit, which a run
of pytest without arguments checks on NumPy and array_api_strict."""

from __future__ import annotations

from contextlib import suppress

import pytest
from arraygrad.conformance import PROPERTIES, Problem, Rejected, applicable, check, differentiable_calls, sampled
from arraygrad.conformance.parameters import strategy_of
from arraygrad.conformance.references import reference

from arraygrad.backends import get_backend

NAMES = list(differentiable_calls())


@pytest.mark.parametrize("name", NAMES)
def test_differences_can_be_taken_of_every_operation(name):
    prop = PROPERTIES["derivatives_are_limits_of_differences"]
    prop = prop if applicable(prop, name) else PROPERTIES[f"{prop.name}_of_complex_numbers"]
    assert applicable(prop, name)
    checked = 0
    for case in sampled(name, 12, prop.dtypes):
        with suppress(Rejected):
            check(prop, case, get_backend("numpy"))
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
