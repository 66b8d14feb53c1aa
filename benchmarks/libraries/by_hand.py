"""An array library alone, NumPy or another, with derivatives by hand: each problem brings its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from arrays import ArrayLibrary
from problem import Problem

from .library import Call, Library


class ByHand(Library):
    """What somebody who does not want a library for derivatives would write."""

    name = "NumPy by hand"

    def __init__(self, arrays: ArrayLibrary | None = None) -> None:
        self._arrays = ArrayLibrary("numpy") if arrays is None else arrays

    def _task(self, task: str, problem: Problem) -> Call | None:
        function = problem.by_hand.get(task)
        if function is None:
            return None
        parameters, constants = (list(map(self._arrays.asarray, each)) for each in (problem.parameters, problem.constants))
        return partial(function, self._arrays.xp, parameters, constants)

    def forward(self, problem: Problem) -> Call | None:
        """The value alone."""
        return self._task("forward", problem)

    def gradients(self, problem: Problem) -> Call | None:
        """Value and derivatives."""
        return self._task("gradients", problem)

    def hessian(self, problem: Problem) -> Call | None:
        """From its formula."""
        return self._task("hessian", problem)

    def jacobian(self, problem: Problem) -> Call | None:
        """From its formula."""
        return self._task("jacobian", problem)

    def value(self, array: Any) -> np.ndarray:
        """On the host."""
        return self._arrays.to_numpy(array)
