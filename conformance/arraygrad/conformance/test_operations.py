"""Every property of every operation, on the backends that the command line names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from arraygrad.conformance import PROPERTIES, applicable, differentiable_calls
from arraygrad.conformance.plugin import OUTCOME
from arraygrad.conformance.trial import Trial

from arraygrad.backends import get_backend


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each backend, operation and property that were chosen."""
    option = metafunc.config.getoption
    names, props = option("--only") or differentiable_calls(), option("--property") or PROPERTIES
    checks = [(name, prop) for name in names for prop in props if applicable(PROPERTIES[prop], name)]
    backends = option("--backend") or metafunc.config.getini("backends")
    metafunc.parametrize(
        ("backend", "name", "prop"), [(backend, *each) for backend in backends for each in checks], ids=str
    )


def test_property_holds(
    backend: str, name: str, prop: str, request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]
) -> None:
    """Or the backend says that it cannot, or no call says anything about it: then the test is shown as skipped."""
    trial = Trial(name, PROPERTIES[prop], get_backend(backend))
    try:
        trial.run(request.config.getoption("--examples"), request.config.getoption("--seed"))
    finally:
        record_property(OUTCOME, vars(trial.outcome()))
    if not trial.checked:
        pytest.skip(trial.outcome().reason)
