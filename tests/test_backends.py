"""What every backend must do, on each that is installed and works: its arrays, devices, types, values and errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from programs import MATRIX, PROGRAMS

import arraygrad as ag
from arraygrad.backends import Backend, backend_of, get_backend
from arraygrad.errors import BackendError

NAMES = ("numpy", "array_api_strict", "torch", "jax", "dask", "cupy")


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each backend, as the default one."""
    pytest.importorskip(request.param)
    try:
        found = get_backend(request.param)
    except BackendError as error:
        pytest.skip(str(error))
    with ag.use_backend(request.param):
        yield found


def values(x: Any) -> np.ndarray:
    return x.detach().numpy()


def leaf(entries: Any, **options: Any) -> ag.Tensor:
    return ag.tensor(entries, requires_grad=True, **options)


# -- arrays in, arrays out ------------------------------------------------------------------------------------


def test_a_library_s_array_is_wrapped_without_a_copy(backend):
    raw = ag.ones(2).array
    assert backend_of(raw) is backend
    x = ag.asarray(raw)
    if backend.writable:
        raw[...] = 5
        assert x.tolist() == [5, 5]
    else:
        assert x.array is raw


def test_a_tensor_has_a_copy_of_the_array_that_it_is_made_of(backend):
    if not backend.writable:
        pytest.skip("nobody can write to an array of this library")
    raw = ag.zeros(2).array
    x = ag.tensor(raw)
    raw[...] = 1
    assert x.tolist() == [0, 0]


def test_results_and_gradients_are_arrays_of_the_library(backend):
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    results = [x + 1, x.sum(), ag.linalg.det(x), *ag.linalg.eigh(x), *ag.linalg.slogdet(x), x[0], x[[0, 0]]]
    for result in results:
        assert backend_of(result.array) is backend
    ag.concat([ag.reshape(result, (-1,)) for result in results]).sum().backward()
    assert backend_of(x.grad.array) is backend


def test_nothing_goes_through_the_host(backend, monkeypatch):
    def refuse(x):
        raise AssertionError("converted to NumPy")

    monkeypatch.setattr(type(backend), "to_numpy", lambda self, x: refuse(x))
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    y = (ag.where(x > 1.5, ag.sqrt(x), 0) @ x).sum() + ag.linalg.det(x) + ag.max(x) + ag.cumulative_prod(x, axis=0).sum()
    y.backward()
    ag.func.hessian(lambda x: (x**3).sum())(x.detach())


def test_dtypes_and_devices_are_kept(backend):
    for device in backend.devices():
        for dtype in (ag.float32, ag.complex64):
            x = leaf([1.0, 2.0, 3.0], dtype=dtype, device=device)
            y = ag.real(x * ag.ones(3, dtype=dtype, device=device)[1:].sum() + ag.flip(x))
            y.sum().backward()
            assert x.device == y.device == x.grad.device == ag.zeros_like(x).device
            assert x.grad.dtype == dtype
            np.testing.assert_allclose(values(x.grad), [3, 3, 3])


def test_arrays_are_made_on_the_device_that_is_asked_for(backend):
    for device in backend.devices():
        for make in (ag.zeros, ag.ones, ag.empty, ag.rand, ag.randn):
            assert make(2, device=device).device == device
        assert ag.tensor([1.0], device=device).device == device
        assert ag.eye(2, device=device).device == ag.full(2, 3.0, device=device).device == device


# -- values ---------------------------------------------------------------------------------------------------

@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # Dask computes after the backward pass
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_gradients_are_those_over_numpy(backend, program):
    for transform in (ag.func.grad, ag.func.hessian):
        expected = transform(program)(MATRIX)
        found = transform(program)(ag.asarray(MATRIX, backend=backend.name))
        assert found.backend is backend and found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(values(found), values(expected), rtol=2e-4, atol=2e-4)


def test_the_gradient_of_repeated_indices_adds_up(backend):
    x = leaf([1.0, 2.0, 3.0])
    x[[0, 0, 1]].sum().backward()
    assert x.grad.tolist() == [2, 1, 0]


def test_of_values_written_to_one_place_the_last_wins_and_gets_the_gradient(backend):
    x, v = ag.zeros(3), leaf([1.0, 2.0, 3.0])
    x[[0, 0, 2]] = v
    assert values(x).tolist() == [2, 0, 3]
    (x * x).sum().backward()
    assert v.grad.tolist() == [0, 4, 6]


@pytest.mark.parametrize(
    "key",
    [
        (slice(None, None, -1),), (slice(2, 0, -1), slice(3, None, -2)), (None, 1), (..., 0), (1, slice(1, 3)),
        (slice(0, 0),), ([0, 2],), ([0, 0, 2], [1, 1, 0]), (slice(None), [1, 1]), (0, [0, 2]), (None, [1, 1]),
        (slice(None, None, -1), [0, 0]), ([[0, 1], [1, 1]],), ([0, 0], slice(1, 3)), ([-1, 2],),
        (1, slice(3, 0, -1)), (slice(None), -1, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_key_means_what_it_means_to_numpy(backend, key):
    plain = np.arange(12, dtype=np.float32).reshape(3, 4)
    x = ag.asarray(plain, backend=backend.name).requires_grad_()
    y = x[key]
    np.testing.assert_array_equal(values(y), plain[key])
    (y * y).sum().backward()
    expected = np.zeros_like(plain)
    np.add.at(expected, key, 2 * plain[key])
    np.testing.assert_allclose(values(x.grad), expected)
    written, given = plain.copy(), -1 - np.arange(plain[key].size, dtype=np.float32).reshape(plain[key].shape)
    written[key] = given
    z = x.detach().clone()
    z[key] = ag.asarray(given, backend=backend.name)
    np.testing.assert_array_equal(values(z), written)


def test_masks_read_and_write(backend):
    x, mask = leaf([[1.0, -2.0], [3.0, -4.0]]), [[True, False], [False, True]]
    assert values(x[ag.asarray(mask)]).tolist() == [1, -4]
    y = x.detach().clone()
    y[y < 0] = 0.0
    assert values(y).tolist() == [[1, 0], [3, 0]]
    if backend.lazy:
        with pytest.raises(NotImplementedError, match=r"select with arraygrad\.where .*computes_implicitly"):
            (x[ag.asarray(mask)] ** 2).sum().backward()
        return
    (x[ag.asarray(mask)] ** 2).sum().backward()
    assert values(x.grad).tolist() == [[2, 0], [0, -8]]


def test_scattered_values_add_up(backend):
    x, source = leaf([0.0, 0.0, 0.0]), leaf([1.0, 2.0, 3.0])
    y = ag.scatter_add(x, 0, ag.asarray([0, 0, 2]), source)
    (y * y).sum().backward()
    assert values(y).tolist() == [3, 0, 3] and source.grad.tolist() == [6, 6, 6] and x.grad.tolist() == [6, 0, 6]


def test_sums_of_half_precision_are_made_in_single(backend):
    if not hasattr(backend.library, "float16"):
        pytest.skip("the library has no half precision")
    bias = leaf([0.0], dtype=ag.float16)
    (ag.ones(3001, dtype=ag.float16) + bias).sum().backward()
    assert bias.grad.dtype == ag.float16 and bias.grad.tolist() == [3000]


def test_named_tuples_are_the_standard_s(backend):
    x = leaf([[2.0, 1.0], [1.0, 3.0]])
    for result, names in (
        (ag.linalg.eigh(x), ("eigenvalues", "eigenvectors")),
        (ag.linalg.qr(x), ("Q", "R")),
        (ag.linalg.slogdet(x), ("sign", "logabsdet")),
        (ag.linalg.svd(x), ("U", "S", "Vh")),
    ):
        assert isinstance(result, tuple) and result._fields == names


def test_random_numbers_are_the_library_s_and_repeat_from_a_seed(backend):
    ag.manual_seed(3)
    first = [ag.rand(100), ag.randn(100), ag.randint(5, 9, (100,))]
    ag.manual_seed(3)
    second = [ag.rand(100), ag.randn(100), ag.randint(5, 9, (100,))]
    for x, y in zip(first, second, strict=True):
        assert backend_of(x.array) is backend
        np.testing.assert_array_equal(values(x), values(y))
    uniform, normal, integers = map(values, first)
    assert uniform.min() >= 0 and uniform.max() < 1 and 0.3 < uniform.mean() < 0.7 and len(set(uniform)) > 90
    assert abs(normal.mean()) < 0.5 and 0.6 < normal.std() < 1.4
    assert set(integers) == {5, 6, 7, 8}
    assert not np.array_equal(values(ag.rand(100)), uniform)


# -- leaving --------------------------------------------------------------------------------------------------


def test_numbers_leave_as_numpy_and_through_dlpack(backend):
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert type(x.numpy()) is np.ndarray and x.T.numpy().tolist() == [[1, 3], [2, 4]]
    if backend.name != "cupy":
        assert x.__dlpack_device__() == (1, 0)
        assert np.from_dlpack(x).tolist() == [[1, 2], [3, 4]]
    assert ag.asarray(np.asarray([1.5]), backend=backend.name).tolist() == [1.5]


def test_memory_that_numpy_protects_or_reverses_can_enter(backend):
    reversed_one, spread = np.arange(3.0)[::-1], np.broadcast_to(np.float64(2), (2, 2))
    assert ag.asarray(reversed_one, backend=backend.name).tolist() == [2, 1, 0]
    assert ag.asarray(spread, backend=backend.name).tolist() == [[2, 2], [2, 2]]


def test_the_namespace_can_be_imported(backend):
    xp = import_module(f"arraygrad.{backend.name}")
    assert xp is ag.ones(2).__array_namespace__()
    assert xp.asarray([1.0]).backend is backend


def test_a_tensor_can_be_shown(backend):
    text = repr(leaf([1.0, 2.0]))
    assert "requires_grad=True" in text
    assert "1., 2." in text or (backend.lazy and "shape=(2,)" in text)


# -- with one another -----------------------------------------------------------------------------------------


def test_two_libraries_in_one_operation_are_an_error_that_names_both(backend):
    other = "numpy" if backend.name != "numpy" else "array_api_strict"
    pytest.importorskip(other)
    with pytest.raises(BackendError, match=rf"stored by {backend.name} and by {other}; expected one backend; convert"):
        ag.ones(2) + ag.ones(2, backend=other)


def test_two_devices_in_one_operation_are_an_error_that_names_the_operation(backend):
    if len(backend.devices()) == 1:
        pytest.skip("there is one device")
    first, second = backend.devices()[:2]
    with pytest.raises((ValueError, RuntimeError), match="add"):
        ag.ones(2, device=first) + ag.ones(2, device=second)


def test_a_device_that_the_library_does_not_have_is_an_error(backend):
    with pytest.raises((ValueError, TypeError, RuntimeError)):
        ag.ones(2, device="no such device")


def test_importing_arraygrad_imports_no_library_although_its_plug_in_is_installed():
    program = f"import sys, arraygrad as ag; ag.ones(2); print([name for name in {NAMES[1:]} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WITH_SCALARS = {
    "multiply": lambda x: x * np.float64(2.0),
    "multiply, reflected": lambda x: np.float32(2.0) * x,
    "pow": lambda x: x ** np.int64(3),
    "clip": lambda x: ag.clip(x, np.float64(-1.0), np.float64(1.5)),
    "maximum": lambda x: ag.maximum(x, np.float64(0.75)),
    "atan2": lambda x: ag.atan2(np.float64(1.0), x),
}


@pytest.mark.parametrize("name", WITH_SCALARS)
def test_scalars_of_numpy_are_numbers_beside_the_tensors_of_any_library(backend, name):
    f, x = WITH_SCALARS[name], leaf([1.0, 2.0, 0.5])
    along = ag.ones_like(x.detach())
    first = ag.autograd.grad(f(x).sum(), x, create_graph=True)[0]
    (second,) = ag.autograd.grad((first * x).sum(), x)
    _, pushed = ag.func.jvp(ag.func.grad(lambda x: (f(x) * 1).sum()), (x.detach(),), (along,))
    expected = first.detach() + pushed * x.detach()
    np.testing.assert_allclose(values(second), values(expected), rtol=1e-5, atol=1e-6)


def test_integers_are_neither_divided_nor_bounded_as_integers(backend):
    x = ag.asarray([1, 2, 4])
    try:
        found = ag.reciprocal(x), ag.clip(x, 1.5, 3), ag.clip(x, max=ag.asarray([0.5, 2.5, 3.5]))
    except ag.errors.ArgumentTypeError:
        return  # the standard has neither
    for one, expected in zip(found, ([1.0, 0.5, 0.25], [1.5, 2.0, 3.0], [0.5, 2.0, 3.5]), strict=True):
        assert one.dtype.is_floating_point and one.tolist() == expected
