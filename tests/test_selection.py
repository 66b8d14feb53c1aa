"""What `where`, masks, `maximum`, `clip` and indexing do not select contributes exactly nothing, whatever is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from derivatives import array, forward, reverse, seconds

import arraygrad as ag


@pytest.fixture(params=["numpy", "array_api_strict"], autouse=True)
def backend(request):
    """Every test runs on NumPy and on array_api_strict; what warns of infinities is meant to make them."""
    with ag.use_backend(request.param), np.errstate(all="ignore"):
        yield request.param


def _matrices(x):
    return ag.expand_dims(ag.expand_dims(x, axis=-1), axis=-1) * ag.asarray([[1.0, 0.0], [0.0, 2.0]], dtype=x.dtype)


UNSELECTED = {
    "where, log": (lambda x: ag.where(x > 0, ag.log(x), 0), [-1.0, 2.0]),
    "where, root": (lambda x: ag.where(x > 0, ag.sqrt(x), 0), [0.0, 4.0]),
    "where, quotient": (lambda x: ag.where(x != 0, 1 / x, 0), [0.0, 4.0]),
    "maximum": (lambda x: ag.maximum(ag.sqrt(x), 1), [0.0, 4.0]),
    "minimum": (lambda x: ag.minimum(-ag.sqrt(x), -1), [0.0, 4.0]),
    "clip": (lambda x: ag.clip(ag.sqrt(x), 1, 3), [0.0, 4.0]),
    "relu": (lambda x: ag.relu(ag.sqrt(x) - 1), [0.0, 4.0]),
    "a mask": (lambda x: ag.sqrt(x)[x > 0], [0.0, 4.0]),
    "a slice": (lambda x: ag.sqrt(x)[1:], [0.0, 4.0]),
    "a number": (lambda x: ag.sqrt(x)[1], [0.0, 4.0]),
    "take": (lambda x: ag.take(ag.sqrt(x), ag.asarray([1])), [0.0, 4.0]),
    "max": (lambda x: ag.max(ag.sqrt(x)), [0.0, 4.0]),
    "min": (lambda x: ag.min(-ag.sqrt(x)), [0.0, 4.0]),
    "sort": (lambda x: ag.sort(ag.sqrt(x))[1:], [0.0, 4.0]),
    "iteration": (lambda x: list(ag.sqrt(x))[1], [0.0, 4.0]),
    "index_set": (lambda x: ag.index_set(ag.sqrt(x), array(7.0), key=0), [0.0, 4.0]),
    "tril": (lambda x: ag.triu(ag.sqrt(ag.reshape(x, (1, 2))), k=1), [0.0, 4.0]),
    "two masks": (lambda x: ag.where(x > 0, ag.sqrt(x), 0) + ag.where(x > 1, 1 / ag.sqrt(x), 0), [0.0, 4.0]),
    "one use twice": (lambda x: ag.square(ag.where(x > 0, ag.stack([ag.sqrt(x)] * 2), 0)), [0.0, 4.0]),
    "reshape": (lambda x: ag.where(ag.reshape(x > 0, (2, 1)), ag.reshape(ag.sqrt(x), (2, 1)), 0), [0.0, 4.0]),
    "permute": (lambda x: ag.where(x > 0, ag.permute_dims(ag.reshape(ag.sqrt(x), (1, 2)), (1, 0))[:, 0], 0), [0.0, 4.0]),
    "broadcast": (lambda x: ag.where(x > 0, ag.broadcast_to(ag.sqrt(x), (3, 2)), 0), [0.0, 4.0]),
    "broadcast by an operation": (lambda x: ag.where(x > 0, ag.sqrt(x) * ag.ones((3, 2), dtype=x.dtype), 0), [0.0, 4.0]),
    "getitem": (lambda x: ag.where(x > 0, ag.sqrt(x)[::-1][::-1], 0), [0.0, 4.0]),
    "sum": (lambda x: ag.where(x > 0, ag.sum(ag.reshape(ag.sqrt(x), (2, 1)), axis=1), 0), [0.0, 4.0]),
    "mean": (lambda x: ag.where(x > 0, ag.mean(ag.reshape(ag.sqrt(x), (2, 1)), axis=1), 0), [0.0, 4.0]),
    "norm": (lambda x: ag.where(x > 0, ag.linalg.vector_norm(ag.reshape(1 / x, (2, 1)), axis=1), 0), [0.0, 4.0]),
    "softmax": (lambda x: ag.where(x > 0, ag.softmax(ag.stack([1 / x, x], axis=1))[:, 0], 0), [0.0, 4.0]),
    "concat": (lambda x: ag.where(ag.concat([x, x]) > 0, ag.concat([ag.sqrt(x), 1 / x]), 0), [0.0, 4.0]),
    "a step": (lambda x: ag.floor(ag.sqrt(x)) + ag.where(x > 0, x, 0), [0.0, 4.0]),
    "after a step": (lambda x: ag.sqrt(ag.floor(x)) + ag.where(x > 0, x, 0), [0.0, 4.0]),
    "determinants": (lambda x: ag.where(x > 0, ag.linalg.det(_matrices(1 / x)), 0), [0.0, 4.0]),
    "of singular matrices": (lambda x: ag.where(x > 0, ag.linalg.slogdet(_matrices(x)).logabsdet, 0), [0.0, 4.0]),
    "conversion": (lambda x: ag.where(x > 0, ag.astype(ag.sqrt(x), ag.float32), 0), [0.0, 4.0]),
    "a long chain": (
        lambda x: ag.sum(ag.where(x > 0, ag.sum(ag.flip(ag.broadcast_to(
            ag.expand_dims(ag.roll(ag.roll(ag.exp(ag.sqrt(x)), 1), -1), axis=0), (3, 2)), axis=0)[1:, ...], axis=0), 0)),
        [0.0, 4.0],
    ),
}  # fmt: skip


COMPOSED = {
    "quantile": (lambda x: ag.quantile(ag.sqrt(x), 1.0), [0.0, 4.0]),
    "median": (lambda x: ag.median(ag.sqrt(ag.concat([x, x[1:] + 5]))), [0.0, 4.0]),
}
"""The same of composed functions, of which other libraries are not asked."""


def _pairs(x):
    return ag.stack([x, 2 * x], axis=1)


TRANSFORMED = {
    name: (lambda x, f=f: ag.where(x > 0, ag.sum(ag.abs(f(_pairs(ag.sqrt(x)))), axis=1), 0), [0.0, 4.0])
    for name, f in {
        "fft": lambda x: ag.fft.fft(ag.astype(x, ag.complex128)),
        "fft, longer": lambda x: ag.fft.fft(ag.astype(x, ag.complex128), n=5),
        "rfft, shorter": lambda x: ag.fft.rfft(x, n=1),
        "ifftn": lambda x: ag.fft.ifftn(ag.astype(x, ag.complex128), axes=[1]),
        "rfftn": lambda x: ag.fft.rfftn(ag.expand_dims(x, axis=1), s=(2, 3), axes=(1, 2))[:, 1, :],
        "irfft": lambda x: ag.fft.irfft(ag.astype(x, ag.complex128), n=4),
        "hfft": lambda x: ag.fft.hfft(ag.astype(x, ag.complex128), n=3),
    }.items()
}
"""Transforms along an axis: what a row was made of counts where the row does."""

LEFT_OUT = {
    f"{name} of what was left out": (lambda x, f=f: ag.sqrt(f(_pairs(ag.where(x > 1, x, 0)))), [0.5, 4.0])
    for name, f in {
        "abs": ag.abs,
        "sum": lambda x: ag.sum(x, axis=1),
        "mean": lambda x: ag.mean(x, axis=-1, keepdims=True),
        "prod": lambda x: ag.prod(x, axis=1),
        "max": lambda x: ag.max(x, axis=1),
        "norm": lambda x: ag.linalg.vector_norm(x, axis=1),
        "cumulative_sum": lambda x: ag.cumulative_sum(x, axis=1),
        "cumulative_prod": lambda x: ag.cumulative_prod(x, axis=1),
        "sort": lambda x: ag.sort(x, axis=1),
        "rfft": lambda x: ag.abs(ag.fft.rfft(x, axis=1)),
        "fftn": lambda x: ag.abs(ag.fft.fftn(ag.astype(x, ag.complex128), s=(2,), axes=(1,))),
    }.items()
}
"""What becomes of structural zeros: a root of theirs has no derivative there either."""

ROWS = UNSELECTED | COMPOSED | TRANSFORMED | LEFT_OUT


@pytest.mark.parametrize("row", ROWS)
def test_what_is_not_selected_contributes_exactly_nothing(row):
    f, x = ROWS[row]
    (g,), (t,) = reverse(f, x), forward(f, x)
    assert g[0] == 0 and t[0] == 0
    assert math.isfinite(g[1]) and math.isclose(g[1], t[1], rel_tol=1e-6, abs_tol=1e-12)


@pytest.mark.parametrize("row", ROWS)
def test_what_is_not_selected_contributes_nothing_to_second_derivatives(row):
    f, x = ROWS[row]
    rr, fr, rf, ff, _ = seconds(f, x)
    for found in (rr, fr, rf):
        assert found[0] == 0 and math.isclose(found[1], fr[1], rel_tol=1e-6, abs_tol=1e-12)
    np.testing.assert_allclose(ff, fr[1], rtol=1e-6, atol=1e-12)


def test_what_two_inputs_share_is_not_added_to_in_place():
    p, q = array([1.0, 2.0]).requires_grad_(), array([1.0, 2.0]).requires_grad_()
    a, b = ag.exp(p), ag.exp(q)
    second = a[1]
    first = (a + b)[0]  # both inputs get the same cotangent, then a gets another
    (first + second).backward()
    np.testing.assert_allclose(p.grad.numpy(), np.exp([1.0, 2.0]))
    np.testing.assert_allclose(q.grad.numpy(), [math.e, 0])
