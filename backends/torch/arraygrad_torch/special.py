"""Special functions of PyTorch under SciPy's names: `EXACT`, which have all digits, and `OTHERS`, which lose some, or have
no complex numbers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import special

Array = Any
Function = Callable[..., Array]


def _wide(function: Function) -> Function:
    """Of tensors and Python numbers; in half precision, which PyTorch has few of these functions in, by way of float32."""

    def call(*arguments: Any) -> Array:
        dtype = functools.reduce(torch.promote_types, (x.dtype for x in arguments if isinstance(x, torch.Tensor)))
        dtype = dtype if dtype.is_floating_point or dtype.is_complex else torch.get_default_dtype()
        device = next(x.device for x in arguments if isinstance(x, torch.Tensor))
        at_least = torch.promote_types(dtype, torch.float32)
        return function(*(torch.as_tensor(x, dtype=at_least, device=device) for x in arguments)).to(dtype)

    return call


def _gamma(x: Array, /) -> Array:
    negative = (x < 0) & (torch.floor(x) % 2 != 0)
    return torch.exp(special.gammaln(x)) * torch.where(negative, -1, 1)


def _polygamma(n: Array, x: Array, /) -> Array:
    sign = 1 - 2 * ((n + 1) % 2)
    return torch.where(n == 0, special.psi(x), sign * torch.exp(special.gammaln(n + 1)) * special.zeta(n + 1, x))


EXACT: dict[str, Function] = {name: _wide(function) for name, function in {
    **{name: getattr(special, name) for name in (
        "entr", "erfinv", "gammaln", "i0", "i0e", "i1", "i1e", "logit", "ndtri", "psi",
    )},
    "k0": special.modified_bessel_k0,
    "k0e": special.scaled_modified_bessel_k0,
    "k1": special.modified_bessel_k1,
    "k1e": special.scaled_modified_bessel_k1,
    "polygamma": _polygamma,
}.items()}  # fmt: skip

OTHERS: dict[str, Function] = {name: _wide(function) for name, function in {
    **{name: getattr(special, name) for name in ("erfcx", "gammainc", "gammaincc", "log_ndtr", "xlog1py")},
    "gamma": _gamma,
    "j0": special.bessel_j0,
    "j1": special.bessel_j1,
    "ndtr": lambda x, /: 0.5 * special.erfc(x * -math.sqrt(0.5)),  # PyTorch's is 0 in the lower tail
    "y0": special.bessel_y0,
    "y1": special.bessel_y1,
}.items()}  # fmt: skip
"""In double precision Bessel functions are right to 6 digits near 5, incomplete gamma functions to 8 where a is near x."""
