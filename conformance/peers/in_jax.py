"""arraygrad's functions in JAX: those that jax.numpy has under the same name, the others as listed here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as namespace
import jax.scipy.integrate
import jax.scipy.linalg
import numpy as np
from arraygrad.conformance.parameters import DEVICE

NESTS = True
jvp = jax.jvp


def vjp(f: Callable[..., Any], *x: Any) -> tuple[Any, Callable[..., Any]]:
    """JAX's, in arraygrad's convention: JAX's gradient by a complex number is the conjugate."""
    out, pull = jax.vjp(f, *x)
    return out, lambda g: jax.tree.map(namespace.conj, pull(jax.tree.map(namespace.conj, g)))


def double() -> Any:
    """A context with arrays of double precision."""
    return jax.enable_x64(True)


def array(value: Any) -> Any:
    """A NumPy array as one of JAX's, in double precision."""
    with double():
        return namespace.asarray(value)


def constant(value: Any) -> Any:
    """An argument that is not differentiated by: JAX takes NumPy's arrays."""
    return value


def option(name: str, value: Any) -> Any:
    """The value of an option."""
    return jax.devices()[0] if isinstance(value, str) and value == DEVICE else value


plain = np.asarray

QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_llvm_disable_expensive_passes": True,
}
"""A program that runs once is not worth optimizing."""


def evaluated(functions: dict[str, Callable[..., Any]], *args: Any) -> dict[str, Any]:
    """The results of functions of the same arguments, in double precision, compiled together."""
    with double():
        every = jax.jit(lambda *args: {name: function(*args) for name, function in functions.items()},
                        compiler_options=QUICK)  # fmt: skip
        return every(*args)


def function(name: str) -> Callable[..., Any] | None:
    """What JAX has for a function of arraygrad's, with the same parameters."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    return functools.reduce(lambda part, each: getattr(part, each, None), name.split("."), namespace)


# -- what is called otherwise -----------------------------------------------------------------------------


def _permute_dims(x: Any, axes: Any) -> Any:
    return namespace.permute_dims(x, tuple(axis % x.ndim for axis in axes))


def _cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    return jax.scipy.linalg.cho_solve((namespace.tril(c) if lower else namespace.triu(c), lower), b)


def _scatter(x: Any, axis: int, index: Any, src: Any, *, reduce: str | None = None) -> Any:
    places = x.at[np.arange(len(index))[:, None], index]
    if reduce == "multiply":
        return places.multiply(src, unique_indices=True)
    return places.set(src) if reduce is None else places.add(src)


def _gradient(f: Any, spacing: Any, axis: Any = None) -> Any:
    return namespace.gradient(f, namespace.asarray(spacing), axis=axis)


def _eig(x: Any) -> Any:
    return jax.lax.linalg.eig(x, compute_left_eigenvectors=False, enable_eigvec_derivs=True)


def _lu(x: Any) -> Any:
    p, lower, upper = jax.scipy.linalg.lu(x)
    return namespace.astype(p, x.dtype), lower, upper


def _unique_values(x: Any) -> Any:
    return namespace.unique(x, size=x.size)  # all are different


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "block_diag": jax.scipy.linalg.block_diag,
    "clone": lambda x: namespace.array(x, copy=True),
    "convert": lambda x, dtype, *, copy: namespace.astype(x, dtype),
    "cummax": lambda x, axis: (jax.lax.cummax(x, axis),),
    "cummin": lambda x, axis: (jax.lax.cummin(x, axis),),
    "erf": jax.scipy.special.erf,
    "erfc": jax.scipy.special.erfc,
    "gelu": lambda x, *, approximate: jax.nn.gelu(x, approximate=approximate == "tanh"),
    "getitem": lambda x, key: x[key],
    "gradient": _gradient,
    "index_add": lambda x, values, *, key: x.at[key].add(values),
    "index_set": lambda x, values, *, key: x.at[key].set(values),
    "linalg.cho_solve": _cho_solve,
    "linalg.eig": _eig,
    "linalg.eigvals": lambda x: _eig(x)[0],
    "linalg.expm": jax.scipy.linalg.expm,
    "linalg.lu": _lu,
    "linalg.solve_triangular": lambda x1, x2, *, upper: jax.scipy.linalg.solve_triangular(x1, x2, lower=not upper),
    "log_softmax": jax.nn.log_softmax,
    "logcumsumexp": lambda x, *, axis: jax.lax.cumlogsumexp(x, axis % x.ndim),
    "logsumexp": jax.scipy.special.logsumexp,
    "masked": lambda x, mask: namespace.where(mask, x, 0),
    "nanstd": lambda x, axis=None, *, correction: namespace.nanstd(x, axis, ddof=correction),
    "nanvar": lambda x, axis=None, *, correction: namespace.nanvar(x, axis, ddof=correction),
    "permute_dims": _permute_dims,
    "relu": jax.nn.relu,
    "scatter": _scatter,
    "scatter_add": functools.partial(_scatter, reduce="add"),
    "sigmoid": jax.nn.sigmoid,
    "softmax": jax.nn.softmax,
    "softplus": jax.nn.softplus,
    "to_device": lambda x, device, *, stream: jax.device_put(x, device),
    "transfer": lambda x, **options: x,
    "trapezoid": jax.scipy.integrate.trapezoid,
    "unique_all": lambda x: (_unique_values(x),),
    "unique_counts": lambda x: (_unique_values(x),),
    "unique_inverse": lambda x: (_unique_values(x),),
    "unique_values": _unique_values,
    "xlogy": jax.scipy.special.xlogy,
    "log_expit": jax.nn.log_sigmoid,
    "polygamma": lambda n, x: jax.scipy.special.polygamma(namespace.asarray(n, int), x),
    "psi": jax.scipy.special.digamma,
    **{name: getattr(jax.scipy.special, name) for name in (
        "betainc", "betaln", "entr", "erfcx", "erfinv", "exp1", "expi", "expit", "gamma", "gammainc", "gammaincc",
        "gammaln", "i0", "i0e", "i1", "i1e", "kl_div", "log_ndtr", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py",
    )},
}  # fmt: skip

LACKS = {
    "linalg.logdet": "no such function",
    "nextafter": "no derivative",
    **dict.fromkeys((
        "betaincc", "chdtr", "chdtrc", "fdtr", "fdtrc", "j0", "j1", "k0", "k0e", "k1", "k1e", "stdtr", "stdtrit", "y0", "y1",
    ), "no such function"),
    ("exp1", "complex128"): "not implemented",
    ("expi", "complex128"): "not implemented",
    ("log_ndtr", "complex128"): "not implemented",
    ("ndtr", "complex128"): "not implemented",
    ("sign", "complex128"): "takes the derivative for 0",
}
"""What is not compared, and why."""

APART = {
    ("exp1", "gradient of the gradient"): "raises",
    ("exp1", "tangent of the gradient"): "raises",
}
"""Derivatives that are not compared, and why."""

TAKES: dict[str, Callable[[Any], bool]] = {
    "convolve": lambda sample: all(x.ndim == 1 for x in sample.primals),
    "linalg.svd": lambda sample: not sample.options["full_matrices"],
}
"""Options and shapes that JAX's functions take and have the derivative for."""
