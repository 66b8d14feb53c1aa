"""PyTorch's functions at a point, by `torch.autograd`; arraygrad's as a `torch.autograd.Function`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from arraygrad.backends import Backend
from arraygrad.backends.foreign import Call, Foreign
from arraygrad.errors import ArgumentError, GradientError
from arraygrad.interop import exported
from arraygrad.structure import flatten, rebuild
from arraygrad.tensor import as_tensor
from arraygrad.transforms import vjp, zeros_of

Array = torch.Tensor


class TorchFunction(Foreign):
    """A function or module of PyTorch."""

    def __init__(self, function: Callable[..., Any], parameters: Any = None) -> None:
        super().__init__(function)
        self._owner = function if parameters is None else parameters

    @property
    def parameters(self) -> dict[str, Array]:
        """Those that require a gradient now."""
        return {name: each.detach() for name, each in _named(self._owner).items() if each.requires_grad}

    def linearize(self, call: Call, arrays: Sequence[Array], needs: Sequence[bool]) -> Point:
        """Record the function on copies of its arguments, which it may write to."""
        parameters = [each for each in _named(self._owner).values() if each.requires_grad]
        given, needed = arrays[len(parameters) :], needs[len(parameters) :]
        if not any(needs) and any(array.requires_grad for array in given):
            return Point([], call(*given), detaches=False)  # arraygrad's graph ends here, and PyTorch's goes on
        leaves = [leaf(array, need) for array, need in zip(given, needed, strict=True)]
        with torch.set_grad_enabled(any(needs)):
            outputs = [self.own(array) for array in call(*(each.clone() for each in leaves))]
        check_leaves(outputs, {id(each) for each in [*parameters, *leaves]})
        return Point([each if need else None for each, need in zip([*parameters, *leaves], needs, strict=True)], outputs)

    def own(self, output: Array) -> Array:
        """An output in memory that is not the module's, which an optimizer will overwrite."""
        if output.grad_fn is not None and not output._is_view():
            return output
        module = isinstance(self._owner, torch.nn.Module)
        state = itertools.chain(_named(self._owner).values(), self._owner.buffers() if module else ())
        storage = output.untyped_storage().data_ptr()
        return output.clone() if any(storage == each.untyped_storage().data_ptr() for each in state) else output

    def accumulate(self, name: str, gradient: Array) -> None:
        """As a backward pass of PyTorch that ends here: with the parameter's hooks."""
        torch.autograd.backward(_named(self._owner)[name], gradient)


def _named(owner: Any) -> Mapping[str, Array]:
    """The parameters of a module, those of a dictionary or a sequence, by name; a function has none."""
    if isinstance(owner, torch.nn.Module):
        return dict(owner.named_parameters())
    if isinstance(owner, Mapping):
        return owner
    return {} if callable(owner) else {str(place): each for place, each in enumerate(owner)}


def leaf(array: Array, need: bool) -> Array:
    """The same memory as a leaf of a graph of its own. Raises GradientError if PyTorch's graph would be cut."""
    if array.requires_grad:
        raise GradientError(
            f"interop: got a tensor of shape {tuple(array.shape)} that requires a gradient of PyTorch, in a call that "
            "arraygrad differentiates; expected one or the other; detach it, or make it a leaf of arraygrad, with "
            "ag.tensor(..., requires_grad=True)"
        )
    return array.detach().requires_grad_(need)


def check_leaves(outputs: Sequence[Array], known: set[int]) -> None:
    """Raise GradientError if outputs depend on a leaf that is neither an argument nor a parameter: its gradient would be
    lost."""
    stack, seen = [output.grad_fn for output in outputs if output.grad_fn is not None], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if variable is not None and id(variable) not in known:
            raise GradientError(
                f"from_torch: the function uses a tensor of shape {tuple(variable.shape)} that requires a gradient of "
                "PyTorch and is neither an argument nor a parameter, so that its gradient would be lost; name it, with "
                "from_torch(f, parameters=[w]), or use w.detach()"
            )
        stack.extend(following for following, _ in node.next_functions if following is not None)


class Point:
    """Leaves of PyTorch's graph and what was computed of them."""

    def __init__(self, inputs: Sequence[Array | None], outputs: Sequence[Array | None], detaches: bool = True) -> None:
        self.inputs = inputs
        """The leaves to differentiate by; None for the others."""
        self.recorded = outputs
        self.outputs = [each.detach() if each is not None and detaches else each for each in outputs]
        self.differentiable = [detaches and each is not None and each.requires_grad for each in outputs]

    def pull(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Point:
        """The graph walked back, which is recorded in turn if it is to be differentiated."""
        count = len(self.inputs)
        flowing = _leaves(arrays[count:], needs[count:])
        with torch.enable_grad():
            return Point([*self.inputs, *flowing], gradients(self.recorded, self.inputs, flowing, any(needs)))

    def push(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Point:
        """The transpose of `pull`, which is linear in what flows: so the function is not called again, and what it drew at
        random and wrote to its buffers stays."""
        count = len(self.inputs)
        tangents = _leaves(arrays[count:], needs[count:])
        with torch.enable_grad():
            flowing = [torch.zeros_like(each).requires_grad_() if each is not None and flows else None
                       for each, flows in zip(self.recorded, self.differentiable, strict=True)]  # fmt: skip
            pulled = gradients(self.recorded, self.inputs, flowing, True)
            return Point([*self.inputs, *tangents], gradients(pulled, flowing, tangents, any(needs)))


def _leaves(arrays: Sequence[Array | None], needs: Sequence[bool]) -> list[Array | None]:
    return [None if array is None else leaf(array, need) for array, need in zip(arrays, needs, strict=True)]


def gradients(
    outputs: Sequence[Array | None], inputs: Sequence[Array | None], flowing: Sequence[Array | None], create_graph: bool
) -> list[Array | None]:
    """What `torch.autograd.grad` gives for each input, None for those that get nothing."""
    roots = [(output, g) for output, g in zip(outputs, flowing, strict=True)
             if g is not None and output is not None and output.requires_grad]  # fmt: skip
    wanted = [each for each in inputs if each is not None and each.requires_grad]
    if not roots or not wanted:
        return [None] * len(inputs)
    found = torch.autograd.grad(
        [output for output, _ in roots], wanted, [g for _, g in roots],
        retain_graph=True, create_graph=create_graph, allow_unused=True,
    )  # fmt: skip
    by_identity = {id(each): g for each, g in zip(wanted, found, strict=True)}
    return [None if each is None else by_identity.get(id(each)) for each in inputs]


# -- arraygrad's functions in PyTorch ---------------------------------------------------------------------


def export(function: Callable[..., Any], home: Backend, backend: Backend) -> Callable[..., Any]:
    """A function of Tensors as one of PyTorch's tensors."""

    def call(*args: Any, **kwargs: Any) -> Any:
        arrays, flat, rebuild = exported.opened(function, args, kwargs, _flatten, home.is_array)
        return rebuild(Run(exported.stored(flat, backend, home))(*arrays))

    return call


def _flatten(value: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    leaves, structure = flatten(value)
    return leaves, lambda values: rebuild(structure, values)


class Run:
    """A call of a function of Tensors by PyTorch, with what arraygrad recorded, to walk back once."""

    def __init__(self, flat: exported.Flat) -> None:
        self.flat = flat
        self.pull: Callable[..., Any] | None = None
        self.records = False

    def __call__(self, *arrays: Array) -> tuple[Array, ...]:
        """Call it."""
        self.records = torch.is_grad_enabled() and any(array.requires_grad for array in arrays)
        return Exported.apply(self, *arrays)

    def value(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        """The results, in memory that the function does not see: PyTorch's users write to it."""
        tensors = [as_tensor(array.detach()) for array in arrays]
        self.moving = [place for place, array in enumerate(arrays) if is_inexact(array)]
        if self.records:
            some = exported.of_some(self.flat, tensors, self.moving)
            results, self.pull = vjp(some, *(tensors[place] for place in self.moving))
            self.zeros = [zeros_of(result) for result in results]
        else:
            results = self.flat(*tensors)
        return tuple(result.array.clone() for result in results)

    def walk(self, cotangents: Sequence[Array | None]) -> list[Array]:
        """The cotangents of the arguments that are `moving`."""
        assert self.pull is not None
        flowing = [zeros if g is None else as_tensor(g.detach()) for g, zeros in zip(cotangents, self.zeros, strict=True)]
        return [each.array for each in self.pull(tuple(flowing))]


def is_inexact(array: Array) -> bool:
    """Whether a tensor is differentiated by."""
    return array.is_floating_point() or array.is_complex()


class Exported(torch.autograd.Function):
    """A function of Tensors."""

    @staticmethod
    def forward(run: Run, *arrays: Array) -> tuple[Array, ...]:  # type: ignore[override]
        """The value."""
        return run.value(arrays)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, ...]) -> None:
        """Keep the arguments, so that PyTorch notices a write to them."""
        ctx.run, *arrays = inputs
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(each for each in output if not is_inexact(each)))

    @staticmethod
    def backward(ctx: Any, *cotangents: Array | None) -> tuple[Array | None, ...]:
        """The walk back through what arraygrad recorded; computed anew where PyTorch differentiates it."""
        arrays, run = ctx.saved_tensors, ctx.run
        moving = [place for place, need in enumerate(ctx.needs_input_grad[1:]) if need]
        roots = [place for place, g in enumerate(cotangents) if g is not None]
        flowing = [g for g in cotangents if g is not None]
        if not torch.is_grad_enabled() and run.pull is not None:
            by_place = dict(zip(run.moving, run.walk(cotangents), strict=True))
        else:
            by_place = dict(zip(moving, Run(exported.pulled(run.flat, len(arrays), moving, roots))(*arrays, *flowing)))
        return (None, *(by_place[place] if place in moving else None for place in range(len(arrays))))

    @staticmethod
    def jvp(ctx: Any, _: None, *tangents: Array | None) -> tuple[Array | None, ...]:  # type: ignore[override]
        """Forward mode."""
        arrays = ctx.saved_tensors
        moving = [place for place, t in enumerate(tangents) if t is not None]
        push = Run(exported.pushed(ctx.run.flat, len(arrays), moving))
        found = push(*arrays, *(t for t in tangents if t is not None))
        return tuple(t if is_inexact(t) else None for t in found[len(found) // 2 :])

    @staticmethod
    def vmap(info: Any, in_dims: Sequence[int | None], run: Run, *arrays: Array) -> Any:  # type: ignore[override]
        """One call a row."""
        if not info.batch_size:
            raise ArgumentError("to_torch: vmap: got a batch of 0 rows, which tells no shape of results; expected 1 or more")
        rows = [
            Run(run.flat)(*(array if dim is None else array.select(dim, row)
                            for array, dim in zip(arrays, in_dims[1:], strict=True)))
            for row in range(info.batch_size)
        ]  # fmt: skip
        outputs = tuple(torch.stack(column) for column in zip(*rows, strict=True))
        return outputs, (0,) * len(outputs)
