"""SciPy and scikit-learn, unchanged, on Tensors: their values, and the gradients that flow through them.

SciPy takes other arrays than NumPy's where the environment variable SCIPY_ARRAY_API is set before it is imported
(`conftest.py`), scikit-learn where `array_api_dispatch` is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy
import sklearn
from consumers import agrees
from scipy import differentiate, fft, integrate, optimize, signal, special, stats
from scipy.cluster import vq
from scipy.spatial.transform import RigidTransform, Rotation, Slerp
from sklearn import decomposition, discriminant_analysis, linear_model, metrics, mixture, preprocessing

import arraygrad as ag

if tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 17):
    pytest.skip("older SciPy takes other arrays in few places", allow_module_level=True)

RNG = np.random.default_rng(11)
NORMAL = RNG.normal(size=(3, 6))
OTHER = RNG.normal(size=(3, 6))
UNIT = RNG.uniform(0.1, 0.9, (3, 6))
MANY = RNG.uniform(1, 2, (2, 25))
WAVE = RNG.normal(size=40)
FILTER = RNG.normal(size=7)


def _test_of(name: str, **options: Any) -> Any:
    """The statistic and the p-value of one of SciPy's tests."""

    def run(*samples: Any) -> Any:
        result = getattr(stats, name)(*samples, axis=-1, **options)
        return result.statistic, result.pvalue

    return run


def _of_axis(function: Any, **options: Any) -> Any:
    return lambda x: function(x, axis=-1, **options)


STATISTICS = {
    name: (_of_axis(getattr(stats, name), **options), UNIT)
    for name, options in {
        "circmean": {}, "circstd": {}, "circvar": {}, "differential_entropy": {}, "entropy": {}, "gmean": {}, "gstd": {},
        "gzscore": {}, "hmean": {}, "iqr": {}, "kurtosis": {}, "lmoment": {}, "moment": {"order": 3}, "pmean": {"p": 2.0},
        "sem": {}, "skew": {}, "tmax": {}, "tmean": {}, "trim_mean": {"proportiontocut": 0.2}, "tstd": {}, "tvar": {},
        "variation": {}, "zscore": {},
    }.items()
}  # fmt: skip

TESTS = {
    "alexandergovern": (lambda x, y: stats.alexandergovern(x, y, axis=-1).pvalue, NORMAL, OTHER),
    "bartlett": (_test_of("bartlett"), NORMAL, OTHER),
    "chisquare": (_test_of("chisquare"), MANY),
    "combine_pvalues": (_test_of("combine_pvalues"), UNIT),
    "f_oneway": (_test_of("f_oneway"), NORMAL, OTHER),
    "jarque_bera": (_test_of("jarque_bera"), MANY),
    "kurtosistest": (_test_of("kurtosistest"), MANY),
    "levene": (_test_of("levene"), NORMAL, OTHER),
    "normaltest": (_test_of("normaltest"), MANY),
    "pearsonr": (_test_of("pearsonr"), NORMAL, OTHER),
    "power_divergence": (_test_of("power_divergence", lambda_="log-likelihood"), MANY),
    "skewtest": (_test_of("skewtest"), MANY),
    "ttest_1samp": (_test_of("ttest_1samp", popmean=0.1), NORMAL),
    "ttest_ind": (_test_of("ttest_ind"), NORMAL, OTHER),
    "ttest_rel": (_test_of("ttest_rel"), NORMAL, OTHER),
    "zmap": (lambda x, y: stats.zmap(x, y, axis=-1), NORMAL, OTHER),
}

SIGNALS = {
    "oaconvolve": (lambda x, y: signal.oaconvolve(x, y, mode="same"), WAVE, FILTER),
    "oaconvolve in two dimensions": (signal.oaconvolve, RNG.normal(size=(30, 9)), RNG.normal(size=(4, 3))),
    "fftconvolve": (lambda x, y: signal.fftconvolve(x, y, mode="valid"), WAVE, FILTER),
    "hilbert": (signal.hilbert, WAVE),
    "envelope": (signal.envelope, WAVE),
    "resample": (lambda x: signal.resample(x, 23), WAVE),
    "freqz": (lambda x: signal.freqz(x, worN=8)[1], FILTER),
    "zpk2tf": (lambda z, p: signal.zpk2tf(z, p, 1.0), FILTER[:3], FILTER[3:6]),
    "gaussian window": (lambda x: signal.windows.gaussian(8, x), np.asarray(2.0)),
    "fft": (lambda x: fft.fft(x, n=5, norm="ortho"), NORMAL),
    "irfftn": (fft.irfftn, NORMAL + 1j * OTHER),
    "fht": (lambda x: fft.fht(x, 0.1, 1.0), WAVE),
}

NUMERICS = {
    "tanhsinh": (
        lambda a, b: integrate.tanhsinh(lambda x, c: np.exp(-c * x * x), a, b, args=(b,)).integral, UNIT[0], UNIT[1] + 1,
    ),
    "cubature": (lambda a: integrate.cubature(lambda x: x**2, a, a + 1.0).estimate, UNIT[0, :1]),
    "trapezoid": (integrate.trapezoid, NORMAL, np.cumsum(UNIT, -1)),
    "cumulative_simpson": (lambda y: integrate.cumulative_simpson(y, dx=0.1), NORMAL),
    "rosen": (optimize.rosen, NORMAL),
    "rosen_hess": (optimize.rosen_hess, NORMAL[0]),
    "derivative": (lambda x: differentiate.derivative(lambda x: x**3, x).df, UNIT[0]),
    "whiten": (vq.whiten, NORMAL),
    "logsumexp": (lambda x, b: special.logsumexp(x, axis=-1, b=b), NORMAL, UNIT),
    "softmax": (lambda x: special.softmax(x, axis=0), NORMAL),
    "gammaln": (special.gammaln, UNIT),
    "stdtr": (lambda x: special.stdtr(x * 0 + 3.5 if isinstance(x, np.ndarray) else ag.full_like(x, 3.5), x), NORMAL),
    "betaln": (special.betaln, UNIT, UNIT[::-1] + 1),
    "rel_entr": (special.rel_entr, UNIT, UNIT[::-1] + 1),
}  # fmt: skip

GEOMETRY = {
    "matrix of a rotation vector": (lambda x: Rotation.from_rotvec(x).as_matrix(), NORMAL[:, :3]),
    "rotated vectors": (lambda q, v: Rotation.from_quat(q).apply(v), NORMAL[:, :4], OTHER[:, :3]),
    "Euler angles": (lambda q: Rotation.from_quat(q).as_euler("xyz"), NORMAL[:, :4]),
    "magnitude of a product": (
        lambda q, r: (Rotation.from_quat(q) * Rotation.from_quat(r).inv()).magnitude(), NORMAL[:, :4], OTHER[:, :4],
    ),
    "mean rotation": (lambda q: Rotation.from_quat(q).mean().as_matrix(), NORMAL[:, :4]),
    "rigid transform": (lambda x: RigidTransform.from_exp_coords(x).apply(x[:, :3]), NORMAL),
    "interpolated rotations": (
        lambda q: Slerp([0.0, 1.0, 2.0], Rotation.from_quat(q))([0.5, 1.2]).as_quat(), NORMAL[:, :4],
    ),
}  # fmt: skip

SCIPY = STATISTICS | TESTS | SIGNALS | NUMERICS | GEOMETRY


@pytest.mark.parametrize("name", SCIPY)
def test_scipy(name: str) -> None:
    agrees(*SCIPY[name], rtol=1e-4)


def test_gradients_and_hessians_for_a_minimizer() -> None:
    def rosenbrock(x: Any) -> Any:
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    options = {"jac": ag.func.grad(rosenbrock), "hess": ag.func.hessian(rosenbrock), "method": "trust-exact"}
    found = optimize.minimize(rosenbrock, np.array([1.3, 0.7, 0.8, 1.9]), options={"gtol": 1e-10}, **options)
    np.testing.assert_allclose(found.x, 1, rtol=1e-9)


# -- scikit-learn -----------------------------------------------------------------------------------------

ROWS = RNG.normal(size=(12, 3))
TARGET = RNG.normal(size=12)
CLASSES = np.array([0, 1, 2] * 4)
CENTRES = RNG.normal(size=(4, 3))


def _like(x: Any, values: Any) -> Any:
    return values if isinstance(x, np.ndarray) else ag.asarray(values)


def _mixture(x: Any) -> Any:
    start = _like(x, CENTRES[:2])
    options = {"random_state": 0, "max_iter": 2, "covariance_type": "diag", "init_params": "random_from_data"}
    return mixture.GaussianMixture(2, means_init=start, **options).fit(x).means_


LEARNERS = {
    "StandardScaler": (lambda x: preprocessing.StandardScaler().fit_transform(x), ROWS),
    "MinMaxScaler": (lambda x: preprocessing.MinMaxScaler().fit_transform(x), ROWS),
    "Normalizer": (lambda x: preprocessing.Normalizer().fit_transform(x), ROWS),
    "PolynomialFeatures": (lambda x: preprocessing.PolynomialFeatures(2).fit_transform(x), ROWS),
    "PCA": (lambda x: decomposition.PCA(2, svd_solver="full").fit_transform(x), ROWS),
    "Ridge": (lambda x, y: linear_model.Ridge(solver="svd").fit(x, y).predict(x), ROWS, TARGET),
    "RidgeCV": (lambda x, y: linear_model.RidgeCV().fit(x, y).coef_, ROWS, TARGET),
    "LinearDiscriminantAnalysis": (
        lambda x: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, _like(x, CLASSES)).decision_function(x), ROWS,
    ),
    "GaussianMixture": (_mixture, ROWS),
    "rbf_kernel": (metrics.pairwise.rbf_kernel, ROWS, CENTRES),
    "cosine_similarity": (metrics.pairwise.cosine_similarity, ROWS, CENTRES),
    "manhattan_distances": (metrics.pairwise.manhattan_distances, ROWS, CENTRES),
    "mean_squared_error": (
        lambda x, y: metrics.mean_squared_error(x, y, multioutput="raw_values"), ROWS, RNG.normal(size=(12, 3)),
    ),
}  # fmt: skip


@pytest.fixture
def dispatching() -> Iterator[None]:
    with sklearn.config_context(array_api_dispatch=True):
        yield


@pytest.mark.usefixtures("dispatching")
@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore:invalid value:RuntimeWarning")
def test_scikit_learn(name: str) -> None:
    agrees(*LEARNERS[name], rtol=1e-4)
