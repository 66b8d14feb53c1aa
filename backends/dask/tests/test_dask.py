"""The backend for Dask: nothing is computed before it is asked for, chunks, and what it still needs."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from programs import MATRIX, PROGRAMS

import arraygrad as ag
from arraygrad.errors import ArgumentTypeError

da = pytest.importorskip("dask.array")
callbacks = pytest.importorskip("dask.callbacks")
functions = pytest.importorskip("arraygrad_dask.functions")


class Count(callbacks.Callback):
    """How often something is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def _start(self, dsk: object) -> None:
        self.times += 1


@pytest.fixture(autouse=True)
def backend():
    with ag.use_backend("dask") as found:
        yield found


def chunked(values: object, chunks: object = 2) -> ag.Tensor:
    return ag.tensor(da.from_array(np.asarray(values), chunks=chunks), requires_grad=True)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_nothing_is_computed_by_forward_or_backward(program):
    x = chunked(MATRIX)
    with Count() as count:
        y = program(x)
        y.backward()
        repr((y, x.grad))
        assert count.times == 0
        expected = ag.func.grad(program)(MATRIX).numpy()
        np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-4, atol=1e-4)
        assert count.times == 1


@pytest.mark.parametrize("convert", [bool, float, int, complex])
def test_a_tensor_does_not_become_a_python_number_by_itself(convert):
    with pytest.raises(ArgumentTypeError, match=rf"{convert.__name__}: .*dask.*not computed yet; compute .* x\.numpy\(\)"):
        convert(ag.ones(()))
    with pytest.raises(ArgumentTypeError, match="not computed yet"):
        list(range(ag.ones((), dtype=ag.int64)))


def test_it_does_where_everything_may_be_computed(backend, monkeypatch):
    monkeypatch.setattr(backend, "computes_implicitly", True)
    x = chunked([1.0, -2.0, 3.0])
    assert bool(x[0] > 0) and float(x[2]) == 3
    (x[x > 0] ** 2).sum().backward()
    assert x.grad.tolist() == [2, 0, 6] and x[x > 0].shape == (2,)


CHUNKED = {
    "elementwise": lambda x: ag.sin(x) * x + x[:1],
    "where": lambda x: ag.where(x > 0, ag.sqrt(x), 0),
    "reduction": lambda x: x - ag.max(x, axis=0) - ag.mean(x, axis=1, keepdims=True),
    "running": lambda x: ag.cumulative_sum(x, axis=0),
    "product": lambda x: x @ (x.T @ x),
    "slices": lambda x: ag.concat([x[:2], x[2:] * 2]),
    "columns": lambda x: x[:, [0, 0, 1, 3]],
    "writes": lambda x: _written(x),
    "sort": lambda x: ag.take_along_axis(x, ag.argsort(x, axis=1), axis=1),
    "stack": lambda x: ag.stack([x, x])[1],
    "flip": lambda x: ag.flip(x) + ag.roll(x, 2, axis=0),
}
"""Functions of a matrix that give one of its shape."""


def _written(x: ag.Tensor) -> ag.Tensor:
    y = x * 1
    y[:2] *= 3
    return y


@pytest.mark.parametrize("name", CHUNKED)
def test_chunks_stay_chunks(name):
    x = chunked(np.arange(1.0, 25).reshape(6, 4))
    y = CHUNKED[name](x)
    (y * y).sum().backward()
    assert max(y.array.chunks[0]) <= 3
    if name not in ("slices", "columns", "sort", "stack"):  # where a gradient of zeros is filled, in chunks of Dask's choice
        assert max(x.grad.array.chunks[0]) <= 3


def test_functions_of_matrices_work_on_each_chunk_of_a_stack():
    x = chunked(np.eye(3) + np.zeros((4, 3, 3)), (1, 3, 3))
    for result in (ag.linalg.inv(x), ag.linalg.det(x), *ag.linalg.eigh(x), *ag.linalg.svd(x), ag.linalg.expm(x)):
        assert result.array.chunks[0] == (1, 1, 1, 1)
    (ag.linalg.det(x) * 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.eye(3) + np.zeros((4, 3, 3)), atol=1e-12)


def test_functions_along_an_axis_join_its_chunks_alone():
    x = chunked(np.arange(24.0).reshape(4, 6))
    for result in (ag.take_along_axis(x, ag.argsort(x, axis=1), axis=1), ag.fft.rfft(x), ag.sort(x, axis=1)):
        assert result.array.chunks[0] == (2, 2)


def test_a_shape_that_depends_on_values_stays_unknown():
    x = chunked([1.0, -2.0, 3.0])
    with Count() as count:
        selected = x[x > 0]
        values = ag.unique_values(x.detach())
        assert selected.size is None and values.size is None and count.times == 0
        (places,) = ag.nonzero(x > 0)
        chosen = (x.detach() * 1j)[places]
    assert selected.detach().numpy().tolist() == [1, 3]
    assert sorted(values.numpy()) == [-2, 1, 3] and chosen.numpy().tolist() == [1j, 3j]


def test_random_numbers_are_made_when_they_are_asked_for():
    with Count() as count:
        x = ag.randn(1000, 1000)
        assert count.times == 0 and isinstance(x.array, da.Array)
    assert abs(x[0].numpy().std() - 1) < 0.2


def test_only_the_cpu_is_a_device():
    assert ag.ones(2, device="cpu").device == "cpu" and ag.ones(2).to_device("cpu").device == "cpu"
    for ask in (lambda: ag.ones(2, device="gpu"), lambda: ag.ones(2).to_device("gpu")):
        with pytest.raises(ValueError, match="device: got 'gpu'; Dask has arrays on the 'cpu'"):
            ask()


# -- when one of these fails, Dask is mended: remove what makes up for it -------------------------------------


@pytest.mark.parametrize("name", ["det", "slogdet", "eigh", "eig", "pinv", "cross"])
def test_dask_still_has_no(name):
    assert not hasattr(da.linalg, name) and f"linalg.{name}" in functions.FUNCTIONS


def test_dask_still_has_no_take_along_axis():
    assert not hasattr(da, "take_along_axis")


def test_dask_still_inverts_no_stacks():
    with pytest.raises(ValueError, match=r"unpack|Dimension"):
        da.linalg.inv(da.ones((2, 3, 3)))


def test_dask_still_loses_chunks_of_matrices_that_are_not_square():
    with pytest.raises(ValueError, match="Missing dependency"):
        da.eye(1, M=2).compute()


def test_dask_still_gives_another_shape_for_one_index():
    assert da.arange(3)[da.from_array(np.asarray([0]))].shape == (3,)


def test_dask_still_multiplies_matrices_that_do_not_fit():
    assert da.matmul(da.ones((2, 3)), da.ones((1, 2))).shape == (2, 2)


def test_dask_still_makes_integers_longer():
    ones = da.ones((2, 2), dtype=np.uint8)
    assert da.tensordot(ones, ones).dtype != np.uint8


def test_dask_still_does_not_write_backwards_beside_an_integer():
    x = da.zeros((1, 2))
    with pytest.raises(IndexError):
        x[0, 1:0:-1] = da.ones(1)


def test_dask_still_sums_over_other_axes_than_negative_ones():
    assert da.tensordot(da.ones((4, 2)), da.ones(2), ((-1,), (0,))).compute().shape != (4,)


def test_dask_still_transforms_the_first_axes_where_lengths_are_given():
    with pytest.warns(DeprecationWarning):
        assert da.fft.fftn(da.ones((2, 1, 3)), s=(1, 1)).shape == (1, 1, 3)
    assert ag.fft.fftn(ag.ones(2, 1, 3), s=(1, 1)).shape == (2, 1, 1)


def test_dask_still_reshapes_only_where_axes_split_and_merge():
    with pytest.raises(NotImplementedError):
        da.ones((6, 5, 4), chunks=(3, 2, 2)).reshape((4, 5, 6))


def test_dask_still_divides_by_zero_to_find_chunks_of_nothing():
    with pytest.raises(ZeroDivisionError):
        da.zeros((0, 1, 10**8))


def test_dask_still_has_no_extremes_of_nothing():
    with pytest.raises(ValueError, match="zero-size"):
        da.max(da.zeros((0, 3)), axis=1).compute()


@pytest.mark.parametrize("name", functions.TRANSFORMS)
def test_dask_still_wants_one_chunk_to_transform(name):
    with pytest.raises(ValueError, match="single chunk"):
        getattr(da.fft, name)(da.ones((4, 4), chunks=2))


@pytest.mark.parametrize("name", ["gammaln", "j1", "ndtri", "stdtr", "gammainc"])
def test_special_functions_keep_chunks_and_compute_nothing(name):
    scipy_special = pytest.importorskip("scipy.special")
    x = chunked([0.25, 0.5, 0.75])
    args = (2.0, x) if name in ("stdtr", "gammainc") else (x,)
    with Count() as count:
        out = getattr(ag.special, name)(*args)
        out.sum().backward()
    assert not count.times
    assert out.array.chunks == x.array.chunks
    plain = [each if isinstance(each, float) else np.asarray([0.25, 0.5, 0.75]) for each in args]
    np.testing.assert_array_equal(out.detach().numpy(), getattr(scipy_special, name)(*plain))
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("name", ["linalg.cross", "take_along_axis", "vecdot", "matmul", "linalg.solve"])
def test_one_of_an_axis_is_broadcast_to_none(name):
    function = functools.reduce(getattr, name.split("."), ag)
    matrices = name in ("matmul", "linalg.solve")
    one, none = (ag.zeros(length, 3, *(3,) * matrices) for length in (1, 0))
    given = (one, ag.zeros(0, 3, dtype=ag.int64)) if name == "take_along_axis" else (one, none)
    assert function(*given).array.compute().shape[0] == 0


def test_what_is_taken_of_nothing_keeps_its_dtype():
    assert ag.take_along_axis(ag.ones(1, dtype=ag.bool), ag.zeros(0, dtype=ag.int64)).dtype == ag.bool
