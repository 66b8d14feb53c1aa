"""PyTorch's functions that make tensors, and that tell what something is."""

from __future__ import annotations

import math
from typing import Any

from .. import factories
from ..backends import default_backend
from ..dtypes import DType
from ..ops import creation, data_type, elementwise, logic, manipulation, searching, sorting, statistical
from ..tensor import Tensor
from .reductions import topk

__all__ = [
    "Size", "arange", "bernoulli", "cuda", "device", "dtype", "is_complex", "is_floating_point", "is_nonzero",
    "is_tensor", "linspace", "logspace", "meshgrid", "multinomial", "normal", "numel", "randperm", "tril_indices",
    "triu_indices", "vander",
]  # fmt: skip

Size, device, dtype = tuple, str, DType


def linspace(start: Any, end: Any, steps: int, **options: Any) -> Tensor:
    """So many numbers at the same distance, from `start` to `end`."""
    return factories.linspace(start, end, steps, **options)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, **options: Any) -> Tensor:
    """Powers of `base` with exponents at the same distance, from `start` to `end`."""
    return elementwise.pow(base, linspace(start, end, steps, **options))


def arange(start: Any, end: Any = None, step: Any = 1, **options: Any) -> Tensor:
    """Numbers from `start`, or from 0, up to `end`, which is left out."""
    return factories.arange(start, end, step, **options)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of the points of a grid, one tensor for each axis."""
    return creation.meshgrid(*(tensors[0] if isinstance(tensors[0], (list, tuple)) else tensors), indexing=indexing)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of the powers of the entries of a vector, the highest first."""
    exponents = factories.arange(x.shape[0] if N is None else N, dtype=x.dtype, backend=x.backend.name)
    powers = elementwise.pow(x[:, None], exponents)
    return powers if increasing else manipulation.flip(powers, axis=1)


def tril_indices(row: int, col: int, offset: int = 0) -> Tensor:
    """The rows and columns of the entries on and below a diagonal."""
    return _triangle(row, col, lambda rows, columns: columns - rows <= offset)


def triu_indices(row: int, col: int, offset: int = 0) -> Tensor:
    """The rows and columns of the entries on and above a diagonal."""
    return _triangle(row, col, lambda rows, columns: columns - rows >= offset)


def _triangle(row: int, col: int, chosen: Any) -> Tensor:
    mask = chosen(factories.arange(row)[:, None], factories.arange(col)[None, :])
    return manipulation.stack(list(searching.nonzero(mask)))


# -- random numbers -----------------------------------------------------------------------------------------


def normal(mean: Any, std: Any = 1.0, size: Any = None, **options: Any) -> Tensor:
    """Normal random numbers: in the shape of `mean` and `std` together, or of a size."""
    shape = size if size is not None else (mean + std).shape
    return factories.randn(*shape, **options) * std + mean


def randperm(n: int) -> Tensor:
    """The numbers below n in random order."""
    return sorting.argsort(factories.rand(n, dtype="float64"))


def bernoulli(input: Tensor) -> Tensor:
    """1 with the probabilities given, else 0."""
    return data_type.astype(factories.rand_like(input) < input, input.dtype)


def multinomial(input: Tensor, num_samples: int, replacement: bool = False) -> Tensor:
    """Indices drawn with weights, of each row: with replacement by the sums of the weights, without by the keys of P.
    Efraimidis and P. Spirakis, Weighted random sampling with a reservoir, 2006."""
    input = input.detach()
    if not replacement:
        keys = elementwise.log(factories.rand_like(input)) / searching.where(input > 0, input, 1)
        return topk(searching.where(input > 0, keys, -math.inf), num_samples).indices
    sums = statistical.cumulative_sum(input, axis=-1)
    drawn = factories.rand(*input.shape[:-1], num_samples, dtype=input.dtype, backend=input.backend.name) * sums[..., -1:]
    return statistical.sum(data_type.astype(drawn[..., None] >= sums[..., None, :], "int64"), axis=-1)


# -- questions ----------------------------------------------------------------------------------------------


class cuda:
    """What PyTorch programs ask before they choose a device."""

    @staticmethod
    def is_available() -> bool:
        """Whether the default backend has such a device."""
        return any(str(each).startswith("cuda") for each in default_backend().devices())


def is_tensor(obj: object) -> bool:
    """Whether something is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the entries are real floating-point numbers."""
    return input.dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the entries are complex numbers."""
    return input.dtype.is_complex


def is_nonzero(input: Tensor) -> bool:
    """Whether the one entry is not zero."""
    return bool(logic.not_equal(input, 0))


def numel(input: Tensor) -> int:
    """How many entries there are."""
    return math.prod(input.shape)
