"""Creation functions of the standard.

Those that are given an array follow it. Those that are not make arrays of a backend: a namespace binds them to its
own (`namespace`), and `arraygrad.zeros` and its like to the default one (`factories`).
"""

from __future__ import annotations

import math
from typing import Any

from ..backends import Backend, backend_of, is_array
from ..call import level_of
from ..dtypes import as_dtype
from ..errors import ArgumentError, ArgumentTypeError
from ..kinds import Array, Tensor, composite, constant, linear
from ..tensor import as_tensor, new_tensor
from .data_type import astype
from .manipulation import broadcast_to, reshape, stack

Shape = int | tuple[int, ...]


@constant
def empty_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An uninitialised array of the shape of x."""


@constant
def ones_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones in the shape of x."""


@constant
def zeros_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Zeros in the shape of x."""


@composite
def full_like(x: Array, /, fill_value: Array, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`fill_value` in the shape of x. A gradient flows to a Tensor given as `fill_value`."""
    x = as_tensor(x)
    return full(x.backend, x.shape, fill_value, dtype=dtype or x.dtype, device=device or x.device)


@linear(x=lambda xp, g, k: xp.tril(g, k=k), moves=True, drops=True)
def tril(x: Array, /, *, k: int = 0) -> Tensor:
    """The lower triangles of matrices: entries above the k-th diagonal are zero."""


@linear(x=lambda xp, g, k: xp.triu(g, k=k), moves=True, drops=True)
def triu(x: Array, /, *, k: int = 0) -> Tensor:
    """The upper triangles of matrices: entries below the k-th diagonal are zero."""


@composite
def meshgrid(*arrays: Array, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinates of a grid from one array an axis."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing: got {indexing!r}; expected 'xy' or 'ij'")
    tensors = [as_tensor(array) for array in arrays]
    order = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) > 1:
        order[:2] = [1, 0]
    lengths: Any = tuple(tensors[position].size for position in order)
    return tuple(
        broadcast_to(
            reshape(tensor, tuple(-1 if order[axis] == position else 1 for axis in range(len(order)))), lengths
        )
        for position, tensor in enumerate(tensors)
    )


# -- bound to a backend -----------------------------------------------------------------------------------


def _options(backend: Backend, dtype: Any, device: Any) -> dict[str, Any]:
    return {"dtype": None if dtype is None else backend.raw_dtype(dtype), "device": backend.raw_device(device)}


def _make(backend: Backend, name: str, *args: Any, dtype: Any = None, device: Any = None, **options: Any) -> Tensor:
    """Call a creation function of the library, and wrap what it makes."""
    try:
        made = getattr(backend.xp, name)(*args, **_options(backend, dtype, device), **options)
    except (ValueError, RuntimeError) as error:
        raise ArgumentError(f"{name}{args}: {error}") from error
    return new_tensor(backend.wrap(made))


def number(value: Any) -> Any:
    """A Python number for a Tensor of no axes that nothing differentiates by."""
    return value.item() if isinstance(value, Tensor) and level_of(value) is None else value


def _dtype_of_bounds(bounds: tuple[Any, ...], dtype: Any) -> Any:
    """The data type asked for; else that of the first bound that is a Tensor of a differentiable one."""
    given = (bound.dtype for bound in bounds if isinstance(bound, Tensor) and bound.dtype.is_differentiable)
    return dtype or next(given, None)


def arange(
    backend: Backend, start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Numbers from `start` to before `stop`, `step` apart. A gradient flows to Tensors given as `start` and `step`."""
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError("arange: step: got 0; expected a number other than 0")
    bounds = (start, stop, step)
    dtype = _dtype_of_bounds(bounds, dtype)
    start, stop, step = map(number, bounds)
    like = next((value for value in (start, step, stop) if isinstance(value, Tensor)), None)
    if like is None:
        return _make(backend, "arange", start, stop, step, dtype=dtype, device=device)
    count = math.ceil((float(stop) - float(start)) / float(step))
    steps = _make(like.backend, "arange", max(count, 0), dtype=dtype, device=device or like.device)
    return start + steps * step


def asarray(backend: Backend, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """`obj` as a Tensor: Tensors keep their identity and graph, lists of Tensors are stacked."""
    if isinstance(obj, (list, tuple)) and contains_tensor(obj):
        obj = stack_nested(backend, obj)
    if isinstance(obj, Tensor):
        return _asarray_of_tensor(obj, dtype, device, copy)
    if isinstance(obj, (str, bytes)) or obj is None:
        raise ArgumentTypeError(f"asarray: obj: got {type(obj).__name__}; expected numbers, nested lists or an array")
    if is_array(obj) and type(obj).__module__ != "numpy":
        backend = backend_of(obj)
    try:
        made = backend.xp.asarray(obj, copy=copy, **_options(backend, dtype, device))
    except TypeError as error:
        raise ArgumentTypeError(f"asarray: obj: got {type(obj).__name__}: {error}") from error
    except ValueError as error:
        raise ArgumentError(f"asarray: obj: got {type(obj).__name__}, copy={copy}: {error}") from error
    try:
        backend.neutral_dtype(made.dtype)
    except ArgumentTypeError as error:
        if hasattr(obj, "shape") and hasattr(obj, "dtype"):
            backend_of(obj)  # which says how arrays of an unknown library get a backend
        raise ArgumentTypeError(f"asarray: obj: got {obj!r}; expected numbers; {error}") from None
    return new_tensor(backend.wrap(made))


def _asarray_of_tensor(x: Tensor, dtype: Any, device: Any, copy: bool | None) -> Tensor:
    changes = dtype is not None and as_dtype(dtype) != x.dtype
    moves = device is not None and device != x.device
    if copy is False and (changes or moves):
        raise ArgumentError(
            f"asarray: copy=False: got {x.dtype.name} on {x.device}; another data type or device needs a copy"
        )
    if moves:
        x = x.to_device(device)
    return astype(x, dtype or x.dtype) if changes or (copy and not moves) else x


def contains_tensor(obj: Any) -> bool:
    """Whether nested lists hold a Tensor."""
    return any(contains_tensor(part) if isinstance(part, (list, tuple)) else isinstance(part, Tensor) for part in obj)


def stack_nested(backend: Backend, obj: Any) -> Tensor:
    """Nested lists of Tensors and numbers as one Tensor, through which gradients flow."""
    parts = [stack_nested(backend, part) if isinstance(part, (list, tuple)) else part for part in obj]
    some = next((part for part in parts if isinstance(part, Tensor)), None)
    made = [
        part if isinstance(part, Tensor) else asarray(backend, part, dtype=some.dtype if some is not None else None)
        for part in parts
    ]
    return stack(made)


def empty(backend: Backend, shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """An uninitialised array."""
    return _make(backend, "empty", shape, dtype=dtype, device=device)


def eye(
    backend: Backend, n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None
) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere."""
    return _make(backend, "eye", n_rows, n_cols, k=k, dtype=dtype, device=device)


def from_dlpack(backend: Backend, x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array taken over from another library."""
    if not hasattr(x, "__dlpack__"):
        raise ArgumentTypeError(f"from_dlpack: x: got {type(x).__name__}; expected an array of a library that speaks DLPack")
    options = {name: value for name, value in (("device", device), ("copy", copy)) if value is not None}
    return new_tensor(backend.wrap(backend.xp.from_dlpack(x, **options)))


def full(backend: Backend, shape: Shape, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`fill_value` in every entry. A gradient flows to a Tensor given as `fill_value`."""
    if not isinstance(fill_value, Tensor) and is_array(fill_value) and backend_of(fill_value) is backend:
        fill_value = as_tensor(fill_value)
    if isinstance(fill_value, Tensor):
        value = astype(fill_value, dtype or fill_value.dtype, copy=False, device=device)
        return astype(broadcast_to(value, (shape,) if isinstance(shape, int) else tuple(shape)), value.dtype)
    return _make(backend, "full", shape, fill_value, dtype=dtype, device=device)


def linspace(
    backend: Backend, start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Tensor:
    """`num` evenly spaced numbers from `start` to `stop`. A gradient flows to Tensors given as bounds."""
    dtype = _dtype_of_bounds((start, stop), dtype)
    start, stop = number(start), number(stop)
    if isinstance(start, Tensor) or isinstance(stop, Tensor):
        like = start if isinstance(start, Tensor) else stop
        weight = _make(like.backend, "linspace", 0.0, 1.0, num, dtype=dtype, device=device or like.device,
                       endpoint=endpoint)  # fmt: skip
        return start * (1 - weight) + stop * weight
    return _make(backend, "linspace", start, stop, num, dtype=dtype, device=device, endpoint=endpoint)


def ones(backend: Backend, shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Ones."""
    return _make(backend, "ones", shape, dtype=dtype, device=device)


def zeros(backend: Backend, shape: Shape, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Zeros."""
    return _make(backend, "zeros", shape, dtype=dtype, device=device)


bound = {
    "arange": arange, "asarray": asarray, "empty": empty, "eye": eye, "from_dlpack": from_dlpack, "full": full,
    "linspace": linspace, "ones": ones, "zeros": zeros,
}  # fmt: skip
"""Creation functions that take the backend first."""
