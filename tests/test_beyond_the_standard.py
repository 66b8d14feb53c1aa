"""Functions beyond the standard: values against NumPy, SciPy and PyTorch, derivatives against differences and each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
from arraygrad import errors, func

scipy_linalg = pytest.importorskip("scipy.linalg")
scipy_special = pytest.importorskip("scipy.special")


@pytest.fixture(params=["numpy", "array_api_strict"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test runs on NumPy and on array_api_strict."""
    pytest.importorskip(request.param)
    with ag.use_backend(request.param):
        yield request.param


def random(*shape: int, seed: int = 0, is_complex: bool = False) -> np.ndarray:
    rng = np.random.default_rng((seed, *shape))
    drawn = rng.standard_normal(shape)
    return drawn + 1j * rng.standard_normal(shape) if is_complex else drawn


def apart(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers of which no two are near, so that no small step changes their order."""
    size = math.prod(shape)
    return np.random.default_rng(seed).permutation(np.linspace(-2.1, 2.3, size) * 1.5).reshape(shape)


def tensor(array: Any) -> ag.Tensor:
    """An array of NumPy's on the backend under test, in its own dtype."""
    array = np.asarray(array)
    return ag.reshape(ag.tensor(array.reshape(-1).tolist(), dtype=str(array.dtype)), array.shape)


def outputs(value: Any) -> list[ag.Tensor]:
    found = value if isinstance(value, (tuple, list)) else (value,)
    return [each for each in found if each.dtype.is_differentiable]


def close(actual: Any, expected: Any, rtol: float = 1e-11, atol: float = 1e-13) -> None:
    actual = actual.numpy() if isinstance(actual, ag.Tensor) else actual
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=rtol, atol=atol)


def inner(xs: Any, ys: Any) -> float:
    return sum(float(np.sum(np.real(np.conj(x.numpy()) * y.numpy()))) for x, y in zip(xs, ys, strict=True))


def moved(xs: Any, vs: Any, h: float) -> list[np.ndarray]:
    return [x.numpy() + h * v.numpy() for x, v in zip(xs, vs, strict=True)]


def slope(f: Callable[..., float], xs: Any, vs: Any, h: float = 1e-3) -> float:
    """The derivative of f at xs in the direction vs, by differences of sixth order."""
    weights = {1: 45, 2: -9, 3: 1}
    return sum(
        sign * weight * f(*moved(xs, vs, sign * k * h)) for k, weight in weights.items() for sign in (1, -1)
    ) / (60 * h)  # fmt: skip


def check(f: Callable[..., Any], *arrays: Any, rtol: float = 1e-7, second: bool = True) -> None:
    """Reverse mode, forward mode, differences, and the second derivative by four compositions and by differences."""
    arrays = tuple(np.asarray(array) for array in arrays)
    xs = [tensor(array) for array in arrays]
    vs, ws = ([tensor(random(*x.shape, seed=seed, is_complex=x.dtype.kind == "c")) for x in arrays] for seed in (1, 2))
    weights = [random(*y.shape, seed=3, is_complex=y.dtype.is_complex) for y in outputs(f(*xs))]

    def loss(*args: Any) -> ag.Tensor:
        parts = [ag.sum(ag.conj(tensor(w)) * y) if np.iscomplexobj(w) else ag.sum(tensor(w) * y)
                 for w, y in zip(weights, outputs(f(*args)), strict=True)]  # fmt: skip
        total = sum(parts[1:], parts[0])
        return ag.real(total) if total.dtype.is_complex else total

    argnums = tuple(range(len(xs)))

    def along(*args: Any) -> ag.Tensor:
        """Forward mode in the direction vs."""
        return func.jvp(loss, args, tuple(vs))[1]

    def against(*args: Any) -> ag.Tensor:
        """Reverse mode, times vs."""
        found = func.grad(loss, argnums)(*args)
        parts = [ag.sum(ag.real(ag.conj(v) * g) if v.dtype.is_complex else v * g) for v, g in zip(vs, found, strict=True)]
        return sum(parts[1:], parts[0])

    expected = slope(lambda *args: float(loss(*map(tensor, args))), xs, vs)
    scale = max(abs(expected), 1.0)
    assert float(along(*xs)) == pytest.approx(expected, rel=rtol, abs=rtol * scale)
    assert float(against(*xs)) == pytest.approx(float(along(*xs)), rel=1e-9, abs=1e-10 * scale)
    for x, g in zip(xs, func.grad(loss, argnums)(*xs), strict=True):
        assert g.shape == x.shape and g.dtype == x.dtype
    if not second:
        return
    expected = slope(lambda *args: float(along(*map(tensor, args))), xs, ws)
    scale = max(abs(expected), scale)
    found = {
        "reverse over forward": inner(func.grad(along, argnums)(*xs), ws),
        "reverse over reverse": inner(func.grad(against, argnums)(*xs), ws),
        "forward over forward": float(func.jvp(along, tuple(xs), tuple(ws))[1]),
        "forward over reverse": float(func.jvp(against, tuple(xs), tuple(ws))[1]),
    }
    for composition, value in found.items():
        assert value == pytest.approx(expected, rel=100 * rtol, abs=100 * rtol * scale), composition
        assert value == pytest.approx(found["forward over forward"], rel=1e-8, abs=1e-9 * scale), composition


def gradient_of(f: Callable[..., ag.Tensor], *values: Any, argnum: int = 0) -> np.ndarray:
    xs = [tensor(np.asarray(value, dtype=float)) for value in values]
    return func.grad(lambda *args: ag.sum(f(*args)), argnum)(*xs).numpy()


# -- special functions --------------------------------------------------------------------------------------

GRID = np.concatenate([np.linspace(-6, 6, 61), [1e-9, -1e-300, 0.0, 12.0, -12.0]])


@pytest.mark.parametrize(
    "name, reference",
    [
        ("erf", scipy_special.erf), ("erfc", scipy_special.erfc), ("sinc", np.sinc), ("cbrt", np.cbrt),
        ("exp2", np.exp2), ("gelu", lambda x: x * scipy_special.ndtr(x)),
    ],
)  # fmt: skip
def test_special_functions_agree_with_scipy_on_the_whole_line(name: str, reference: Any):
    close(getattr(ag, name)(tensor(GRID)), reference(GRID), rtol=2e-14, atol=1e-16 if name == "sinc" else 0)
    close(getattr(ag, name)(tensor(np.float32(GRID))), reference(GRID), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["erf", "erfc", "sinc", "cbrt", "exp2", "gelu"])
def test_derivatives_of_special_functions(name: str):
    points = np.array([-2.3, -1.1, -0.7, -0.2, 0.3, 0.9, 1.7, 3.1])
    check(getattr(ag, name), points)
    check(lambda x: getattr(ag, name)(x * x), points[:3])


def test_derivatives_of_gelu_by_the_logistic_approximation_agree_with_pytorch():
    torch = pytest.importorskip("torch")
    x = torch.tensor(GRID, requires_grad=True)
    value = torch.nn.functional.gelu(x, approximate="tanh")
    value.sum().backward()
    close(ag.gelu(tensor(GRID), approximate="tanh"), value.detach(), atol=1e-15)
    close(gradient_of(lambda x: ag.gelu(x, approximate="tanh"), GRID), x.grad, rtol=1e-9, atol=1e-15)
    check(lambda x: ag.gelu(x, approximate="tanh"), GRID[20:40:3])


def test_sigmoid_of_complex_numbers():
    x = np.array([1 + 2j, -3 + 0.5j, 0, -0.1j])
    close(ag.sigmoid(tensor(x)), 1 / (1 + np.exp(-x)))
    close(ag.sigmoid(tensor(np.array([-800 + 1j, 800 + 1j]))), [0, 1])
    check(ag.sigmoid, x)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_of_integers_on_numpy(name: str):
    with ag.use_backend("numpy"):
        close(getattr(ag, name)(ag.asarray(np.arange(3))), getattr(scipy_special, name)(np.arange(3.0)))


def test_gelu_keeps_its_digits_in_the_tail():
    mp = pytest.importorskip("mpmath").mp
    exact = mp.diff(lambda x: x * mp.ncdf(x), -10)
    assert gradient_of(ag.gelu, -10.0) == pytest.approx(float(exact), rel=1e-13)
    assert ag.gelu(tensor(-10.0)).item() == pytest.approx(float(-10 * mp.ncdf(-10)), rel=1e-13)
    close(gradient_of(ag.gelu, [-math.inf, math.inf]), [0, 1])
    close(ag.gelu(tensor([-math.inf, math.inf])), [0, math.inf])


@pytest.mark.parametrize("x", [0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.49, 0.51, 1.4, 2.0, 25.25])
def test_every_derivative_of_sinc_is_accurate(x: float):
    mp = pytest.importorskip("mpmath").mp
    derivative: Any = ag.sinc
    mp.dps = 60
    for order in (1, 2, 3):
        derivative = func.grad(derivative)
        coefficients = mp.taylor(lambda t: mp.sincpi(t), mp.mpf(x), order)
        exact = float(coefficients[order] * mp.factorial(order))
        size = math.pi**order / max(1.0, math.pi * x)
        assert derivative(tensor(x)).item() == pytest.approx(exact, rel=1e-13, abs=1e-14 * size), order
    mp.dps = 15


def test_sinc_at_zero_integers_and_infinity():
    assert gradient_of(ag.sinc, 0.0) == 0
    assert func.grad(func.grad(ag.sinc))(tensor(0.0)).item() == pytest.approx(-math.pi**2 / 3, rel=1e-15)
    assert ag.sinc(tensor([1.0, -2.0, math.inf])).numpy().tolist() == [0, 0, 0]
    assert gradient_of(ag.sinc, [math.inf, -math.inf]).tolist() == [0, 0]


def test_cbrt_has_a_true_pole_at_zero():
    assert gradient_of(ag.cbrt, 8.0) == pytest.approx(1 / 12)
    with np.errstate(divide="ignore"):
        assert gradient_of(ag.cbrt, 0.0) == math.inf
    close(ag.cbrt(tensor([-8.0, 1e300, 5e-324, -0.0, math.inf])), np.cbrt([-8.0, 1e300, 5e-324, -0.0, math.inf]))


def test_xlogy_is_zero_where_its_first_argument_is():
    x, y = [0.0, 0.0, 2.0, 0.0], [0.0, 3.0, 3.0, math.inf]
    close(ag.xlogy(tensor(x), tensor(y)), scipy_special.xlogy(x, y))
    close(gradient_of(ag.xlogy, x, y, argnum=0), [0, math.log(3), math.log(3), math.inf])
    close(gradient_of(ag.xlogy, x, y, argnum=1), [0, 0, 2 / 3, 0])
    mixed = func.jvp(lambda x: func.grad(ag.xlogy, 1)(x, tensor(3.0)), (tensor(0.0),), (tensor(1.0),))[1]
    assert mixed.item() == pytest.approx(1 / 3)
    close(ag.xlogy(0.0, tensor([0.0, 2.0])), [0, 0])
    close(ag.xlogy(tensor([0.0, 2.0]), 3.0), scipy_special.xlogy([0.0, 2.0], 3.0))
    assert np.isnan(ag.xlogy(tensor(0.0), tensor(math.nan)).numpy())
    check(ag.xlogy, random(4), np.exp(random(3, 4)))


# -- einsum -------------------------------------------------------------------------------------------------

EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("i->", [(3,)]), ("ij->ji", [(2, 3)]), ("ij", [(2, 3)]), ("ba", [(2, 3)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]),
    ("iij->j", [(3, 3, 2)]), ("iii->i", [(2, 2, 2)]), ("ijij->ij", [(2, 3, 2, 3)]), ("...ii->...", [(2, 4, 3, 3)]),
    ("...ij->...ji", [(2, 3, 4)]), ("i,i->i", [(3,), (3,)]), ("i,i", [(3,), (3,)]), ("i,j->ij", [(3,), (2,)]),
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 4)]), ("ij,kj->ki", [(2, 3), (4, 3)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]), ("...ij,...jk->...ik", [(5, 1, 2, 3), (4, 3, 2)]),
    ("bij,jk->bki", [(2, 3, 4), (4, 2)]), ("ij,j->i", [(2, 3), (3,)]), ("j,ij->i", [(3,), (2, 3)]),
    ("bi,bi->b", [(4, 3), (4, 3)]), ("ij,ij->", [(2, 3), (2, 3)]), ("ij,kl->", [(2, 3), (4, 2)]),
    ("ii,i->", [(3, 3), (3,)]), ("ijk,kjl->il", [(2, 3, 4), (4, 3, 2)]), ("i...,i...->...", [(3, 2), (3, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]), ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 2), (2, 3)]),
    ("a,b,c->abc", [(2,), (3,), (2,)]), ("ijk,il,jm,kn->lmn", [(2, 3, 2), (2, 3), (3, 2), (2, 4)]),
    ("bi,bi,bi->b", [(3, 2), (3, 2), (3, 2)]), ("...a,...ab,b->...", [(4, 2), (4, 2, 3), (3,)]),
    ("i,i->i", [(1,), (3,)]), ("ij,jk->ik", [(2, 0), (0, 3)]), (",ij->ij", [(), (2, 3)]),
]  # fmt: skip


@pytest.mark.parametrize("subscripts, shapes", EINSUMS)
def test_einsum_agrees_with_numpy_and_its_derivatives_with_differences(subscripts: str, shapes: list[Any]):
    arrays = [random(*shape, seed=position) for position, shape in enumerate(shapes)]
    close(ag.einsum(subscripts, *map(tensor, arrays)), np.einsum(subscripts, *arrays))
    check(lambda *xs: ag.einsum(subscripts, *xs), *arrays)


def test_einsum_of_complex_matrices():
    x, y = random(2, 3, is_complex=True), random(3, 2, is_complex=True)
    close(ag.einsum("ij,jk->ik", tensor(x), tensor(y)), x @ y)
    check(lambda x, y: ag.einsum("ij,ji->", x, y), x, y)
    check(lambda x, y: ag.einsum("ij,ji->i", x, y), x, y)


def test_einsum_takes_numbers_for_labels():
    x, y = random(2, 3), random(3, 4)
    close(ag.einsum(tensor(x), [0, 1], tensor(y), [1, 2], [0, 2]), x @ y)
    close(ag.einsum(tensor(x), [..., 1], tensor(y), [1, 2]), np.einsum(x, [..., 1], y, [1, 2]))


def test_einsum_of_several_operands_takes_the_cheap_order():
    column, row = tensor(np.ones((3000, 1))), tensor(np.ones((1, 3000)))
    assert ag.einsum("ij,jk,kl->il", row, column, row).shape == (1, 3000)
    assert ag.einsum("ij,jk,kl->", column, row, column).item() == 9e6


@pytest.mark.parametrize("optimize", [True, False, "greedy", "optimal", [(1, 2), (0, 1)], ["einsum_path", (0, 2), (0, 1)]])
def test_einsum_contracts_in_the_order_asked_for(optimize: Any):
    arrays = [random(*shape) for shape in ((2, 3), (3, 4), (4, 2))]
    close(ag.einsum("ij,jk,kl->il", *map(tensor, arrays), optimize=optimize), arrays[0] @ arrays[1] @ arrays[2])
    check(lambda *xs: ag.einsum("ij,jk,kl->il", *xs, optimize=optimize), *arrays, second=False)
    with pytest.raises(errors.ArgumentTypeError, match="einsum: optimize: got 3; expected True, False"):
        ag.einsum("ij,jk,kl->il", *map(tensor, arrays), optimize=3)
    for wrong in ("best", [(0, 7)]):
        with pytest.raises(errors.ArgumentError, match=r"einsum: optimize: got .* expected a strategy or a path"):
            ag.einsum("ij,jk,kl->il", *map(tensor, arrays), optimize=wrong)


@pytest.mark.parametrize(
    "subscripts, shapes, said",
    [
        ("ij,jk->ik", [(2, 3)], "1 operands for 2 terms"),
        ("ij,jk->ik", [(2, 3), (2, 3)], "lengths 3 and 2 for the label 'j'"),
        ("ij->ik", [(2, 3)], "'k' of the output is in no operand"),
        ("ij->ii", [(2, 3)], "'i' of the output is repeated"),
        ("ij", [(2, 3, 4)], "2 labels for an operand of 3 axes"),
        ("i1->i", [(2, 3)], "expected letters"),
        ("i....->i", [(2, 3)], "expected letters"),
    ],
)
def test_einsum_says_what_is_wrong(subscripts: str, shapes: list[Any], said: str):
    with pytest.raises(errors.ArgumentError, match=r"^einsum: ") as raised:
        ag.einsum(subscripts, *(tensor(random(*shape)) for shape in shapes))
    assert said in str(raised.value)


# -- matrices -----------------------------------------------------------------------------------------------


def test_matrices_of_vectors_and_blocks_agree_with_numpy_and_scipy():
    x, y = random(3), random(2, 4)
    for k in (-2, -1, 0, 1, 3):
        close(ag.diag(tensor(x), k), np.diag(x, k))
        close(ag.diag(tensor(y), k), np.diag(y, k))
        check(lambda x, k=k: ag.diag(x, k), x, second=False)
    close(ag.block_diag(tensor(x), tensor(y), tensor(2.0)), scipy_linalg.block_diag(x, y, 2.0))
    check(lambda x, y: ag.block_diag(x, y, x * x), x, y)


@pytest.mark.parametrize("shapes", [((2, 3), (4, 2)), ((2,), (3, 2)), ((2, 1, 2), (3, 2)), ((), (2,))])
def test_kron(shapes: Any):
    x, y = random(*shapes[0]), random(*shapes[1], seed=1)
    close(ag.kron(tensor(x), tensor(y)), np.kron(x, y))
    check(ag.kron, x, y)


@pytest.mark.parametrize("shapes", [((), (2, 3)), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 3), (4, 3, 2))])
def test_dot_and_outer(shapes: Any):
    x, y = random(*shapes[0]), random(*shapes[1], seed=1)
    close(ag.dot(tensor(x), tensor(y)), np.dot(x, y))
    close(ag.outer(tensor(x), tensor(y)), np.outer(x, y))
    check(ag.dot, x, y)
    check(ag.outer, x, y)


@pytest.mark.parametrize("is_complex", [False, True])
def test_expm_and_its_derivatives(is_complex: bool):
    x = random(2, 3, 3, is_complex=is_complex)
    close(ag.linalg.expm(tensor(x)), scipy_linalg.expm(x), atol=1e-12)
    close(ag.linalg.expm(tensor(30 * x)), scipy_linalg.expm(30 * x), rtol=1e-9, atol=1e-9)
    check(ag.linalg.expm, x)


def test_expm_keeps_digits_of_a_large_cotangent():
    x = tensor(random(3, 3))
    pull = func.vjp(ag.linalg.expm, x)[1]
    close(pull(tensor(1e200 * np.ones((3, 3))))[0] * 1e-200, pull(tensor(np.ones((3, 3))))[0].numpy())
    exact = scipy_linalg.expm_frechet(random(3, 3).T, np.ones((3, 3)), compute_expm=False)
    close(pull(tensor(np.ones((3, 3))))[0], exact)


def test_expm_of_diagonal_and_large_matrices():
    close(ag.linalg.expm(tensor(np.diag([0.0, 1.0, -40.0]))), np.diag(np.exp([0.0, 1.0, -40.0])))
    assert ag.linalg.expm(tensor(np.zeros((0, 0)))).shape == (0, 0)
    with pytest.raises(errors.ArgumentError, match="expected square matrices"):
        ag.linalg.expm(tensor(random(2, 3)))


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("is_complex", [False, True])
def test_triangular_systems_of_one_vector(upper: bool, is_complex: bool):
    a, b = random(3, 3, is_complex=is_complex) + 3 * np.eye(3), random(3, is_complex=is_complex)
    expected = scipy_linalg.solve_triangular(a, b, lower=not upper)
    close(ag.linalg.solve_triangular(tensor(a), tensor(b), upper=upper), expected)
    check(lambda a, b: ag.linalg.solve_triangular(a, b, upper=upper), a, b)
    check(lambda a, b: ag.linalg.solve_triangular(a, b, upper=upper), np.stack([a, 2 * a]), b)


def test_triangular_systems_of_one_vector_and_many_rows():
    a, b = random(70, 70) + 30 * np.eye(70), random(70)
    close(ag.linalg.solve_triangular(tensor(a), tensor(b)), scipy_linalg.solve_triangular(a, b, lower=True))


def test_cho_solve_and_logdet():
    a, b = random(3, 3), random(3, 2)
    spd = a @ a.T + 3 * np.eye(3)
    for lower in (True, False):
        c = scipy_linalg.cho_factor(spd, lower=lower)
        close(ag.linalg.cho_solve((tensor(c[0]), lower), tensor(b)), np.linalg.solve(spd, b))
        close(ag.linalg.cho_solve((tensor(c[0]), lower), tensor(b[:, 0])), np.linalg.solve(spd, b[:, 0]))
        check(lambda c, b, lower=lower: ag.linalg.cho_solve((c, lower), b), c[0], b)
    check(lambda a, b: ag.linalg.cho_solve((ag.linalg.cholesky(a @ a.mT + 3.0), True), b), np.eye(3) + a / 9, b)
    with pytest.raises(errors.ArgumentError, match=r"linalg\.cho_solve: .* as many rows of b"):
        ag.linalg.cho_solve((tensor(spd), True), tensor(random(2)))
    close(ag.linalg.logdet(tensor(np.stack([spd, -spd]))), [np.linalg.slogdet(spd)[1], math.nan])
    check(ag.linalg.logdet, spd)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (3, 3)])
@pytest.mark.parametrize("is_complex", [False, True])
def test_lstsq(shape: tuple[int, int], is_complex: bool):
    a, b = random(*shape, is_complex=is_complex), random(shape[0], 2, is_complex=is_complex)
    found, expected = ag.linalg.lstsq(tensor(a), tensor(b)), np.linalg.lstsq(a, b)
    close(found.x, expected[0])
    close(found.residuals, expected[1]) if shape[0] > shape[1] else None
    close(found.s, expected[3])
    assert int(found.rank) == expected[2]
    close(ag.linalg.lstsq(tensor(a), tensor(b[:, 0])).x, expected[0][:, 0])
    check(lambda a, b: ag.linalg.lstsq(a, b).x, a, b, rtol=1e-6)
    if shape == (5, 3):
        check(lambda a, b: ag.linalg.lstsq(a, b).residuals, a, b, rtol=1e-6)


@pytest.mark.parametrize("rows, columns", [(0, 3), (3, 0), (0, 0)])
def test_lstsq_of_nothing_is_numpys(rows: int, columns: int):
    a, b = np.zeros((rows, columns)), random(rows, 2)
    found, expected = ag.linalg.lstsq(tensor(a), tensor(b)), np.linalg.lstsq(a, b)
    close(found.x, expected[0])
    close(found.residuals, expected[1])
    close(found.s, expected[3])
    assert int(found.rank) == 0
    assert ag.linalg.lstsq(tensor(np.zeros((0, 3, 2))), tensor(np.zeros((0, 3, 1)))).x.shape == (0, 2, 1)


def test_multi_dot():
    shapes = ((4, 2), (2, 5), (5, 3), (3, 1))
    arrays = [random(*shape) for shape in shapes]
    close(ag.linalg.multi_dot([tensor(each) for each in arrays]), np.linalg.multi_dot(arrays))
    ends = [random(4), *arrays[:3], random(3)]
    close(ag.linalg.multi_dot([tensor(each) for each in ends]), np.linalg.multi_dot(ends))
    check(lambda *xs: ag.linalg.multi_dot(xs), *ends)
    with pytest.raises(errors.ArgumentError, match=r"arrays\[0\], arrays\[1\]"):
        ag.linalg.multi_dot([tensor(random(2, 3)), tensor(random(2, 3))])


@pytest.mark.parametrize(
    "ord, axis",
    [(None, None), (None, 1), (3, 0), (1, -1), (math.inf, 0), (None, (0, 2)), ("fro", (1, 0)), ("nuc", (2, 0)), (2, (0, 1)),
     (1, (2, 1)), (-math.inf, (0, 2))],
)  # fmt: skip
def test_norm_chooses_as_numpy_does(ord: Any, axis: Any):
    x = random(3, 4, 2)
    for keepdims in (False, True):
        expected = np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
        close(ag.linalg.norm(tensor(x), ord=ord, axis=axis, keepdims=keepdims), expected)
    check(lambda x: ag.linalg.norm(x, ord=ord, axis=axis), x)
    with pytest.raises(errors.ArgumentError, match=r"linalg\.norm: axis: .*one axis"):
        ag.linalg.norm(tensor(x), ord=2)


# -- running along an axis ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("axis", [0, -1])
def test_running_extremes_are_those_of_pytorch(name: str, axis: int):
    torch = pytest.importorskip("torch")
    x = np.round(random(4, 5), 0)
    x[1, 2] = math.nan
    found, expected = getattr(ag, name)(tensor(x), axis), getattr(torch, name)(torch.tensor(x), axis)
    close(found.values, expected.values)
    assert found.indices.numpy().tolist() == expected.indices.tolist()
    assert found.indices.dtype == ag.int64
    check(lambda x: getattr(ag, name)(x, axis).values, apart(4, 5))


def test_running_extremes_give_the_gradient_to_the_element_selected():
    close(gradient_of(lambda x: ag.cummax(x).values, [1.0, 1.0, 0.0]), [1, 2, 0])
    assert ag.cummax(tensor(2.0)).values.shape == ()
    with pytest.raises(errors.IndexingError, match="cummax: axis: got 2 for an array of 2 axes"):
        ag.cummax(tensor(random(2, 3)), 2)


@pytest.mark.parametrize("axis", [0, 1])
def test_logcumsumexp(axis: int):
    x = random(4, 3)
    for shift in (0, 1000, -1000):
        close(ag.logcumsumexp(tensor(x + shift), axis=axis), np.logaddexp.accumulate(x + shift, axis=axis))
    check(lambda x: ag.logcumsumexp(x, axis=axis), x)
    assert ag.logcumsumexp(tensor(3.0), axis=0).item() == 3


def test_logcumsumexp_shares_equally_among_equal_infinities():
    low, high = -math.inf, math.inf

    def last(x: ag.Tensor) -> ag.Tensor:
        return ag.logcumsumexp(x)[-1]

    for x, shares in (
        ([low, low, low], [1 / 3, 1 / 3, 1 / 3]), ([low, 2.0, low], [0, 1, 0]), ([1.0, high, 5.0, high], [0, 0.5, 0, 0.5]),
        ([low, high], [0, 1]), ([1000.0, 1000.0], [0.5, 0.5]), ([0.0, 50.0], [math.exp(-50), 1]),
    ):  # fmt: skip
        close(gradient_of(last, x), shares, atol=0)
        for position in range(len(x)):
            unit = np.eye(len(x))[position]
            close(func.jvp(last, (tensor(x),), (tensor(unit),))[1], shares[position], atol=0)


def test_cumsum_and_cumprod_are_those_of_numpy():
    x = random(2, 3)
    for axis in (None, 0, -1):
        close(ag.cumsum(tensor(x), axis), np.cumsum(x, axis))
        close(ag.cumprod(tensor(x), axis), np.cumprod(x, axis))
        check(lambda x, axis=axis: ag.cumprod(x, axis), x)


# -- quantiles ----------------------------------------------------------------------------------------------

METHODS = (
    "linear", "lower", "higher", "nearest", "midpoint", "interpolated_inverted_cdf", "hazen", "weibull",
    "median_unbiased", "normal_unbiased", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
)  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("axis", [None, 1, (0, -1)])
def test_quantile(method: str, axis: Any):
    x = apart(3, 4, 2)
    for q in (0.0, 0.3, 0.5, 1, [0.1, 0.9], [[0.2], [0.7]]):
        for keepdims in (False, True):
            expected = np.quantile(x, q, axis=axis, method=method, keepdims=keepdims)
            close(ag.quantile(tensor(x), q, axis, method=method, keepdims=keepdims), expected)
    check(lambda x: ag.quantile(x, [0.3, 0.55], axis, method=method), x)
    close(ag.quantile(tensor(x), tensor([0.3, 0.8]), axis, method=method), np.quantile(x, [0.3, 0.8], axis, method=method))


@pytest.mark.parametrize("method", METHODS)
def test_quantile_takes_the_element_that_numpy_does_at_every_step(method: str):
    for n in range(1, 9):
        x = apart(n)
        q = np.linspace(0, 1, 8 * n + 1)
        close(ag.quantile(tensor(x), q, method=method), np.quantile(x, q, method=method))


def test_methods_with_steps_give_q_no_gradient_and_the_element_all_of_it():
    x, q = tensor([3.0, 1.0, 2.0]), tensor(0.4)
    for method, selected in (("inverted_cdf", 2), ("averaged_inverted_cdf", 2), ("closest_observation", 1), ("lower", 1)):
        by_x, by_q = func.grad(lambda x, q, method=method: ag.quantile(x, q, method=method), (0, 1))(x, q)
        assert by_x.tolist() == [float(each == selected) for each in range(3)] and by_q.item() == 0, method


def test_quantiles_beside_infinities():
    x = [math.inf, 1.0, 2.0, -math.inf]
    close(ag.quantile(tensor(x), [0.0, 1 / 3, 0.5, 2 / 3, 1.0]), [-math.inf, 1, 1.5, 2, math.inf])
    close(ag.quantile(tensor(x), [0.1, 0.9]), [-math.inf, math.inf])
    close(ag.quantile(tensor(x), [0.1, 0.6, 0.9], method="lower"), [-math.inf, 1, 2])
    close(ag.median(tensor([math.inf, math.inf, 1.0, math.inf])), math.inf)
    close(ag.median(tensor([math.inf])), math.inf)
    with np.errstate(invalid="ignore"):
        assert np.isnan(ag.median(tensor([math.inf, -math.inf])).numpy())
    close(gradient_of(lambda x: ag.quantile(x, [0.0, 0.5]), x), [0, 0.5, 0.5, 1])
    check(lambda q: ag.quantile(tensor(x), q), np.array([0.4, 0.5]), second=False)


def test_quantile_gives_q_the_slope_between_neighbours():
    check(lambda x, q: ag.quantile(x, q, 0), apart(5, 2), np.array([0.3, 0.6]))
    assert func.grad(lambda q: ag.quantile(tensor([1.0, 3.0, 7.0]), q))(tensor(0.7)).item() == 8


def test_quantile_of_ties_gives_the_gradient_to_those_selected_and_it_sums_to_one():
    close(gradient_of(lambda x: ag.quantile(x, 0.5), [2.0, 1.0, 2.0, 2.0]), [0.5, 0, 0.5, 0])
    close(gradient_of(lambda x: ag.quantile(x, 1.0), [2.0, 1.0, 2.0]), [0, 0, 1])


def test_quantile_of_nan_is_nan_and_of_nothing_an_error():
    assert np.isnan(ag.quantile(tensor([[1.0, math.nan], [1.0, 2.0]]), 0.5, 1).numpy()).tolist() == [True, False]
    for q in (1.5, [-0.1, 0.2], math.nan):
        with pytest.raises(errors.ArgumentError, match=r"quantile: q: got .*; expected numbers from 0 to 1"):
            ag.quantile(tensor([1.0, 2.0]), q)
    with pytest.raises(errors.ArgumentError, match="quantile: method: got 'best'; expected one of linear"):
        ag.quantile(tensor([1.0, 2.0]), 0.5, method="best")
    with pytest.raises(errors.ArgumentError, match="expected at least one element"):
        ag.quantile(tensor(np.zeros((2, 0))), 0.5, 1)
    with pytest.raises(errors.ArgumentTypeError, match="quantile: x: got dtype int64"):
        ag.quantile(tensor(np.array([1, 2])), 0.5)


@pytest.mark.parametrize("shape, axis", [((5,), None), ((4,), None), ((3, 4), 1), ((3, 4), (0, 1))])
def test_median(shape: Any, axis: Any):
    x = apart(*shape)
    close(ag.median(tensor(x), axis), np.median(x, axis))
    close(ag.median(tensor(x), axis, keepdims=True), np.median(x, axis, keepdims=True))
    check(lambda x: ag.median(x, axis), x)


# -- reductions without NaN ---------------------------------------------------------------------------------

HOLES = np.array([[1.5, math.nan, -2.0, 0.5], [math.nan, 3.0, 1.0, math.nan], [0.1, 0.2, -0.7, 4.0]])


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_leave_out_nan_and_give_it_no_gradient(name: str, axis: Any, keepdims: bool):
    def reduce(x: Any) -> Any:
        return getattr(ag, name)(x, axis=axis, keepdims=keepdims)

    close(reduce(tensor(HOLES)), getattr(np, name)(HOLES, axis=axis, keepdims=keepdims))
    close(reduce(tensor(np.nan_to_num(HOLES))), getattr(np, name)(np.nan_to_num(HOLES), axis=axis, keepdims=keepdims))
    gradient = gradient_of(reduce, HOLES)
    assert (gradient[np.isnan(HOLES)] == 0).all()
    assert np.isfinite(gradient).all()

    def filled(values: Any) -> Any:
        missing = ag.where(tensor(np.isnan(HOLES)), math.nan, 0.0 * values)
        return reduce(values + missing)

    check(filled, np.nan_to_num(HOLES, nan=9.0))


@pytest.mark.parametrize("name", ["nanmean", "nanvar", "nanstd", "nanmax", "nanmin"])
def test_a_reduction_of_nothing_but_nan_is_nan_without_a_gradient(name: str):
    x = tensor([[math.nan, math.nan], [1.0, 2.0]])
    found = getattr(ag, name)(x, 1).numpy()
    assert np.isnan(found).tolist() == [True, False]
    gradient = func.grad(lambda x: ag.sum(getattr(ag, name)(x, 1)))(x).numpy()
    assert gradient[0].tolist() == [0, 0] and np.isfinite(gradient).all()


def test_reductions_without_nan_at_ties_and_of_equal_numbers():
    close(gradient_of(ag.nanmax, [1.0, math.nan, 1.0, 0.0]), [0.5, 0, 0.5, 0])
    close(gradient_of(ag.nanmin, [math.inf, math.nan]), [1, 0])
    close(gradient_of(ag.nanstd, [1.0, math.nan, 1.0, 1.0]), [0, 0, 0, 0])
    close(gradient_of(ag.nanprod, [0.0, math.nan, 2.0, 3.0]), [6, 0, 0, 0])
    close(ag.nanvar(tensor(HOLES), 1, correction=1), np.nanvar(HOLES, 1, ddof=1))
    close(ag.nanvar(tensor(HOLES + 1j)), np.nanvar(HOLES + 1j))
    assert ag.nansum(tensor(np.array([1, 2]))).item() == 3


def test_nan_to_num():
    x = [1.0, math.nan, math.inf, -math.inf]
    close(ag.nan_to_num(tensor(x)), np.nan_to_num(x))
    close(ag.nan_to_num(tensor(x), 7.0, posinf=8.0, neginf=9.0), [1, 7, 8, 9])
    close(gradient_of(lambda x: ag.nan_to_num(x) / 2, x), [0.5, 0, 0, 0])
    with np.errstate(all="ignore"):
        close(gradient_of(lambda x: ag.nan_to_num(ag.sqrt(x) / x, 0.0), [4.0, 0.0]), [-1 / 16, 0])
    close(ag.nan_to_num(tensor(np.array([1 + 1j, complex(math.nan, 2)]))), [1 + 1j, 2j])


# -- signals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", [(5, 3), (3, 5), (4, 4), (6, 1), (4, 2), (100, 70), (70, 100)])
def test_convolve(mode: str, lengths: Any):
    x, y = random(lengths[0]), random(lengths[1], seed=1)
    close(ag.convolve(tensor(x), tensor(y), mode), np.convolve(x, y, mode))
    check(lambda x, y: ag.convolve(x, y, mode), x, y, second=lengths[0] < 10)


def test_convolve_of_complex_vectors_and_of_no_vectors():
    x, y = random(5, is_complex=True), random(3, is_complex=True)
    close(ag.convolve(tensor(x), tensor(y)), np.convolve(x, y))
    check(lambda x, y: ag.convolve(x, y, "same"), x, y)
    stacked = random(2, 1, 5), random(4, 3)
    expected = np.array([[np.convolve(a[0], b) for b in stacked[1]] for a in stacked[0]])
    close(ag.convolve(*map(tensor, stacked)), expected)
    check(ag.convolve, *stacked)
    for bad in (np.array(2.0), np.zeros(0)):
        with pytest.raises(errors.ArgumentError, match=r"convolve: .*expected vectors of at least one element"):
            ag.convolve(tensor(bad), tensor(x))
    with pytest.raises(errors.ArgumentError, match="convolve: mode: got 'circular'"):
        ag.convolve(tensor(x), tensor(y), "circular")


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("width", [2, (1, 3), ((0, 1), (2, 0)), ((7, 9),), {1: (1, 2)}])
def test_pad(mode: str, width: Any):
    x = random(3, 4)
    close(ag.pad(tensor(x), width, mode), np.pad(x, width, mode))
    check(lambda x: ag.pad(x, width, mode), x)


@pytest.mark.parametrize(
    "mode, options",
    [
        ("maximum", {}), ("minimum", {"stat_length": 1}), ("mean", {}), ("mean", {"stat_length": 2}),
        ("median", {"stat_length": ((3, 2), (99, 3))}), ("linear_ramp", {}), ("linear_ramp", {"end_values": (1.5, -2.0)}),
        ("reflect", {"reflect_type": "odd"}), ("symmetric", {"reflect_type": "odd"}), ("reflect", {"reflect_type": "even"}),
    ],
)  # fmt: skip
def test_pad_by_what_is_made_of_entries(mode: str, options: Any):
    for shape in ((3, 4), (4, 1)):
        x = apart(*shape)
        for width in (1, (2, 0), ((9, 5), (0, 7)), np.array([1, 2])):
            close(ag.pad(tensor(x), width, mode, **options), np.pad(x, width, mode, **options))
        check(lambda x: ag.pad(x, (3, 5), mode, **options), x)


def test_pad_gives_ramps_their_ends_and_what_is_empty_zeros():
    check(lambda x, c: ag.pad(x, (1, 2), "linear_ramp", end_values=c), random(2, 3), np.array(0.5))
    assert ag.pad(tensor([1.0]), 1, "empty").tolist() == [0, 1, 0]


def test_pad_by_constants():
    x = random(2, 2)
    values = ((1, 2), (3, 4))
    close(ag.pad(tensor(x), 1, constant_values=values), np.pad(x, 1, constant_values=values))
    check(lambda x, c: ag.pad(x, (1, 2), constant_values=c), x, np.array(0.5))
    close(ag.pad(tensor(np.ones((1, 1))), 3, "reflect"), np.ones((7, 7)))


@pytest.mark.parametrize(
    "width, mode, said",
    [
        (1, "means", "mode: got 'means'; expected one of constant, empty"),
        (-1, "edge", "pad_width: got -1"),
        (((1, 1),) * 3, "edge", "for 2 axes"),
    ],
)
def test_pad_says_what_is_wrong(width: Any, mode: str, said: str):
    with pytest.raises(errors.ArgumentError, match=f"pad: {said}" if said != "for 2 axes" else "pad: .*for 2 axes"):
        ag.pad(tensor(random(2, 2)), width, mode)
    with pytest.raises(errors.ArgumentTypeError, match=r"pad: pad_width: got 0.5; expected integers"):
        ag.pad(tensor(random(2, 2)), 0.5)
    with pytest.raises(errors.ArgumentError, match="pad: end_values: got 1 for mode 'edge', which takes no option"):
        ag.pad(tensor(random(2, 2)), 1, "edge", end_values=1)
    with pytest.raises(errors.ArgumentError, match="pad: reflect_type: got 'other'; expected 'even' or 'odd'"):
        ag.pad(tensor(random(2, 2)), 1, "reflect", reflect_type="other")
    with pytest.raises(errors.ArgumentTypeError, match="pad: x: got dtype int64; expected a floating one"):
        ag.pad(tensor(np.ones((2, 2), dtype=int)), 1, "mean")


@pytest.mark.parametrize("options", [{}, {"discont": 4.5}, {"period": 4.0}, {"axis": 0}])
def test_unwrap(options: Any):
    x = np.round(random(4, 6) * 6, 1)
    close(ag.unwrap(tensor(x), **options), np.unwrap(x, **options), atol=1e-12)
    close(ag.unwrap(tensor([0.0, math.pi, 0.0, -math.pi])), np.unwrap([0.0, math.pi, 0.0, -math.pi]))
    close(gradient_of(lambda x: ag.unwrap(x, **options), x), np.ones_like(x))
    check(lambda x: ag.unwrap(x, **options), x + 0.013)


# -- functions given by samples -----------------------------------------------------------------------------


def test_interp():
    knots, values = np.array([0.0, 1.0, 2.5, 3.0]), np.array([1.0, -1.0, 2.0, 0.5])
    x = np.array([[-1.0, 0.0, 0.3], [1.0, 2.7, 3.0], [3.5, 0.999, 2.5]])
    for options in ({}, {"left": -5.0, "right": 7.0}, {"period": 2.8}, {"period": -2.8}):
        close(ag.interp(tensor(x), tensor(knots), tensor(values), **options), np.interp(x, knots, values, **options))
        check(lambda *args, options=options: ag.interp(*args, **options), x + 0.0411, knots, values)
    assert ag.interp(0.5, tensor(knots), tensor(values)).item() == 0
    assert ag.interp(tensor(9.0), tensor([1.0]), tensor([2.0])).item() == 2


def test_interp_at_its_samples_takes_the_slope_to_the_right_and_nothing_outside():
    knots, values = tensor([0.0, 1.0, 3.0]), tensor([0.0, 2.0, 0.0])
    close(gradient_of(lambda x: ag.interp(x, knots, values), [-1.0, 0.0, 1.0, 3.0, 4.0]), [0, 2, -1, -1, 0])
    with pytest.raises(errors.ArgumentError, match="interp: xp, fp: got 3 and 2 samples"):
        ag.interp(tensor(1.0), knots, values[:2])
    with pytest.raises(errors.ArgumentError, match="interp: period: got 0"):
        ag.interp(tensor(1.0), knots, values, period=0)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_trapezoid(axis: int):
    y = random(3, 4)
    x = np.cumsum(np.exp(random(y.shape[axis])))
    close(ag.trapezoid(tensor(y), axis=axis), np.trapezoid(y, axis=axis))
    close(ag.trapezoid(tensor(y), dx=0.3, axis=axis), np.trapezoid(y, dx=0.3, axis=axis))
    close(ag.trapezoid(tensor(y), tensor(x), axis=axis), np.trapezoid(y, x, axis=axis))
    close(ag.trapezoid(tensor(y), tensor(y * y), axis=axis), np.trapezoid(y, y * y, axis=axis))
    check(lambda y, x: ag.trapezoid(y, x, axis=axis), y, x)
    with pytest.raises(errors.ArgumentError, match="trapezoid: x: got shape"):
        ag.trapezoid(tensor(y), tensor(np.arange(9.0)), axis=axis)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(edge_order: int):
    f, x = random(4, 5), np.cumsum(np.exp(random(5)))
    pairs = [((), {}), ((0.3,), {}), ((0.3, x), {}), ((x,), {"axis": 1}), ((), {"axis": 0}), ((2.0, 0.5), {"axis": (1, 0)})]
    for spacing, options in pairs:
        given = [tensor(each) if isinstance(each, np.ndarray) else each for each in spacing]
        found = ag.gradient(tensor(f), *given, edge_order=edge_order, **options)
        expected = np.gradient(f, *spacing, edge_order=edge_order, **options)
        assert isinstance(found, tuple) == isinstance(expected, tuple)
        for mine, its in zip(outputs(found), outputs_of_numpy(expected), strict=True):
            close(mine, its)
    check(lambda f, x: ag.gradient(f, x, axis=1, edge_order=edge_order), f, x, second=False)
    check(lambda f: ag.gradient(f, 0.3, edge_order=edge_order), f)
    close(ag.gradient(tensor([1.0, 4.0, 9.0]), edge_order=edge_order), np.gradient([1.0, 4.0, 9.0], edge_order=edge_order))
    with pytest.raises(errors.ArgumentError, match=f"gradient: f: got 1 samples along axis 0; expected {edge_order + 1}"):
        ag.gradient(tensor([1.0]), edge_order=edge_order)
    with pytest.raises(errors.ArgumentError, match="gradient: got 3 spacings"):
        ag.gradient(tensor(f), 1.0, 2.0, 3.0)


def outputs_of_numpy(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


# -- reductions of numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "prod", "max", "nansum", "nanprod", "nanmean", "nanvar", "nanstd"])
def test_a_number_may_be_reduced_over_its_only_place_as_numpy_has_it(name: str):
    reduce = getattr(ag, name)
    for axis in (0, -1):
        close(reduce(tensor(3.0), axis=axis), getattr(np, name)(np.float64(3.0), axis=axis))
        close(gradient_of(lambda x, axis=axis: reduce(x, axis=axis), 3.0), gradient_of(reduce, 3.0))


# -- keys ---------------------------------------------------------------------------------------------------


def test_functions_of_entries_take_lists_for_keys_as_brackets_do():
    x, v = [1.0, 2.0, 3.0], [10.0, 20.0]
    for key in ([1, 1], ([1, 1],), np.array([1, 1]), tensor(np.array([1, 1]))):
        close(gradient_of(lambda x, key=key: ag.getitem(x, key) ** 2, x), [0, 8, 0])
        close(gradient_of(lambda x, key=key: x[key] ** 2, x), [0, 8, 0])
        close(ag.index_add(tensor(x), tensor(v), key=key), [1, 32, 3])
        close(ag.index_set(tensor(x), tensor(v), key=key), [1, 20, 3])
        close(gradient_of(lambda v, key=key: ag.index_set(tensor(x), v, key=key), v), [0, 1])
    close(ag.getitem(tensor(x), [True, False, True]), [1, 3])


def test_values_that_numpy_would_cut_are_refused():
    x, half, imaginary = (ag.asarray(np.asarray(each)) for each in (range(3), [0.5], [1j]))
    for write in (ag.index_add, ag.index_set):
        for array, values in ((x, half), (ag.asarray(np.ones(2)), imaginary)):
            for key in ([0], slice(1)):
                with pytest.raises(errors.ArgumentTypeError, match=r"index_(add|set)\(x: shape"):
                    write(array, values, key=key)
    close(ag.index_add(ag.asarray(np.ones(2) * 1j), half, key=[0]), [0.5 + 1j, 1j])


def test_an_empty_list_selects_nothing():
    x = tensor([1.0, 2.0])
    assert x[[]].shape == (0,) and ag.index_add(x, tensor(np.zeros(0)), key=[]).tolist() == [1, 2]
    close(gradient_of(lambda x: x[[]], [1.0, 2.0]), [0, 0])


# -- scatter ------------------------------------------------------------------------------------------------

INDEX = np.array([[0, 2, 0], [2, 1, 0]])


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("reduce", [None, "add", "multiply"])
def test_scatter(axis: int, reduce: Any):
    torch = pytest.importorskip("torch")
    x, src, index = random(3, 3), random(4, 3, seed=1), INDEX if axis == 0 else INDEX.T % 3
    src = src if axis == 0 else src.T
    options = {} if reduce is None else {"reduce": reduce}
    unique = reduce is None  # of repeated indices PyTorch does not say which one wins
    index = np.array([[0, 2, 1], [2, 1, 0]]) if unique else index
    index = index.T if unique and axis != 0 else index
    found = ag.scatter(tensor(x), axis, tensor(index), tensor(src), reduce=reduce)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that its `reduce` will go
        expected = torch.scatter(torch.tensor(x), axis, torch.tensor(index), torch.tensor(src), **options)
    close(found, expected)
    check(lambda x, src: ag.scatter(x, axis, tensor(index), src, reduce=reduce), x, src)


def test_scatter_of_duplicates_lets_the_last_win():
    index = tensor(np.array([0, 0, 2]))
    x, src = [9.0, 8.0, 7.0], [1.0, 2.0, 3.0]
    close(ag.scatter(tensor(x), 0, index, tensor(src)), [2, 8, 3])
    close(gradient_of(lambda src: ag.scatter(tensor(x), 0, index, src), src), [0, 1, 1])
    close(gradient_of(lambda x: ag.scatter(x, 0, index, tensor(src)), x), [0, 1, 0])
    close(ag.scatter_add(tensor(x), 0, index, tensor(src)), [12, 8, 10])
    close(ag.scatter(tensor(x), 0, index, 5.0), [5, 8, 5])


def test_scatter_that_multiplies_is_exact_where_factors_are_zero():
    index = tensor(np.array([0, 0, 2]))
    x, src = [2.0, 8.0, 0.0], [0.0, 3.0, 0.0]

    def loss(x: ag.Tensor, src: ag.Tensor) -> ag.Tensor:
        return ag.scatter(x, 0, index, src, reduce="multiply")

    close(loss(tensor(x), tensor(src)), [0, 8, 0])
    close(gradient_of(loss, x, src, argnum=0), [0, 1, 0])
    close(gradient_of(loss, x, src, argnum=1), [6, 0, 0])
    check(loss, np.array(x), np.array(src))


def test_scatter_says_what_is_wrong():
    x, src = tensor(random(3, 3)), tensor(random(2, 3))
    with pytest.raises(errors.ArgumentTypeError, match="scatter: index: got dtype float64; expected an integer one"):
        ag.scatter(x, 0, src, src)
    with pytest.raises(errors.ArgumentError, match="scatter: index: got shape"):
        ag.scatter(x, 0, tensor(np.array([1])), src)
    with pytest.raises(errors.ArgumentError, match="scatter: src: got shape"):
        ag.scatter(x, 0, tensor(np.zeros((3, 3), dtype=int)), src)
    with pytest.raises(errors.ArgumentError, match="scatter: reduce: got 'mean'"):
        ag.scatter(x, 0, tensor(INDEX), src, reduce="mean")
    with pytest.raises(errors.IndexingError, match="scatter_add: axis: got 5"):
        ag.scatter_add(x, 5, tensor(INDEX), src)
