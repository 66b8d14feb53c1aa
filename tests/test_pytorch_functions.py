"""Functions and methods under PyTorch's names do what PyTorch's do: the same expressions on both, values and gradients."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

import arraygrad as ag
import arraygrad.pytorch

torch = pytest.importorskip("torch")

VALUES = {
    "x": [[0.3, -1.2, 2.5], [1.7, 0.4, -0.6]],
    "y": [[1.1, 0.2, -0.7], [0.9, -1.4, 2.2]],
    "s": [[2.0, 0.3, -0.4], [0.1, 1.5, 0.6], [-0.2, 0.7, 1.9]],
    "v": [0.8, -0.5, 1.6],
    "w": [1.3, 0.2, -0.9],
    "c": (np.arange(24.0).reshape(2, 3, 4) / 7 - 1.5).tolist(),
    "p": [[0.3, 1.2, 2.5], [1.7, 0.4, 0.6]],
}
INTEGERS = {"i": [[0, 2, 1], [1, 0, 2]], "j": [2, 0], "n": [1, 0, 2]}
MASKS = {"m": [[True, False, True], [False, True, True]]}

EXPRESSIONS = """
torch.cat([x, y]); torch.cat((x, y), dim=1); torch.concatenate([x, y], 0); torch.stack([x, y], dim=-1)
torch.stack([x, y], 1); torch.hstack([x, y]); torch.hstack([v, w]); torch.vstack([v, x]); torch.dstack([x, y])
torch.dstack([v, w]); torch.column_stack([v, s]); torch.column_stack([v, w]); torch.row_stack([v, x])
torch.split(c, 2, dim=2); torch.split(c, 3, dim=2); torch.split(c, [1, 3], 2); c.split(2); torch.chunk(c, 3, dim=2)
c.chunk(2, -1); torch.tensor_split(c, 3, dim=2); torch.tensor_split(c, (1, 3), dim=2); torch.unbind(c, 1); c.unbind(-1)
torch.narrow(c, 2, 1, 2); c.narrow(1, -2, 2); torch.select(c, 1, 2); c.select(-1, 0); torch.unsqueeze(x, 1)
x.unsqueeze(-1); torch.squeeze(x[:, None], 1); torch.squeeze(x[None]); x[None].squeeze(1); x[None].squeeze(0)
torch.permute(c, (2, 0, 1)); c.permute(2, 0, 1); torch.transpose(c, 0, -1); c.transpose(1, 2); torch.swapaxes(c, 0, 1)
torch.swapdims(c, 0, 1); c.swapaxes(0, 2); torch.t(x); x.t(); torch.t(v); s.adjoint(); torch.movedim(c, 0, 2)
c.movedim((0, 1), (1, 2)); torch.flatten(c); torch.flatten(c, 1); torch.flatten(c, 0, 1)
c.flatten(start_dim=1, end_dim=2); torch.unflatten(c, 2, (2, 2)); c.unflatten(-1, (2, -1)); torch.atleast_1d(x[0, 0])
torch.atleast_2d(v); torch.atleast_3d(x); torch.atleast_3d(v); torch.broadcast_tensors(x, v); torch.flip(c, (0, 2))
torch.flip(c, [1]); x.flip(0); x.flip(0, 1); torch.fliplr(x); torch.flipud(x); torch.rot90(x); torch.rot90(x, 2)
torch.rot90(c, -1, (1, 2)); x.rot90(3); torch.roll(x, 1); torch.roll(x, (1, 2), (0, 1)); x.roll(1, dims=1)
torch.tile(x, (2, 2)); torch.repeat_interleave(x, 2); torch.repeat_interleave(x, 2, dim=1)
x.repeat_interleave(n + 1, dim=1); torch.diagonal(s); torch.diagonal(c, 1, 1, 2); s.diagonal(-1); torch.diag(s)
torch.diag(v); torch.diag(v, 1); s.diag(1); torch.diag_embed(x); torch.diag_embed(x, 1); torch.diag_embed(x, -2)
torch.diag_embed(x, 1, 0, 2); torch.trace(s); s.trace(); torch.tril(s); torch.tril(s, -1); torch.triu(s, diagonal=1)
s.triu(); s.tril(1); torch.sum(x); torch.sum(x, 1); torch.sum(x, dim=0, keepdim=True); torch.sum(c, (0, 2))
torch.sum(c, [0, 2]); torch.mean(x, -1, True); torch.prod(x, 1); torch.amax(x, 1); torch.amin(x, (0, 1)); x.amax(dim=0)
torch.aminmax(x, dim=1); torch.aminmax(x); torch.logsumexp(x, 1); torch.logsumexp(x, (0, 1), True); torch.any(m, 1)
torch.all(m); torch.argmax(x); torch.argmax(x, 1, True); torch.argmin(x, dim=0); torch.count_nonzero(m, 0)
torch.nansum(x, 1); torch.nanmean(x); torch.cumsum(x, 1); torch.cumsum(x, dim=0); torch.cumprod(x, 1)
torch.logcumsumexp(x, 1); torch.cummax(x, 1); torch.cummin(x, dim=0); torch.softmax(x, 1); torch.softmax(x, dim=0)
torch.log_softmax(x, dim=-1); torch.argsort(x); torch.argsort(x, dim=0, descending=True); torch.var(x); torch.var(x, 1)
torch.var(x, False); torch.var(x, 1, unbiased=False); torch.var(x, dim=0, correction=0)
torch.std(x, (0, 1), keepdim=True); torch.std(x, 1, True); torch.var_mean(x, 1); torch.std_mean(x)
torch.std_mean(x, dim=0, correction=0, keepdim=True); torch.max(x); torch.max(x, 1); torch.max(x, dim=0, keepdim=True)
torch.max(x, y); torch.max(x, other=y); torch.min(x); torch.min(x, -1); torch.min(x, y)
i.float(); i.double(); x.int(); x.long(); x.bool(); x.view_as(y.t())
x.div(y, rounding_mode="floor"); x.round(decimals=1); x.sub(y, alpha=2); x.neg(); x.mul(y)
x.std(dim=1); x.var(dim=0, keepdim=True); x.max(dim=1); x.min(dim=0, keepdim=True); x.sort(dim=1)
x.sort(dim=0, descending=True); torch.sort(x)
torch.sort(x, dim=0, descending=True); torch.topk(x, 2); torch.topk(x, 1, 0, largest=False); x.topk(2, dim=1)
torch.kthvalue(x, 2); torch.kthvalue(x, 1, 0, True); torch.median(x); torch.median(v); torch.median(x, 1)
x.median(0, keepdim=True); torch.quantile(x, 0.3); torch.quantile(x, 0.7, dim=1, keepdim=True)
torch.quantile(x, 0.3, interpolation="lower"); torch.unique(i); torch.unique(i, return_inverse=True, return_counts=True)
torch.unique(i, return_counts=True); torch.norm(x); torch.norm(x, dim=1); torch.norm(x, 1, 0, True); torch.norm(x, p=3)
torch.norm(x, float("inf"), 1); torch.norm(x, "fro", (0, 1)); torch.norm(s, "nuc"); x.norm(); x.norm(1); x.norm(2, 1)
x.norm(dim=0, keepdim=True); x.norm(p=1, dim=1); torch.dist(x, y); torch.dist(x, y, 1); torch.gather(x, 1, i)
torch.gather(x, 0, i[:1] % 2); x.gather(1, i[:, :2]); torch.take(x, i); torch.take_along_dim(x, i, dim=1)
torch.take_along_dim(x, i[:1], 1); x.take_along_dim(i); torch.index_select(c, 1, j); x.index_select(1, n)
torch.masked_select(x, m); x.masked_select(m[0]); torch.masked_fill(x, m, 0.5); x.masked_fill(m, v[0])
torch.where(m, x, y); torch.where(m, x, 0.0); torch.where(m); x.where(m, y); torch.nonzero(m)
torch.nonzero(m, as_tuple=True); torch.argwhere(m); torch.index_add(x, 1, j, y[:, :2])
torch.index_add(x, 1, j, y[:, :2], alpha=2); x.index_add(0, i[0] % 2, s); torch.index_copy(x, 1, j, y[:, :2])
torch.index_fill(x, 1, j, 7.0); torch.index_put(x, (j // 2, j), v[:2])
torch.select_scatter(x, v, 0, 1); torch.slice_scatter(x, y[:, :2], 1, 1)
torch.slice_scatter(c, c[:, :, :2] * 2, dim=2, start=0, end=4, step=2); torch.scatter(x, 1, i, y)
torch.scatter(x, 1, i[:, :2], 3.0); torch.scatter_add(x, 1, i, y); x.scatter_add(1, i[:, :2], y.detach())
torch.clamp(x, -0.5, 1.0); torch.clamp(x, min=0.0); torch.clamp(x, max=y); x.clamp(max=1.0); torch.clamp_min(x, 0.1)
torch.clamp_max(x, 0.1); x.clamp_min(0.2); torch.searchsorted(torch.sort(v).values, w)
torch.bucketize(w, torch.sort(v).values, right=True); torch.diff(x); torch.diff(x, n=2); torch.diff(x, dim=0)
torch.diff(x, prepend=y); torch.cartesian_prod(v, w); torch.cartesian_prod(v); c.unfold(2, 2, 1); c.unfold(1, 2, 1)
torch.isclose(x, x + 1e-9); torch.isclose(x, y, equal_nan=True); torch.allclose(x, x); torch.allclose(x, y)
torch.equal(x, x); torch.equal(x, v); torch.equal(x, y); torch.neg(x); torch.mul(x, y); torch.mul(x, 2)
torch.true_divide(x, y); torch.absolute(x); torch.eq(x, y); torch.ne(x, y); torch.lt(x, 0); torch.le(x, y)
torch.gt(x, y); torch.ge(x, y); x.gt(0); torch.arccos(x / 3); torch.arccosh(p + 1); torch.arcsin(x / 3)
torch.arcsinh(x); torch.arctan(x); torch.arctanh(x / 3); torch.arctan2(x, y); torch.fix(x); torch.sgn(x.detach())
torch.bitwise_not(m); torch.lgamma(p); torch.digamma(p); torch.add(x, y); torch.add(x, y, alpha=3)
torch.sub(x, y, alpha=2); torch.sub(x, 1); torch.div(x, y); torch.div(x, y, rounding_mode="trunc")
torch.div(x, y, rounding_mode="floor"); x.div(2); torch.round(x, decimals=1); torch.round(x); torch.lerp(x, y, 0.3)
torch.lerp(x, y, p); torch.addcmul(x, y, p, value=0.5); torch.addcdiv(x, y, p, value=2); torch.fmod(x, 0.7)
torch.fmod(x, y); torch.frac(x); torch.fmax(x, y); torch.fmin(x, torch.where(m, y, float("nan"))); torch.rsqrt(p)
torch.logaddexp2(x, y); torch.deg2rad(x); torch.rad2deg(x); torch.angle(x); torch.angle(torch.complex(x, y))
torch.abs(torch.complex(x, y)); torch.real(torch.polar(p, x)); torch.heaviside(x.detach(), y.detach())
torch.isposinf(x.detach() * float("inf")); torch.isneginf(x.detach() * float("inf")); torch.mm(x, s)
torch.bmm(c, c.transpose(1, 2)); torch.mv(s, v); torch.ger(v, w); torch.vdot(v, w); torch.inner(x, y); torch.inner(v, w)
torch.inner(v, x[0, 0]); s.mm(s); s.mv(v); torch.addmm(x[:, :1], x, s); torch.addmm(x, x, s, beta=2, alpha=0.5)
torch.addmv(v, s, w); torch.addr(s, v, w); torch.addr(s, v, w, beta=2, alpha=3)
torch.baddbmm(c[:, :, :3], c, c.transpose(1, 2)); torch.cross(x, y, dim=1); torch.cross(s, s * s, dim=0)
torch.cdist(s, x); torch.cdist(s, x, p=1); torch.cov(x); torch.cov(v); torch.cov(x, correction=0); torch.corrcoef(x)
torch.cosine_similarity(x, y); torch.cosine_similarity(x, y, dim=0); torch.trapezoid(x); torch.trapezoid(x, dx=2, dim=0)
torch.trapz(x, y); torch.det(s); torch.slogdet(s)[1]; torch.logdet(s); torch.inverse(s); torch.pinverse(x)
torch.matrix_exp(s); torch.matrix_power(s, 3); s.det(); s.inverse(); s.matrix_exp(); torch.linalg.norm(x)
torch.linalg.norm(x, dim=1); torch.linalg.norm(s, 1); torch.linalg.norm(s, "nuc"); torch.linalg.norm(x, 3, 1, True)
torch.linalg.norm(c, "fro", (0, 2)); torch.linalg.vector_norm(x, 1, dim=1)
torch.linalg.vector_norm(x, dim=(0, 1), keepdim=True); torch.linalg.matrix_norm(c, 1, (1, 2))
torch.linalg.matrix_norm(c, keepdim=True); torch.linalg.cross(x, y); torch.linalg.diagonal(c); torch.linalg.inv(s)
torch.linalg.solve(s, v); torch.linalg.det(s); torch.linalg.matrix_exp(s); torch.linalg.multi_dot([x, s, s])
torch.linspace(0, 1, 5); torch.linspace(0, 1, steps=3); torch.logspace(0, 2, 3); torch.logspace(0, 2, 3, base=2.0)
torch.arange(3); torch.arange(1, 4); torch.arange(1, 4, 2); torch.arange(0, end=3); torch.meshgrid(v, w, indexing="ij")
torch.meshgrid([v, w], indexing="xy"); torch.vander(v.detach()); torch.vander(v.detach(), 2, increasing=True)
torch.tril_indices(3, 3); torch.triu_indices(2, 4, 1); torch.is_tensor(x); torch.is_floating_point(x)
torch.is_complex(x); torch.is_nonzero(x[0, 0]); torch.numel(x); x.numel(); x.is_floating_point()
torch.Size([2, 3]) == x.shape; torch.device("cpu"); x.new_zeros(2, 3); x.new_ones((2, 3)); x.new_full((2,), 1.5)
x.new_empty(2, 3) * 0; i.char(); i.cdouble(); i.new_zeros(2); x.type_as(i); i.type_as(x); x.reshape_as(y.t())
x.contiguous(); x.short(); i.cfloat(); i.byte(); torch.cat([x, x.detach()]).sum(dim=0); torch.matmul(x, s)
torch.tanh(x); torch.where(m, x, y).mean(dim=1); torch.outer(v, w); torch.einsum("ij,jk->ik", x, s)
torch.tensordot(x, s, 1); x.asinh(); x.erf(); x.exp2(); x.logaddexp(y); x.hypot(y); x.atan2(y); m.logical_and(x > 0)
v.outer(w); v.dot(w); x.nan_to_num(); x.sinc(); x.kron(y)
"""


def expressions() -> list[str]:
    return [part.strip() for line in EXPRESSIONS.strip().splitlines() for part in line.split("; ")]


def made(of: Any) -> dict[str, Any]:
    """The variables of the expressions, as leaves of a library."""
    floats = {name: of.tensor(value, dtype=of.float64, requires_grad=True) for name, value in VALUES.items()}
    integers = {name: of.tensor(value) for name, value in (INTEGERS | MASKS).items()}
    return floats | integers


def results(of: Any, expression: str) -> tuple[list[Any], dict[str, Any]]:
    """What an expression gives, and the gradients of a weighted sum of all of it, as arrays."""
    variables = made(of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = eval(expression, {"torch": of}, variables)
    parts = list(value) if isinstance(value, (tuple, list)) else [value]
    loss = 0.0
    for part in parts:
        if getattr(part, "requires_grad", False):
            weights = np.cos(np.arange(float(np.prod(tuple(part.shape))))).reshape(tuple(part.shape))
            loss = loss + (part * of.tensor(weights.tolist(), dtype=of.float64)).sum()
    if not isinstance(loss, float):
        loss.backward()
    found = [part.detach().numpy() if hasattr(part, "detach") else part for part in parts]
    leaves = {name: variables[name].grad for name in VALUES}
    return found, {name: None if grad is None else np.asarray(grad.detach().numpy()) for name, grad in leaves.items()}


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict"])
@pytest.mark.parametrize("expression", expressions())
def test_expressions_give_what_they_give_in_pytorch(expression: str, backend: str) -> None:
    pytest.importorskip(backend)
    expected, expected_gradients = results(torch, expression)
    with ag.use_backend(backend):
        found, gradients = results(arraygrad.pytorch, expression)
    assert len(found) == len(expected)
    for mine, its in zip(found, expected, strict=True):
        if isinstance(its, np.ndarray):
            np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-12)
            assert mine.shape == its.shape and mine.dtype.kind == its.dtype.kind
        else:
            assert mine == its or str(mine) == str(its)
    for name, its in expected_gradients.items():
        if its is not None:
            np.testing.assert_allclose(gradients[name], its, rtol=1e-7, atol=1e-10, err_msg=f"by {name}")


def test_every_function_and_method_occurs_in_an_expression_or_a_test_of_its_own() -> None:
    own = inspect.getsource(inspect.getmodule(made))
    names = {*arraygrad.pytorch.FUNCTIONS, *arraygrad.pytorch.methods.ONLY_METHODS}
    names -= {"cuda", "dtype"}  # no functions
    names -= {"half", "bfloat16"}  # which array-api-strict does not have, nor NumPy the second
    assert not sorted(name for name in names if f"torch.{name}(" not in own and f".{name}(" not in own)


def test_what_the_standard_does_not_have_is_in_arraygrad_itself_too() -> None:
    for name in arraygrad.pytorch.FUNCTIONS:
        assert hasattr(ag, name)
    assert ag.cat is arraygrad.pytorch.cat and ag.sum is not arraygrad.pytorch.sum


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("split", (0,)), ("chunk", (0,)), ("narrow", (1, 2, 2)), ("flatten", (1, 0)), ("div", (2, "up"))],
)
def test_wrong_arguments_are_refused_as_in_pytorch(name: str, arguments: Any) -> None:
    options = {"rounding_mode": arguments[1]} if name == "div" else {}
    arguments = arguments[:1] if name == "div" else arguments
    for of in (torch, arraygrad.pytorch):
        with pytest.raises((RuntimeError, ValueError)):
            getattr(of, name)(made(of)["x"], *arguments, **options)


def test_random_functions_have_the_distribution_that_they_promise() -> None:
    of = arraygrad.pytorch
    of.manual_seed(0)
    order = of.randperm(50).numpy()
    assert sorted(order) == list(range(50)) and list(order) != list(range(50))
    draws = of.normal(3.0, 2.0, (20000,))
    assert abs(float(draws.mean()) - 3) < 0.1 and abs(float(draws.std()) - 2) < 0.1
    assert of.normal(of.zeros(3, 1), of.ones(2)).shape == (3, 2)
    flips = of.bernoulli(of.full((20000,), 0.3))
    assert set(flips.tolist()) == {0.0, 1.0} and abs(float(flips.mean()) - 0.3) < 0.02
    weights = of.tensor([[0.0, 1.0, 3.0], [2.0, 2.0, 0.0]])
    drawn = of.multinomial(weights, 20000, replacement=True).numpy()
    assert abs((drawn[0] == 2).mean() - 0.75) < 0.02 and abs((drawn[1] == 0).mean() - 0.5) < 0.02 and 0 not in drawn[0]
    without = of.multinomial(weights, 2).numpy()
    assert sorted(without[0]) == [1, 2] and sorted(without[1]) == [0, 1]
    first = [int(of.multinomial(of.tensor([1.0, 3.0]), 1).numpy()[0]) for _ in range(2000)]
    assert abs(np.mean(first) - 0.75) < 0.05


def test_programs_ask_for_a_device() -> None:
    of = arraygrad.pytorch
    device = of.device("cuda" if of.cuda.is_available() else "cpu")
    assert of.zeros(2, device=device).device == device
