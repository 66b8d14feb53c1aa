"""`ag.autograd.gradcheck` and `gradgradcheck`: whether gradients are the derivatives, by central differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, GradcheckError
from ..gradients import grad
from ..ops.creation import ones_like, zeros_like
from ..ops.manipulation import stack
from ..tensor import Tensor
from .comparison import Comparison, Settings, pushed
from .differences import Subject, like, numbers

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` by those inputs that require one are its derivatives.

    Gives True, or raises GradcheckError with both Jacobians (gives False, if `raise_exception` is False).

    Each input is moved by `eps` either way, in place, so that the gradients of what `func` closes over can be checked too.
    The defaults are made for double precision. Jacobians agree if they differ by at most `atol + rtol * |numerical|`.
    A complex output is checked as its real and its imaginary part. What is checked besides:

    - that the gradient is the same the second time, but for `nondet_tol`, and zero where that of the outputs is;
    - `check_undefined_grad`: that an output that nobody uses counts as one whose gradient is zero;
    - `check_grad_dtypes`: that gradients have the dtype of their inputs;
    - `check_batched_grad`: that `grad(is_grads_batched=True)` gives the same;
    - `check_forward_ad`: forward mode, for functions of the inputs that they are given; `check_backward_ad`: reverse mode.

    `fast_mode` multiplies the Jacobians by random vectors, the same each time, and compares the products.
    `check_batched_forward_grad` and `masked` are accepted, and make no difference.
    """
    if not (check_forward_ad or check_backward_ad):
        raise ArgumentError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise ArgumentError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise ArgumentError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    subject = Subject(func, _as_tuple(inputs))
    _check_inputs(subject)
    settings = Settings(eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode)
    try:
        _check_jacobians(subject, settings, check_backward_ad, check_forward_ad)
        if check_forward_ad and check_undefined_grad:
            _check_missing_tangents(subject)
        if check_backward_ad:
            _check_zero(subject)
        if check_backward_ad and check_undefined_grad:
            _check_unused_outputs(subject)
        if check_batched_grad:
            _check_batches(subject)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives are right: those of the gradients of `func`, by its inputs and by `grad_outputs`.

    `grad_outputs` are the gradients of the outputs, random ones if they are left out. `check_rev_over_rev` and
    `check_fwd_over_rev` say in which mode the gradients are differentiated. The other arguments are those of `gradcheck`;
    `gen_non_contig_grad_outputs` and `masked` are accepted, and make no difference.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise ArgumentError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    for name, flag in (("check_undefined_grad", check_undefined_grad), ("check_batched_grad", check_batched_grad)):
        if flag and not check_rev_over_rev:
            raise ArgumentError(f"Setting {name}=True requires check_rev_over_rev to be True")
    subject = Subject(func, _as_tuple(inputs))
    weights = _random_like(_differentiable(subject)) if grad_outputs is None else _as_tuple(grad_outputs)
    count, variables = len(subject.inputs), subject.variables

    def gradients(*given: Any) -> tuple[Tensor, ...]:
        outputs = _differentiable(subject, *given[:count])
        points = [given[position] for position in variables]
        found = grad(outputs, points, given[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients,
        subject.inputs + weights,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
    )


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _differentiable(subject: Subject, *inputs: Any) -> list[Tensor]:
    return [output for output in subject.outputs(*inputs) if output.requires_grad]


def _random_like(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Numbers between -1 and 1, from a generator of our own, in tensors that require gradients."""
    generator = np.random.default_rng(0)

    def draw(tensor: Tensor) -> Any:
        values = generator.uniform(-1, 1, tensor.size)
        return values + 1j * generator.uniform(-1, 1, tensor.size) if tensor.dtype.is_complex else values

    return tuple(like(draw(tensor), tensor).requires_grad_() for tensor in tensors)


def _check_inputs(subject: Subject) -> None:
    if not subject.variables:
        raise ArgumentError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for position in subject.variables:
        if subject.inputs[position].dtype.name not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{position} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )


def _check_jacobians(subject: Subject, settings: Settings, backward: bool, forward: bool) -> None:
    """Raise GradcheckError if the Jacobians of a mode are not those of differences."""
    comparison = Comparison(subject, settings)
    if not comparison.outputs:
        comparison.check_constant()
        return
    try:
        if backward:
            comparison.check_backward()
        if forward:
            comparison.check_forward()
    except GradcheckError as error:
        if settings.fast_mode:
            raise GradcheckError(f"{error}{_in_slow_mode(subject, settings, backward, forward)}") from None
        raise


def _in_slow_mode(subject: Subject, settings: Settings, backward: bool, forward: bool) -> str:
    """What a check that failed in fast mode finds element by element."""
    try:
        _check_jacobians(subject, settings._replace(fast_mode=False), backward, forward)
    except GradcheckError as error:
        return f"\nThe above are products of the Jacobians with random vectors. Element by element:\n\n{error}"
    return (
        "\nThe above are products of the Jacobians with random vectors. Fast gradcheck failed but element-wise differences "
        "are small: the check passes with fast_mode=False."
    )


def _check_zero(subject: Subject) -> None:
    outputs = _differentiable(subject)
    if outputs:
        for g in _gradients(subject, outputs, list(map(zeros_like, outputs))):
            if g is not None and np.any(numbers(g) != 0):
                raise GradcheckError("backward not multiplied by grad_output")


def _gradients(subject: Subject, outputs: Sequence[Tensor], weights: Sequence[Tensor]) -> Sequence[Tensor | None]:
    variables = [subject.inputs[position] for position in subject.variables]
    return grad(outputs, variables, weights, retain_graph=True, allow_unused=True)


def _check_unused_outputs(subject: Subject) -> None:
    """Raise GradcheckError if to leave an output out is not the same as to weigh it by zero."""
    outputs = _differentiable(subject)
    for index in range(len(outputs) if len(outputs) > 1 else 0):
        others = [*outputs[:index], *outputs[index + 1 :]]
        weights = [
            zeros_like(output) if number == index else ones_like(output) for number, output in enumerate(outputs)
        ]
        expected = _gradients(subject, outputs, weights)
        try:
            found = _gradients(subject, others, list(map(ones_like, others)))
        except Exception as error:
            raise GradcheckError(
                f"Expected backward function to handle undefined output grads: that of output {index} is None"
            ) from error
        for number, (mine, other) in enumerate(zip(found, expected, strict=True)):
            if not np.allclose(_or_zero(mine), _or_zero(other)):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero: that of "
                    f"input {number} differs where output {index} is not used"
                )


def _or_zero(g: Tensor | None) -> Any:
    return 0.0 if g is None else numbers(g)


def _check_missing_tangents(subject: Subject) -> None:
    """Raise GradcheckError if an input without a tangent is not the same as one whose tangent is zero."""
    positions = subject.variables
    inputs = [subject.inputs[position] for position in positions]
    tangents = {
        position: like(np.random.default_rng(position).random(x.size), x)
        for position, x in zip(positions, inputs, strict=True)
    }
    for position, x in zip(positions, inputs, strict=True):
        others = {number: tangent for number, tangent in tangents.items() if number != position}
        expected = pushed(subject, {**others, position: zeros_like(x)})
        found = pushed(subject, others)
        for index, (mine, other) in enumerate(zip(found, expected, strict=True)):
            if not np.allclose(mine, other):
                raise GradcheckError(
                    f"Mismatch in tangent values for output with index: {index} when input: {position} has an undefined "
                    f"tangent value. Got: {mine} but expected: {other}"
                )


def _check_batches(subject: Subject) -> None:
    """Raise GradcheckError if the gradients of a batch are not those of its rows."""
    variables = [subject.inputs[position] for position in subject.variables]
    for index, output in enumerate(_differentiable(subject)):
        rows = [_random_like([output])[0].detach() for _ in range(2)]
        expected = [_gradients(subject, [output], [row]) for row in rows]
        found = grad(output, variables, stack(rows), retain_graph=True, allow_unused=True, is_grads_batched=True)
        for number, g in enumerate(found):
            if not np.allclose(_or_zero(g), np.array([_or_zero(row[number]) for row in expected]).reshape(-1)):
                raise GradcheckError(
                    f"For output {index} and input {number}: gradcheck or gradgradcheck failed while testing batched "
                    "gradient computation: grad(is_grads_batched=True) gives other gradients than one call for each row"
                )
