"""JAX's functions at a point, by `jax.vjp` and `jax.jvp`; arraygrad's by `jax.custom_jvp` and `jax.custom_vjp`.

JAX's gradient by a complex number is the conjugate of arraygrad's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy

from arraygrad.backends import Backend, get_backend
from arraygrad.backends.foreign import Call, Flat, Foreign
from arraygrad.interop import exported
from arraygrad.ops.copying import to_backend
from arraygrad.tensor import as_tensor

Array = Any


class Rebuild(NamedTuple):
    """The function that puts leaves in the places of a pytree's. Those of equal trees are equal."""

    tree: Any

    def __call__(self, leaves: Sequence[Any]) -> Any:
        return jax.tree.unflatten(self.tree, leaves)


def flatten(value: Any) -> tuple[list[Any], Rebuild]:
    """The leaves of a pytree, and the function that puts others in their places."""
    leaves, tree = jax.tree.flatten(value)
    return leaves, Rebuild(tree)


def is_inexact(array: Array) -> bool:
    """Whether an array is differentiated by."""
    return jnp.issubdtype(array.dtype, jnp.inexact)


# -- JAX's functions in arraygrad -------------------------------------------------------------------------


class JaxFunction(Foreign):
    """A function of JAX."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._compiled: dict[Any, tuple[Call, Callable[..., Any]]] = {}

    def linearize(self, call: Call, arrays: Sequence[Array], needs: Sequence[bool]) -> Point:
        """Trace the function, once for all calls alike if it was compiled: then so is its derivative."""
        if not isinstance(self.function, jax.stages.Wrapped) or not any(needs):
            return Point(call, arrays, needs)
        kinds = tuple((array.shape, array.dtype) for array in arrays)
        try:
            first, linearization = self._compiled[call.key, kinds, tuple(needs)]
        except KeyError:
            first, linearization = call, jax.jit(lambda arrays: linearized(call, arrays, needs))
            self._compiled[call.key, kinds, tuple(needs)] = first, linearization
        except TypeError:  # arguments that cannot be hashed
            return Point(call, arrays, needs)
        point = Point(call, arrays, needs, linearization(arrays))
        call.results_of(first)
        return point

    def flatten(self, value: Any) -> tuple[list[Any], Rebuild]:
        """Pytrees are JAX's."""
        return flatten(value)


def of_moving(flat: Flat, arrays: Sequence[Array | None], moving: Sequence[int]) -> Flat:
    """A function of those arguments that are differentiated by."""

    def of_some(*some: Array) -> list[Array]:
        given = list(arrays)
        for place, array in zip(moving, some, strict=True):
            given[place] = array
        return list(flat(*given))

    return of_some


def linearized(flat: Flat, arrays: Sequence[Array | None], needs: Sequence[bool]) -> tuple[Any, Any]:
    """The value of a function, and its transpose by the arguments that are needed."""
    moving = [place for place, need in enumerate(needs) if need]
    return jax.vjp(of_moving(flat, arrays, moving), *(arrays[place] for place in moving))


@jax.jit
def _transposed(transpose: Callable[..., Any], cotangents: list[Any]) -> Any:
    """What was compiled, applied without tracing it again."""
    return transpose(cotangents)


class Point:
    """A function at arrays, with what JAX keeps to walk back: as it was compiled, or found now."""

    def __init__(
        self, flat: Flat, arrays: Sequence[Array | None], needs: Sequence[bool], compiled: tuple[Any, Any] | None = None
    ) -> None:
        self.flat, self.arrays, self.needs = flat, arrays, needs
        self.moving = [place for place, need in enumerate(needs) if need]
        if compiled is not None:
            self.outputs, self.transpose = compiled[0], partial(_transposed, compiled[1])
        elif self.moving:
            self.outputs, self.transpose = linearized(flat, arrays, needs)
        else:
            self.outputs = flat(*arrays)
        self.differentiable = [bool(self.moving) and is_inexact(output) for output in self.outputs]

    def pull(self, arrays: Sequence[Array | None], needs: Sequence[bool]) -> Point:
        """By what JAX kept; traced anew, as a function of the point too, if it is to be differentiated."""
        count = len(self.arrays)

        def pulled(*arrays: Array | None) -> list[Array | None]:
            transpose = self.transpose
            if any(needs):
                _, transpose = linearized(self.flat, arrays[:count], self.needs)
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
            _, found = jax.jvp(of_moving(self.flat, arrays[:count], self.moving), primals, tangents)
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
