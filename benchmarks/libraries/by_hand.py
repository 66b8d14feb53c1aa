"""Plain NumPy, differentiated by hand: each problem brings its own."""

from __future__ import annotations

from functools import partial

from problem import Problem

from .library import Call, Library


class ByHand(Library):
    """What somebody who does not want a library would write."""

    name = "NumPy by hand"

    def _task(self, task: str, problem: Problem) -> Call | None:
        function = problem.by_hand.get(task)
        return None if function is None else partial(function, problem.parameters, problem.constants)

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
