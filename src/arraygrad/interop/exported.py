"""Functions of Tensors as plug-ins hand them to their libraries: from arrays to arrays, with the two maps that are their
derivative, which are such functions too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..ops.copying import to_backend
from ..tensor import Tensor
from ..transforms import jvp, to_tensor, vjp

Flat = Callable[..., Sequence[Tensor]]
"""A function from Tensors to Tensors, without nested containers."""
Flatten = Callable[[Any], tuple[list[Any], Callable[[Sequence[Any]], Any]]]
"""What gives the values in a nested container, and the function that puts others in their places."""


class Call(NamedTuple):
    """A call of a function: the arrays among its arguments, it as a function of those, and what rebuilds its results."""

    arrays: list[Any]
    flat: Flat
    rebuild: Callable[[Sequence[Any]], Any]


def opened(
    function: Callable[..., Any], args: Any, kwargs: Any, flatten: Flatten, is_array: Callable[[Any], bool]
) -> Call:
    """A call, taken apart."""
    leaves, rebuild = flatten((args, kwargs))
    places = [place for place, leaf in enumerate(leaves) if is_array(leaf)]
    found: list[Callable[[Sequence[Any]], Any]] = []

    def flat(*tensors: Tensor) -> list[Tensor]:
        filled = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        args, kwargs = rebuild(filled)
        results, found[:1] = _pair(flatten(function(*args, **kwargs)))
        return [to_tensor(result, f"results[{place}]") for place, result in enumerate(results)]

    return Call([leaves[place] for place in places], flat, lambda results: found[0](results))


def _pair(flattened: tuple[list[Any], Any]) -> tuple[list[Any], list[Any]]:
    values, rebuild = flattened
    return values, [rebuild]


def stored(flat: Flat, backend: Any, home: Any) -> Flat:
    """`flat` computed with a backend, for Tensors that another one stores."""

    def moved(*tensors: Tensor) -> list[Tensor]:
        device = tensors[0].device if tensors else None
        results = flat(*(to_backend(tensor, backend) for tensor in tensors))
        return [to_backend(result, home, device=device) for result in results]

    return flat if backend is home else moved


def of_some(flat: Flat, tensors: Sequence[Tensor], moving: Sequence[int], roots: Sequence[int] | None = None) -> Flat:
    """Some of the results of `flat` as a function of some of its arguments."""

    def restricted(*some: Tensor) -> tuple[Tensor, ...]:
        given = list(tensors)
        for place, tensor in zip(moving, some, strict=True):
            given[place] = tensor
        results = flat(*given)
        return tuple(results if roots is None else [results[place] for place in roots])

    return restricted


def pulled(flat: Flat, count: int, moving: Sequence[int], roots: Sequence[int]) -> Flat:
    """The cotangents of the arguments at `moving`, as a function of `count` arguments and the cotangents of the results at
    `roots`."""

    def pull(*tensors: Tensor) -> tuple[Tensor, ...]:
        _, transpose = vjp(of_some(flat, tensors[:count], moving, roots), *(tensors[place] for place in moving))
        return transpose(tuple(tensors[count:]))

    return pull


def pushed(flat: Flat, count: int, moving: Sequence[int]) -> Flat:
    """The results and their tangents, as a function of `count` arguments and the tangents of those at `moving`."""

    def push(*tensors: Tensor) -> tuple[Tensor, ...]:
        primals = tuple(tensors[place] for place in moving)
        results, tangents = jvp(of_some(flat, tensors[:count], moving), primals, tuple(tensors[count:]))
        return (*results, *tangents)

    return push
