"""The Jacobians that both modes give, held against differences.

A Jacobian has one row for each element of an input and one column for each element of an output. In fast mode it is
multiplied from both sides by a vector, so that one pass is enough; what is said here of rows and columns holds for the one
row and the one column that are left.

For complex numbers, reverse mode is checked for the real and for the imaginary part of an output: the gradient of such a
part s by z = x + iy is ds/dx + i ds/dy. Forward mode is checked along both axes of an input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import GradcheckError
from ..gradients import grad
from ..tensor import Tensor, as_tensor
from .differences import Numbers, Response, Subject, like, numbers, response
from .forward_ad import dual_level, make_dual, unpack_dual

IMAGINARY_THEN_REAL = (1j, 1.0)


class Settings(NamedTuple):
    """How to compare."""

    eps: float
    atol: float
    rtol: float
    nondet_tol: float = 0.0
    check_grad_dtypes: bool = False
    fast_mode: bool = False

    def directions(self, tensor: Tensor, *seed: int) -> Numbers:
        """The vectors to multiply by, on the side of a tensor, as rows: all axes, or in fast mode one between them."""
        size = tensor.size or 0
        if not self.fast_mode:
            return np.eye(size)
        vector = np.random.default_rng(seed).random((1, size)) + 0.01
        return vector / np.linalg.norm(vector)

    def compare(self, found: Numbers, expected: Numbers, scale: float, what: str) -> None:
        """Raise GradcheckError unless a Jacobian is as expected. `scale` is by how much a product with vectors is larger."""
        if not np.allclose(found, expected, rtol=self.rtol, atol=self.atol * scale):
            raise GradcheckError(f"{what},\nnumerical:{as_tensor(expected)}\nanalytical:{as_tensor(found)}\n")


class Comparison:
    """The checks of one function."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self.subject = subject
        self.settings = settings
        self.variables: list[Tensor] = [subject.inputs[position] for position in subject.variables]
        self.directions = [settings.directions(x, 0, index) for index, x in enumerate(self.variables)]
        before = subject.outputs()
        self.responses: list[Response] = [
            response(subject, position, directions, before, settings.eps)
            for position, directions in zip(subject.variables, self.directions, strict=True)
        ]
        self.all_outputs = subject.outputs()
        self.differentiable = [index for index, output in enumerate(self.all_outputs) if output.requires_grad]
        self.outputs = [self.all_outputs[index] for index in self.differentiable]

    def check_constant(self) -> None:
        """Raise GradcheckError if outputs that require no gradient depend on the inputs."""
        if any(np.any(part != 0) for responses in self.responses for part in _all_parts(responses)):
            raise GradcheckError("Numerical gradient for function expected to be zero")

    # -- reverse mode ---------------------------------------------------------------------------------

    def check_backward(self) -> None:
        """Raise GradcheckError if the gradients are not the derivatives."""
        for part in IMAGINARY_THEN_REAL:
            for number, output in enumerate(self.outputs):
                if part == 1.0 or output.dtype.is_complex:
                    self._check_output(number, part)

    def _check_output(self, number: int, part: complex) -> None:
        output = self.outputs[number]
        weights = self.settings.directions(output, 1, number)
        gradients = self._gradients(number, part * weights)
        again = self._gradients(number, part * weights)
        for first, second in zip(gradients, again, strict=True):
            if first.size and np.max(np.abs(first - second)) > self.settings.nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                    f"different values. The tolerance for nondeterminism was {self.settings.nondet_tol}; a larger one is "
                    "given by nondet_tol=..."
                )
        for index, (found, directions, moved) in enumerate(
            zip(gradients, self.directions, self.responses, strict=True)
        ):
            expected = _of_part(moved, self.differentiable[number], part)
            scale = 1.0
            if self.settings.fast_mode:
                found, expected = directions @ found, expected @ weights.T
                scale = float(directions.sum() * weights.sum())
            what = _considering(part, "outputs") if output.dtype.is_complex else ""
            what += f"Jacobian mismatch for output {number} with respect to input {index}"
            self.settings.compare(found, expected, scale, what)

    def _gradients(self, number: int, weights: Numbers) -> list[Numbers]:
        """For each input the gradients of one output, weighted by each of the rows, as columns."""
        columns: list[list[Numbers]] = [[] for _ in self.variables]
        for row in weights:
            cotangents = [like(row if index == number else 0 * numbers(o), o) for index, o in enumerate(self.outputs)]
            found = grad(self.outputs, self.variables, cotangents, retain_graph=True, allow_unused=True)
            for column, g, x in zip(columns, found, self.variables, strict=True):
                column.append(np.zeros(x.size or 0) if g is None else self._checked(g, x))
        return [
            np.array(column).reshape(len(weights), x.size or 0).T
            for column, x in zip(columns, self.variables, strict=True)
        ]  # fmt: skip

    def _checked(self, g: Tensor, x: Tensor) -> Numbers:
        if g.shape != x.shape:
            raise GradcheckError(f"Analytical gradient has incorrect size: got {g.shape}; expected {x.shape}")
        if self.settings.check_grad_dtypes and g.dtype != x.dtype:
            raise GradcheckError(f"Gradient has dtype mismatch: got {g.dtype.name}; expected {x.dtype.name}")
        return numbers(g)

    # -- forward mode ---------------------------------------------------------------------------------

    def check_forward(self) -> None:
        """Raise GradcheckError if the tangents are not the derivatives."""
        for part in IMAGINARY_THEN_REAL:
            for index, x in enumerate(self.variables):
                if part == 1.0 or x.dtype.is_complex:
                    self._check_input(index, part)

    def _check_input(self, index: int, part: complex) -> None:
        moved, directions = self.responses[index], self.directions[index]
        tangents = [self._tangents(index, part * direction) for direction in directions]
        expected = moved.real if part == 1.0 else moved.imaginary or []
        for number, position in enumerate(self.differentiable):
            found = np.array([row[position] for row in tangents]).reshape(expected[position].shape)
            scale = float(directions.sum()) if self.settings.fast_mode else 1.0
            what = _considering(part, "inputs") if self.variables[index].dtype.is_complex else ""
            what += f"Jacobian computed with forward mode mismatch for output {number} with respect to input {index}"
            self.settings.compare(found, expected[position], scale, what)

    def _tangents(self, index: int, direction: Numbers) -> list[Numbers]:
        """The tangents of the outputs where one input carries a direction."""
        x = self.variables[index]
        return pushed(self.subject, {self.subject.variables[index]: like(direction, x)})


def pushed(subject: Subject, tangents: dict[int, Tensor]) -> list[Numbers]:
    """The tangents of the outputs of a function whose inputs at some positions carry tangents."""
    with dual_level():
        inputs = [
            make_dual(x.detach().requires_grad_(), tangents[position]) if position in tangents else x
            for position, x in enumerate(subject.inputs)
        ]
        pairs = [unpack_dual(output) for output in subject.outputs(*inputs)]
    return [np.zeros(value.size or 0) if tangent is None else numbers(tangent) for value, tangent in pairs]


def _considering(part: complex, what: str) -> str:
    return f"While considering the {'real' if part == 1.0 else 'imaginary'} part of complex {what} only, "


def _of_part(moved: Response, position: int, part: complex) -> Numbers:
    """The gradient of a part of an output by an input, from how the output responds."""
    take = np.real if part == 1.0 else np.imag
    real = take(moved.real[position])
    return real if moved.imaginary is None else real + 1j * take(moved.imaginary[position])


def _all_parts(moved: Response) -> Sequence[Numbers]:
    return [*moved.real, *(moved.imaginary or [])]
