"""What each library is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from problem import Problem

Call = Callable[[], Any]


class Library:
    """One library as its users use it.

    A task is a method that takes a problem, converts its arrays, and returns the call to be timed, whose result is an
    array or a sequence of arrays; None where the library has no such thing.
    """

    name: str
    ops: Any

    def forward(self, problem: Problem) -> Call | None:
        """The value of the function, recorded so that it could be differentiated."""
        raise NotImplementedError

    def gradients(self, problem: Problem) -> Call | None:
        """The derivative of a scalar function by every parameter, from the function call on."""
        raise NotImplementedError

    def hessian(self, problem: Problem) -> Call | None:
        """The second derivative by the first parameter."""
        return None

    def jacobian(self, problem: Problem) -> Call | None:
        """The derivative of a vector by the first parameter, in reverse mode."""
        return None

    def values(self, result: Any) -> list[np.ndarray]:
        """A task's result as NumPy arrays."""
        arrays = result if isinstance(result, (list, tuple)) else [result]
        return [self.value(array) for array in arrays]

    def value(self, array: Any) -> np.ndarray:
        """One array of this library as a NumPy array."""
        return np.asarray(array)
