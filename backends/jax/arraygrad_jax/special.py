"""Special functions of JAX under SciPy's names: `EXACT`, which have all digits, and `OTHERS`, which lose some, or have no
complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax.scipy import special

Array = Any
Function = Callable[..., Array]


def _wide(function: Function) -> Function:
    """In half precision, which JAX has some of these functions not in, by way of float32."""

    def call(*arguments: Any) -> Array:
        dtype = jnp.result_type(*arguments)
        if not jnp.issubdtype(dtype, jnp.floating) or dtype.itemsize > 2:
            return function(*arguments)
        return function(*(jnp.asarray(x, jnp.float32) for x in arguments)).astype(dtype)

    return call


EXACT: dict[str, Function] = {name: _wide(getattr(special, name)) for name in (
    "entr", "erfinv", "i0", "i0e", "i1", "i1e", "logit", "ndtri",
)}  # fmt: skip

OTHERS: dict[str, Function] = {name: _wide(getattr(special, name)) for name in (
    "betainc", "betaln", "erfcx", "exp1", "expi", "gamma", "gammainc", "gammaincc", "gammaln", "log_ndtr", "ndtr", "xlog1py",
) if hasattr(special, name)} | {
    "polygamma": _wide(lambda n, x, /: special.polygamma(jnp.asarray(n, int), x)),
    "psi": _wide(special.digamma),
}  # fmt: skip
"""Infinite arguments and poles may give NaN. Older versions lack erfcx."""
