"""Derivatives as central differences: what `gradcheck` holds gradients against.

Directions and derivatives are NumPy arrays here, whatever library stores the tensors, with one row for each direction and
one column for each element of an output.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from ..backends import device_of
from ..call import bare
from ..dtypes import DType
from ..errors import ArgumentTypeError, GradcheckError
from ..modes import no_grad
from ..ops import creation
from ..tensor import Tensor

Numbers = np.ndarray[Any, Any]


class Subject(NamedTuple):
    """A function at a point."""

    function: Callable[..., Any]
    inputs: tuple[Any, ...]

    @property
    def variables(self) -> list[int]:
        """Positions of the inputs that require a gradient."""
        return [index for index, x in enumerate(self.inputs) if isinstance(x, Tensor) and x.requires_grad]

    def outputs(self, *inputs: Any) -> tuple[Tensor, ...]:
        """What the function returns, at other inputs if they are given: those tensors that can be differentiated."""
        value = self.function(*(inputs or self.inputs))
        outputs = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        for index, output in enumerate(outputs):
            if not isinstance(output, Tensor):
                raise ArgumentTypeError(
                    f"gradcheck: output {index} of func: got {type(output).__name__}; expected a Tensor"
                )
        return tuple(output for output in outputs if output.dtype.is_differentiable)


def numbers(tensor: Tensor) -> Numbers:
    """The entries of a tensor as a vector, without its graph."""
    return np.array(tensor._values()).reshape(-1)


def like(values: Numbers, tensor: Tensor) -> Tensor:
    """Numbers as a tensor in the shape, dtype and library of another."""
    shaped = values.astype("complex128" if tensor.dtype.is_complex else "float64").reshape(tensor.shape)
    return creation.asarray(tensor.backend, shaped, dtype=tensor.dtype, device=device_of(bare(tensor)))


def central_difference(subject: Subject, position: int, direction: Numbers, eps: float) -> list[Numbers]:
    """The derivative of each output along a direction of one input, whose entries are moved, for every tensor that shares
    them, and put back."""
    x = subject.inputs[position]
    before = x.detach().clone()
    step = like(eps * direction, x)
    try:
        low = _moved(subject, x, before - step)
        high = _moved(subject, x, before + step)
    finally:
        _write(x, before)
    for first, second in zip_longest(low, high):
        _check_alike(first, second, eps)
    return [(above.values - below.values) / (2 * eps) for below, above in zip(low, high, strict=True)]


class _Snapshot(NamedTuple):
    """An output as it was: the tensor itself may share its entries with an input that is moved on."""

    shape: tuple[int, ...]
    dtype: DType
    values: Numbers


def _moved(subject: Subject, x: Tensor, values: Tensor) -> list[_Snapshot]:
    _write(x, values)
    return [_Snapshot(output.shape, output.dtype, numbers(output)) for output in subject.outputs()]


def _write(x: Tensor, values: Tensor) -> None:
    with no_grad():
        x.copy_(values)


def _check_alike(first: _Snapshot | None, second: _Snapshot | None, eps: float) -> None:
    """Raise GradcheckError if an output changed its shape or dtype, or is not there."""
    for attribute in ("shape", "dtype"):
        one, other = getattr(first, attribute, None), getattr(second, attribute, None)
        if one != other:
            raise GradcheckError(
                f"Expected `func` to return outputs with the same {attribute} when inputs are perturbed by {eps}, but got: "
                f"{attribute}s {one} and {other}."
            )


class Response(NamedTuple):
    """How each output responds when an input moves along each of some directions; along i times those, if it is complex."""

    real: list[Numbers]
    imaginary: list[Numbers] | None


def response(subject: Subject, position: int, directions: Numbers, outputs: tuple[Tensor, ...], eps: float) -> Response:
    """The derivatives of the outputs, as differences."""

    def along(factor: complex) -> list[Numbers]:
        rows = [central_difference(subject, position, factor * direction, eps) for direction in directions]
        return [
            np.array([row[index] for row in rows]).reshape(len(directions), output.size or 0)
            for index, output in enumerate(outputs)
        ]

    return Response(along(1.0), along(1j) if subject.inputs[position].dtype.is_complex else None)
