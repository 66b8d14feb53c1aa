"""NumPy's functions, given Tensors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from consumers import agrees

import arraygrad as ag
from arraygrad.errors import ArgumentTypeError, GradientError

RNG = np.random.default_rng(5)
UNIT = RNG.uniform(0.2, 0.9, (3, 2))
SQUARE = RNG.normal(size=(3, 3))
POSITIVE = SQUARE @ SQUARE.T + 3 * np.eye(3)
VECTOR = RNG.normal(size=5)

UNARY = (
    "abs absolute arccos arcsin arcsinh arctan arctanh cbrt ceil conjugate cos cosh exp exp2 expm1 fabs floor log log10 "
    "log1p log2 negative positive reciprocal rint sign sin sinh sqrt square tan tanh trunc sinc real nan_to_num unwrap "
    "ravel transpose squeeze diag tril triu trace cumsum sum mean prod max min std var nansum median atleast_2d"
)
BINARY = (
    "add subtract multiply divide power float_power arctan2 maximum minimum hypot logaddexp copysign remainder matmul dot "
    "outer kron tensordot vecdot"
)
SPECIAL = "erf erfc expit logit ndtr ndtri log_ndtr gammaln psi entr j0 i1e exp2 log1p"


@pytest.mark.parametrize("name", UNARY.split())
def test_functions_of_one_array(name):
    agrees(getattr(np, name), UNIT)


@pytest.mark.parametrize("name", BINARY.split())
def test_functions_of_two_arrays(name):
    agrees(getattr(np, name), UNIT[:2] + 0.1, UNIT[1:])


@pytest.mark.parametrize("name", SPECIAL.split())
def test_functions_of_scipy(name):
    agrees(getattr(scipy.special, name), UNIT)


OTHERS = {
    "axis by position": (lambda x: np.mean(x, 0), UNIT),
    "ddof": (lambda x: np.std(x, axis=0, ddof=1), UNIT),
    "several axes": (lambda x: np.sum(x, axis=(0, 1), keepdims=True), UNIT),
    "cumsum": (lambda x: np.cumsum(x, axis=1), UNIT),
    "sort": (lambda x: np.sort(x, axis=0), UNIT),
    "clip": (lambda x: np.clip(x, a_min=0.3, a_max=None), UNIT),
    "where": (lambda x: np.where(UNIT > 0.5, x, 2 * x), UNIT),
    "concatenate": (lambda x, y: np.concatenate([x, y], axis=1), UNIT, UNIT[:, :1]),
    "stack": (lambda x: np.stack([x, 2 * x], axis=-1), UNIT),
    "hstack": (lambda x: np.hstack([x, 2 * x]), UNIT),
    "vstack": (lambda x: np.vstack([x[0], 2 * x]), UNIT),
    "reshape": (lambda x: np.reshape(x, (2, -1)), UNIT),
    "transpose": (lambda x: np.transpose(x[None], (1, 0, 2)), UNIT),
    "swapaxes": (lambda x: np.swapaxes(x[None], 0, -1), UNIT),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), UNIT),
    "repeat": (lambda x: np.repeat(x, 2), UNIT),
    "take": (lambda x: np.take(x, [0, 0], axis=1), UNIT),
    "take of all": (lambda x: np.take(x, [0, 4]), UNIT),
    "einsum": (lambda x: np.einsum("ij,ik->jk", x, x), UNIT),
    "interp": (lambda x, y: np.interp(x, [0.0, 0.5, 1.0], y), UNIT, VECTOR[:3]),
    "trapezoid": (lambda x: np.trapezoid(x, dx=0.3), UNIT),
    "gradient": (lambda x: np.gradient(x, 0.2), VECTOR),
    "convolve": (lambda x: np.convolve(x, x[:3], "same"), VECTOR),
    "pad": (lambda x: np.pad(x, 1, mode="edge"), VECTOR),
    "percentile": (lambda x: np.percentile(x, 30), VECTOR),
    "linspace": (lambda x: np.linspace(0.0, x, 4), np.asarray(2.0)),
    "broadcast_arrays": (lambda x, y: tuple(np.broadcast_arrays(x, y)), UNIT, VECTOR[:2]),
    "meshgrid": (lambda x, y: tuple(np.meshgrid(x, y)), VECTOR, VECTOR[:2]),
    "round": (lambda x: x * np.round(x, 1), UNIT),
    "add.reduce": (lambda x: np.add.reduce(x), UNIT),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, axis=1), UNIT),
    "cross": (np.cross, VECTOR[:3], VECTOR[2:]),
    "norm along an axis": (lambda x: np.linalg.norm(x, axis=0), UNIT),
    "norm of a matrix": (lambda x: np.linalg.norm(x, "fro"), UNIT),
    "inv": (np.linalg.inv, POSITIVE),
    "det": (np.linalg.det, POSITIVE),
    "eigh": (lambda x: np.linalg.eigh(x + x.T)[0], SQUARE),
    "svd": (lambda x: np.linalg.svd(x)[1], SQUARE),
    "solve": (np.linalg.solve, POSITIVE, VECTOR[:3]),
    "multi_dot": (lambda x, y: np.linalg.multi_dot([x, x, y]), SQUARE, VECTOR[:3]),
    "fft": (lambda x: np.fft.fft(x, n=7), VECTOR),
    "irfft": (np.fft.irfft, UNIT + 0.5j),
    "operators of arrays and scalars": (
        lambda x: np.arange(3.0) / x + np.float64(2) * x - np.float32(2) ** x + np.ones((3, 3)) @ x, UNIT[:, 0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_functions(name):
    agrees(*OTHERS[name])


def test_questions_without_a_derivative_are_answered():
    x = ag.tensor(VECTOR, requires_grad=True)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((5,), 1, 5)
    assert np.allclose(x, VECTOR)
    assert np.isclose(x, VECTOR).all()
    assert np.array_equal(x, VECTOR)
    assert not np.iscomplexobj(x)
    assert np.result_type(x, np.float32) == np.float64


def test_tensors_that_need_no_gradient_are_what_numpy_makes_of_arrays():
    x = ag.tensor(UNIT)
    for name in ("mean", "sum", "median", "ptp", "argmax", "cumsum", "percentile"):
        options = {"q": 30} if name == "percentile" else {}
        found = getattr(np, name)(x, **options)
        assert isinstance(found, (np.ndarray, np.generic))
        np.testing.assert_array_equal(found, getattr(np, name)(UNIT, **options))
    np.testing.assert_array_equal(np.concatenate([x, UNIT]), np.concatenate([UNIT, UNIT]))
    np.testing.assert_array_equal(np.spacing(x), np.spacing(UNIT))
    target = np.ones((3, 2))
    target += x
    np.testing.assert_array_equal(target, 1 + UNIT)


@pytest.mark.parametrize(
    ("name", "call"),
    {
        "numpy.spacing": lambda x: np.spacing(x),
        "numpy.polyval": lambda x: np.polyval([1.0, 2.0], x),
        "numpy.add: .* with out": lambda x: np.add(x, 1.0, out=np.zeros(5)),
        "numpy.subtract: .* with out": lambda x: np.zeros(5).__isub__(x),
        "numpy.add": lambda x: np.add.accumulate(x),
        "numpy.average: .* with weights": lambda x: np.average(x, weights=np.ones(5)),
    }.items(),
)
def test_what_no_gradient_flows_through_says_so(name, call):
    x = ag.tensor(VECTOR, requires_grad=True)
    with pytest.raises(GradientError, match=rf"{name}.*pass x.detach\(\)"):
        call(x)
    with pytest.raises(GradientError, match=name):
        ag.func.jvp(lambda x: ag.asarray(call(x)), (x.detach(),), (x.detach(),))


def test_options_that_an_operation_lacks_are_named():
    with pytest.raises(ArgumentTypeError, match=r"numpy\.sum: got where; expected of axis, dtype"):
        np.sum(ag.tensor(VECTOR, requires_grad=True), where=VECTOR > 0)
    with pytest.raises(ArgumentTypeError, match="out: got a Tensor"):
        np.add(VECTOR, VECTOR, out=ag.tensor(VECTOR))


def test_arrays_of_other_libraries_stay_there():
    strict = pytest.importorskip("array_api_strict")
    x = ag.tensor(strict.asarray([1.0, 2.0]), requires_grad=True)
    assert np.sin(x).backend is x.backend
    assert np.mean(x).backend is x.backend
