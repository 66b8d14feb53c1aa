"""`custom_vjp` and `custom_jvp`: a function with a derivative of its own, the light way, as JAX has them.

Arguments, results and residuals may be nested lists, tuples and dictionaries of tensors. The derivative of the rule
itself is taken through the function's own forward rule again, so it is exact, in both modes and under any nesting.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .autograd.function import Function
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .structure import flatten, rebuild
from .tensor import Tensor
from .transforms import to_tensor, vjp, zeros_of


class _Custom:
    """A function and the rule that was given for it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]

    def _apply(self, args: tuple[Any, ...], kind: type[Function], **attributes: Any) -> Any:
        """Call a Function made of the rule on the leaves of the arguments."""
        leaves, structure = flatten(args)
        tensors = [to_tensor(leaf) for leaf in leaves]
        found: list[Any] = []

        def flat(*values: Any) -> tuple[Any, ...]:
            outputs, out_structure = flatten(self.function(*rebuild(structure, list(values))))
            found[:] = [out_structure]
            return tuple(to_tensor(output) for output in outputs)

        made = type(kind.__name__, (kind,), {"flat": staticmethod(flat), "structure": structure, **attributes})
        outputs = made.apply(*tensors)
        return rebuild(found[0], list(outputs))


class custom_vjp(_Custom):
    """Decorate a function, then say its rule: `f.defvjp(fwd, bwd)`.

    `fwd(*args)` returns the value and residuals; `bwd(residuals, g)` returns a tuple with a gradient (or None) for each
    argument, in its structure.
    """

    rules: tuple[Callable[..., Any], Callable[..., Any]] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Give the rule."""
        self.rules = fwd, bwd

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        if self.rules is None:
            raise GradientError(f"{self.__name__}: no rule; give one with {self.__name__}.defvjp(fwd, bwd)")  # type: ignore[attr-defined]
        return self._apply(args, _ReverseRule, rules=self.rules)


class _ReverseRule(Function):
    """Keeps the arguments, and makes the residuals from them when they are needed."""

    flat: Callable[..., Any]
    structure: Any
    rules: tuple[Callable[..., Any], Callable[..., Any]]

    @classmethod
    def pulled(cls, values: tuple[Tensor, ...], cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the rule gives for the leaves of the arguments."""
        forward, backward = cls.rules
        arguments = rebuild(cls.structure, list(values))
        value, residuals = forward(*arguments)
        _, out_structure = flatten(value)
        gradients = backward(residuals, rebuild(out_structure, list(cotangents)))
        if not isinstance(gradients, tuple) or len(gradients) != len(arguments):
            got = len(gradients) if isinstance(gradients, tuple) else type(gradients).__name__
            raise ArgumentTypeError(f"custom_vjp: bwd returned {got}; expected a tuple with {len(arguments)} gradients")
        return tuple(leaf for pair in zip(arguments, gradients, strict=True) for leaf in _matched(*pair))

    @classmethod
    def forward(cls, *values: Any) -> Any:  # type: ignore[override]
        """The function."""
        return cls.flat(*values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the arguments."""
        ctx.save_for_backward(*inputs)

    @classmethod
    def backward(cls, ctx: Any, *grad_outputs: Any) -> Any:  # type: ignore[override]
        """The rule."""
        return cls.pulled(ctx.saved_tensors, grad_outputs)

    @classmethod
    def jvp(cls, ctx: Any, *grad_inputs: Any) -> Any:  # type: ignore[override]
        """The transpose of the rule, which is linear in the cotangents."""
        values = ctx.saved_tensors
        zeros = tuple(zeros_of(output) for output in cls.flat(*values))

        def rule(*cotangents: Any) -> Any:
            gradients = cls.pulled(values, cotangents)
            return tuple(zeros_of(value) if g is None else g for value, g in zip(values, gradients, strict=True))

        _, transpose = vjp(rule, *zeros)
        return transpose(tuple(grad_inputs))


def _matched(argument: Any, gradient: Any) -> list[Any]:
    leaves, structure = flatten(argument)
    if gradient is None:
        return [None] * len(leaves)
    found, found_structure = flatten(gradient)
    if found_structure != structure:
        raise ArgumentError(f"custom_vjp: bwd returned a gradient of structure {found_structure}; expected {structure}")
    return found


class custom_jvp(_Custom):
    """Decorate a function, then say its rule: `@f.defjvp`.

    `rule(primals, tangents)` returns the value and its tangent, linear in the tangents. Reverse mode is its transpose.
    """

    rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give the rule; a decorator."""
        self.rule = rule
        return rule

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        if self.rule is None:
            raise GradientError(f"{self.__name__}: no rule; give one with @{self.__name__}.defjvp")  # type: ignore[attr-defined]
        return self._apply(args, _ForwardRule, rule=staticmethod(self.rule))


class _ForwardRule(Function):
    """Keeps the arguments, and pushes tangents, or pulls cotangents through the function that does that."""

    flat: Callable[..., Any]
    structure: Any
    rule: Callable[..., Any]

    @classmethod
    def pushed(cls, values: tuple[Tensor, ...], tangents: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the rule gives for the leaves of the arguments."""
        _, tangent = cls.rule(rebuild(cls.structure, list(values)), rebuild(cls.structure, list(tangents)))
        return tuple(to_tensor(leaf) for leaf in flatten(tangent)[0])

    forward = _ReverseRule.__dict__["forward"]
    setup_context = _ReverseRule.__dict__["setup_context"]

    @classmethod
    def backward(cls, ctx: Any, *grad_outputs: Any) -> Any:  # type: ignore[override]
        """The transpose of the rule, which is linear in the tangents."""
        values = ctx.saved_tensors
        _, transpose = vjp(lambda *tangents: cls.pushed(values, tangents), *(zeros_of(value) for value in values))
        return transpose(tuple(grad_outputs))

    @classmethod
    def jvp(cls, ctx: Any, *grad_inputs: Any) -> Any:  # type: ignore[override]
        """The rule."""
        return cls.pushed(ctx.saved_tensors, grad_inputs)


__all__ = ["custom_jvp", "custom_vjp"]
