"""JAX on the CPU, with 64-bit floats, operation by operation and compiled."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
from problem import Problem

from .library import Call, Library

jax.config.update("jax_enable_x64", True)


def _cross_entropy(logits: Any, labels: Any, onehot: Any) -> Any:
    return -jnp.sum(jax.nn.log_softmax(logits, axis=-1) * onehot) / logits.shape[0]


class Jax(Library):
    """Functions of JAX arrays, transformed, each operation dispatched on its own."""

    name = "JAX"
    ops = SimpleNamespace(
        sin=jnp.sin, exp=jnp.exp, log=jnp.log, sqrt=jnp.sqrt, tanh=jnp.tanh, relu=jax.nn.relu, sum=jnp.sum,
        cross_entropy=_cross_entropy,
    )  # fmt: skip

    def finish(self, function: Any) -> Any:
        """The function as it is called."""
        return function

    def _called(self, transform: Any, problem: Problem) -> Call:
        function = self.finish(transform(partial(problem.function, self.ops)))
        parameters = [jnp.asarray(array) for array in problem.parameters]
        constants = [jnp.asarray(array) for array in problem.constants]
        return lambda: jax.block_until_ready(function(parameters, constants))

    def forward(self, problem: Problem) -> Call:
        """The value that `vjp` gives, without the call of the function that it gives."""
        return self._called(_linearized, problem)

    def gradients(self, problem: Problem) -> Call:
        """`value_and_grad`."""
        call = self._called(jax.value_and_grad, problem)
        return lambda: call()[1]

    def hessian(self, problem: Problem) -> Call:
        """`hessian`."""
        return self._called(partial(_of_first, jax.hessian), problem)

    def jacobian(self, problem: Problem) -> Call:
        """`jacrev`."""
        return self._called(partial(_of_first, jax.jacrev), problem)


def _linearized(function: Any) -> Any:
    return lambda parameters, constants: jax.vjp(lambda free: function(free, constants), parameters)[0]


def _of_first(transform: Any, function: Any) -> Any:
    """The transform of a function by its first parameter alone."""

    def transformed(parameters: Any, constants: Any) -> Any:
        return transform(lambda x: function([x, *parameters[1:]], constants))(parameters[0])

    return transformed


class JaxJit(Jax):
    """The same compiled as a whole; compilation is not timed."""

    name = "JAX jit"

    def finish(self, function: Any) -> Any:
        """The function compiled by XLA."""
        return jax.jit(function)
