"""Tensors made from nothing, as a PyTorch user makes them: `ag.ones(2, 3, requires_grad=True)`.

They are made by the default backend (or the one named by `backend=`), in the default dtype, which is float32 as in
PyTorch until `set_default_dtype` says otherwise. The standard's own creation functions are in the namespaces
(`arraygrad.numpy`), with the defaults of their library.
"""

from __future__ import annotations

import operator
from typing import Any

from . import ops  # noqa: F401
from .backends import Backend, default_backend, get_backend, is_array
from .dtypes import DType, as_dtype, complex64, complex128, float64
from .errors import ArgumentError, ArgumentTypeError
from .ops import creation
from .printing import _default_dtypes
from .tensor import Tensor, new_tensor


def set_default_dtype(dtype: Any) -> None:
    """The dtype of tensors made from Python floats: a real floating one."""
    chosen = as_dtype(dtype)
    if not chosen.is_floating_point:
        raise ArgumentTypeError(f"set_default_dtype: dtype: got {chosen.name}; expected a real floating dtype")
    _default_dtypes["float"] = chosen
    _default_dtypes["complex"] = complex128 if chosen == float64 else complex64


def get_default_dtype() -> DType:
    """The dtype of tensors made from Python floats."""
    return _default_dtypes["float"]


def _backend(backend: str | Backend | None) -> Backend:
    if backend is None:
        return default_backend()
    return backend if isinstance(backend, Backend) else get_backend(backend)


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    """`ones(2, 3)` and `ones((2, 3))` mean the same."""
    try:
        return tuple(map(operator.index, size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size))
    except TypeError:
        raise ArgumentTypeError(f"size: got {size}; expected integers, one by one or in a tuple") from None


def _default_dtype_of(data: Any) -> DType | None:
    """The default dtype for Python numbers; None for what has a dtype, or is integer or boolean."""
    if isinstance(data, (list, tuple)):
        kinds = {_default_dtype_of(part) for part in data}
        for dtype in (_default_dtypes["complex"], _default_dtypes["float"]):
            if dtype in kinds:
                return dtype
        return None if data else _default_dtypes["float"]
    if isinstance(data, complex) and not hasattr(data, "dtype"):
        return _default_dtypes["complex"]
    return _default_dtypes["float"] if isinstance(data, float) and not hasattr(data, "dtype") else None


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, backend: str | None = None
) -> Tensor:
    """A new leaf with a copy of `data`: Python numbers in nested lists, or an array, whose library it follows."""
    if isinstance(data, Tensor):
        data = data.detach()
    made = _asarray(data, dtype, device, True, backend)
    return new_tensor(made.array).requires_grad_(requires_grad)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None,
    backend: str | None = None,
) -> Tensor:  # fmt: skip
    """`obj` as a Tensor, without a copy where that is possible. A Tensor keeps its identity and its graph."""
    made = _asarray(obj, dtype, device, copy, backend)
    return made if requires_grad is None else made.requires_grad_(requires_grad)


as_tensor = asarray


def from_numpy(array: Any) -> Tensor:
    """A Tensor that shares the memory of a NumPy array."""
    return asarray(array, copy=False)


def _asarray(data: Any, dtype: Any, device: Any, copy: bool | None, backend: str | None) -> Tensor:
    if dtype is None:
        dtype = _default_dtype_of(data)
    if backend is None and not isinstance(data, Tensor) and is_array(data):
        from .backends import backend_of

        return creation.asarray(backend_of(data), data, dtype=dtype, device=device, copy=copy)
    return creation.asarray(_backend(backend), data, dtype=dtype, device=device, copy=copy)


def _made(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
    requires_grad = options.pop("requires_grad", False)
    backend = _backend(options.pop("backend", None))
    if options.get("dtype") is None:
        options["dtype"] = _default_dtypes["float"]
    return creation.bound[name](backend, *args, **options).requires_grad_(requires_grad)


def _has_floats(*bounds: Any) -> bool:
    """Whether there is a Tensor among the bounds to which a gradient may flow."""
    return any(isinstance(bound, Tensor) and bound.dtype.is_differentiable for bound in bounds)


def _from_tensors(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
    """As `_made`, but with the dtype and the backend of the Tensors among the arguments, to which gradients flow."""
    requires_grad = options.pop("requires_grad", False)
    made = creation.bound[name](_backend(options.pop("backend", None)), *args, **options)
    return made.requires_grad_(True) if requires_grad else made


def ones(*size: Any, **options: Any) -> Tensor:
    """Ones. Options: dtype, device, requires_grad, backend."""
    return _made("ones", (_shape(size),), options)


def zeros(*size: Any, **options: Any) -> Tensor:
    """Zeros. Options: dtype, device, requires_grad, backend."""
    return _made("zeros", (_shape(size),), options)


def empty(*size: Any, **options: Any) -> Tensor:
    """An uninitialised tensor. Options: dtype, device, requires_grad, backend."""
    return _made("empty", (_shape(size),), options)


def full(size: Any, fill_value: Any, **options: Any) -> Tensor:
    """`fill_value` everywhere; a gradient flows to it if it is a Tensor. Options: dtype, device, requires_grad, backend."""
    if isinstance(fill_value, Tensor):
        return _from_tensors("full", (size, fill_value), options)
    if isinstance(fill_value, (bool, int)):
        options.setdefault("dtype", "bool" if isinstance(fill_value, bool) else "int64")
    elif isinstance(fill_value, complex):
        options.setdefault("dtype", _default_dtypes["complex"])
    return _made("full", (tuple(size) if not isinstance(size, int) else (size,), fill_value), options)


def eye(n: int, m: int | None = None, **options: Any) -> Tensor:
    """The identity matrix. Options: dtype, device, requires_grad, backend."""
    return _made("eye", (n, m), options)


def arange(start: Any, stop: Any = None, step: Any = 1, **options: Any) -> Tensor:
    """Numbers from `start` to before `stop`; of int64 if all are integers. Options: as for `ones`.

    A gradient flows to Tensors given as `start` and `step`.
    """
    if _has_floats(start, stop, step):
        return _from_tensors("arange", (start, stop, step), options)
    bounds = tuple(creation.number(value) for value in (start, stop, step))
    if all(isinstance(value, int) or value is None for value in bounds):
        options.setdefault("dtype", "int64")
    return _made("arange", bounds, options)


def linspace(start: Any, stop: Any, num: int, **options: Any) -> Tensor:
    """`num` evenly spaced numbers; a gradient flows to bounds that are Tensors. Options: as for `ones`."""
    if _has_floats(start, stop):
        return _from_tensors("linspace", (start, stop, num), options)
    return _made("linspace", (creation.number(start), creation.number(stop), num), options)


def ones_like(x: Tensor, *, requires_grad: bool = False, **options: Any) -> Tensor:
    """Ones in the shape, dtype and device of x."""
    return creation.ones_like(x, **options).requires_grad_(requires_grad)


def zeros_like(x: Tensor, *, requires_grad: bool = False, **options: Any) -> Tensor:
    """Zeros in the shape, dtype and device of x."""
    return creation.zeros_like(x, **options).requires_grad_(requires_grad)


def empty_like(x: Tensor, *, requires_grad: bool = False, **options: Any) -> Tensor:
    """An uninitialised tensor in the shape, dtype and device of x."""
    return creation.empty_like(x, **options).requires_grad_(requires_grad)


def full_like(x: Tensor, fill_value: Any, *, requires_grad: bool = False, **options: Any) -> Tensor:
    """`fill_value` in the shape, dtype and device of x; a gradient flows to it if it is a Tensor."""
    made = creation.full_like(x, fill_value, **options)
    return made.requires_grad_(True) if requires_grad else made


# -- random numbers ---------------------------------------------------------------------------------------


def manual_seed(seed: int) -> None:
    """Start the random numbers of the default backend anew."""
    default_backend().seed(seed)


def _random(draw: str, args: tuple[Any, ...], options: dict[str, Any], dtype: DType) -> Tensor:
    requires_grad = options.pop("requires_grad", False)
    backend = _backend(options.pop("backend", None))
    device = backend.raw_device(options.pop("device", None))
    made = backend.random_array(draw, args, backend.raw_dtype(options.pop("dtype", None) or dtype), device, **options)
    return new_tensor(backend.wrap(made)).requires_grad_(requires_grad)


def rand(*size: Any, **options: Any) -> Tensor:
    """Uniform random numbers in [0, 1). Options: dtype, device, requires_grad, backend."""
    return _random("random", (_shape(size),), options, _default_dtypes["float"])


def randn(*size: Any, **options: Any) -> Tensor:
    """Standard normal random numbers. Options: dtype, device, requires_grad, backend."""
    return _random("standard_normal", (_shape(size),), options, _default_dtypes["float"])


def randint(low: int, high: Any = None, size: Any = None, **options: Any) -> Tensor:
    """Random integers from `low` (default 0) to before `high`: `randint(10, (2, 3))`, `randint(3, 10, (2, 3))`."""
    if size is None:
        low, high, size = 0, low, high
    if low >= high:
        raise ArgumentError(f"randint: got low={low} and high={high}; expected low to be less")
    return _random("integers", (low, high, _shape((size,))), options, as_dtype("int64"))


def rand_like(x: Tensor, **options: Any) -> Tensor:
    """Uniform random numbers in the shape, dtype and backend of x."""
    return rand(*x.shape, **{"dtype": x.dtype, "backend": x.backend, "device": x.device, **options})


def randn_like(x: Tensor, **options: Any) -> Tensor:
    """Standard normal random numbers in the shape, dtype and backend of x."""
    return randn(*x.shape, **{"dtype": x.dtype, "backend": x.backend, "device": x.device, **options})
