"""`ag.interop`: functions of other libraries inside arraygrad's graph, and arraygrad's functions inside theirs.

Either way the function keeps its own gradient, and derivatives of any order go through. How a library differentiates is
for its plug-in to say (`backends.foreign`, `Backend.adopt`, `Backend.export`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backends import get_backend
from .adopted import Adopted

__all__ = ["Adopted", "from_jax", "from_torch", "to_jax", "to_torch"]


def from_torch(function: Callable[..., Any], *, parameters: Any = None) -> Adopted:
    """A function or module of PyTorch as an operation, differentiated by `torch.autograd`.

    Tensors among its arguments, in nested lists, tuples and dictionaries, may be stored by any library; results are stored
    by that of the first of them. It may write to its arguments: they are copies. Those parameters of a module that require
    a gradient get it in their own `.grad`; `parameters` (a module, or a dictionary or sequence of tensors) says which a
    plain function uses. A function that uses others that require a gradient raises GradientError.
    """
    return Adopted(get_backend("torch"), function, parameters)


def from_jax(function: Callable[..., Any]) -> Adopted:
    """A function of JAX as an operation, differentiated by `jax.vjp` and `jax.jvp`.

    Arguments and results are pytrees; those tensors may be stored by any library, and results are stored by that of the
    first of them. The function is traced once a call; one that `jax.jit` compiled, once for all arguments alike.
    """
    return Adopted(get_backend("jax"), function, None)


def to_torch(function: Callable[..., Any], *, backend: str = "torch") -> Callable[..., Any]:
    """A function of Tensors as one of PyTorch's tensors, differentiated by arraygrad: a `torch.autograd.Function`.

    It computes with `backend`. Derivatives of any order by `torch.autograd` and `torch.func`, in reverse and in forward
    mode; `torch.vmap` calls it once a row.
    """
    return get_backend("torch").export(function, get_backend(backend))


def to_jax(
    function: Callable[..., Any], *, backend: str = "jax", like: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """A function of Tensors as one of JAX's arrays, differentiated by arraygrad, for `jax.grad`, `jax.jit` and `jax.vmap`.

    With the backend "jax" it is traced and compiled, and has derivatives in both modes (`jax.custom_jvp`). Any other
    backend computes on the host, by `jax.pure_callback` under `jax.jit`, and has derivatives in reverse mode
    (`jax.custom_vjp`). There `like` gives from arguments of `jax.ShapeDtypeStruct` the same for results; without it the
    function is called on ones to find out.
    """
    target = get_backend(backend)
    options = {} if like is None else {"like": like}
    return get_backend("jax").export(function, target, **options)
