"""SciPy's special functions on arrays of any library: kernels for what the array libraries lack.

SciPy is imported when one is first called. Arrays of other libraries go by way of NumPy, unless their backend has a kernel
of its own among its overrides.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..errors import BackendError

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
    try:
        from scipy import special
    except ImportError as error:
        raise BackendError(f"{name}: its values come from SciPy, which is not installed: pip install scipy") from error
    import numpy

    arrays = [argument for argument in arguments if backend.is_array(argument)]
    given = [backend.to_numpy(argument) if backend.is_array(argument) else argument for argument in arguments]
    values = numpy.asarray(getattr(special, name)(*given))
    kept = [each.dtype for each in given if hasattr(each, "dtype") and each.dtype.kind in "fc"]
    if name in _REAL and values.dtype.kind == "c":
        raise TypeError(f"got dtype {values.dtype}; expected a real one")
    values = values.astype(numpy.result_type(*kept), copy=False) if kept else values  # half precision, which SciPy widens
    return backend.xp.asarray(values, device=backend.device_of(arrays[0]) if arrays else None)
