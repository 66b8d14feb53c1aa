"""Libraries of tensors that record what is done to them and have a `backward` method."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem

from .library import Call, Library


class Tensors(Library):
    """What PyTorch and those that follow it have in common. `func` holds the transforms, None where there are none."""

    func: Any = None

    def tensor(self, array: np.ndarray, *, requires_grad: bool) -> Any:
        """A tensor of this library."""
        raise NotImplementedError

    def converted(self, problem: Problem, *, requires_grad: bool = True) -> tuple[list[Any], list[Any]]:
        """Parameters and constants as tensors."""
        parameters = [self.tensor(array, requires_grad=requires_grad) for array in problem.parameters]
        return parameters, [self.tensor(array, requires_grad=False) for array in problem.constants]

    def forward(self, problem: Problem) -> Call:
        """The function called on leaves."""
        parameters, constants = self.converted(problem)
        return lambda: problem.function(self.ops, parameters, constants)

    def gradients(self, problem: Problem) -> Call:
        """`backward` on the result, after the gradients of the last call were dropped."""
        parameters, constants = self.converted(problem)

        def call() -> list[Any]:
            for parameter in parameters:
                self.forget(parameter)
            problem.function(self.ops, parameters, constants).backward()
            return [parameter.grad for parameter in parameters]

        return call

    def forget(self, parameter: Any) -> None:
        """Drop a gradient."""
        parameter.grad = None

    def hessian(self, problem: Problem) -> Call | None:
        """`func.hessian`."""
        return None if self.func is None else self._transformed(self.func.hessian, problem)

    def jacobian(self, problem: Problem) -> Call | None:
        """`func.jacrev`."""
        return None if self.func is None else self._transformed(self.func.jacrev, problem)

    def _transformed(self, transform: Any, problem: Problem) -> Call:
        parameters, constants = self.converted(problem, requires_grad=False)
        transformed = transform(lambda x: problem.function(self.ops, [x, *parameters[1:]], constants))
        return lambda: transformed(parameters[0])

    def value(self, array: Any) -> np.ndarray:
        """The numbers of a tensor."""
        return array.detach().numpy()
