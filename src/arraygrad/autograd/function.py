"""`Function`: an operation with a derivative that the user wrote, under the names of `torch.autograd.Function`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import modes
from ..call import level_of
from ..context import FunctionCtx
from ..custom import run
from ..errors import DerivativeNotImplemented, GradientError
from ..graph import AccumulateGrad
from ..tensor import Tensor
from ..views import check_writable, write

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class Function:
    """An operation with a derivative of its own. Subclass it, write static methods, and call `apply`.

    `forward(ctx, *args)`, or `forward(*args)` with `setup_context(ctx, inputs, output)`; `backward(ctx, *grads)` (or
    `vjp`), which returns a gradient or None for each argument; `jvp(ctx, *tangents)` for forward mode. `vmap` is where
    a rule for batches would be.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The value."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what `backward` needs, if `forward` has no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """The gradients of the arguments from those of the outputs."""
        raise DerivativeNotImplemented(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: FunctionCtx, *grad_inputs: Any) -> Any:
        """The tangents of the outputs from those of the arguments."""
        raise DerivativeNotImplemented(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """A rule for batches."""
        raise NotImplementedError("To use autograd.Function with vmap, override the vmap staticmethod.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call it. Keyword arguments have their position in `forward`; for `setup_context` so have the defaults."""
        if cls.backward is not Function.backward and cls.vjp is not Function.vjp:
            raise GradientError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one "
                "of them."
            )
        if kwargs or not cls.takes_context():
            args, kwargs = _by_position(cls, args, kwargs)
        args += tuple(kwargs.values())
        call = run(cls, args, tuple(kwargs), tuple(level_of(arg) is not None for arg in args))
        results = list(call.outputs)
        for position, index in call.dirty.items():
            results[position] = _written(args[index], results[position])
        return tuple(results) if call.is_tuple else results[0]

    @classmethod
    def takes_context(cls) -> bool:
        """Whether `forward` has the context as its first argument."""
        return cls.setup_context is Function.setup_context

    @classmethod
    def reverse_rule(cls) -> Callable[..., Any]:
        """`backward`, or `vjp` if that was written."""
        return cls.backward if cls.backward is not Function.backward else cls.vjp


_signature = functools.cache(inspect.signature)


def _by_position(function: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments of a call, and those that are left without a position."""
    context = (None,) if function.takes_context() else ()
    signature = _signature(function.forward)
    if not kwargs and len(context) + len(args) == len(signature.parameters):
        return args, kwargs
    bound = signature.bind(*context, *args, **kwargs)
    if not context:
        bound.apply_defaults()
    return bound.args[len(context) :], bound.kwargs


def _written(argument: Tensor, result: Tensor) -> Tensor:
    """The argument itself, with the value and history of the output that it is."""
    if argument is result:
        return argument
    if isinstance(argument.node, AccumulateGrad) and modes.is_grad_enabled():
        raise GradientError("mark_dirty: a leaf Variable that requires grad has been used in an in-place operation.")
    check_writable(argument, "mark_dirty")
    write(argument, result)
    return argument


class _Refuse(Function):
    """The identity on its first argument, whose derivative by the others is refused."""

    @staticmethod
    def forward(ctx: FunctionCtx, *args: Any) -> Any:
        """The first argument."""
        return args[0].clone()

    @staticmethod
    def backward(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        """Raises GradientError."""
        raise GradientError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` whose own derivative would be wrong: it runs without recording, and to differentiate it raises."""

    @functools.wraps(backward)
    def wrapped(ctx: FunctionCtx, *grads: Any) -> Any:
        with modes.no_grad():
            results = backward(ctx, *grads)
        tracked = [grad for grad in grads if isinstance(grad, Tensor) and grad.requires_grad]
        if not modes.is_grad_enabled() or not tracked:
            return results
        single = not isinstance(results, (tuple, list))
        refusing = [
            result if result is None else _Refuse.apply(result, *tracked) for result in ((results,) if single else results)
        ]
        return refusing[0] if single else tuple(refusing)

    return wrapped
