"""SciPy's special functions on arrays of any library: kernels for what the array libraries lack.

SciPy is imported when one is first called, and reads arrays by way of NumPy. A library's own kernel is among its backend's
`overrides` where it is as exact as SciPy's, else in `elsewhere`: these stand in for SciPy on arrays that it does not reach,
as do the `compositions`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..errors import BackendError
from .compositions import COMPOSITIONS

Array = Any

NAMES = (
    "betainc", "betaincc", "betaln", "chdtr", "chdtrc", "entr", "erfcx", "erfinv", "exp1", "expi", "fdtr", "fdtrc", "gamma",
    "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "j0", "j1", "k0", "k0e", "k1", "k1e", "kl_div", "log_ndtr",
    "logit", "ndtr", "ndtri", "polygamma", "psi", "rel_entr", "stdtr", "stdtrit", "xlog1py", "y0", "y1",
)  # fmt: skip


_REAL = ("gamma", "psi")
"""Those that SciPy has for complex numbers too, but not their derivatives."""


def kernels(backend: Any) -> dict[str, Callable[..., Array]]:
    """The functions for a backend, by name."""
    return {name: partial(_call, backend, name) for name in NAMES}


def _call(backend: Any, name: str, *arguments: Any) -> Array:
    """The function on arrays of the backend and Python numbers."""
    arrays = [argument for argument in arguments if backend.is_array(argument)]
    if not all(map(backend.on_host, arrays)):
        return _elsewhere(backend, name, arguments, arrays[0])
    try:
        from scipy import special
    except ImportError as error:
        raise BackendError(f"{name}: its values come from SciPy, which is not installed: pip install scipy") from error
    import numpy

    given = [_readable(backend.to_numpy(argument)) if backend.is_array(argument) else argument for argument in arguments]
    values = numpy.asarray(getattr(special, name)(*given))
    if name in _REAL and values.dtype.kind == "c":
        raise TypeError(f"got dtype {values.dtype}; expected a real one")
    kept = [each.dtype for each in given if hasattr(each, "dtype") and each.dtype.kind in "fc"]
    values = values.astype(numpy.result_type(*kept), copy=False) if kept else values  # SciPy widens some
    xp = backend.xp
    result = xp.asarray(values, device=backend.device_of(arrays[0]) if arrays else None)
    floating = [x for x in arrays if xp.isdtype(x.dtype, ("real floating", "complex floating"))]
    return xp.astype(result, xp.result_type(*floating), copy=False) if floating else result  # bfloat16, which NumPy lacks


def _readable(x: Any) -> Any:
    """A NumPy array of a data type that SciPy knows: not bfloat16, which is none of NumPy's own."""
    return x.astype("float32") if x.dtype.kind == "V" else x


def _elsewhere(backend: Any, name: str, arguments: Any, like: Array) -> Array:
    """The function of arrays that SciPy does not reach, of which one is `like`, and Python numbers."""
    if name in backend.elsewhere:
        return backend.elsewhere[name](*arguments)
    if name in COMPOSITIONS:
        xp, device = backend.xp, backend.device_of(like)
        arrays = [x if backend.is_array(x) else xp.asarray(x, dtype=like.dtype, device=device) for x in arguments]
        return COMPOSITIONS[name](xp, *arrays)
    raise BackendError(
        f"{name}: {backend.name} has no such function, and SciPy's needs an array with values on the CPU; got one that is "
        f"traced, on another device, or followed by derivatives of {backend.name}'s own; call it outside of what is traced, "
        "on a detached array on the CPU"
    )
