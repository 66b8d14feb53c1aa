"""CuPy arrays on NVIDIA and AMD GPUs. As with CuPy itself, arrays are worked on while their device is the current one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import array_api_compat
import array_api_compat.cupy as library
import cupy
import cupyx
import cupyx.scipy.special

from arraygrad.backends import Backend
from arraygrad.backends.positions import has_integer_array
from arraygrad.errors import BackendError

Array = Any
_ADDED = "efdIiQ"
"""Types of real numbers that the GPU adds in memory: halves, floats, and integers but int64 and the short ones."""

_CREATION = ("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros")


class CupyBackend(Backend):
    """CuPy arrays. Raises BackendError where there is no GPU that CuPy can use."""

    protocol_version = 1
    oldest = "13"
    indexes_as_numpy = True

    def __init__(self) -> None:
        super().__init__("cupy", library)
        try:
            cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise BackendError(
                f"CuPy is installed, and finds no GPU that it can use ({error}); it needs one, with a driver that is new "
                "enough for it: see what `nvidia-smi` says"
            ) from error

    def is_array(self, value: Any) -> bool:
        return isinstance(value, cupy.ndarray)

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        return self.add_at(x.copy(), values, key)

    def add_at(self, x: Array, values: Array, key: Any) -> Array:
        if not has_integer_array(key):
            x[key] += values
        elif x.dtype.kind == "c":
            self.add_at(x.real, values.real, key)
            self.add_at(x.imag, values.imag, key)
        elif x.dtype.char in _ADDED:
            cupyx.scatter_add(x, key, values.astype(x.dtype, copy=False))
        else:
            return super().index_add(x, values, key=key)
        return x

    def to_numpy(self, x: Array) -> Any:
        return cupy.asnumpy(x)

    @functools.cached_property
    def generator(self) -> Any:
        return cupy.random.default_rng()

    def seed(self, seed: int) -> None:
        self.generator = cupy.random.default_rng(seed)


def _on_device(create: Callable[..., Array]) -> Callable[..., Array]:
    """A creation function that makes its array on the device that it is told."""

    def call(*args: Any, device: Any = None, **options: Any) -> Array:
        with cupy.cuda.Device() if device is None else device:
            return create(*args, **options)

    return call


def _narrowed(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function that CuPy computes in float32 for half precision too, with the data type of its arguments."""

    def call(*arguments: Any) -> Array:
        dtype = cupy.result_type(*arguments)
        result = function(*arguments)
        return result.astype(dtype, copy=False) if dtype.kind == "f" else result

    return call


SPECIAL = (
    "betainc", "betaln", "chdtr", "chdtrc", "entr", "erfcx", "erfinv", "exp1", "expi", "fdtr", "fdtrc", "gamma", "gammainc",
    "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "j0", "j1", "k0", "k0e", "k1", "k1e", "kl_div", "log_ndtr", "logit",
    "ndtr", "ndtri", "psi", "rel_entr", "xlog1py", "y0", "y1",
)  # fmt: skip
"""Those of SciPy's special functions that CuPy has as functions of arrays and numbers."""

CupyBackend.overrides = {
    **{name: _on_device(getattr(library, name)) for name in _CREATION},
    "clone": cupy.copy,
    "sum": lambda x, /, *, axis=None, dtype=None, keepdims=False: x.sum(axis, dtype, None, keepdims),
    "max": lambda x, /, *, axis=None, keepdims=False: x.max(axis, None, keepdims),
    "min": lambda x, /, *, axis=None, keepdims=False: x.min(axis, None, keepdims),
    "erf": cupyx.scipy.special.erf,
    "erfc": cupyx.scipy.special.erfc,
    **{name: _narrowed(getattr(cupyx.scipy.special, name)) for name in SPECIAL},
    "polygamma": _narrowed(lambda n, x, /: cupyx.scipy.special.polygamma(cupy.asarray(n), cupy.asarray(x))),
    "to_device": lambda x, /, device, *, stream=None: array_api_compat.to_device(x, device, stream=stream),
}
