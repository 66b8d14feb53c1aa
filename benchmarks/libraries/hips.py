"""HIPS autograd."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as anp
from autograd.scipy.special import logsumexp
from problem import Problem

from .library import Call, Library


def _relu(x: Any) -> Any:
    return anp.maximum(x, 0)


def _cross_entropy(logits: Any, labels: Any, onehot: Any) -> Any:
    return -anp.sum((logits - logsumexp(logits, axis=-1, keepdims=True)) * onehot) / logits.shape[0]


class Autograd(Library):
    """Functions of NumPy arrays, transformed."""

    name = "autograd"
    ops = SimpleNamespace(
        sin=anp.sin, exp=anp.exp, log=anp.log, sqrt=anp.sqrt, tanh=anp.tanh, relu=_relu, sum=anp.sum,
        cross_entropy=_cross_entropy,
    )  # fmt: skip

    def _transformed(self, transform: Any, problem: Problem, argument: Any = 0) -> Call:
        function = transform(lambda *parameters: problem.function(self.ops, parameters, problem.constants), argument)
        return lambda: function(*problem.parameters)

    def forward(self, problem: Problem) -> Call:
        """`make_vjp`, without the call of what it returns."""
        call = self._transformed(autograd.make_vjp, problem, _all(problem))
        return lambda: call()[1]

    def gradients(self, problem: Problem) -> Call:
        """`value_and_grad`."""
        call = self._transformed(autograd.value_and_grad, problem, _all(problem))
        return lambda: call()[1]

    def hessian(self, problem: Problem) -> Call:
        """`hessian`."""
        return self._transformed(autograd.hessian, problem)

    def jacobian(self, problem: Problem) -> Call:
        """`jacobian`."""
        return self._transformed(autograd.jacobian, problem)


def _all(problem: Problem) -> Any:
    """Which arguments to differentiate by: a number for one, a tuple for more."""
    return 0 if len(problem.parameters) == 1 else tuple(range(len(problem.parameters)))
