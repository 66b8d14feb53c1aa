"""Lets `pytest --pyargs arraygrad.conformance` have the options of the kit; any other run of pytest loads nothing."""

from __future__ import annotations

from typing import Any

KIT = "arraygrad.conformance"


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Load the kit's plug-in if the kit is to be run."""
    if any(argument.startswith(KIT) for argument in args):
        early_config.pluginmanager.import_plugin(f"{KIT}.plugin")
