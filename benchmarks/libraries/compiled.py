"""Value and derivatives compiled as one program: of arraygrad by JAX and by PyTorch, and what those do by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from problem import Problem

import arraygrad as ag

from .library import Call, Library
from .ours import Ours


def differentiated(problem: Problem) -> Any:
    """A function of raw arrays, parameters and then constants, that gives the derivatives and the value."""
    count = len(problem.parameters)

    def function(*arrays: Any) -> tuple[Any, ...]:
        leaves = [ag.asarray(array).detach().requires_grad_() for array in arrays[:count]]
        value = problem.function(Ours.ops, leaves, [ag.asarray(array) for array in arrays[count:]])
        value.backward()
        return (*[leaf.grad.array for leaf in leaves], value.detach().array)

    return function


class Compiled(Library):
    """What is asked for is the derivatives alone."""

    def forward(self, problem: Problem) -> Call | None:
        """Nothing."""
        return None


class OursInJax(Compiled):
    """arraygrad, traced and compiled by `jax.jit`."""

    name = "arraygrad"

    def gradients(self, problem: Problem) -> Call:
        """Compiled at the first call."""
        import jax
        import jax.numpy as jnp

        function = jax.jit(differentiated(problem))
        arrays = [jnp.asarray(array) for array in (*problem.parameters, *problem.constants)]
        return lambda: jax.block_until_ready(function(*arrays))[:-1]


class OursInTorch(Compiled):
    """arraygrad, forward and backward one program of `torch.compile`."""

    name = "arraygrad"

    def gradients(self, problem: Problem) -> Call:
        """Compiled at the first call."""
        import torch

        program = torch.compiler.allow_in_graph(differentiated(problem))
        compiled = torch.compile(lambda *arrays: program(*arrays), fullgraph=True)
        arrays = [torch.tensor(array) for array in (*problem.parameters, *problem.constants)]
        return lambda: compiled(*arrays)[:-1]

    def value(self, array: Any) -> np.ndarray:
        """The numbers of a tensor."""
        return array.numpy()


class PyTorchCompiled(Compiled):
    """PyTorch's function compiled, and `backward` on its value."""

    name = "torch.compile"

    def gradients(self, problem: Problem) -> Call:
        """Compiled at the first call."""
        import torch

        from .pytorch import PyTorch

        parameters, constants = PyTorch().converted(problem)
        compiled = torch.compile(lambda *parameters: problem.function(PyTorch.ops, parameters, constants), fullgraph=True)

        def call() -> list[Any]:
            for parameter in parameters:
                parameter.grad = None
            compiled(*parameters).backward()
            return [parameter.grad for parameter in parameters]

        return call

    def value(self, array: Any) -> np.ndarray:
        """The numbers of a tensor."""
        return array.numpy()
