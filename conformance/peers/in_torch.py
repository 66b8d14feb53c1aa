"""arraygrad's functions in PyTorch: those of the standard through array-api-compat, the others as listed here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import array_api_compat.torch as namespace
import numpy as np
import torch
from arraygrad.conformance.parameters import DEVICE
from torch.nn import functional

NESTS = True
double = nullcontext
vjp, jvp = torch.func.vjp, torch.func.jvp


def array(value: Any) -> Any:
    """A NumPy array as a tensor."""
    return torch.asarray(value, copy=True)


def constant(value: Any) -> Any:
    """An argument that is not differentiated by."""
    return array(value) if isinstance(value, np.ndarray) else value


def option(name: str, value: Any) -> Any:
    """The value of an option."""
    if name == "dtype" and value is not None:
        return getattr(torch, value)
    return "cpu" if isinstance(value, str) and value == DEVICE else value


def plain(value: Any) -> Any:
    """A tensor as a NumPy array."""
    return value.numpy(force=True)


def evaluated(functions: dict[str, Callable[..., Any]], *args: Any) -> dict[str, Any]:
    """The results of functions of the same arguments."""
    return {name: function(*args) for name, function in functions.items()}


def function(name: str) -> Callable[..., Any] | None:
    """What PyTorch has for a function of arraygrad's, with the same parameters."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    return functools.reduce(lambda part, each: getattr(part, each, None), name.split("."), namespace)


# -- what is called otherwise -----------------------------------------------------------------------------


def _places(x: Any, key: Any) -> Any:
    """Where in the flattened x a key of NumPy's selects."""
    return torch.asarray(np.arange(x.numel()).reshape(x.shape)[key].copy())


def _index_add(x: Any, values: Any, *, key: Any) -> Any:
    places = _places(x, key)
    return x.reshape(-1).index_add(0, places.reshape(-1), values.expand(places.shape).reshape(-1)).reshape(x.shape)


def _index_set(x: Any, values: Any, *, key: Any) -> Any:
    places = _places(x, key)
    return x.reshape(-1).index_copy(0, places.reshape(-1), values.expand(places.shape).reshape(-1)).reshape(x.shape)


def _logsumexp(x: Any, *, axis: Any, keepdims: bool) -> Any:
    return torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims)


def _convolve(x1: Any, x2: Any, mode: str) -> Any:
    return functional.conv1d(x1[None, None], torch.flip(x2, (0,))[None, None], padding=len(x2) - 1)[0, 0]


def _cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    return torch.cholesky_solve(b, torch.tril(c) if lower else torch.triu(c), upper=not lower)


def _quantile(x: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return torch.quantile(x, q, axis, keepdim=keepdims, interpolation=method)


def _scatter(x: Any, axis: int, index: Any, src: Any, *, reduce: str | None = None) -> Any:
    scatter = {None: torch.scatter, "add": torch.scatter_add}[reduce]
    return scatter(x, axis, torch.asarray(index), src)


def _pad(x: Any, pad_width: Any, mode: str, constant_values: float = 0) -> Any:
    name = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}[mode]
    return functional.pad(x, pad_width[-1], name, constant_values if mode == "constant" else None)


def _gradient(f: Any, spacing: Any, axis: Any = None) -> Any:
    spacing = (torch.asarray(spacing, dtype=torch.float64),) if isinstance(spacing, list) else spacing
    return torch.gradient(f, spacing=spacing, dim=axis)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "block_diag": torch.block_diag,
    "clone": torch.clone,
    "convert": lambda x, dtype, *, copy: x.to(dtype, copy=copy),
    "convolve": _convolve,
    "cummax": torch.cummax,
    "cummin": torch.cummin,
    "cumprod": torch.cumprod,
    "cumsum": torch.cumsum,
    "diag": lambda x, k: torch.diag(x, k),
    "dot": lambda x1, x2: torch.tensordot(x1, x2, ([-1], [max(x2.ndim - 2, 0)])),
    "einsum": torch.einsum,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "exp2": torch.exp2,
    "gelu": functional.gelu,
    "getitem": lambda x, key: torch.take(x, _places(x, key)),
    "gradient": _gradient,
    "index_add": _index_add,
    "index_set": _index_set,
    "kron": torch.kron,
    "linalg.cho_solve": _cho_solve,
    "linalg.expm": torch.linalg.matrix_exp,
    "linalg.logdet": torch.logdet,
    "linalg.lstsq": torch.linalg.lstsq,
    "linalg.lu": torch.linalg.lu,
    "linalg.multi_dot": torch.linalg.multi_dot,
    "linalg.norm": lambda x, ord=None, axis=None, keepdims=False: torch.linalg.norm(x, ord, axis, keepdims),
    "linalg.solve_triangular": torch.linalg.solve_triangular,
    "log_softmax": torch.log_softmax,
    "logcumsumexp": lambda x, *, axis: torch.logcumsumexp(x, axis),
    "logsumexp": _logsumexp,
    "masked": lambda x, mask: torch.where(mask, x, 0),
    "median": lambda x, axis=None: torch.quantile(x, 0.5, axis),
    "nan_to_num": torch.nan_to_num,
    "nanmean": torch.nanmean,
    "nansum": torch.nansum,
    "outer": torch.outer,
    "pad": _pad,
    "quantile": _quantile,
    "relu": torch.relu,
    "remainder": lambda x1, x2: torch.remainder(torch.as_tensor(x1), x2),
    "scatter": _scatter,
    "scatter_add": functools.partial(_scatter, reduce="add"),
    "sigmoid": torch.sigmoid,
    "sinc": torch.sinc,
    "softmax": torch.softmax,
    "softplus": functional.softplus,
    "to_device": lambda x, device, *, stream: x.to(device),
    "transfer": lambda x, **options: x,
    "trapezoid": lambda y, x=None, dx=None: torch.trapezoid(y, x) if dx is None else torch.trapezoid(y, dx=dx),
    "xlogy": torch.special.xlogy,
    "log_expit": functional.logsigmoid,
    **{name: getattr(torch.special, name) for name in (
        "entr", "erfcx", "erfinv", "expit", "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "log_ndtr",
        "logit", "ndtr", "ndtri", "psi", "xlog1py",
    )},
}  # fmt: skip

LACKS = {
    "cbrt": "no such function",
    "full_like": "refuses a value that requires a gradient, and drops its tangent",
    "interp": "no such function",
    "nanmax": "no such function",
    "nanmin": "no such function",
    "nanprod": "no such function",
    "nanstd": "no such function",
    "nanvar": "no such function",
    "unique_all": "no derivative",
    "unique_counts": "no derivative",
    "unique_inverse": "no derivative",
    "unique_values": "no derivative",
    "unwrap": "no such function",
    ("xlogy", "complex128"): "not implemented",
    **dict.fromkeys((
        "betainc", "betaincc", "betaln", "chdtr", "chdtrc", "exp1", "expi", "fdtr", "fdtrc", "gamma", "rel_entr",
        "stdtr", "stdtrit",
    ), "no such function"),
    **dict.fromkeys(("j0", "j1", "k0", "k0e", "k1", "k1e", "y0", "y1"), "no derivative"),
    "kl_div": "takes logarithms",
    "polygamma": "the first loses digits",
    ("erfcx", "complex128"): "not implemented",
    ("log_ndtr", "complex128"): "not implemented",
    ("ndtr", "complex128"): "not implemented",
    ("xlog1py", "complex128"): "not implemented",
}
"""What is not compared, and why."""

APART = {
    ("floor_divide", "gradient"): "raises",
    ("floor_divide", "tangent"): "raises",
    ("floor_divide", "gradient of the gradient"): "raises",
    ("floor_divide", "tangent of the gradient"): "raises",
    ("gammainc", "tangent"): "not implemented",
    ("gammainc", "tangent of the gradient"): "not implemented",
    ("gammaincc", "tangent"): "not implemented",
    ("gammaincc", "tangent of the gradient"): "not implemented",
    ("gammaln", "gradient of the gradient"): "loses digits in the derivative of psi",
    ("gammaln", "tangent of the gradient"): "loses digits in the derivative of psi",
    ("logcumsumexp", "tangent"): "loses digits in the logarithm of the tangent",
    ("logcumsumexp", "tangent of the gradient"): "loses digits in the logarithm of the tangent",
    ("psi", "gradient"): "loses digits",
    ("psi", "tangent"): "loses digits",
}
"""Derivatives that are not compared, and why."""


def _has_distinct_places(sample: Any) -> bool:
    places = np.arange(sample.primals[0].size).reshape(sample.primals[0].shape)[sample.options["key"]]
    return len(np.unique(places)) == places.size


TAKES: dict[str, Callable[[Any], bool]] = {
    "convolve": lambda sample: sample.options["mode"] == "full" and all(x.ndim == 1 for x in sample.primals),
    "index_set": _has_distinct_places,  # of equal places PyTorch chooses one at random
    "linalg.qr": lambda sample: sample.options["mode"] == "reduced",
    "linalg.svd": lambda sample: not sample.options["full_matrices"],  # the vectors of no value get no gradient
    "log_softmax": lambda sample: isinstance(sample.options["axis"], int),
    "scatter": lambda sample: sample.options.get("reduce") != "multiply",  # the tangent is always 0
    "softmax": lambda sample: isinstance(sample.options["axis"], int),
    "std": lambda sample: isinstance(sample.options["correction"], int),
}
"""Options and shapes that PyTorch's functions take and have the derivative for."""
