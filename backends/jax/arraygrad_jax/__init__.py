"""JAX arrays on any device, and what stands for them while `jit`, `grad` or `vmap` trace a program."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import numpy

from arraygrad.backends import Backend
from arraygrad.backends.positions import has_integer_array, one_an_axis
from arraygrad.dtypes import DType, as_dtype
from arraygrad.errors import BackendError

from . import special
from .interop import JaxFunction, export

Array = Any


class JaxBackend(Backend):
    """JAX arrays on any device. Whether there are data types of 64 bits is for `jax_enable_x64` to say."""

    protocol_version = 1
    oldest = "0.4.34"
    writable = False
    indexes_as_numpy = True
    repairs = (
        "acos", "acosh", "asinh", "atanh", "cosh", "exp", "expand_dims", "expm1", "floor_divide", "log", "log1p",
        "remainder", "sinh", "sqrt", "tanh",
    )  # fmt: skip
    elsewhere = special.OTHERS

    def __init__(self) -> None:
        super().__init__("jax", jnp)
        self.overrides = {**FUNCTIONS, "to_device": self.to_device}
        self.seed(int(numpy.random.default_rng().integers(2**31)))

    def is_array(self, value: Any) -> bool:
        return isinstance(value, jax.Array)

    def has_values(self, x: Array) -> bool:
        return not isinstance(x, jax.core.Tracer)

    def raw_dtype(self, dtype: Any) -> Any:
        raw = getattr(jnp, as_dtype(dtype).name)
        return jax.dtypes.canonicalize_dtype(raw) if as_dtype(dtype).kind.endswith("integer") else raw

    def require_dtype(self, dtype: DType) -> Any:
        if jax.dtypes.canonicalize_dtype(dtype.name).name != dtype.name:
            raise BackendError(
                f"to_backend: got {dtype.name}; expected a data type of backend 'jax', which has none of 64 bits unless "
                "they are switched on, with jax.config.update('jax_enable_x64', True); or convert first, with x.astype(...)"
            )
        return super().require_dtype(dtype)

    def dtypes_named(self, *names: str) -> Any:
        return map(jnp.dtype, names)

    def devices(self) -> tuple[Any, ...]:
        return tuple(jax.devices())

    def raw_device(self, device: Any) -> Any:
        if not isinstance(device, str):
            return device
        kind, _, index = device.partition(":")
        return jax.devices(kind)[int(index or 0)]

    def device_of(self, x: Array) -> Any:
        device = getattr(x, "device", None)  # a tracer has none, and an array on several devices a sharding
        return device if isinstance(device, jax.Device) else None

    def getitem(self, x: Array, key: Any) -> Array:
        return x[key]

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        widened = _widened(x, values, key)
        return x.at[key].add(values) if widened is None else x + widened

    def index_set(self, x: Array, values: Array, /, *, key: Any) -> Array:
        if has_integer_array(key):
            return super().index_set(x, values, key=key)
        out = x.at[key].set(values)
        if out is x:  # nothing is selected: JAX has not looked at the shape of the values
            jnp.broadcast_to(values, x[key].shape)
        return out

    def to_device(self, x: Array, /, device: Any, *, stream: Any = None) -> Array:
        return jax.device_put(x, self.raw_device(device))

    def to_numpy(self, x: Array) -> Any:
        return numpy.asarray(x)

    def dlpack(self, x: Array, **options: Any) -> Any:
        if tuple(options.get("max_version", ())) < (1, 0):
            options.pop("max_version", None)  # JAX raises for versions older than its own, which it gives by default
        return super().dlpack(x, **options)

    def adopt(self, function: Callable[..., Any], parameters: Any = None) -> JaxFunction:
        return JaxFunction(function)

    def export(
        self, function: Callable[..., Any], backend: Backend, like: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        return export(function, self, backend, like)

    def seed(self, seed: int) -> None:
        with jax.ensure_compile_time_eval():
            self.key, self.numbers = jax.random.key(seed), itertools.count()

    def random_state(self) -> Any:
        drawn = next(self.numbers)
        self.numbers = itertools.count(drawn)
        return self.key, drawn

    def set_random_state(self, state: Any) -> None:
        self.key, self.numbers = state[0], itertools.count(state[1])

    def random_array(self, draw: str, args: tuple[Any, ...], dtype: Any, device: Any = None) -> Array:
        key = jax.random.fold_in(self.key, next(self.numbers))
        if draw == "integers":
            made = jax.random.randint(key, args[2], args[0], args[1], dtype)
        else:
            made = {"random": jax.random.uniform, "standard_normal": jax.random.normal}[draw](key, *args, dtype)
        return jax.device_put(made, device)


def _widened(x: Array, values: Array, key: Any) -> Array | None:
    """Zeros like x with values at a key of integers and of slices that step forwards: a padding, which is compiled and run
    in a fraction of the time of a scatter. None for other keys."""
    parts = one_an_axis(jnp, key, x.ndim)
    if any(type(part) not in (int, slice, type(None)) for part in parts):
        return None
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return None
    lengths = iter(x.shape)
    taken = [None if part is None else _range(part, next(lengths)) for part in parts]
    along = [each for each in taken if each is not None]
    if not all(along):
        return None
    padding = [(each[0], length - each[-1] - 1, each.step - 1) for each, length in zip(along, x.shape, strict=True)]
    selected = [1 if each is None else len(each) for part, each in zip(parts, taken, strict=True) if type(part) is not int]
    whole = jnp.broadcast_to(values, selected).reshape(list(map(len, along)))
    return jax.lax.pad(whole.astype(x.dtype), numpy.zeros((), x.dtype), padding)


def _range(part: int | slice, length: int) -> range:
    """The places of an axis that a part of a key takes."""
    if isinstance(part, slice):
        return range(*part.indices(length))
    return range(part % length, part % length + 1)


def _cumulative_prod(x: Array, /, *, dtype: Any = None, **options: Any) -> Array:
    return jnp.cumulative_prod(x, dtype=dtype or jnp.prod(x[:0]).dtype, **options)  # JAX keeps short integers short


FUNCTIONS = {
    "int64": int,  # the same without a warning where there are no 64 bits
    "clone": lambda x, /: x,
    "cumulative_prod": _cumulative_prod,
    "erf": jax.scipy.special.erf,
    "erfc": jax.scipy.special.erfc,
    **special.EXACT,
    "relu": lambda x, /: jnp.maximum(x, 0),
    "permute_dims": lambda x, /, axes: jnp.permute_dims(x, tuple(axis + x.ndim if axis < 0 else axis for axis in axes)),
    "searchsorted": lambda x1, x2, /, **options: jnp.searchsorted(x1, x2, **options).astype(int),
    "sign": lambda x, /: jnp.where(x == 0, jnp.zeros_like(x), jnp.sign(x)),  # JAX keeps the sign of zeros
    "linalg.expm": jax.scipy.linalg.expm,
    "linalg.solve_triangular": lambda x1, x2, /, *, upper=False: jax.scipy.linalg.solve_triangular(x1, x2, lower=not upper),
}
