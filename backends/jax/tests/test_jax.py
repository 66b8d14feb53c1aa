"""The backend for JAX: its transformations, arrays that cannot be written, and what it still needs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_arrays
from programs import MATRIX, PROGRAMS

import arraygrad as ag

jax = pytest.importorskip("jax")
pytest.importorskip("arraygrad_jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def backend():
    with ag.use_backend("jax") as found:
        yield found


X = np.asarray([0.5, 1.5, -2.0], dtype=np.float32)


def loss(x: ag.Tensor) -> ag.Tensor:
    matrix = ag.reshape(ag.concat([x, x[:1]]), (2, 2))
    selected = ag.where(x > 0, x**3, ag.sin(x))
    return selected.sum() + (x[[0, 0, 2]] * x).sum() + ag.linalg.det(matrix) + ag.max(x) + ag.floor_divide(x, 2.0).sum()


def gradient(x: jax.Array) -> jax.Array:
    return ag.func.grad(loss)(x).array


def gradient_by_backward(x: jax.Array) -> jax.Array:
    tensor = ag.tensor(x, requires_grad=True)
    loss(tensor).backward()
    return tensor.grad.array


def reference(x: jax.Array) -> jax.Array:
    """The gradient of `loss`, by JAX alone."""

    def loss(x):
        matrix = jnp.reshape(jnp.concat([x, x[:1]]), (2, 2))
        selected = jnp.where(x > 0, x**3, jnp.sin(x))
        return selected.sum() + (x[jnp.asarray([0, 0, 2])] * x).sum() + jnp.linalg.det(matrix) + jnp.max(x)

    return jax.grad(loss)(x)


@pytest.mark.parametrize("function", [gradient, gradient_by_backward])
def test_forward_and_backward_are_traced_into_one_program(function):
    expected = reference(jnp.asarray(X))
    np.testing.assert_allclose(function(jnp.asarray(X)), expected, rtol=1e-5)
    calls = []
    compiled = jax.jit(lambda x: (calls.append(x), function(x))[1])
    np.testing.assert_allclose(compiled(X), expected, rtol=1e-5)
    np.testing.assert_allclose(compiled(-X), reference(-jnp.asarray(X)), rtol=1e-5)
    assert len(calls) == 1


def test_jax_differentiates_through_arraygrad():
    np.testing.assert_allclose(
        jax.grad(lambda x: loss(ag.asarray(x)).array)(jnp.asarray(X)), reference(jnp.asarray(X)), rtol=1e-5
    )


def test_jacobians_of_jax_are_hessians_of_arraygrad():
    expected = jax.jit(lambda x: ag.func.hessian(loss)(x).array)(X)
    for jacobian in (jax.jacfwd, jax.jacrev):
        np.testing.assert_allclose(jax.jit(jacobian(gradient))(X), expected, rtol=1e-5, atol=1e-5)


def test_functions_can_be_mapped_over_a_batch():
    batch = jnp.stack([X, -X])
    np.testing.assert_allclose(jax.jit(jax.vmap(gradient))(batch), jnp.stack([reference(x) for x in batch]), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_programs_are_traced_and_compiled(program):
    gradient = jax.jit(lambda x: ag.func.grad(program)(x).array)
    np.testing.assert_allclose(gradient(MATRIX), ag.func.grad(program)(MATRIX).numpy(), rtol=1e-4, atol=1e-4)


def test_anomalies_are_not_looked_for_where_there_are_no_values():
    with ag.autograd.detect_anomaly():
        assert jax.jit(gradient_by_backward)(X).shape == (3,)
        with pytest.raises(RuntimeError, match="returned nan values"):
            ag.sqrt(ag.tensor(jnp.zeros(1), requires_grad=True) * 0).sum().backward()


def test_nothing_asks_for_values_that_are_traced():
    @jax.jit
    def program(x):
        x = ag.tensor(x, requires_grad=True)
        with pytest.raises(TypeError, match=r"bool: .*not computed yet.*arraygrad\.where"):
            bool(x[0] > 0)
        assert "shape=(3,)" in repr(x) and x.device is None
        y = x * 1
        y[1:] *= x[0]
        y.sum().backward()
        return x.grad.array

    assert program(X).tolist() == [0.5, 0.5, 0.5]


def test_what_is_not_selected_counts_for_nothing_in_a_traced_program():
    def f(x):
        return ag.func.grad(lambda x: ag.where(x > 0, ag.sqrt(x), 0).sum())(x).array

    np.testing.assert_allclose(jax.jit(f)(jnp.asarray([4.0, 0.0, -1.0])), [0.25, 0, 0])


def test_a_stack_with_a_singular_matrix_that_is_not_selected_is_inverted_in_a_traced_program():
    stack = jnp.asarray([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]])

    def f(x):
        good = ag.abs(ag.linalg.det(x)) > 0.5
        return ag.where(good, ag.linalg.inv(x).sum(axis=(-2, -1)), 0).sum()

    result = jax.jit(lambda x: ag.func.grad(f)(x).array)(stack)
    np.testing.assert_allclose(result[0], -np.asarray([[0.25, 0.125], [0.125, 0.0625]]), rtol=1e-5)
    np.testing.assert_array_equal(result[1], np.zeros((2, 2)))


def test_writes_in_place_leave_arrays_as_they_are(backend):
    assert not backend.writable
    raw = jnp.asarray(X)
    x = ag.asarray(raw)
    x[0] = 7.0
    x[1:] += 1.0
    assert x.tolist() == [7, 2.5, -1] and raw.tolist() == [0.5, 1.5, -2]


def test_64_bits_are_the_user_s_choice():
    assert ag.asarray(np.ones(2), backend="jax").dtype == (ag.float64 if jax.config.jax_enable_x64 else ag.float32)
    with jax.enable_x64(True):
        x = ag.tensor(np.ones(2), backend="jax", requires_grad=True)
        (x * x).sum().backward()
        assert x.dtype == x.grad.dtype == ag.float64
        assert ag.arange(3).dtype == ag.int64


def test_random_numbers_can_be_drawn_while_a_program_is_traced():
    ag.manual_seed(1)
    drawn = jax.jit(lambda: ag.randn(3).array)()
    assert np.isfinite(np.asarray(drawn)).all()
    assert np.isfinite(ag.randn(3).numpy()).all()  # and later: nothing of the trace has leaked


def test_devices_have_names():
    device = jax.devices()[0]
    assert ag.ones(2, device=device.platform).device == ag.ones(2, device=f"{device.platform}:0").device == device
    assert ag.ones(2).to_device(device.platform).device == device
    with pytest.raises(RuntimeError, match="no such device"):
        ag.ones(2, device="no such device")


# -- when one of these fails, JAX is mended: remove what makes up for it --------------------------------------


def test_jax_still_keeps_short_integers_short_in_running_products():
    assert jnp.cumulative_prod(jnp.ones(2, dtype=jnp.uint8)).dtype == jnp.uint8


def test_jax_still_finds_places_of_32_bits():
    with jax.enable_x64(True):
        assert jnp.searchsorted(jnp.arange(3), 1).dtype == jnp.int32


def test_jax_still_keeps_the_sign_of_zeros():
    assert np.signbit(jnp.sign(jnp.asarray(-0.0)))


def test_jax_still_takes_no_negative_axes_to_permute_one():
    with pytest.raises(TypeError):
        jnp.permute_dims(jnp.zeros(0), (-1,))


def test_jax_still_raises_for_old_versions_of_dlpack():
    with pytest.raises(BufferError):
        jnp.zeros(2).__dlpack__(max_version=(0, 0))
    assert ag.zeros(2).__dlpack__(max_version=(0, 0)) is not None


# -- special functions ----------------------------------------------------------------------------------------

SPECIAL = {
    **dict.fromkeys(("entr", "erfinv", "logit", "ndtri"), (0.3,)),
    **dict.fromkeys((
        "erfcx", "exp1", "expi", "gamma", "gammaln", "i0", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "psi",
    ), (1.7,)),
    **dict.fromkeys(("betaln", "chdtr", "chdtrc", "gammainc", "gammaincc", "kl_div", "rel_entr", "xlog1py"), (1.7, 2.3)),
    **dict.fromkeys(("betainc", "betaincc"), (1.7, 2.3, 0.4)),
    **dict.fromkeys(("fdtr", "fdtrc"), (1.7, 2.3, 0.6)),
    "polygamma": (2, 1.7),
    "stdtr": (1.7, -2.3),
}  # fmt: skip
"""What JAX has, and where it is called."""


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_are_jaxs_in_a_traced_program(name, dtype):
    scipy_special = pytest.importorskip("scipy.special")
    x = [jnp.asarray([each, each * 1.1 if isinstance(each, float) else each], dtype) for each in SPECIAL[name]]
    out = jax.jit(lambda *x: getattr(ag.special, name)(*x).array)(*x)
    expected = getattr(scipy_special, name)(*(np.asarray(each, dtype="float64") for each in x))
    assert out.dtype == dtype
    rounding = 16 * float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(np.asarray(out, "float64"), expected, rounding, rounding)
    eager = getattr(ag.special, name)(*x).array
    assert eager.dtype == dtype
    np.testing.assert_allclose(np.asarray(eager, "float64"), expected, rounding, rounding)


def test_relative_entropy_of_nan_is_nan_in_a_traced_program():
    terms = jax.jit(lambda x, y: ag.special.rel_entr(x, y).array)
    found = terms(jnp.asarray([1.0, jnp.nan, 0.0, -1.0, 0.0]), jnp.asarray([jnp.nan, 1.0, 2.0, 1.0, -1.0]))
    np.testing.assert_array_equal(found, [np.nan, np.nan, 0, np.inf, np.inf])


@pytest.mark.parametrize("name", ["j0", "k1e"])
def test_what_only_scipy_has_says_so_in_a_traced_program(name):
    with pytest.raises(ag.errors.BackendError, match=f"{name}: jax has no such function.*on a detached array on the CPU"):
        jax.jit(lambda x: getattr(ag.special, name)(x).array)(jnp.ones(2))
    assert getattr(ag.special, name)(jnp.ones(2)).shape == (2,)


@st.composite
def places(draw):
    """A shape, and a key of integers, slices, None and Ellipsis for it."""
    shape = draw(st_arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    return shape, draw(st_arrays.basic_indices(shape, max_dims=5, allow_newaxis=True))


@settings(max_examples=100, deadline=None)
@given(places(), st.sampled_from(["float32", "complex64", "int32"]))
def test_values_are_added_where_numpy_adds_them(place, dtype):
    shape, key = place
    x = np.arange(float(np.prod(shape))).reshape(shape).astype(dtype)
    expected, values = x.copy(), np.asarray(x[key]) * 2 + 1
    expected[key] += values
    found = ag.get_backend("jax").index_add(jnp.asarray(x), jnp.asarray(values), key=key)
    np.testing.assert_array_equal(np.asarray(found), expected)
    assert found.dtype == dtype


@pytest.mark.parametrize("key", [slice(0, 0), np.zeros(3, dtype=bool)], ids=["slice", "mask"])
def test_values_that_do_not_fit_are_not_written_to_nothing_either(key):
    y = ag.ones((3, 2))
    with pytest.raises(ValueError, match="broadcast"):
        y[key] = ag.ones((2, 1))
    y[key] = ag.ones((1, 2))
    assert y.tolist() == [[1.0, 1.0]] * 3


def test_functions_that_refuse_complex_numbers_do_not_warn_where_there_are_no_64_bits():
    program = "import arraygrad as ag; print(ag.relu(ag.ones(2, backend='jax')).tolist())"
    shown = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[1.0, 1.0]\n"
