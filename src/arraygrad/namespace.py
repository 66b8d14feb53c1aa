"""Namespaces that conform to the standard, one for each backend: `arraygrad.numpy`, `x.__array_namespace__()`.

The functions are the operations; creation functions are bound to the backend. A namespace is a module, so it can be
imported, hashed, pickled by name and compared by name.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import dtypes
from .backends import Backend, get_backend
from .dtypes import DType, as_dtype
from .errors import ArgumentError
from .kinds import composites, declared
from .ops import bessel, creation, distributions, fft, linalg
from .standard import EXTENSIONS
from .tensor import Tensor

CONSTANTS = {"e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None, "pi": math.pi}
API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")


class Namespace(ModuleType):
    """The standard's namespace over one backend."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(f"arraygrad.{backend.name}", f"The array API standard over {backend.name}, differentiable.")
        self._backend = backend
        self.__package__ = "arraygrad"
        self.__array_api_version__ = "2025.12"
        self.__dict__.update(CONSTANTS)
        self.__dict__.update({"bool" if dtype.kind == "bool" else dtype.name: dtype for dtype in self._dtypes()})
        self.__dict__.update(functions(""))
        for name, function in creation.bound.items():
            setattr(self, name, _bind(function, lambda: backend))
        for chapter in EXTENSIONS:
            setattr(self, chapter, extension(chapter, self.__name__, lambda: backend))
        self.special = special(self.__name__)

    def _dtypes(self) -> list[DType]:
        return [dtype for dtype in (*dtypes.STANDARD, dtypes.float16) if has_dtype(self._backend, dtype)]

    def __array_namespace_info__(self) -> Info:
        """What the backend can do: devices, data types, capabilities."""
        return Info(self._backend)

    def can_cast(self, from_: Any, to: Any, /) -> bool:
        """Whether a data type, or that of an array, can be cast to another by type promotion."""
        source = from_.dtype if isinstance(from_, Tensor) else from_
        return bool(self._backend.xp.can_cast(self._backend.raw_dtype(source), self._backend.raw_dtype(to)))

    def result_type(self, *arrays_and_dtypes: Any) -> DType:
        """The data type of the result of an operation on arrays, data types and Python numbers."""
        backend = self._backend
        given = [
            value if isinstance(value, (bool, int, float, complex))
            else backend.raw_dtype(value.dtype if isinstance(value, Tensor) else value)
            for value in arrays_and_dtypes
        ]  # fmt: skip
        return backend.neutral_dtype(backend.xp.result_type(*given))

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return namespace, (self._backend.name,)


class Info:
    """The standard's inspection API."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def capabilities(self) -> dict[str, Any]:
        """Whether shapes may depend on data, and how many axes arrays may have."""
        known = self._library().capabilities()
        return {
            "boolean indexing": bool(known.get("boolean indexing", True)),
            "data-dependent shapes": bool(known.get("data-dependent shapes", True)),
            "max dimensions": known.get("max dimensions"),
        }

    def default_device(self) -> Any:
        """The device on which arrays are made."""
        return self._library().default_device()

    def default_dtypes(self, *, device: Any = None) -> dict[str, DType]:
        """The data types of arrays made without one, by kind."""
        return {kind: as_dtype(dtype) for kind, dtype in self._library().default_dtypes(device=device).items()}

    def devices(self) -> tuple[Any, ...]:
        """All devices."""
        return self._backend.devices()

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, DType]:
        """The data types, by name, of a kind if one is given."""
        return {
            name: as_dtype(name)
            for name in self._library().dtypes(device=device)
            if has_dtype(self._backend, as_dtype(name)) and (kind is None or dtypes.is_of_kind(as_dtype(name), kind))
        }

    def _library(self) -> Any:
        return self._backend.library.__array_namespace_info__()


def has_dtype(backend: Backend, dtype: DType) -> bool:
    """Whether the backend has a data type, and functions that take it."""
    if dtype.name in backend.storage_only:
        return False
    try:
        backend.raw_dtype(dtype)
    except AttributeError:
        return False
    return True


def _bind(function: Callable[..., Any], backend: Callable[[], Backend]) -> Callable[..., Any]:
    """A function that takes the backend first, without that parameter."""

    @functools.wraps(function)
    def bound(*args: Any, **options: Any) -> Any:
        return function(backend(), *args, **options)

    signature = inspect.signature(function)
    bound.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    del bound.__wrapped__
    return bound


@functools.cache
def calls() -> dict[str, Any]:
    """The public function of every operation and composite, by name."""
    from . import ops

    found: dict[str, Any] = dict(composites)
    for module in vars(ops).values():
        if isinstance(module, ModuleType):
            for function in vars(module).values():
                op = getattr(function, "op", None)
                if op is not None and op.name in declared:
                    found[op.name] = function
    return found


def functions(prefix: str) -> dict[str, Any]:
    """The functions whose name starts with `prefix`, without it."""
    return {
        name.removeprefix(prefix): function
        for name, function in calls().items()
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }


def extension(chapter: str, package: str, backend: Callable[[], Backend]) -> ModuleType:
    """The module of an extension: `linalg` or `fft`."""
    module = ModuleType(f"{package}.{chapter}", f"The extension `{chapter}` of the standard, differentiable.")
    module.__dict__.update(functions(f"{chapter}."))
    if chapter == "linalg":
        module.__dict__.update({function.__name__: function for function in linalg.IN_BOTH})
    else:
        module.__dict__.update({name: _bind(function, backend) for name, function in fft.bound.items()})
    return module


SPECIAL = (
    *vars(bessel), *vars(distributions), "cbrt", "entr", "erf", "erfc", "exp2", "expm1", "kl_div", "log1p", "log_softmax",
    "logsumexp", "rel_entr", "sinc", "softmax", "xlog1py", "xlogy",
)  # fmt: skip
"""Names of functions that `scipy.special` has too."""


def special(package: str) -> ModuleType:
    """A module of the functions that `scipy.special` has too, where SciPy looks for those of a namespace."""
    module = ModuleType(f"{package}.special", "Functions of `scipy.special`, differentiable.")
    module.__dict__.update({name: function for name, function in calls().items() if name in SPECIAL})
    return module


@functools.cache
def namespace(name: str) -> Namespace:
    """The namespace over the backend called `name`, the same object each time."""
    return Namespace(get_backend(name))


def namespace_of_tensor(x: Tensor, /, *, api_version: str | None = None) -> Namespace:
    """The namespace of a tensor. Raises ArgumentError for versions of the standard that are not known."""
    if api_version is not None and api_version not in API_VERSIONS:
        raise ArgumentError(f"__array_namespace__: api_version: got {api_version!r}; expected one of {API_VERSIONS}")
    return namespace(x.backend.name)


class Importer:
    """Makes `import arraygrad.<backend>` work for every backend there is."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> Any:
        """A spec for `arraygrad.<backend>`; None for anything else."""
        package, _, name = fullname.rpartition(".")
        if package != "arraygrad" or not _is_backend(name):
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(fullname, Importer)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: Any) -> ModuleType:
        """The namespace itself."""
        return namespace(spec.name.rpartition(".")[2])

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Nothing is left to do."""


def _is_backend(name: str) -> bool:
    try:
        get_backend(name)
    except Exception:
        return False
    return True


def install() -> None:
    """Let Python's import system ask here last."""
    if not any(finder is Importer for finder in sys.meta_path):
        sys.meta_path.append(Importer)  # type: ignore[arg-type]
