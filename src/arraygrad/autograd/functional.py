"""`ag.autograd.functional`: derivatives of functions of tensors, under PyTorch's names.

Inputs and outputs of the function are a Tensor each, or a tuple of Tensors. Results can be differentiated themselves only
with `create_graph`. With `strict`, an output or a derivative that does not depend on an input is an error, instead of zero.
The transforms of `ag.func` do the same for nested containers, and nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backends import device_of
from ..call import bare
from ..errors import ArgumentError, GradientError
from ..gradients import grad
from ..jacobians import jacfwd, jacrev
from ..modes import enable_grad
from ..ops import creation
from ..ops.manipulation import reshape
from ..tensor import Tensor
from .forward_ad import dual_level, make_dual, unpack_dual
from .tuples import Function, Several, Tensors, as_tuple, direction, given, outputs_of, scalar_of, variables, vector

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Found = Sequence[Tensor | None]
"""A derivative by each input, None for those that something does not depend on."""


def vjp(
    func: Function, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` at the inputs, and v times its Jacobian, in the structure of the inputs.

    `v` has the structure and shapes of the outputs; it may be left out for one output of one element.
    """
    with enable_grad():
        is_tuple, points = variables(inputs, "vjp", create_graph)
        outputs_are_tuple, outputs = outputs_of(func, points, "vjp", strict)
        weights = vector(v, outputs, outputs_are_tuple, "vjp")
        if weights is None and (len(outputs) != 1 or outputs[0].size != 1):
            raise ArgumentError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
            )
        found = _gradients(outputs, points, weights, create_graph)
        result = _filled(found, points, ("output", "jacobian"), strict, create_graph)
    return given(outputs, outputs_are_tuple, create_graph), given(result, is_tuple, create_graph)


def jvp(
    func: Function, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` at the inputs, and its Jacobian times v, in the structure of the outputs. By forward mode.

    `v` has the structure and shapes of the inputs; it may be left out for one input of one element.
    """
    with enable_grad(), dual_level():
        _, points = variables(inputs, "jvp", create_graph)
        duals = tuple(map(make_dual, points, direction(v, inputs, "jvp")))
        is_tuple, outputs = outputs_of(func, duals, "jvp", strict)
        if strict:
            ones = tuple(map(creation.ones_like, outputs))
            _filled(_gradients(outputs, duals, ones, False), points, ("output", "jacobian"), True, False)
        values, tangents = zip(*map(unpack_dual, outputs), strict=True)
        result = _filled(tangents, values, ("output", "jacobian"), strict, create_graph)
    return given(values, is_tuple, create_graph), given(result, is_tuple, create_graph)


def vhp(
    func: Function, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, of one element, and v times its Hessian, in the structure of the inputs. By reverse mode twice.

    `v` has the structure and shapes of the inputs; it may be left out for one input of one element.
    """
    with enable_grad():
        is_tuple, points = variables(inputs, "vhp", create_graph)
        weights = direction(v, inputs, "vhp")
        output = scalar_of(func, points, "vhp", strict)
        jacobian = _gradients((output,), points, None, True)
        _check_jacobian(jacobian, strict)
        found = _gradients(jacobian, points, weights, create_graph)
        result = _filled(found, points, ("jacobian", "hessian"), strict, create_graph)
    return given((output,), False, create_graph), given(result, is_tuple, create_graph)


def hvp(
    func: Function, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, of one element, and its Hessian times v, in the structure of the inputs.

    By forward over reverse mode. `v` has the structure and shapes of the inputs; it may be left out for one input of one
    element.
    """
    with enable_grad(), dual_level():
        is_tuple, points = variables(inputs, "hvp", create_graph)
        duals = tuple(map(make_dual, points, direction(v, inputs, "hvp")))
        output = scalar_of(func, duals, "hvp", strict)
        jacobian = _gradients((output,), duals, None, create_graph or strict)
        _check_jacobian(jacobian, strict)
        found = [None if g is None else unpack_dual(g).tangent for g in jacobian]
        result = _filled(found, points, ("jacobian", "hessian"), strict, create_graph)
    return given((output,), False, create_graph), given(result, is_tuple, create_graph)


def jacobian(
    func: Function,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func` at the inputs, in the shape of the output and then of the input.

    For tuples it is a tuple, of outputs and then of inputs. `strategy` is "reverse-mode", one pass for each element of the
    outputs, or "forward-mode", one for each element of the inputs. `vectorize` is accepted, and makes no difference.
    """
    _check_strategy(strategy, strict)
    is_tuple, checked = as_tuple(inputs, "inputs", "jacobian")
    if strategy == "forward-mode":
        rows = _by_forward_mode(func, checked)
        outputs_are_tuple = isinstance(rows[0], tuple)
        rows = rows if outputs_are_tuple else (rows,)
    else:
        with enable_grad():
            _, points = variables(inputs, "jacobian", create_graph)
            outputs_are_tuple, outputs = outputs_of(func, points, "jacobian", strict)
            rows = [_by_rows(index, output, points, create_graph, strict) for index, output in enumerate(outputs)]
    results = tuple(given(row, is_tuple, create_graph) for row in rows)
    return results if outputs_are_tuple else results[0]


def hessian(
    func: Function,
    inputs: Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of `func`, whose output has one element, in the shape of the input, twice.

    For a tuple of inputs it is a tuple of tuples. `outer_jacobian_strategy` is the mode in which the gradient, which is by
    reverse mode, is differentiated. `vectorize` is accepted, and makes no difference.
    """
    is_tuple, checked = as_tuple(inputs, "inputs", "hessian")

    def scalar(*points: Tensor) -> Tensor:
        return reshape(scalar_of(func, points, "hessian", strict), ())

    def gradient(*points: Tensor) -> Several:
        if outer_jacobian_strategy == "forward-mode":
            return jacrev(scalar, tuple(range(len(points))))(*points)
        found = jacobian(scalar, points, create_graph=True)
        _check_jacobian(found, strict)
        return found

    result = jacobian(gradient, checked, create_graph, strict, strategy=outer_jacobian_strategy)
    return result if is_tuple else result[0][0]


def _check_strategy(strategy: str, strict: bool) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise ArgumentError(
            f'Expected strategy to be either "forward-mode" or "reverse-mode", but got {strategy!r}. If your function has '
            'more outputs than inputs, "forward-mode" tends to be faster; otherwise prefer "reverse-mode".'
        )
    if strict and strategy == "forward-mode":
        raise ArgumentError(
            '`strict=True` and `strategy="forward-mode"` are not supported together. Please either set `strict=False` or '
            '`strategy="reverse-mode"`.'
        )


def _gradients(outputs: Found, points: Several, weights: Several | None, create_graph: bool) -> Found:
    """The gradients of the sum of those outputs that require one, weighted."""
    chosen = [index for index, output in enumerate(outputs) if output is not None and output.requires_grad]
    if not chosen:
        return (None,) * len(points)
    return grad(
        [outputs[index] for index in chosen],  # type: ignore[misc]
        points,
        None if weights is None else [weights[index] for index in chosen],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )


def _filled(found: Found, like: Several, names: tuple[str, str], strict: bool, create_graph: bool) -> Several:
    """Derivatives, with zeros for None. `names` are those of what was differentiated and of what came of it.

    If `strict`, None raises, and with `create_graph` so does what cannot be differentiated again.
    """
    differentiated, derivative = names
    for index, part in enumerate(found):
        if strict and part is None:
            raise _independent(f"The {differentiated} of the user-provided function", index)
        if strict and create_graph and not part.requires_grad:  # type: ignore[union-attr]
            raise _independent(f"The {derivative} of the user-provided function", index, " when create_graph=True")
    return tuple(creation.zeros_like(other) if part is None else part for part, other in zip(found, like, strict=True))


def _independent(what: str, index: int, when: str = "") -> GradientError:
    return GradientError(f"{what} is independent of input {index}. This is not allowed in strict mode{when}.")


def _check_jacobian(jacobian: Found, strict: bool) -> None:
    """Raise GradientError, if `strict`, for a gradient that there is not, or that is constant."""
    for index, part in enumerate(jacobian):
        if strict and part is None:
            raise _independent("The output of the user-provided function", index)
        if strict and not part.requires_grad:  # type: ignore[union-attr]
            raise GradientError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                f"{index} is independent of the input. This is not allowed in strict mode. You should ensure that your "
                "function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a "
                "linear function for example)."
            )


def _by_rows(index: int, output: Tensor, points: Several, create_graph: bool, strict: bool) -> Several:
    """The Jacobians of one output by each input, by reverse mode."""
    found: Found = (None,) * len(points)
    if output.requires_grad and output.size:
        basis = creation.eye(output.backend, output.size, dtype=output.dtype, device=device_of(bare(output)))
        cotangents = reshape(basis, (output.size, *output.shape))
        found = grad(output, points, cotangents, True, create_graph, allow_unused=True, is_grads_batched=True)
    for number, part in enumerate(found):
        if strict and output.size and part is None:
            raise _independent(f"Output {index} of the user-provided function", number)
        if strict and create_graph and part is not None and not part.requires_grad:
            raise _independent("The jacobian of the user-provided function", number, " when create_graph=True")
    return tuple(_shaped(part, output, x) for part, x in zip(found, points, strict=True))


def _shaped(rows: Tensor | None, output: Tensor, x: Tensor) -> Tensor:
    """Rows in the shape of a Jacobian; zeros for None."""
    shape = (*output.shape, *x.shape)
    if rows is None:
        return creation.zeros(x.backend, shape, dtype=x.dtype, device=device_of(bare(x)))
    return reshape(rows, shape)


def _by_forward_mode(func: Function, inputs: Several) -> Any:
    """For each output, if they are a tuple, the Jacobians by each input."""

    def checked(*points: Tensor) -> Any:
        value = func(*points)
        as_tuple(value, "outputs of the user-provided function", "jacobian")
        return value

    with enable_grad():
        return jacfwd(checked, tuple(range(len(inputs))))(*inputs)
