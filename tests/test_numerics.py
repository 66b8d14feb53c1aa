"""The policy for gradients where libraries disagree or fail (`docs/numerics.md`), row by row of its table."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from derivatives import array, close, forward, reverse, seconds, total

import arraygrad as ag
from arraygrad import func

INF, NAN, PI = math.inf, math.nan, math.pi


@pytest.fixture(params=["numpy", "array_api_strict"], autouse=True)
def backend(request):
    """Every test runs on NumPy and on array_api_strict; what warns of infinities is meant to make them."""
    with ag.use_backend(request.param), np.errstate(all="ignore"):
        yield request.param


# -- first derivatives ------------------------------------------------------------------------------------

ROWS = {
    "std of a constant": (ag.std, [[1, 1, 1]], [[0, 0, 0]]),
    "vector_norm of zero": (ag.linalg.vector_norm, [[0, 0]], [[0, 0]]),
    "vector_norm of zero, ord 3": (lambda x: ag.linalg.vector_norm(x, ord=3), [[0, 0]], [[0, 0]]),
    "Frobenius norm of zero": (ag.linalg.matrix_norm, [[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]]),
    "x**1 at 0": (lambda x: x**1, [0.0], [1]),
    "x**2 at 0": (lambda x: x**2, [0.0], [0]),
    "x**0 at 0": (lambda x: x**0, [0.0], [0]),
    "x**y at the origin": (ag.pow, [0.0, 0.0], [0, 0]),
    "abs at 0": (ag.abs, [0.0], [0]),
    "hypot at the origin": (ag.hypot, [0.0, 0.0], [0, 0]),
    "maximum of equals": (ag.maximum, [1.0, 1.0], [0.5, 0.5]),
    "minimum of equals": (ag.minimum, [1.0, 1.0], [0.5, 0.5]),
    "maximum beside NaN": (ag.maximum, [1.0, NAN], [1, 1]),
    "minimum beside NaN": (ag.minimum, [NAN, 1.0], [1, 1]),
    "relu of NaN": (ag.relu, [[NAN, 0.0, 2.0]], [[1, 0, 1]]),
    "clip at its bounds": (lambda x: ag.clip(x, 0, 1), [[0, 0.5, 1, 2, -1]], [[1, 1, 1, 0, 0]]),
    "max of equals": (ag.max, [[1, 1, 0]], [[0.5, 0.5, 0]]),
    "min of equals": (ag.min, [[1, 0, 0]], [[0, 0.5, 0.5]]),
    "max of equals along an axis": (lambda x: ag.max(x, axis=1), [[[1, 1, 0], [0, 2, 1]]], [[[0.5, 0.5, 0], [0, 1, 0]]]),
    "infinity norm of equals": (lambda x: ag.linalg.vector_norm(x, ord=INF), [[2, -2, 1]], [[0.5, -0.5, 0]]),
    "sort of equals": (lambda x: ag.sort(x) * array([1, 2, 3]), [[1, 1, 0]], [[2, 3, 1]]),
    "prod with a zero": (ag.prod, [[0, 2, 3]], [[6, 0, 0]]),
    "prod with two zeros": (ag.prod, [[0, 0, 3]], [[0, 0, 0]]),
    "cumulative_prod with a zero": (lambda x: ag.cumulative_prod(x), [[2, 0, 3]], [[1, 8, 0]]),
    "cumulative_prod with two zeros": (lambda x: ag.cumulative_prod(x), [[0, 0, 3]], [[1, 0, 0]]),
    "logaddexp of large numbers": (ag.logaddexp, [1000.0, 1000.0], [0.5, 0.5]),
    "logaddexp of -inf": (ag.logaddexp, [-INF, -INF], [0.5, 0.5]),
    "logaddexp of -inf and 0": (ag.logaddexp, [-INF, 0.0], [0, 1]),
    "logsumexp of -inf": (ag.logsumexp, [[-INF, -INF]], [[0.5, 0.5]]),
    "logaddexp of inf and 0": (ag.logaddexp, [INF, 0.0], [1, 0]),
    "logsumexp of infinities along an axis": (
        lambda x: ag.logsumexp(x, axis=1), [[[-INF, -INF], [INF, 1]]], [[[0.5, 0.5], [1, 0]]],
    ),
    "logcumsumexp of -inf": (ag.logcumsumexp, [[-INF, -INF]], [[1.5, 0.5]]),
    "logcumsumexp of -inf and 0": (ag.logcumsumexp, [[-INF, 0]], [[1, 1]]),
    "logcumsumexp of inf": (ag.logcumsumexp, [[INF, 0, INF]], [[2.5, 0, 0.5]]),
    "nanmax of equals": (ag.nanmax, [[1, 1, NAN]], [[0.5, 0.5, 0]]),
    "nanmin of equals": (ag.nanmin, [[1, 1, NAN]], [[0.5, 0.5, 0]]),
    "nanmax of NaN alone": (ag.nanmax, [[NAN, NAN]], [[0, 0]]),
    "nanmin of NaN alone": (ag.nanmin, [[NAN, NAN]], [[0, 0]]),
    "gelu of infinities": (ag.gelu, [[INF, -INF]], [[1, 0]]),
    "sinc of infinity": (ag.sinc, [[INF, -INF]], [[0, 0]]),
    "xlogy at the origin": (ag.xlogy, [0.0, 0.0], [0, 0]),
    "atan2 at the origin": (ag.atan2, [0.0, 0.0], [0, 0]),
    "sinc at 0": (ag.sinc, [0.0], [0]),
    "asinh at 0": (ag.asinh, [0.0], [1]),
    "tanh at 20": (ag.tanh, [20.0], [1.6993417021166355e-17]),
    "sigmoid at 40": (ag.sigmoid, [40.0], [4.248354255291589e-18]),
    "sigmoid at -40": (ag.sigmoid, [-40.0], [4.248354255291589e-18]),
    "remainder of 7 by 3": (ag.remainder, [7.0, 3.0], [1, -2]),
    "remainder of -7 by 3": (ag.remainder, [-7.0, 3.0], [1, 3]),
    "remainder of 6 by 3": (ag.remainder, [6.0, 3.0], [1, -2]),
    "floor": (ag.floor, [[1.5, 2]], [[0, 0]]),
    "ceil": (ag.ceil, [[1.5, 2]], [[0, 0]]),
    "sign": (ag.sign, [[1.5, 0]], [[0, 0]]),
    "round": (ag.round, [[1.5, 2]], [[0, 0]]),
    "trunc": (ag.trunc, [[1.5, 2]], [[0, 0]]),
    "floor_divide": (ag.floor_divide, [7.0, 2.0], [0, 0]),
    "det of a singular matrix": (ag.linalg.det, [[[1, 2], [2, 4]]], [[[4, -2], [-2, 1]]]),
    "det of 1 to 9": (
        ag.linalg.det, [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]],
    ),
    "repeated indices": (lambda x: x[ag.asarray([0, 0, 1])], [[1, 2, 3]], [[2, 1, 0]]),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("mode", [reverse, forward])
def test_gradient_is_that_of_the_table(row, mode):
    f, x, expected = ROWS[row]
    close(mode(f, *x), expected, 1e-9)


POLES = {
    "sqrt at 0": (ag.sqrt, [0.0], [INF]),
    "x**0.5 at 0": (lambda x: x**0.5, [0.0], [INF]),
    "log at 0": (ag.log, [0.0], [INF]),
    "acos at 1": (ag.acos, [1.0], [-INF]),
    "atanh at 1": (ag.atanh, [1.0], [INF]),
    "log1p at -1": (ag.log1p, [-1.0], [INF]),
    "reciprocal at 0": (ag.reciprocal, [0.0], [-INF]),
    "x**y at (-2, 2)": (ag.pow, [-2.0, 2.0], [-4, NAN]),
    "x**y at (-2, 3)": (ag.pow, [-2.0, 3.0], [12, NAN]),
    "var of one number with correction": (lambda x: ag.var(x, correction=1), [[1.0]], [[NAN]]),
    "x log x at 0": (lambda x: x * ag.log(x), [0.0], [NAN]),
    "x / x at 0": (lambda x: x / x, [0.0], [NAN]),
    "sqrt(x x) at 0": (lambda x: ag.sqrt(x * x), [0.0], [NAN]),
}


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize("row", POLES)
def test_poles_stay_what_calculus_says(row):
    f, x, expected = POLES[row]
    close(reverse(f, *x), expected)
    pushed = []
    for position in range(len(x)):
        def alone(value, position=position):
            return f(*[value if index == position else array(each) for index, each in enumerate(x)])

        pushed += forward(alone, x[position])
    close(pushed, expected)


def test_norm_of_order_one_half_has_a_pole_where_an_entry_is_zero():
    close(reverse(lambda x: ag.linalg.vector_norm(x, ord=0.5), [0, 1]), [[INF, 1]])


def test_eigenvectors_that_coincide_where_the_loss_does_not_depend_on_the_gauge():
    def loss(x):
        v = ag.linalg.eigh(x)[1]
        return v @ v.mT

    close(reverse(loss, [[1, 0], [0, 1]]), [[[0, 0], [0, 0]]])


def test_eigenvalues_that_coincide_share_in_some_way():
    (g,) = reverse(lambda x: ag.linalg.eigvalsh(x) * array([1, 2]), [[1, 0], [0, 1]])
    assert math.isclose(np.trace(g), 3)


def test_cholesky_gives_a_symmetric_gradient():
    (g,) = reverse(ag.linalg.cholesky, [[4, 2], [2, 3]])
    np.testing.assert_allclose(g, [[0.2134, 0.0732], [0.0732, 0.3536]], atol=5e-5)


# -- second derivatives -----------------------------------------------------------------------------------

SECONDS = {
    "square of the norm at 0": (lambda x: ag.linalg.vector_norm(x) ** 2, [0.0, 0.0], [[0, 0], [2, 2]]),
    "x**1 at 0": (lambda x: x**1, 0.0, [0]),
    "x**2 at 0": (lambda x: x**2, 0.0, [2]),
    "x**2.0 at 0": (lambda x: x**2.0, 0.0, [2]),
    "x**3 at 0": (lambda x: x**3, 0.0, [0]),
    "sinc at 0": (ag.sinc, 0.0, [-(PI**2) / 3]),
    "tanh at 20": (ag.tanh, 20.0, [-2 * 1.6993417021166355e-17]),
    "cumulative_prod with a zero": (lambda x: ag.cumulative_prod(x), [2.0, 0.0, 3.0], [[4, 6, 2]]),
    "prod with a zero": (ag.prod, [0.0, 2.0, 3.0], [[5, 3, 2]]),
    "prod with two zeros": (ag.prod, [0.0, 0.0, 3.0], [[3, 3, 0]]),
    "det": (ag.linalg.det, [[1.3, 0.4], [-0.7, 0.9]], [[[1, -1], [-1, 1]]]),
    "det of a singular matrix": (ag.linalg.det, [[1.0, 2.0], [2.0, 4.0]], [[[1, -1], [-1, 1]]]),
}


@pytest.mark.parametrize("row", SECONDS)
def test_second_derivative_is_that_of_the_table_in_every_composition(row):
    f, x, allowed = SECONDS[row]
    rr, fr, rf, ff, t = seconds(f, x)
    least = 1e-12 * max(1e-12, np.abs(allowed).max())
    expected = next(each for each in allowed if np.allclose(rr, each, rtol=1e-9, atol=least))
    for found in (rr, fr, rf):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=least)
    np.testing.assert_allclose(ff, np.sum(np.broadcast_to(expected, t.shape) * t), rtol=1e-9, atol=least)


def test_hessian_of_det_by_forward_mode_twice():
    hessian = func.jacfwd(func.jacfwd(ag.linalg.det))(array([[1.3, 0.4], [-0.7, 0.9]])).numpy()
    assert math.isclose(hessian[0, 0, 1, 1], 1.0)


def test_solve_of_a_transposed_system_in_every_composition():
    b = array([1.0, 2.0])
    rr, fr, rf, ff, t = seconds(lambda x: ag.linalg.solve(x.mT, b), [[2.0, 0.5], [-0.3, 1.5]])
    np.testing.assert_allclose(rr, fr, rtol=1e-10)
    np.testing.assert_allclose(rf, fr, rtol=1e-10)
    np.testing.assert_allclose(ff, np.sum(fr * t), rtol=1e-10)


# -- the rest of the table --------------------------------------------------------------------------------


def test_last_write_to_an_index_gets_the_gradient():
    key = ag.asarray([0, 0])
    f = total(lambda v: ag.index_set(array([5.0, 6.0]), v, key=key))
    np.testing.assert_array_equal(func.grad(f)(array([1.0, 2.0])).numpy(), [0, 1])


def test_assignment_gives_the_gradient_to_the_last_write():
    v = ag.tensor([1.0, 2.0], requires_grad=True)
    y = ag.zeros(3)
    y[ag.asarray([0, 0])] = v
    y.sum().backward()
    np.testing.assert_array_equal(v.grad.numpy(), [0, 1])


def test_empty_shapes_broadcast():
    x, y = ag.ones((4, 0)), ag.ones((4, 1))
    g, h = func.grad(total(ag.add), argnums=(0, 1))(x, y)
    assert g.shape == (4, 0) and h.shape == (4, 1)
    np.testing.assert_array_equal(h.numpy(), np.zeros((4, 1)))


def test_gradient_of_a_single_precision_leaf_stays_single():
    x = ag.ones(3, dtype=ag.float32, requires_grad=True)
    (x * ag.ones(3, dtype=ag.float64)).sum().backward()
    assert x.grad.dtype == ag.float32


def test_half_precision_sums_are_rounded_once(backend):
    if backend != "numpy":
        return  # which has no half precision
    bias = ag.zeros(1, dtype=ag.float16, requires_grad=True)
    (ag.ones((3001, 1), dtype=ag.float16) + bias).sum(dtype=ag.float32).backward()
    assert bias.grad.item() == float(np.float16(3001))


def test_complex_gradients_descend():
    z = ag.tensor([1 + 2j, 3 + 4j], requires_grad=True)
    ag.sum(ag.real(z**2)).backward()
    np.testing.assert_allclose(z.grad.numpy(), [2 - 4j, 6 - 8j])
    z.grad = None
    ag.sum(ag.abs(z)).backward()
    np.testing.assert_allclose(z.grad.numpy()[1], 0.6 + 0.8j)


def test_fourier_transforms_of_real_numbers():
    close(reverse(lambda x: ag.imag(ag.fft.rfft(x)), [1.0, 2.0, 3.0, 4.0]), [[0, -1, 0, 1]])
    for n, zeros in ((4, [0, 2]), (5, [0])):
        z = array([1 + 2j, 3 + 1j, 2 - 1j], "complex128")
        weights = array(np.arange(1.0, n + 1))
        g = func.grad(lambda z, n=n, weights=weights: ag.sum(weights * ag.fft.irfft(z, n=n)))(z).numpy()
        assert all(g[index].imag == 0 for index in zeros)
        assert abs(g[1].imag) > 1e-3


def test_gradients_flow_through_creation():
    a, b = array(2.0), array(5.0)
    make = {
        "full_like": (lambda a, b: ag.full_like(ag.ones(3, dtype=ag.float64), a), [3, 0]),
        "asarray": (lambda a, b: ag.asarray([a, a]), [2, 0]),
        "full": (lambda a, b: ag.full((2, 2), b), [0, 4]),
        "linspace": (lambda a, b: ag.linspace(a, b, 5), [2.5, 2.5]),
        "arange": (lambda a, b: ag.arange(a, 9.0, b), [2, 1]),
        "fftfreq": (lambda a, b: ag.fft.fftfreq(3, d=a)[1:2] + ag.fft.rfftfreq(5, d=b)[2:], [-1 / 12, -2 / 125]),
    }
    for f, expected in make.values():
        close([g.numpy() for g in func.grad(total(f), argnums=(0, 1))(a, b)], expected)
        pushed = [func.jvp(total(f), (a, b), (array(t), array(1 - t)))[1].numpy() for t in (1.0, 0.0)]
        close(pushed, expected)


def test_numbers_made_between_tensors_have_their_dtype_tracked_or_not():
    for requires_grad in (False, True):
        start = ag.tensor(0.5, dtype=ag.float64, requires_grad=requires_grad)
        for made in (ag.arange(start, 3), ag.linspace(start, 3.0, 3), ag.arange(0, 3, start), ag.full(2, start)):
            assert made.dtype == ag.float64
            assert made.requires_grad is requires_grad
    assert ag.arange(ag.tensor(3)).dtype == ag.int64
    assert ag.linspace(ag.tensor(0), ag.tensor(3), 3).dtype == ag.float32
    assert ag.full(2, ag.tensor(1.0), requires_grad=True).is_leaf


def test_forward_mode_through_cholesky_inverse_and_batched_triangular_solve():
    x = np.array([[4.0, 1.0], [1.0, 3.0]])
    t = np.array([[0.3, -0.2], [-0.2, 0.5]])
    b = array([[[1.0], [2.0]], [[0.5], [-1.0]]])

    def inverse(x):
        factor = ag.linalg.inv(ag.linalg.cholesky(x))
        return ag.sum(factor.mT @ factor)

    def solved(x):
        factor = ag.broadcast_to(ag.linalg.cholesky(x), (2, 2, 2))
        return ag.sum(ag.linalg.solve_triangular(factor, b, upper=False))

    for f, h in itertools.product((inverse, solved), (1e-4,)):
        _, pushed = func.jvp(f, (array(x),), (array(t),))
        near, far = ((f(array(x + k * h * t)).item() - f(array(x - k * h * t)).item()) / (2 * h)
                     for k in (1, 2))  # fmt: skip
        assert math.isclose(pushed.item(), near + (near - far / 2) / 3, rel_tol=1e-8)


def test_a_zero_factor_in_a_multiplying_scatter_is_exact():
    x, index = array([2.0, 0.0, 3.0]), ag.asarray([0, 1, 1])
    f = total(lambda x, v: ag.scatter(x, 0, index, v, reduce="multiply"))
    g, h = func.grad(f, argnums=(0, 1))(x, array([5.0, 0.0, 7.0]))
    np.testing.assert_allclose(g.numpy(), [5, 0, 1])
    np.testing.assert_allclose(h.numpy(), [2, 0, 0])
