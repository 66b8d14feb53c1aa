"""What the functions of `functional` take and give: a Tensor, or a tuple of Tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError, GradientError
from ..ops.creation import ones_like
from ..ops.manipulation import reshape
from ..tensor import Tensor

Function = Callable[..., Any]
Tensors = Tensor | tuple[Tensor, ...]
Several = tuple[Tensor, ...]


def as_tuple(value: Any, what: str, name: str) -> tuple[bool, Several]:
    """Whether a value is a tuple, and its tensors as one."""
    is_tuple = isinstance(value, tuple)
    tensors = value if is_tuple else (value,)
    for index, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            where = f"value at index {index}" if is_tuple else f"given {what}"
            raise ArgumentTypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} has type "
                f"{type(tensor)}."
            )
    if not tensors:
        raise ArgumentError(
            f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the tuple is empty."
        )
    return is_tuple, tensors


def variables(inputs: Any, name: str, create_graph: bool) -> tuple[bool, Several]:
    """The inputs as tensors that the function's closures do not know; on the graph of the inputs if that is to go on."""
    is_tuple, tensors = as_tuple(inputs, "inputs", name)
    return is_tuple, tuple(
        reshape(x, x.shape) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in tensors
    )


def outputs_of(func: Function, points: Sequence[Tensor], name: str, strict: bool) -> tuple[bool, Several]:
    """What a function returns."""
    is_tuple, outputs = as_tuple(func(*points), "outputs of the user-provided function", name)
    for index, output in enumerate(outputs):
        if strict and not output.requires_grad:
            raise GradientError(
                f"Output {index} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )
    return is_tuple, outputs


def scalar_of(func: Function, points: Sequence[Tensor], name: str, strict: bool) -> Tensor:
    """The one output, of one element, of a function."""
    is_tuple, outputs = outputs_of(func, points, name, strict)
    if is_tuple:
        raise ArgumentTypeError(f"The function given to {name} should return a single Tensor, but it returned a tuple.")
    if outputs[0].size != 1:
        raise ArgumentError(
            f"The Tensor returned by the function given to {name} should contain a single element, but it has shape "
            f"{outputs[0].shape}."
        )
    return outputs[0]


def vector(v: Any, like: Several, is_tuple: bool, name: str) -> Several | None:
    """v as a tuple of tensors in the shapes of others; None for None."""
    if v is None:
        return None
    _, tensors = as_tuple(v, "v", name)
    if len(tensors) != len(like):
        raise ArgumentError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(tensors)}."
            if is_tuple
            else "The given v should contain a single Tensor."
        )
    for index, (tensor, other) in enumerate(zip(tensors, like, strict=True)):
        if tensor.shape != other.shape:
            which = f"Entry {index} in v" if is_tuple else "v"
            raise ArgumentError(f"{which} has invalid size: should be {other.shape} but got {tensor.shape}.")
    return tensors


def direction(v: Any, inputs: Any, name: str) -> Several:
    """v as a tuple of tensors in the shapes of the inputs; 1 for None, if they are one number."""
    is_tuple, tensors = as_tuple(inputs, "inputs", name)
    found = vector(v, tensors, is_tuple, name)
    if found is not None:
        return found
    if len(tensors) != 1 or tensors[0].size != 1:
        raise ArgumentError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return (ones_like(tensors[0]),)


def given(tensors: Sequence[Tensor], is_tuple: bool, create_graph: bool) -> Any:
    """Results as the user gets them."""
    results = tuple(tensors) if create_graph else tuple(tensor.detach() for tensor in tensors)
    return results if is_tuple else results[0]
