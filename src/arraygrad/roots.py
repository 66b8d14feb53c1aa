"""What `backward` and `grad` are given: tensors to start from, with their cotangents, and tensors to end at, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backends import is_real, namespace_of
from .call import bare
from .dual import recorded
from .errors import ArgumentError, ArgumentTypeError, GradientError
from .graph import ROOT, GradientEdge, Level, Vertex
from .tensor import Tensor, as_tensor, new_tensor


def vertex_of(target: Any) -> Any:
    """The vertex of a tensor or of a gradient edge."""
    return target.vertex if type(target) is GradientEdge else target.node


def sequence(value: Any) -> list[Any]:
    """One thing or several as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) and type(value) is not GradientEdge else [value]


def targets_of(value: Any) -> list[Any]:
    """Tensors without the tangents that they carry: what the graph recorded."""
    return list(map(recorded, sequence(value)))


def level_at(tensor: Any) -> Level:
    """The level that recorded a tensor."""
    node = getattr(tensor, "node", None)
    return node.level if node is not None else ROOT


def check_differentiable(targets: Sequence[Tensor]) -> None:
    """Raise unless each can be differentiated by."""
    for index, target in enumerate(targets):
        if type(target) is GradientEdge:
            continue
        if not isinstance(target, Tensor):
            raise ArgumentTypeError(f"inputs[{index}]: got {type(target).__name__}; expected a Tensor")
        if target.node is None:
            raise GradientError(
                f"One of the differentiated Tensors does not require grad: inputs[{index}] of shape {target.shape}; "
                "call requires_grad_() on it before it is used"
            )


def roots_of(tensors: Any, gradients: Any) -> list[tuple[Vertex, Any]]:
    """The vertices to start from, each with its cotangent, checked: an array, or a Tensor where the user gave one."""
    tensors = targets_of(tensors)
    gradients = sequence(gradients) or [None] * len(tensors)
    if len(gradients) != len(tensors):
        raise ArgumentError(f"got {len(tensors)} tensors and {len(gradients)} gradients; expected one gradient for each")
    return [_root(index, *pair) for index, pair in enumerate(zip(tensors, gradients))]


def _root(index: int, tensor: Any, gradient: Any) -> tuple[Vertex, Any]:
    if type(tensor) is GradientEdge:
        return tensor.vertex, _implicit(tensor.like) if gradient is None else _explicit(index, tensor.like, gradient)
    if not isinstance(tensor, Tensor):
        raise ArgumentTypeError(f"outputs[{index}]: got {type(tensor).__name__}; expected a Tensor")
    if tensor.node is None:
        raise GradientError(
            f"element {index} of tensors does not require grad and does not have a grad_fn: none of the tensors that it "
            "was computed from requires a gradient, or recording was switched off"
        )
    return tensor.node, _implicit(tensor) if gradient is None else _explicit(index, tensor, gradient)


def _implicit(tensor: Tensor) -> Any:
    """The cotangent 1 of a real scalar, as an array."""
    array = bare(tensor)
    if array.shape and tensor.size != 1:
        raise GradientError(
            f"grad can be implicitly created only for scalar outputs: got shape {tensor.shape}; "
            "pass a gradient of that shape, or reduce the output first, with sum() or mean()"
        )
    if not is_real(array):
        raise GradientError(
            f"grad can be implicitly created only for real scalar outputs but got {tensor.dtype.name}; "
            "pass a gradient, or take the real part first"
        )
    return namespace_of(array).ones_like(array)


def _explicit(index: int, tensor: Tensor, gradient: Any) -> Tensor:
    """A cotangent given by the user, in the dtype of the output."""
    if not isinstance(gradient, Tensor):
        gradient = as_tensor(gradient) if hasattr(gradient, "dtype") else _scalar_gradient(tensor, gradient)
    if gradient.backend is not tensor.backend:
        raise ArgumentTypeError(
            f"grad_output[{index}]: got an array stored by {gradient.backend.name} for an output stored by "
            f"{tensor.backend.name}; convert it first, with g.to_backend({tensor.backend.name!r})"
        )
    if gradient.device != tensor.device:
        raise ArgumentTypeError(
            f"grad_output[{index}]: got an array on {gradient.device} for an output on {tensor.device}; "
            "move it first, with g.to_device(y.device)"
        )
    if gradient.shape != tensor.shape:
        raise ArgumentError(
            f"Mismatch in shape: grad_output[{index}] has a shape of {gradient.shape} and output[{index}] has a shape of "
            f"{tensor.shape}."
        )
    if gradient.dtype.is_complex != tensor.dtype.is_complex:
        raise ArgumentTypeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[{index}] has a dtype of {gradient.dtype.name} and output[{index}] has a dtype of "
            f"{tensor.dtype.name}."
        )
    if gradient.dtype != tensor.dtype:
        from .ops.data_type import astype

        gradient = astype(gradient, tensor.dtype)
    return gradient


def _scalar_gradient(tensor: Tensor, gradient: Any) -> Tensor:
    if not isinstance(gradient, (int, float, complex)):
        raise ArgumentTypeError(f"gradient: got {type(gradient).__name__}; expected a Tensor or None")
    return new_tensor(tensor.backend.xp.asarray(gradient, dtype=tensor.backend.raw_dtype(tensor.dtype)))
