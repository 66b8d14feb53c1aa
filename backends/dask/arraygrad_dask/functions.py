"""Functions that Dask lacks, or in which it deviates from the standard."""

from __future__ import annotations

import functools
import math
from typing import Any

import array_api_compat.dask.array as library
import dask
import dask.array as da
import numpy

from arraygrad.backends.scipy_functions import NAMES
from arraygrad.kinds import declared

from .chunks import NUMPY, Array, Function, along_axis, in_one_chunk, of_matrices, whole, with_nothing
from .creation import CREATION


def with_tolerance(name: str, signature: str) -> Function:
    """A function of matrices in NumPy with a number `rtol` for each matrix of a stack, or for all."""
    kernel = NUMPY.kernel(name)
    given = of_matrices(lambda x, rtol: kernel(x, rtol=rtol), signature.replace("->", ",()->"))
    return lambda x, /, *, rtol=None: of_matrices(kernel, signature)(x) if rtol is None else given(x, da.asarray(rtol))


def unique_all(x: Array, /) -> tuple[Array, ...]:
    """How many distinct values there are is not known before they are computed."""
    found: Any = dask.delayed(NUMPY.xp.unique_all)(x)
    shapes = (math.nan,), (math.nan,), x.shape, (math.nan,)
    dtypes = x.dtype, numpy.int64, numpy.int64, numpy.int64
    return tuple(da.from_delayed(found[i], *each) for i, each in enumerate(zip(shapes, dtypes, strict=True)))


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """Dask's knows no lengths that depend on data, which a gradient of a sum over them would need."""
    if any(map(math.isnan, shape)):
        raise NotImplementedError(
            f"got shape {shape}, with lengths that Dask does not know before they are computed; select with arraygrad.where "
            "instead of a mask, or set arraygrad.get_backend('dask').computes_implicitly = True"
        )
    return da.broadcast_to(x, shape)


def reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    """Dask's where axes are split and merged, else NumPy's."""
    try:
        return library.reshape(x, shape, copy=copy)
    except NotImplementedError:
        known = numpy.broadcast_to(False, x.shape).reshape(shape).shape
        return whole(numpy.reshape, known, x.dtype, x, known)


def roll(x: Array, /, shift: Any, *, axis: Any = None) -> Array:
    """Dask's along axes; all entries together as a vector."""
    return reshape(da.roll(da.ravel(x), shift), x.shape) if axis is None else da.roll(x, shift, axis)


def repeat(x: Array, repeats: Any, /, *, axis: int | None = None) -> Array:
    """Dask's has one number for all; else the length is not known before it is computed."""
    if axis is None:
        return repeat(reshape(x, (-1,)), repeats, axis=0)
    place = axis % x.ndim
    if isinstance(repeats, int) and repeats and 0 not in x.shape:
        return da.repeat(x, repeats, place)
    length = x.shape[place] * repeats if isinstance(repeats, int) else math.nan
    return whole(numpy.repeat, (*x.shape[:place], length, *x.shape[place + 1 :]), x.dtype, x, repeats, place)


def searchsorted(x1: Array, x2: Any, /, *, side: str = "left", sorter: Array | None = None) -> Array:
    """Dask's has neither numbers to search for nor a sorter."""
    return da.searchsorted(x1 if sorter is None else da.take(x1, sorter), da.asarray(x2), side=side)


def matmul(x1: Array, x2: Array, /) -> Array:
    """Dask's takes a length of 1 for any other."""
    if 0 in (x1.ndim, x2.ndim) or x1.shape[-1] != x2.shape[-2 if x2.ndim > 1 else 0]:
        raise ValueError(f"got shapes {x1.shape} and {x2.shape}; expected as many columns as rows")
    return da.matmul(x1, x2)


def tensordot(x1: Array, x2: Array, /, *, axes: Any = 2) -> Array:
    """Dask's makes integers longer, and sums over other axes than negative ones."""
    if not isinstance(axes, int):
        axes = tuple([axis % x.ndim for axis in each] for x, each in zip((x1, x2), axes, strict=True))
    return da.tensordot(x1, x2, axes).astype(numpy.result_type(x1, x2))


def transform(function: Function) -> Function:
    """A Fourier transform of Dask, which by itself takes the first axes where their lengths are given, not the last."""

    def call(x: Array, /, **options: Any) -> Array:
        if options.get("axes", ()) is None:
            options["axes"] = tuple(range(x.ndim - len(options["s"] or x.shape), x.ndim))
        return along_axes(x, **options)

    along_axes = in_one_chunk(function)
    return call


MATRICES = [f"linalg.{name}" for name in (
    "cholesky", "cofactor", "cofactor_change", "det", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv", "lu", "qr",
    "slogdet", "solve", "solve_triangular", "svd", "svdvals",
)]  # fmt: skip
"""Functions of matrices that Dask lacks, or has for some shapes or chunks only."""

TRANSFORMS = ("fft", "ifft", "fftn", "ifftn", "rfft", "irfft", "rfftn", "irfftn", "hfft", "ihfft")

FUNCTIONS: dict[str, Function] = {
    **CREATION,
    "broadcast_to": broadcast_to,
    "clone": lambda x, /: x,
    "reshape": reshape,
    "searchsorted": searchsorted,
    **{name: functools.partial(da.core.elemwise, NUMPY.kernel(name)) for name in (*NAMES, "clip", "reciprocal")},
    **{name: in_one_chunk(getattr(library, name)) for name in ("argsort", "sort")},
    **{name: with_nothing(name, function) for name, function in {
        "linalg.cross": along_axis(numpy.cross, "(n),(n)->(n)"),
        "take_along_axis": along_axis(numpy.take_along_axis, "(n),(k)->(k)"),
        "matmul": matmul, "max": library.max, "min": library.min, "roll": roll, "tensordot": tensordot,
        **{name: of_matrices(NUMPY.kernel(name), str(declared[name].core)) for name in MATRICES},
        **{f"fft.{name}": transform(getattr(library.fft, name)) for name in TRANSFORMS},
        "linalg.matrix_rank": with_tolerance("linalg.matrix_rank", "(m,n)->()"),
        "linalg.pinv": with_tolerance("linalg.pinv", "(m,n)->(n,m)"),
    }.items()},
}  # fmt: skip
