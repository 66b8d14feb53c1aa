"""Functions of other libraries as operations, and the operation that they all are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import modes
from ..autograd.function import Function
from ..backends import Backend, is_array
from ..backends.foreign import Linearized
from ..call import bare
from ..dual import Dual
from ..ops.copying import to_backend
from ..tensor import Tensor, as_tensor, new_tensor


class Adopted:
    """A function of another library as an operation of arraygrad's. Its arguments and results are Tensors."""

    def __init__(self, backend: Backend, function: Callable[..., Any], parameters: Any) -> None:
        self.backend = backend
        self.foreign = backend.adopt(function, parameters)
        self._leaves: dict[str, Tensor] = {}
        functools.update_wrapper(self, function, updated=())

    def parameters(self) -> list[Tensor]:
        """The parameters, to differentiate by: `ag.autograd.grad(loss, f.parameters())`."""
        return list(self.named_parameters().values())

    def named_parameters(self) -> dict[str, Tensor]:
        """The same by name."""
        return {name: self._leaf(name, array) for name, array in self.foreign.parameters.items()}

    def _leaf(self, name: str, array: Any) -> Tensor:
        """What stands for a parameter in arraygrad's graph, always the same tensor: it hands on what it accumulates."""
        if name not in self._leaves:
            self._leaves[name] = leaf = new_tensor(array).requires_grad_()

            def hand_on(leaf: Tensor) -> None:
                gradient, leaf.grad = leaf.grad, None
                self.foreign.accumulate(name, bare(gradient))

            leaf.register_post_accumulate_grad_hook(hand_on)
        self._leaves[name].set_array(array)
        return self._leaves[name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        call = _Call(self, args, kwargs)
        home = call.tensors[0].backend if call.tensors else self.backend
        results = _Operation.apply(
            call.linearize, *self.parameters(), *(to_backend(tensor, self.backend) for tensor in call.tensors)
        )
        return call.finish([to_backend(result, home) for result in results])

    def __repr__(self) -> str:
        return f"<{self.foreign.function!r} of {self.backend.name}, as an operation>"


class _Call:
    """One call of a foreign function: where tensors are among its arguments and results.

    A node keeps it as long as the function may be called again; so it keeps neither arguments nor results itself.
    """

    def __init__(self, adopted: Adopted, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.backend, self.foreign = adopted.backend, adopted.foreign
        self.leaves, self.rebuild = self.foreign.flatten((args, kwargs))
        self.places = [place for place, leaf in enumerate(self.leaves) if isinstance(leaf, Tensor) or is_array(leaf)]
        self.tensors = [as_tensor(self.leaves[place]) for place in self.places]
        for place in self.places:
            self.leaves[place] = None
        self.records = modes.is_grad_enabled() or any(isinstance(tensor, Dual) for tensor in self.tensors)

    def linearize(self, arrays: Sequence[Any], needs: Sequence[bool]) -> Linearized:
        """The function at the parameters and the arrays among its arguments."""
        return self.foreign.linearize(self, arrays, [need and self.records for need in needs])

    @property
    def key(self) -> Any:
        """What calls have in common that differ in the values of arrays alone."""
        return self.rebuild, tuple(self.places), tuple(self.leaves)

    def results_of(self, other: _Call) -> None:
        """Find results where another call, of the same key, found them."""
        self.results, self.result_places, self.rebuild_results = other.results, other.result_places, other.rebuild_results

    def __call__(self, *arrays: Any) -> list[Any]:
        """The function, from arrays to arrays."""
        leaves = list(self.leaves)
        for place, array in zip(self.places, arrays, strict=True):
            leaves[place] = array
        args, kwargs = self.rebuild(leaves)
        self.results, self.rebuild_results = self.foreign.flatten(self.foreign.function(*args, **kwargs))
        self.result_places = [place for place, result in enumerate(self.results) if self.backend.is_array(result)]
        outputs = [self.results[place] for place in self.result_places]
        for place in self.result_places:
            self.results[place] = None
        return outputs

    def finish(self, tensors: Sequence[Tensor]) -> Any:
        """The results with tensors in the places of arrays."""
        results = list(self.results)
        for place, tensor in zip(self.result_places, tensors, strict=True):
            results[place] = tensor
        return self.rebuild_results(results)


class _Operation(Function):
    """A linearized function as an operation; so are the two maps that are its derivative, and theirs."""

    @staticmethod
    def forward(ctx: Any, linearize: Callable[..., Linearized], *inputs: Tensor | None) -> Any:  # type: ignore[override]
        """The value."""
        point = linearize([None if x is None else x.array for x in inputs], ctx.needs_input_grad[1:])
        outputs = tuple(None if output is None else as_tensor(output) for output in point.outputs)
        ctx.save_for_backward(*inputs)
        ctx.residual = point
        ctx.set_materialize_grads(False)
        constants = (output for output, flows in zip(outputs, point.differentiable, strict=True) if not flows)
        ctx.mark_non_differentiable(*constants)
        return outputs

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The cotangents of the inputs."""
        inputs = ctx.saved_tensors
        return (None, *_Operation.apply(ctx.residual.pull, *inputs, *grad_outputs)[: len(inputs)])

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs."""
        return _Operation.apply(ctx.residual.push, *ctx.saved_tensors, *grad_inputs[1:])
