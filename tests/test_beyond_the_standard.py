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
