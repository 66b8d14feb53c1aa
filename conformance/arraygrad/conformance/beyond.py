"""Strategies for parameters of functions beyond the standard."""

from __future__ import annotations

from .cases import Draft
from .parameters import strategy


@strategy("approximate")
def _approximation(draft: Draft) -> str:
    return draft.random.choice(["none", "tanh"])


@strategy("convolve.mode")
def _overlap(draft: Draft) -> str:
    return draft.random.choice(["full", "same", "valid"])
