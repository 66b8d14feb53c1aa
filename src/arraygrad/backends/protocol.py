"""What a backend must do.

A backend is one object for one array library. The class below does all of it for any library whose
namespace conforms to the standard; a plug-in derives from it and says only what differs:

- `protocol_version`: which version of this protocol it was written for; `oldest`: the oldest version of the library that
  it works with;
- `name`: how users call it, and the name of its namespace, `arraygrad.<name>`;
- `library`: the namespace to call, by default array-api-compat's for that library;
- `overrides`: functions by the standard's name ("sum", "linalg.det") that replace the library's: better
  kernels, and what the library lacks;
- `repairs`: names of the functions in which the library deviates from the standard (`repairs.REPAIRS`);
- `substitutes`: names of functions that the library lacks and arraygrad has in others of the standard
  (`substitutes.FUNCTIONS`);
- `elsewhere`: special functions for arrays that SciPy does not reach (`scipy_functions`); `on_host`: which ones it reaches;
- `index_add`, `index_set`: the two kernels that the standard lacks and indexing needs;
- `writable`: whether arrays can be written; `lazy`: whether values are only known when asked for; `has_values`: the same of
  one array; `computes_implicitly`: whether float(x) and its like compute what is not computed yet, instead of raising;
- `indexes_as_numpy`: whether x[key] reads and writes all keys that NumPy has, not only the standard's; `steps_back`: whether
  slices may have negative steps;
- `storage_only`: names of data types that arrays can have and functions do not take: its namespace leaves them out;
- `raw_device`: a device by name; `device_of`, `dlpack_device`: where an array is; `dlpack`: how it is handed over;
- `to_numpy`, `own`: conversion, sole ownership; `random_array`, `seed`, `random_state`: random numbers (`random_numbers`).

Everything takes and returns the library's own arrays. `docs/backends.md` is the page for authors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..dtypes import DType, as_dtype
from ..errors import BackendError
from . import extra, scipy_functions, substitutes
from .exchange import exchange
from .foreign import Foreign
from .positions import add, fitting, has_integer_array, is_beyond_the_standard, parts_of, positions, put, upwards
from .random_numbers import RandomNumbers
from .repairs import REPAIRS

Array = Any
"""An array of whatever library: nothing above a backend knows more of it."""

PROTOCOL_VERSION = 1
"""The version of the protocol below. It changes when a plug-in written for the one before would go wrong."""


class RawNamespace:
    """A library's namespace with a backend's overrides in front, looked up once a name."""

    def __init__(self, library: Any, overrides: Mapping[str, Callable[..., Any]], chapter: str = "") -> None:
        self._library = library
        self._overrides = overrides
        self._chapter = chapter

    def __getattr__(self, name: str) -> Any:
        value = self._overrides.get(self._chapter + name)
        if value is None:
            value = getattr(self._library, name)
            if name in ("linalg", "fft") and not self._chapter:
                value = RawNamespace(value, self._overrides, name + ".")
        setattr(self, name, value)
        return value

    def __repr__(self) -> str:
        return f"<raw namespace over {self._library!r}>"


class Backend(RandomNumbers):
    """The protocol, and the generic backend: all of it for a namespace that conforms."""

    name: str
    protocol_version: int | None = None
    oldest = ""
    writable = True
    lazy = False
    computes_implicitly = False
    indexes_as_numpy = False
    steps_back = True
    storage_only: frozenset[str] = frozenset()
    overrides: Mapping[str, Callable[..., Any]] = {}
    repairs: Iterable[str] = tuple(REPAIRS)
    substitutes: Iterable[str] = ()
    elsewhere: Mapping[str, Callable[..., Any]] = {}

    def __init__(self, name: str, library: Any) -> None:
        self.name = name
        self._library = library

    @property
    def library(self) -> Any:
        """The namespace that the overrides lie in front of."""
        return self._library

    @functools.cached_property
    def xp(self) -> RawNamespace:
        """The namespace that forward calls and rules use: on and to the library's own arrays."""
        own = {name: extra.bind(self, substitutes.FUNCTIONS[name]) for name in self.substitutes} | dict(self.overrides)
        given = {**kernels_beyond_the_standard(self), **own}
        unrepaired = RawNamespace(self.library, own)
        for name in self.repairs:
            if hasattr(unrepaired, name):
                given[name] = REPAIRS[name](self, getattr(unrepaired, name))
        return RawNamespace(self.library, given)

    def is_array(self, value: Any) -> bool:
        """Whether `value` is one of this library's arrays."""
        return hasattr(value, "__array_namespace__")

    def wrap(self, value: Any) -> Array:
        """`value` as a proper array: libraries may answer with scalars of their own."""
        return value

    def kernel(self, name: str) -> Callable[..., Any]:
        """The function of the library's namespace called `name` ("sum", "linalg.det")."""
        return functools.reduce(getattr, name.split("."), self.xp)

    # -- data types ---------------------------------------------------------------------------------

    def raw_dtype(self, dtype: DType | object) -> Any:
        """The library's own data type for `dtype`, by name."""
        return getattr(self.xp, as_dtype(dtype).name)

    def require_dtype(self, dtype: DType) -> Any:
        """The library's own data type for `dtype`. Raises BackendError for one that arrays cannot have."""
        try:
            return self.raw_dtype(dtype)
        except AttributeError:
            raise BackendError(
                f"to_backend: got {dtype.name}; expected a data type of backend {self.name!r}, which has none of this name; "
                "convert to another one first, with x.astype(...)"
            ) from None

    @functools.cached_property
    def _neutral(self) -> dict[Any, DType]:
        return {}

    def neutral_dtype(self, dtype: Any) -> DType:
        """The `DType` of one of the library's own data types."""
        try:
            return self._neutral[dtype]
        except KeyError:
            neutral = self._neutral[dtype] = as_dtype(dtype)
            return neutral

    def real_dtypes(self) -> Iterator[Any]:
        """The real floating data types that arrays can have, half precision with them, as arrays have them."""
        return self.dtypes_named("float64", "float32", "float16", "bfloat16")

    def dtypes_named(self, *names: str) -> Iterator[Any]:
        """Those of the data types of these names that arrays can have, as arrays have them."""
        for name in names:
            try:
                yield self.xp.zeros((), dtype=getattr(self.xp, name)).dtype
            except (AttributeError, TypeError, ValueError):
                continue  # the library, or the device, has no such data type

    # -- kernels that the standard lacks ------------------------------------------------------------

    def convert(self, x: Array, dtype: Any, *, copy: bool = True) -> Array:
        """x in another data type; complex numbers lose their imaginary part without a warning."""
        return self.xp.astype(x, dtype, copy=copy)

    def getitem(self, x: Array, key: Any) -> Array:
        """x[key], for integers, slices, Ellipsis, None, boolean masks and integer arrays as NumPy has them."""
        if self._reads(key, x.ndim):
            key, flipped = self.readable(x, key)
            return (self.xp.flip(x, axis=flipped) if flipped else x)[key]
        at = self._positions(x, key)
        return self.xp.reshape(self.xp.take(self.xp.reshape(x, (-1,)), self.xp.reshape(at, (-1,))), at.shape)

    def index_add(self, x: Array, values: Array, /, *, key: Any) -> Array:
        """A copy of `x` with `values` added at `key`; repeated indices add up."""
        if not has_integer_array(key):
            return self.index_set(x, self.getitem(x, key) + values, key=key)
        return add(self.xp, x, self._positions(x, key), values)

    def index_set(self, x: Array, values: Array, /, *, key: Any) -> Array:
        """A copy of `x` with `values` at `key`; of repeated indices the last wins."""
        if not self.writable or has_integer_array(key) or not self._writes(key, x.ndim):
            return put(self.xp, x, self._positions(x, key), values)
        key, flipped = self.readable(x, key)
        out = self.xp.clone(self.xp.flip(x, axis=flipped) if flipped else x)
        out[key] = values
        return self.xp.flip(out, axis=flipped) if flipped else out

    def add_at(self, x: Array, values: Array, key: Any) -> Array:
        """`index_add` into a buffer that is the caller's own: in place where the library can."""
        if self.writable and not has_integer_array(key) and self._writes(key, x.ndim):
            key, flipped = self.readable(x, key)
            x = self.xp.flip(x, axis=flipped) if flipped else x
            x[key] += values
            return self.xp.flip(x, axis=flipped) if flipped else x
        return self.index_add(x, values, key=key)

    def _positions(self, x: Array, key: Any) -> Array:
        return positions(self.xp, x.shape, key, self.device_of(x), known_to=self)

    def _reads(self, key: Any, ndim: int) -> bool:
        """Whether the library reads x[key]."""
        return self.indexes_as_numpy or not is_beyond_the_standard(key, ndim)

    def _writes(self, key: Any, ndim: int) -> bool:
        """Whether the library writes x[key] = values, which the standard has for fewer keys."""
        return self._reads(key, ndim) and (self.indexes_as_numpy or all(part is not None for part in parts_of(key)))

    def readable(self, x: Array, key: Any) -> tuple[Any, tuple[int, ...]]:
        """A key as the library reads it, of x flipped over the axes that are returned with it."""
        if not self.steps_back:
            key, flipped = upwards(x.shape, key)
            return key, flipped
        return (key if self.indexes_as_numpy else whole_key(key)), ()

    def has_values(self, x: Array) -> bool:
        """Whether the numbers of an array are there to be looked at: not if it is to be computed later, or is traced."""
        return not self.lazy

    def surely(self, condition: Array) -> bool:
        """Whether a condition holds everywhere, as far as that is known without computing what is not computed yet."""
        return self.has_values(condition) and bool(self.xp.all(condition))

    def on_host(self, x: Array) -> bool:
        """Whether NumPy can have the numbers of `x` with nothing lost: not if x is on another device, traced, or followed by
        derivatives of the library's own."""
        try:
            return self.has_values(x) and self.dlpack_device(x)[0] == 1
        except BufferError:  # no device that DLPack knows
            return False

    def owns(self, x: Array) -> bool:
        """Whether `x` has a writable buffer of its own, of which views know it as their `base`, so that references to it
        can be counted."""
        return False

    def write_at(self, x: Array, values: Array, *, key: Any) -> Array:
        """`index_set` into a buffer that is the caller's own: in place where the library can, and certainly where `owns`
        said yes to it."""
        return self.index_set(x, values, key=key)

    # -- leaving and entering -----------------------------------------------------------------------

    def to_numpy(self, x: Array) -> Any:
        """`x` as a NumPy array."""
        import numpy

        return numpy.from_dlpack(x) if hasattr(x, "__dlpack__") else numpy.asarray(x)

    def own(self, cell: list[Array]) -> Array:
        """The array that the list holds, taken out of it; a copy unless it is certain that nobody writes to its buffer."""
        return self.xp.clone(cell.pop()) if self.writable else cell.pop()

    def quiet(self) -> AbstractContextManager[Any]:
        """A context in which the library does not warn of infinities and NaN, for backward passes."""
        return nullcontext()

    # -- functions of the library -------------------------------------------------------------------

    def adopt(self, function: Callable[..., Any], parameters: Any = None) -> Foreign:
        """A function of the library, for `arraygrad.interop`. Raises BackendError if the library differentiates nothing."""
        raise BackendError(
            f"interop: got {function!r} for backend {self.name!r}, which does not say how functions of its library are "
            "differentiated; write the function in arraygrad, or give it a derivative with arraygrad.autograd.Function"
        )

    def export(self, function: Callable[..., Any], backend: Backend, **options: Any) -> Callable[..., Any]:
        """A function of Tensors, computed with another backend or this one, as a function of the library with its own
        derivative. Raises BackendError if the library differentiates nothing."""
        raise BackendError(
            f"interop: backend {self.name!r} does not say how its library is given a function with a derivative of its own"
        )

    # -- devices ------------------------------------------------------------------------------------

    def devices(self) -> tuple[Any, ...]:
        """The devices on which arrays can be made."""
        return tuple(self.library.__array_namespace_info__().devices())

    def raw_device(self, device: Any) -> Any:
        """A device, as users may name it, in the library's own terms. Raises ValueError for one that there is not."""
        return device

    def device_of(self, x: Array) -> Any:
        """The device that an array is on, None if that is not known yet: creation functions take None for any."""
        return getattr(x, "device", None)

    def dlpack(self, x: Array, **options: Any) -> Any:
        """`x.__dlpack__(...)`, with the options that are given. Raises BufferError for a device unknown to DLPack."""
        self.dlpack_device(x)
        return x.__dlpack__(**options)

    def dlpack_device(self, x: Array) -> tuple[int, int]:
        """The device as DLPack numbers it. Raises BufferError for one that DLPack has no number for."""
        return x.__dlpack_device__()

    def __repr__(self) -> str:
        return f"<backend {self.name}>"


def whole_key(key: Any) -> Any:
    """A key that says all axes: the standard wants an Ellipsis for those that it leaves out. Arrays say all."""
    parts = parts_of(key)
    if any(hasattr(part, "dtype") for part in parts):
        return parts[0] if len(parts) == 1 else parts
    return parts if any(part is Ellipsis for part in parts) else (*parts, ...)


def kernels_beyond_the_standard(backend: Backend) -> dict[str, Callable[..., Any]]:
    """What arraygrad declares and the standard lacks, in the standard's own functions.

    And two of the standard's that take options by position only: an operation passes its options by keyword.
    """
    own = {
        "clone": lambda x, /: backend.xp.asarray(x, copy=True),
        "convert": backend.convert,
        "device_of": backend.device_of,
        "getitem": backend.getitem,
        "index_add": fitting(backend, backend.index_add),
        "index_set": fitting(backend, backend.index_set),
        "masked": lambda x, mask, /: backend.xp.where(mask, x, 0),
        "moveaxis": lambda x, /, source, destination: backend.library.moveaxis(x, source, destination),
        "tile": lambda x, /, repetitions: backend.library.tile(x, repetitions),
        "to_device": lambda x, /, device, *, stream=None: x.to_device(device, stream=stream),
        "transfer": lambda x, /, *, backend, device, own, source: exchange(source, x, backend, device, own),
    }
    composed = {name: extra.bind(backend, function) for name, function in extra.FUNCTIONS.items()}
    return {**own, **composed, **scipy_functions.kernels(backend)}
