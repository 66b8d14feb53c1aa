"""Where libraries deviate from the standard: that the repairs are right, and that each library still needs its own."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.backends.repairs import REPAIRS
from arraygrad.backends.special_cases import CASES

INF, NAN, PI = math.inf, math.nan, math.pi
PARTS = (0.0, -0.0, 1.0, -1.0, 2.5, -2.5, INF, -INF, NAN)
LATTICE = np.asarray([complex(real, imag) for real, imag in itertools.product(PARTS, PARTS)])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Special cases are where NumPy warns."""
    with np.errstate(all="ignore"):
        yield


def numpy_without_repairs(name: str) -> Any:
    return getattr(ag.get_backend("numpy").library, name)


def repaired(name: str, function: Any) -> Any:
    return REPAIRS[name](ag.get_backend("numpy"), function)


def same(x: complex, y: complex) -> bool:
    """Equal, with the signs of zeros; NaN equals NaN."""
    return all(
        math.isnan(b) if math.isnan(a) else a == b and math.copysign(1, a) == math.copysign(1, b)
        for a, b in ((x.real, y.real), (x.imag, y.imag))
    )


def ruined(name: str) -> Any:
    """A function of NumPy that is wrong at every special point."""
    function = numpy_without_repairs(name)
    return lambda x: np.where(np.isfinite(x) & (x.real * x.imag != 0), function(x), 7 + 7j)


@pytest.mark.parametrize(
    ("name", "argument", "result"),
    [
        ("exp", complex(-INF, 2.0), complex(-0.0, 0.0)),
        ("exp", complex(INF, 2.0), complex(-INF, INF)),
        ("expm1", complex(INF, 0.0), complex(INF, 0.0)),
        ("expm1", complex(-INF, NAN), complex(-1.0, 0.0)),
        ("log", complex(-0.0, 0.0), complex(-INF, PI)),
        ("log", complex(0.0, -0.0), complex(-INF, -0.0)),
        ("log1p", complex(-1.0, 0.0), complex(-INF, 0.0)),
        ("sqrt", complex(NAN, -INF), complex(INF, -INF)),
        ("sinh", complex(-INF, 0.0), complex(-INF, 0.0)),
        ("cosh", complex(-INF, 1.0), complex(INF, -INF)),
        ("tanh", complex(-INF, 2.5), complex(-1.0, 0.0)),
        ("asinh", complex(1.0, INF), complex(INF, PI / 2)),
        ("acosh", complex(0.0, 0.0), complex(0.0, PI / 2)),
        ("atanh", complex(-1.0, 0.0), complex(-INF, 0.0)),
        ("acos", complex(0.0, 0.0), complex(PI / 2, -0.0)),
        ("sign", complex(INF, NAN), complex(NAN, NAN)),
    ],
)
def test_a_special_case_is_as_the_standard_has_it(name: str, argument: complex, result: complex) -> None:
    assert same(complex(repaired(name, ruined(name))(np.asarray(argument))), result)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sinh", "cosh", "asinh", "acosh", "atanh", "acos"])
def test_the_table_agrees_with_python_where_the_standard_leaves_nothing_open(name: str) -> None:
    mended = repaired(name, ruined(name))(LATTICE)
    for argument, value in zip(LATTICE, mended, strict=True):
        if (np.isfinite(argument) and argument != 0) or np.isnan(argument):
            continue
        try:
            expected = getattr(cmath, name)(complex(argument))
        except (ValueError, OverflowError):  # Python raises at poles
            continue
        is_open = not math.isfinite(argument.imag) and name in ("exp", "sinh", "cosh")
        assert is_open or same(complex(value), expected), (argument, value, expected)


@pytest.mark.parametrize("name", sorted(CASES))
def test_ordinary_and_real_arguments_are_left_to_the_library(name: str) -> None:
    function = numpy_without_repairs(name)
    ordinary, real = np.asarray([0.3 + 0.4j, 2.0 - 1.0j]), np.asarray([0.25, 0.5])
    np.testing.assert_array_equal(repaired(name, function)(ordinary), function(ordinary))
    np.testing.assert_array_equal(repaired(name, function)(real), function(real))


@pytest.mark.parametrize(
    ("x1", "x2", "quotient"),
    [(INF, 2.0, INF), (INF, -2.0, -INF), (1.0, -INF, -0.0), (-1.0, INF, -0.0), (0.0, -3.0, -0.0), (7.0, 2.0, 3.0)],
)
@pytest.mark.parametrize("backend", ["numpy", "array_api_strict"])
def test_floor_divide_is_exact_at_zero_and_infinity(backend: str, x1: float, x2: float, quotient: float) -> None:
    with ag.use_backend(backend):
        assert same(float(ag.floor_divide(ag.tensor(x1), ag.tensor(x2))), quotient)
        assert same(float(ag.tensor(x1) // x2), quotient)
        assert same(float(x1 // ag.tensor(x2)), quotient)


def test_floor_divide_of_integers_is_the_library_s() -> None:
    assert (ag.tensor([7, -7]) // 2).tolist() == [3, -4]


def test_a_remainder_of_zero_has_the_sign_of_the_divisor() -> None:
    mended = repaired("remainder", np.fmod)
    assert same(float(mended(np.asarray(4.0), -2.0)), -0.0)
    assert same(float(mended(np.asarray(-4.0), 2.0)), 0.0)


@pytest.mark.parametrize(("axis", "error"), [(2, IndexError), ((0, -4), IndexError), ((0, -3), ValueError)])
def test_axes_that_there_are_not_and_axes_given_twice_are_errors(axis: Any, error: type[Exception]) -> None:
    mended = repaired("expand_dims", lambda x, axis: x)
    with pytest.raises(error, match="axis: got"):
        mended(np.ones(1), axis)


def test_a_copy_that_may_not_be_made_is_a_value_error_on_every_backend() -> None:
    for backend in ("numpy", "array_api_strict"):
        x = ag.ones(2, 3, backend=backend)
        with pytest.raises(ValueError, match="reshape"):
            ag.reshape(x.T, (6,), copy=False)


PLACES, FEWER = np.asarray([[0, 1], [1, 2]]), np.asarray([1.0, 7.0, 100.0, 100.0])[:2]
"""Places of two axes, and values of one, with other numbers behind them in memory."""


def test_values_of_one_axis_broadcast_over_places_of_two() -> None:
    x, values = ag.zeros(3, dtype=ag.float64, requires_grad=True), ag.tensor(FEWER, requires_grad=True)
    assert ag.index_add(x, values, key=PLACES).tolist() == [1.0, 8.0, 7.0]
    taken = x[PLACES] * values
    taken.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1.0, 8.0, 7.0]


# -- when one of these fails, the library is mended: remove its repair --------------------------------------


def calls(name: str, asarray: Any) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Calls of a function in which some library deviates from the standard."""
    if name in CASES:
        yield (asarray(LATTICE),), {}
    elif name in ("floor_divide", "remainder"):
        yield (asarray(np.asarray(PARTS)[:, None]), asarray(np.asarray(PARTS))), {}
    elif name == "linspace":
        yield from (((0.1, stop), {"num": 7}) for stop in (0.3, 0.7, 1.1, 1.9, 2.3))
    elif name == "expand_dims":
        yield from (((asarray(np.ones(2)), axis), {}) for axis in (3, (0, 0)))
    else:
        yield (asarray(np.ones((2, 3)).T), (6,)), {"copy": False}


def outcome(backend: Any, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a call gives, with the signs of zeros, or which error."""
    try:
        return [repr(value) for value in backend.to_numpy(function(*args, **options)).reshape(-1).tolist()]
    except Exception as error:
        return ValueError if isinstance(error, ValueError) else type(error)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", ["numpy", "array_api_strict", "torch", "jax", "dask"])
def test_a_library_still_needs_its_repairs(library: str) -> None:
    pytest.importorskip(library)
    backend, bare = ag.get_backend(library), type(ag.get_backend(library))()
    bare.repairs = ()
    for name in backend.repairs:
        assert any(
            outcome(backend, backend.kernel(name), *call) != outcome(bare, bare.kernel(name), *call)
            for call in calls(name, backend.xp.asarray)
        ), f"{name}: {library} is mended"


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="NumPy reads beyond values from 2.4 on")
def test_numpy_still_needs_values_as_long_as_their_places() -> None:
    x = np.zeros(3)
    np.add.at(x, PLACES, FEWER)
    assert x.tolist() != [1.0, 8.0, 7.0], "add_at: numpy is mended"


def test_numpy_has_no_other_repairs() -> None:
    assert set(ag.get_backend("numpy").repairs) == {"expm1", "floor_divide", "tanh"}
