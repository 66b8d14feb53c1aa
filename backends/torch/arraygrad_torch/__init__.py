"""PyTorch tensors on any device. To PyTorch, what arraygrad calls, forward and backward, are functions like others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import array_api_compat.torch as library
import numpy
import torch
from torch._C import _functorch as functorch
from torch._subclasses import FakeTensor
from torch.autograd import forward_ad

from arraygrad.backends import Backend
from arraygrad.backends.positions import along_one_axis, covered, has_integer_array, is_integer_array, is_mask, parts_of
from arraygrad.errors import ExportError

from . import special
from .interop import TorchFunction, export

Array = Any
_ON_HOST = 1
"""The device that DLPack calls kDLCPU."""

_DRAWS = {"random": torch.rand, "standard_normal": torch.randn, "integers": torch.randint}
_BASIC = {int, type(None), type(Ellipsis)}


def _references(cell: list[Array]) -> tuple[int, int]:
    """How many references CPython counts to the tensor that a list holds, and PyTorch to its memory."""
    x = cell.pop()
    return sys.getrefcount(x), torch._C._storage_Use_Count(x.untyped_storage()._cdata)


_ALONE = _references([torch.empty(1)])


class TorchBackend(Backend):
    """PyTorch tensors on any device."""

    protocol_version = 1
    oldest = "2.6"
    indexes_as_numpy = True
    steps_back = False
    storage_only = frozenset({"uint16", "uint32", "uint64"})
    repairs = ("acos", "expm1", "floor_divide", "log1p", "remainder", "tanh")
    substitutes = ("unique_all",)
    elsewhere = special.OTHERS

    def __init__(self) -> None:
        super().__init__("torch", library)

    def is_array(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def has_values(self, x: Array) -> bool:
        while functorch.is_functorch_wrapped_tensor(x) and not functorch.is_batchedtensor(x):
            x = functorch.get_unwrapped(x)
        is_traced = torch.compiler.is_compiling() or isinstance(x, FakeTensor) or functorch.is_batchedtensor(x)
        return not (x.is_meta or is_traced)

    def on_host(self, x: Array) -> bool:
        followed = x.requires_grad or functorch.is_functorch_wrapped_tensor(x)  # by PyTorch's own derivatives
        return not followed and super().on_host(x)

    def devices(self) -> tuple[Any, ...]:
        kind = torch.accelerator.current_accelerator()
        count = torch.accelerator.device_count()
        return (torch.device("cpu"), *(torch.device(kind.type, index) for index in range(count) if kind is not None))

    def convert(self, x: Array, dtype: Any, *, copy: bool = True) -> Array:
        return (x.real if x.is_complex() and not dtype.is_complex else x).to(dtype, copy=copy)

    def readable(self, x: Array, key: Any) -> Any:
        parts = [part.long() if is_integer_array(part) else part for part in parts_of(key)]  # to PyTorch uint8 is a mask
        if len(parts) == 1 and is_mask(parts[0]) and parts[0].numel() == 0:
            parts[0] = parts[0].new_zeros(covered(x.shape, parts[0]))
        return super().readable(x, tuple(parts))

    def getitem(self, x: Array, key: Any) -> Array:
        for part in key if type(key) is tuple else (key,):
            if type(part) not in _BASIC and not (type(part) is slice and part.step is None):
                return super().getitem(x, key)
        return x[key]

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        if not has_integer_array(key):
            return super().index_add(x, values, key=key)
        given, axis, at, values = along_one_axis(self.xp, x, values, key, known_to=self)
        return given.index_add(axis, at, values).reshape(x.shape)

    def add_at(self, x: Array, values: Array, key: Any) -> Array:
        if functorch.is_functorch_wrapped_tensor(values):  # a batch does not fit into what is none
            return self.index_add(x, values, key=key)
        if not has_integer_array(key):
            return super().add_at(x, values, key)
        given, axis, at, values = along_one_axis(self.xp, x, values, key, known_to=self)
        return given.index_add_(axis, at, values).reshape(x.shape)

    def own(self, cell: list[Array]) -> Array:
        x = cell.pop()
        if not _is_plain(x):
            return x.clone()
        memory = x.untyped_storage()
        is_whole = memory.nbytes() == x.numel() * x.element_size() and memory.resizable()  # not lent by another library
        if is_whole and (sys.getrefcount(x), torch._C._storage_Use_Count(memory._cdata)) == _ALONE:
            return x
        return x.clone()

    def dlpack(self, x: Array, **options: Any) -> Any:
        if x.requires_grad:
            raise ExportError(
                "got a tensor that requires a gradient of PyTorch, whose graph ends where the tensor leaves; expected one "
                "that arraygrad alone records; detach it first, or differentiate with arraygrad"
            )
        return super().dlpack(x.resolve_conj().resolve_neg(), **options)

    def to_numpy(self, x: Array) -> Any:
        x = x.float() if x.dtype is torch.bfloat16 else x  # which NumPy has not
        return x.detach().cpu().resolve_conj().resolve_neg().numpy()

    def adopt(self, function: Callable[..., Any], parameters: Any = None) -> TorchFunction:
        return TorchFunction(function, parameters)

    def export(self, function: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
        return export(function, self, backend)

    def seed(self, seed: int) -> None:
        torch.manual_seed(seed)

    def random_state(self) -> Any:
        return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def set_random_state(self, state: Any) -> None:
        torch.set_rng_state(state[0])
        torch.cuda.set_rng_state_all(state[1])

    def random_array(self, draw: str, args: tuple[Any, ...], dtype: Any, device: Any = None) -> Array:
        return _DRAWS[draw](*args, dtype=dtype, device=device)


def _asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Array:
    """A copy is cut off from PyTorch's graph. PyTorch has neither negative strides nor memory that is not to be written."""
    if isinstance(obj, torch.Tensor):
        same = dtype in (None, obj.dtype) and device in (None, obj.device)
        if copy is False and not same:
            raise ValueError("another data type or device needs a copy")
        return (obj.detach() if copy else obj).to(device or obj.device, dtype or obj.dtype, copy=bool(copy))
    if isinstance(obj, numpy.ndarray) and copy is not False and (min((1, *obj.strides)) < 0 or not obj.flags.writeable):
        obj = obj.copy()
    return library.asarray(obj, dtype=dtype, device=device, copy=copy)


def _from_dlpack(x: Any, /, **options: Any) -> Array:
    """PyTorch ends the process where strides are negative."""
    strides = getattr(x, "strides", None)
    if strides is None and not isinstance(x, torch.Tensor) and x.__dlpack_device__()[0] == _ON_HOST:
        with suppress(RuntimeError):  # a data type that NumPy has not: nor has its library negative strides
            strides = numpy.from_dlpack(x).strides
    if min((0, *(strides or ()))) < 0:
        x = x.copy() if hasattr(x, "copy") else numpy.from_dlpack(x).copy()
    return library.from_dlpack(x, **options)


def _expm(x: Array, /) -> Array:
    wide = x.float() if x.itemsize < 4 else x  # in half precision the squarings overflow
    return torch.linalg.matrix_exp(wide).to(x.dtype)


def _quick(native: Callable[..., Array], general: Callable[..., Array], takes_numbers: bool) -> Callable[..., Array]:
    """PyTorch's own function where it has nothing to promote."""

    def call(x1: Array, x2: Any, /) -> Array:
        if type(x1) is type(x2):
            if x1.dtype is x2.dtype:
                return native(x1, x2)
        elif takes_numbers and (type(x2) is float or type(x2) is int):
            return native(x1, x2)
        return general(x1, x2)

    return call


def _sum(x: Array, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Array:
    if axis == ():  # which to PyTorch is all of them
        return library.sum(x, axis=axis, dtype=dtype)
    return torch.sum(x, axis, keepdims, dtype=dtype)


def _reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    return torch.reshape(x, shape) if copy is None else library.reshape(x, shape, copy=copy)


def _is_plain(x: Array) -> bool:
    """Whether a tensor is an array and nothing else: no transform of PyTorch is at work on it."""
    return type(x) is torch.Tensor and not functorch.is_functorch_wrapped_tensor(x) and not torch.compiler.is_compiling()


_BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
_FEW = 1000
"""Elements that PyTorch's own function has handled before a cleverer one has begun."""


def _masked(x: Array, mask: Array, /) -> Array:
    """By the bits of floats, times 0 or 1: on the CPU `torch.where` takes several times as long."""
    bits = _BITS.get(x.dtype)
    is_many = x.device.type == "cpu" and x.numel() > _FEW and x.shape == mask.shape
    is_followed = x.requires_grad or forward_ad._current_level >= 0 or not _is_plain(x)
    if bits is None or not is_many or is_followed or x.is_neg():
        return torch.where(mask, x, 0)
    return mask.to(bits).mul_(x.view(bits)).view(x.dtype)


def _matrix_transpose(x: Array, /) -> Array:
    return x.mT if x.ndim > 1 else library.matrix_transpose(x)


ARITHMETIC = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "pow": torch.pow,
    "equal": torch.eq, "not_equal": torch.ne, "greater": torch.gt, "greater_equal": torch.ge, "less": torch.lt,
    "less_equal": torch.le,
}  # fmt: skip

TorchBackend.overrides = {
    "asarray": _asarray,
    "clone": torch.clone,
    "from_dlpack": _from_dlpack,
    "to_device": lambda x, /, device, *, stream=None: x.to(device),
    "std": lambda x, /, **options: torch.sqrt(library.var(x, **options)),
    "relu": torch.relu,
    "sum": _sum,
    "reshape": _reshape,
    "matrix_transpose": _matrix_transpose,
    "masked": _masked,
    **{name: getattr(torch, name) for name in ("erf", "erfc")},
    **{f"linalg.{name}": getattr(torch.linalg, name) for name in ("solve_triangular",)},
    "linalg.expm": _expm,
    **special.EXACT,
    **{name: _quick(native, getattr(library, name), True) for name, native in ARITHMETIC.items()},
    **{name: _quick(getattr(torch, name), getattr(library, name), False) for name in (
        "atan2", "hypot", "logaddexp", "matmul", "maximum", "minimum",
    )},
}  # fmt: skip
