"""What NumPy does for Dask, when it is asked for: by chunks of a stack of matrices, by chunks of the axes beside the one a
function runs along, or on whole arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import dask
import dask.array as da
import numpy

from arraygrad.backends import get_backend

Array = Any
Function = Callable[..., Any]
NUMPY: Any = get_backend("numpy")


def whole(function: Function, shape: tuple[Any, ...], dtype: Any, *args: Any, **options: Any) -> Array:
    """What a function of NumPy arrays gives for whole arrays, as one chunk."""
    return da.from_delayed(dask.delayed(function)(*args, **options), shape, dtype)


def stored(x: Any) -> Array:
    """A NumPy array as one of Dask, which divides by zero to find chunks of nothing."""
    chunks: Any = -1 if 0 in x.shape else "auto"
    return da.from_array(x, chunks=chunks)


def joined(x: Array, axes: Iterable[int]) -> Array:
    """x in one chunk along axes."""
    return x.rechunk({axis: -1 for axis in axes if x.numblocks[axis] > 1})


def by_chunks(function: Function, signature: str, depths: Sequence[int], arrays: Sequence[Array], **outputs: Any) -> Any:
    """A function of NumPy arrays with a gufunc's signature, by chunks of the axes in front of the `depths` that it names."""
    given = [joined(x, range(x.ndim - depth, x.ndim)) for depth, x in zip(depths, arrays, strict=True)]
    named = []
    for place, (depth, x) in enumerate(zip(depths, given, strict=True)):
        named += [x, (*range(depth - x.ndim, 0), *((place, each) for each in range(depth)))]
    _, given = da.core.unify_chunks(*named)
    return da.apply_gufunc(function, signature, *given, **outputs)


def with_nothing(name: str, function: Function) -> Function:
    """A function of Dask, and NumPy's of that name where an array has no entries: values do not matter there."""
    kernel = NUMPY.kernel(name)

    def call(*arguments: Any, **options: Any) -> Any:
        if not any(isinstance(x, da.Array) and 0 in x.shape for x in arguments):
            return function(*arguments, **options)
        found = kernel(*(_some(x) if isinstance(x, da.Array) else x for x in arguments), **options)
        return tuple(map(stored, found)) if isinstance(found, tuple) else stored(found)

    return call


def _some(x: Array) -> Any:
    """A NumPy array of that shape, of matrices that can be inverted if there are any."""
    zeros = numpy.zeros(x.shape, x.dtype)
    return zeros + numpy.eye(*x.shape[-2:], dtype=x.dtype) if x.ndim > 1 else zeros


def of_matrices(kernel: Function, signature: str) -> Function:
    """A function of stacks of matrices in NumPy, by chunks of the stack."""

    def call(*arrays: Array, **options: Any) -> Any:
        core = signature
        if options.get("full_matrices") is False:
            core = "(m,n)->(m,k),(k),(k,n)"
        elif options.get("mode") == "complete":
            core = "(m,n)->(m,m),(m,n)"
        elif core == "(n,n),(n,k)->(n,k)" and arrays[1].ndim == 1:
            core = "(n,n),(n)->(n)"
        function = functools.partial(kernel, **options)
        before, _, after = core.partition("->")
        depths = [item.count(",") + (item != "()") for item in before.replace("),(", ") (").split()]
        sample = function(*(numpy.ones((1,) * depth, x.dtype) for depth, x in zip(depths, arrays, strict=True)))
        dtypes = [part.dtype for part in sample] if isinstance(sample, tuple) else sample.dtype
        sizes = {"k": min(arrays[0].shape[-2:])} if "k" in after and "k" not in before else {}
        return by_chunks(function, core, depths, arrays, output_dtypes=dtypes, output_sizes=sizes)

    return call


def along_axis(function: Function, signature: str) -> Function:
    """A function of two arrays along an axis in NumPy, by chunks of the other axes."""
    last = functools.partial(function, axis=-1)

    def call(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
        dtype = last(numpy.ones(3, x1.dtype), numpy.ones(3, x2.dtype)).dtype
        given = [da.moveaxis(x, axis, -1) for x in (x1, x2)]
        return da.moveaxis(by_chunks(last, signature, (1, 1), given, output_dtypes=dtype), -1, axis)

    return call


def in_one_chunk(function: Function) -> Function:
    """A function of Dask that wants the axes that it runs along in one chunk, or puts all into few."""

    def call(x: Array, /, **options: Any) -> Array:
        axes = options["axes"] if "axes" in options else (options.get("axis", -1),)
        return function(joined(x, axes), **options)

    return call
