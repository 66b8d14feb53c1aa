"""Strategies for parameters of functions beyond the standard."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import Draft
from .parameters import strategy


@strategy("approximate")
def _approximation(draft: Draft) -> str:
    return draft.random.choice(["none", "tanh"])


@strategy("convolve.mode")
def _overlap(draft: Draft) -> str:
    return draft.random.choice(["full", "same", "valid"])


@strategy("polygamma.n")
def _order(draft: Draft) -> Any:
    return np.asarray(draft.random.randint(0, 2))


@strategy(
    "gammainc.a", "gammaincc.a", "chdtr.v", "chdtrc.v", "betainc.a", "betainc.b", "betaincc.a", "betaincc.b", "fdtr.dfn",
    "fdtr.dfd", "fdtrc.dfn", "fdtrc.dfd", "stdtr.df", "stdtrit.df",
)  # fmt: skip
def _parameter_of_a_distribution(draft: Draft) -> Any:
    return draft.values("a", (), (0.8, 4.0))
