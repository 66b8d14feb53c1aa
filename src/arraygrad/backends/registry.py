"""Finding the backend of an array: by the top-level module of its type, cached by type."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any

from ..dtypes import HALVES, as_dtype
from ..errors import ArgumentTypeError, BackendError
from .protocol import PROTOCOL_VERSION, Array, Backend

_by_type: dict[type, Backend] = {}
_by_name: dict[str, Backend] = {}
_default: ContextVar[str | None] = ContextVar("arraygrad.backend", default=None)
_process_default: list[str] = []

_GROUP = "arraygrad.backends"
_HOW_TO = f"a plug-in is a class in the entry-point group {_GROUP}: see docs/backends.md"

class DTypesByType(dict[type, set[Any]]):
    """Data types by the type of the arrays that have them: libraries' own must not be compared with one another's."""

    def __missing__(self, key: type) -> frozenset[Any]:
        return frozenset()


real_dtypes = DTypesByType()
"""Real floating data types: `g.dtype in real_dtypes[type(g)]` is what the hot path asks first."""

half_dtypes = DTypesByType()
"""Those of half precision, of which sums are made in float32."""


def is_real(x: Array) -> bool:
    """Whether an array is of a real floating dtype."""
    if x.dtype in real_dtypes[type(x)]:
        return True
    return as_dtype(x.dtype).is_floating_point


def _built_in() -> dict[str, Callable[[], Backend]]:
    from .numpy import NumPyBackend

    return {"numpy": NumPyBackend}


def _plug_ins() -> dict[str, Any]:
    """Installed plug-ins: entry points by the top-level module of their arrays' type."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=_GROUP)}


def get_backend(name: str) -> Backend:
    """The backend called `name`, loaded if need be.

    Raises BackendError, with what is installed and how to install the rest, if there is none or it is broken.
    """
    known = _by_name.get(name)
    if known is not None:
        return known
    built_in = _built_in()
    plug_ins = _plug_ins()
    if name in built_in:
        backend = built_in[name]()
    elif name in plug_ins:
        backend = _load(name, plug_ins[name])
    elif name in sys.modules and hasattr(sys.modules[name], "__array_namespace_info__"):
        backend = _generic(name, sys.modules[name])
    elif name.isidentifier() and find_spec(name) is not None:
        backend = _imported(name)
    else:
        raise BackendError(
            f"backend: got {name!r}; installed are {', '.join(sorted({*built_in, *plug_ins}))}; "
            f"`pip install {name}` installs the library, if it is called so there, and "
            f"`pip install 'arraygrad[{name.replace('_', '-')}]'` a plug-in with it, if there is one; "
            f"a library that does not conform to the array API standard needs one: {_HOW_TO}"
        )
    _by_name[name] = _by_name.setdefault(backend.name, backend)  # entries for several modules of a library give one object
    return _by_name[name]


def _load(name: str, entry: Any) -> Backend:
    try:
        plug_in = entry.load()
        _check_protocol(plug_in)
        backend = plug_in()
        if not isinstance(backend, Backend):
            raise ArgumentTypeError(f"it made a {type(backend).__name__}; expected a Backend")
        _check_library(backend)
    except BackendError as error:
        raise BackendError(f"backend {name!r}: {error}; the other backends are not affected") from error
    except Exception as error:
        raise BackendError(
            f"backend {name!r}: its plug-in {entry.value!r} failed to load ({type(error).__name__}: {error}); "
            "mend or uninstall it; the other backends are not affected"
        ) from error
    return backend


def _check_protocol(plug_in: Any) -> None:
    """Raise BackendError unless a plug-in, if it is a class of backends, was written for this protocol."""
    if isinstance(plug_in, type) and issubclass(plug_in, Backend) and plug_in.protocol_version != PROTOCOL_VERSION:
        raise BackendError(
            f"it was written for version {plug_in.protocol_version} of the protocol of backends (`protocol_version`); "
            f"this arraygrad has version {PROTOCOL_VERSION}; install an arraygrad and a plug-in that fit together"
        )


def _check_library(backend: Backend) -> None:
    """Raise BackendError unless the library is new enough for its plug-in."""
    version = str(getattr(sys.modules.get(backend.name), "__version__", ""))
    if version and _numbers(version) < _numbers(backend.oldest):
        raise BackendError(
            f"it needs {backend.name} {backend.oldest} or later, and version {version} is installed; "
            f"`pip install --upgrade '{backend.name}>={backend.oldest}'`"
        )


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version starts with: (2, 6, 1) of "2.6.1+cpu"."""
    return tuple(map(int, re.findall(r"\d+", re.match(r"[\d.]*", version)[0])))  # type: ignore[index]


def _generic(name: str, library: Any) -> Backend:
    """A backend for a namespace without a plug-in. Whether its arrays can be written is found out on one."""
    backend = Backend(name, library)
    try:
        library.zeros(1)[0] = 1
    except Exception:
        backend.writable = False
    return backend


def _imported(name: str) -> Backend:
    from importlib import import_module

    try:
        module = import_module(name)
    except Exception as error:
        raise BackendError(f"backend {name!r}: importing the library failed: {error}") from error
    if not hasattr(module, "__array_namespace_info__"):
        raise BackendError(
            f"backend {name!r}: the module is no namespace of the array API standard "
            f"(it has no __array_namespace_info__) and no plug-in for it is installed; {_HOW_TO}"
        )
    return _generic(name, module)


def backend_of(value: Array) -> Backend:
    """The backend of an array. Raises ArgumentTypeError if no backend knows its type."""
    backend = _by_type.get(type(value))
    return backend if backend is not None else _find(value)


def _find(value: Array) -> Backend:
    if isinstance(value, type) or hasattr(value, "_rule_namespace"):
        raise _not_an_array(value)
    name = _plugged_in(type(value))
    if name is not None:
        backend = get_backend(name)
        if not backend.is_array(value):
            raise _not_an_array(value)
    elif hasattr(value, "__array_namespace__"):
        library = value.__array_namespace__()
        name = getattr(library, "__name__", _top_module(type(value)))
        backend = _by_name.get(name) or _by_name.setdefault(name, _generic(name, library))
    else:
        raise _not_an_array(value)
    _by_type[type(value)] = backend
    learn_dtypes(type(value), backend.real_dtypes())
    return backend


def _top_module(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _plugged_in(kind: type) -> str | None:
    """The name of the installed backend for arrays of a type: that of the nearest of its bases that has one."""
    tops = [top for top in map(_top_module, kind.__mro__) if top != "builtins"]
    installed = {*_built_in(), *_plug_ins()} if tops else ()
    return next((top for top in tops if top in installed), None)


def learn_dtypes(kind: type, dtypes: Iterable[Any]) -> None:
    """Remember the real floating data types of arrays of a type."""
    named = [(as_dtype(dtype), dtype) for dtype in dtypes]
    real_dtypes[kind] = {dtype for neutral, dtype in named if neutral.is_floating_point}
    half_dtypes[kind] = {dtype for neutral, dtype in named if neutral in HALVES}


def _not_an_array(value: object) -> ArgumentTypeError:
    kind = type(value)
    message = (
        f"got {value!r} of type {kind.__module__}.{kind.__qualname__}; expected a Tensor or an array of a "
        "library that conforms to the Python array API standard; make one with arraygrad.tensor(...)"
    )
    if hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, type):
        message += f". If it is an array, write a plug-in for {_top_module(kind)!r}: {_HOW_TO}"
    return ArgumentTypeError(message)


def is_array(value: object) -> bool:
    """Whether some backend knows the type of `value`. Raises BackendError if that one is broken."""
    if type(value) in _by_type:
        return True
    try:
        _find(value)
    except ArgumentTypeError:
        return False
    return True


def namespace_of(value: Any) -> Any:
    """The namespace for a rule's values: the raw library's for its arrays, Tensor's own for Tensors."""
    backend = _by_type.get(type(value))
    if backend is not None:
        return backend.xp
    namespace = getattr(value, "_rule_namespace", None)
    return namespace() if namespace is not None else _find(value).xp


def device_of(value: Any) -> Any:
    """The device of an array or a Tensor, as creation functions take it: None where it is not known."""
    backend = _by_type.get(type(value))
    return value.device if backend is None else backend.device_of(value)


def default_backend() -> Backend:
    """The backend of tensors made from Python numbers: the innermost `use_backend`, else
    `set_default_backend`, else the environment variable ARRAYGRAD_BACKEND, else NumPy."""
    name = _default.get() or (_process_default or [os.environ.get("ARRAYGRAD_BACKEND") or "numpy"])[-1]
    return get_backend(name)


def set_default_backend(name: str) -> None:
    """Make `name` the default backend of the process."""
    get_backend(name)
    _process_default[:] = [name]


@contextmanager
def use_backend(name: str) -> Iterator[Backend]:
    """Make `name` the default backend inside a `with` block, for this thread or task."""
    backend = get_backend(name)
    before = _default.get()
    _default.set(name)
    try:
        yield backend
    finally:
        _default.set(before)


def quiet(backend: Backend) -> AbstractContextManager[Any]:
    """A context in which neither a backend's library nor others that are in use warn of infinities and NaN: a graph may
    span several."""
    others = [each for each in list(_by_name.values()) if type(each).quiet is not Backend.quiet and each is not backend]
    if not others:
        return backend.quiet()
    stack = ExitStack()
    for each in (backend, *others):
        stack.enter_context(each.quiet())
    return stack


def survey() -> dict[str, Backend | BackendError]:
    """Every built-in and installed backend: the backend, or why it does not work."""
    found: dict[str, Backend | BackendError] = {}
    for name in sorted({*_built_in(), *_plug_ins(), *_by_name}):
        try:
            backend = get_backend(name)
            found[backend.name] = backend
        except BackendError as error:
            found[name] = error
    return found
