"""JAX's functions at a point, by `jax.vjp` and `jax.jvp`; arraygrad's by `jax.custom_jvp` and `jax.custom_vjp`.

JAX's gradient by a complex number is the conjugate of arraygrad's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy

from arraygrad.backends import Backend, get_backend
from arraygrad.backends.foreign import Flat, Foreign
from arraygrad.interop import exported
from arraygrad.ops.copying import to_backend
from arraygrad.tensor import as_tensor

Array = Any


def flatten(value: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The leaves of a pytree, and the function that puts others in their places."""
    leaves, tree = jax.tree.flatten(value)
    return leaves, lambda values: jax.tree.unflatten(tree, values)


def is_inexact(array: Array) -> bool:
    """Whether an array is differentiated by."""
    return jnp.issubdtype(array.dtype, jnp.inexact)


# -- JAX's functions in arraygrad -------------------------------------------------------------------------


class JaxFunction(Foreign):
    """A function of JAX."""

    def linearize(self, flat: Flat, arrays: Sequence[Array], needs: Sequence[bool]) -> Point:
        """Trace the function; what `jax.jit` compiled is compiled with its derivative."""
        return Point(flat, arrays, needs)

    def flatten(self, value: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
        """Pytrees are JAX's."""
        return flatten(value)


class Point:
    """A function at arrays, with what JAX keeps to walk back."""

    def __init__(self, flat: Flat, arrays: Sequence[Array | None], needs: Sequence[bool]) -> None:
        self.flat, self.arrays = flat, arrays
        self.moving = [place for place, need in enumerate(needs) if need]
        if self.moving:
            self.outputs, self.transpose = jax.vjp(self.of_moving(arrays), *(arrays[place] for place in self.moving))
        else:
            self.outputs = flat(*arrays)
        self.differentiable = [bool(self.moving) and is_inexact(output) for output in self.outputs]

    def of_moving(self, arrays: Sequence[Array | None]) -> Flat:
        """The function, of those arguments that are differentiated by."""

        def of_some(*some: Array) -> list[Array]:
            given = list(arrays[: len(self.arrays)])
            for place, array in zip(self.moving, some, strict=True):
                given[place] = array
            return list(self.flat(*given))

        return of_some

    def pull(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Point:
        """By what JAX kept; traced anew, as a function of the point too, if it is to be differentiated."""
        count = len(self.arrays)

        def pulled(*arrays: Array | None) -> list[Array | None]:
            transpose = self.transpose
            if any(needs):
                _, transpose = jax.vjp(self.of_moving(arrays), *(arrays[place] for place in self.moving))
            found = transpose([self._cotangent(*pair) for pair in zip(self.outputs, arrays[count:], strict=True)])
            by_place = dict(zip(self.moving, map(jnp.conj, found), strict=True))
            return [by_place.get(place, jnp.zeros(())) for place in range(count)]

        return Point(pulled, arrays, needs)

    @staticmethod
    def _cotangent(output: Array, g: Array | None) -> Array:
        if not is_inexact(output):
            return numpy.zeros(output.shape, jax.dtypes.float0)
        return jnp.zeros_like(output) if g is None else jnp.conj(g)

    def push(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Point:
        """By `jax.jvp`."""
        count = len(self.arrays)

        def pushed(*arrays: Array | None) -> list[Array]:
            primals: list[Any] = [arrays[place] for place in self.moving]
            flowing = [arrays[count + place] for place in self.moving]
            tangents = [jnp.zeros_like(x) if t is None else t for x, t in zip(primals, flowing, strict=True)]
            _, found = jax.jvp(self.of_moving(arrays), primals, tangents)
            return [t if flows else jnp.zeros(()) for t, flows in zip(found, self.differentiable, strict=True)]

        return Point(pushed, arrays, needs)


# -- arraygrad's functions in JAX -------------------------------------------------------------------------


def export(
    function: Callable[..., Any], home: Backend, backend: Backend, like: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """A function of Tensors as one of JAX's arrays."""

    def call(*args: Any, **kwargs: Any) -> Any:
        arrays, flat, rebuild = exported.opened(function, args, kwargs, flatten, _is_array)
        arrays = list(map(jnp.asarray, arrays))
        if backend is home:
            return rebuild(traced(flat)(*arrays))
        specs = None
        if like is not None:
            args, kwargs = jax.tree.map(_spec, (args, kwargs))
            specs, rebuild = flatten(like(*args, **kwargs))
        return rebuild(called(exported.stored(flat, backend, get_backend("numpy")), specs)(*arrays))

    return call


def _is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, numpy.ndarray))


def _spec(value: Any) -> Any:
    return jax.ShapeDtypeStruct(value.shape, value.dtype) if _is_array(value) else value


def traced(flat: exported.Flat) -> Flat:
    """A function that JAX traces, with arraygrad's forward rule, of which JAX makes the reverse rule."""

    @jax.custom_jvp
    def call(*arrays: Array) -> list[Array]:
        return [result.array for result in flat(*map(as_tensor, arrays))]

    @call.defjvp
    def rule(primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[Any, list[Array]]:
        moving = [place for place, primal in enumerate(primals) if is_inexact(primal)]
        push = traced(exported.pushed(flat, len(primals), moving))
        found = push(*primals, *(tangents[place] for place in moving))
        outputs, pushed = found[: len(found) // 2], found[len(found) // 2 :]
        return outputs, [
            t if is_inexact(output) else numpy.zeros(output.shape, jax.dtypes.float0)
            for output, t in zip(outputs, pushed, strict=True)
        ]

    return call


def called(flat: exported.Flat, specs: Sequence[Any] | None) -> Flat:
    """A function of NumPy's arrays that the host computes, with arraygrad's reverse rule. `specs`: shapes and data types of
    its results, None to find out by a call."""

    @jax.custom_vjp
    def call(*arrays: Array) -> list[Array]:
        if not any(isinstance(array, jax.core.Tracer) for array in arrays):
            return list(map(_entered, computed(*arrays)))
        known = specs or [_spec(_entered(result)) for result in computed(*(numpy.ones(x.shape, x.dtype) for x in arrays))]
        return jax.pure_callback(computed, list(known), *arrays, vmap_method="sequential")

    def computed(*arrays: Array) -> list[Any]:  # without JAX: inside a callback, it may wait for itself
        return [result.array for result in flat(*(as_tensor(numpy.asarray(array)) for array in arrays))]

    def forward(*arrays: Array) -> tuple[list[Array], Sequence[Array]]:
        return call(*arrays), arrays

    def backward(arrays: Sequence[Array], cotangents: Sequence[Array]) -> tuple[Array | None, ...]:
        moving = [place for place, array in enumerate(arrays) if is_inexact(array)]
        roots = [place for place, g in enumerate(cotangents) if g.dtype != jax.dtypes.float0]
        pull = called(exported.pulled(flat, len(arrays), moving, roots), [_spec(arrays[place]) for place in moving])
        found = pull(*arrays, *(jnp.conj(cotangents[place]) for place in roots))
        by_place = dict(zip(moving, map(jnp.conj, found), strict=True))
        return tuple(by_place.get(place) for place in range(len(arrays)))

    call.defvjp(forward, backward)
    return call


def _entered(result: Any) -> Array:
    """A result of the host as JAX's array. Raises BackendError for a data type that JAX has not."""
    return to_backend(as_tensor(result), "jax").array
