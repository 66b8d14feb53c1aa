"""Graphs that span libraries, and functions that cross from one to another, against PyTorch's and JAX's own derivatives."""

from __future__ import annotations

import gc
import re
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import arraygrad as ag
from arraygrad.errors import ArgumentTypeError, BackendError, ExportError, GradientError
from arraygrad.interop import from_jax, from_torch, to_jax, to_torch

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
pytest.importorskip("dask.array")
pytest.importorskip("array_api_strict")

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # in torch.func itself

LIBRARIES = ("numpy", "torch", "jax", "dask", "array_api_strict")
DTYPES = ("float32", "float64", "complex64", "complex128")
VALUES = np.linspace(-0.9, 1.3, 6).reshape(2, 3)
PAIRS = [(source, target) for source in LIBRARIES for target in LIBRARIES if source != target]


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def stored(values: Any, backend: str, **options: Any) -> ag.Tensor:
    """A tensor of a backend with a copy of the values."""
    return ag.tensor(ag.asarray(np.array(values)).to_backend(backend), **options)


def numbers(dtype: str) -> Any:
    """Arrays of any shape, zero-size and 0-d with them, of moderate numbers."""
    part = st.floats(-2, 2, width=32)
    entries = part if dtype.startswith("float") else st.builds(complex, part, part)
    shapes = array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=3)
    return arrays(dtype, shapes, elements=entries.map(np.dtype(dtype).type))


# -- to_backend -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(max_examples=8, deadline=None, database=None)
@given(st.data())
def test_a_walk_through_two_libraries_gives_the_gradient_in_the_first(source, target, data):
    values = data.draw(numbers(data.draw(st.sampled_from(DTYPES))))
    x = stored(values, source, requires_grad=True)
    y = (x * x).to_backend(target)
    assert y.backend.name == target and y.dtype == x.dtype and y.shape == x.shape
    (y * y * y).real.sum().to_backend(source).backward()
    assert x.grad.backend.name == source and x.grad.dtype == x.dtype and x.grad.device == x.device
    np.testing.assert_allclose(x.grad.numpy(), np.conj(6 * values**5), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_derivatives_of_second_order_go_through_in_all_compositions(source, target):
    def f(x: Any) -> Any:
        return (ag.sin(x.to_backend(target)) ** 2).to_backend(source).sum()

    values = stored(VALUES, source)
    expected = np.diag(2 * np.cos(2 * VALUES.ravel()))
    for outer in (ag.func.jacfwd, ag.func.jacrev):
        for inner in (ag.func.jacfwd, ag.func.jacrev):
            found = outer(inner(f))(values)
            assert found.backend.name == source
            np.testing.assert_allclose(found.numpy().reshape(6, 6), expected, atol=1e-12)
    x = stored(VALUES, source, requires_grad=True)
    (g,) = ag.autograd.grad(f(x), x, create_graph=True)
    g.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.cos(2 * VALUES), atol=1e-12)


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "uint16", "uint64", "int8", "bool", "complex64"])
def test_every_data_type_is_kept_or_refused(source, target, dtype):
    backend = ag.get_backend(source)
    try:
        x = ag.asarray(backend.xp.astype(backend.xp.asarray(np.abs(VALUES)), backend.raw_dtype(dtype)))
    except AttributeError:
        return  # the source has no such data type
    if not hasattr(ag.get_backend(target).xp, dtype):
        with pytest.raises(BackendError, match=f"to_backend: got {dtype}; expected a data type of backend '{target}'"):
            x.to_backend(target)
        return
    y = x.to_backend(target)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y.to_backend(source).numpy(), x.numpy())


@pytest.mark.parametrize("target", ["torch", "jax"])
@pytest.mark.parametrize(
    "view",
    [np.flip, np.transpose, lambda x: x[:, ::2], lambda x: x[::-1, ::-2], lambda x: np.broadcast_to(x[0], (4, 3)),
     lambda x: x[1, 2], lambda x: x[:0], lambda x: x.astype(">f8")],
)  # fmt: skip
def test_any_layout_of_memory_is_taken(view, target):
    array = view(VALUES)
    if isinstance(array, np.ndarray):
        array.flags.writeable = False
    np.testing.assert_array_equal(ag.asarray(array).to_backend(target).numpy(), array)


def test_views_of_torch_are_taken():
    z = torch.tensor(VALUES + 1j)
    for x in (z.conj(), z.conj().imag, z.T, z[:, ::2], z[0].expand(4, 3)):
        for target in ("numpy", "jax"):
            np.testing.assert_array_equal(ag.asarray(x).to_backend(target).numpy(), x.resolve_conj().resolve_neg().numpy())


def test_half_precision_that_numpy_lacks_is_taken_in_any_layout():
    x = ag.asarray(torch.tensor(VALUES, dtype=torch.bfloat16)[:, ::2]).to_backend("jax")
    assert x.dtype == ag.bfloat16 and x.array.dtype == jnp.bfloat16
    np.testing.assert_allclose(x.numpy().astype(float), VALUES[:, ::2], rtol=1e-2)


def test_negative_strides_do_not_end_the_process_in_from_dlpack():
    import array_api_strict as strict

    for x in (VALUES[::-1], strict.asarray(VALUES)[::-1, :], ag.asarray(VALUES[::-1])):
        np.testing.assert_array_equal(ag.get_backend("torch").xp.from_dlpack(x).numpy(), VALUES[::-1])


def test_memory_is_shared_where_it_can_be():
    array = np.zeros((8, 8))
    in_torch = ag.asarray(array).to_backend("torch")
    array[0, 0] = 3
    assert in_torch.array[0, 0] == 3
    tensor = torch.zeros(64)
    assert ag.asarray(tensor).to_backend("numpy").array.ctypes.data == tensor.data_ptr()
    assert ag.asarray(tensor).to_backend("jax").array.unsafe_buffer_pointer() == tensor.data_ptr()
    array = jnp.arange(4.0)
    assert ag.asarray(array).to_backend("torch").array.data_ptr() == array.unsafe_buffer_pointer()


@pytest.mark.parametrize("target", ["torch", "jax", "array_api_strict"])
def test_writes_in_place_never_reach_what_another_library_shares(target):
    x = ag.tensor(np.ones(64), requires_grad=True)
    y = x * 1
    z = y.to_backend(target)
    w = z * z  # keeps z, whose memory y has
    y[3:] = 7.0
    y += 1
    z[:2] = 5.0
    w.sum().to_backend("numpy").backward()
    assert w.tolist() == [1] * 64 and x.grad.tolist() == [2] * 64
    assert y.tolist() == [2] * 3 + [8] * 61 and z.tolist() == [5] * 2 + [1] * 62


def test_a_gradient_that_jax_holds_is_nobody_else_s_memory():
    x = ag.tensor(jnp.ones(64), requires_grad=True)
    given = torch.ones(64, dtype=torch.float64)
    x.to_backend("torch").backward(given)
    given.zero_()
    assert x.grad.tolist() == [1] * 64


@pytest.mark.filterwarnings("error")
def test_what_is_not_selected_contributes_nothing_across_libraries():
    x = ag.tensor(np.array([-1.0, 0.0, 4.0]), requires_grad=True)
    with np.errstate(invalid="ignore"):
        root = ag.sqrt(x).to_backend("torch")
    ag.where(x.detach().to_backend("torch") > 0, root, 0).sum().backward()
    assert x.grad.tolist() == [0, 0, 0.25]


def test_a_tensor_that_is_stored_so_already_is_itself():
    x = stored(VALUES, "torch", requires_grad=True)
    assert x.to_backend("torch") is x and x.to_backend(x.backend) is x
    assert x.to_backend("numpy").to_backend("numpy").grad_fn.name() == "ToBackendBackward0"


def test_jax_without_double_precision_refuses_it():
    with jax.enable_x64(False):
        for dtype in ("float64", "int64", "complex128"):
            with pytest.raises(BackendError, match=rf"got {dtype}.*jax_enable_x64.*x\.astype"):
                ag.asarray(VALUES.astype(dtype)).to_backend("jax")
        x = ag.tensor(VALUES.astype("f4"), requires_grad=True)
        (x.to_backend("jax") ** 2).sum().to_backend("numpy").backward()
        assert x.grad.dtype == ag.float32


def test_a_traced_array_has_no_values_to_give():
    with pytest.raises(BackendError, match="no values while a program is traced"):
        jax.jit(lambda x: ag.asarray(x).to_backend("numpy").array)(jnp.ones(3))
    with pytest.raises(BackendError, match="no values"):
        ag.asarray(torch.ones(3, device="meta")).to_backend("numpy")
    shown = jax.jit(lambda x: (ag.asarray(x) * ag.asarray(VALUES).to_backend("jax")).array)(jnp.ones(3))
    np.testing.assert_array_equal(shown, VALUES)


def test_a_graph_of_torch_is_not_cut_silently():
    x = ag.asarray(torch.ones(3, requires_grad=True))
    with pytest.raises(ExportError, match=r"gradient of PyTorch.*detach"):
        x.to_backend("numpy")


def test_dask_computes_when_its_values_leave():
    x = stored(VALUES, "dask", requires_grad=True)
    y = (x * 2).to_backend("numpy")
    assert isinstance(y.array, np.ndarray)
    y.sum().backward()
    assert x.grad.backend.name == "dask" and x.grad.numpy().tolist() == [[2] * 3] * 2


def test_mixing_libraries_says_what_to_do():
    x, y = stored(VALUES, "numpy"), stored(VALUES, "torch")
    for call in (lambda: x + y, lambda: y @ x.T, lambda: ag.concat([x, y]), lambda: x + y.array):
        with pytest.raises(BackendError, match=r"numpy.*torch|torch.*numpy") as caught:
            call()
        assert re.search(r"with x\.to_backend\('(numpy|torch)'\)", str(caught.value))
    with pytest.raises(ArgumentTypeError, match=r"g\.to_backend\('numpy'\)"):
        stored(VALUES, "numpy", requires_grad=True).sum().backward(stored(1.0, "torch"))


# -- PyTorch's functions in arraygrad ---------------------------------------------------------------------


def f_torch(x: Any, w: Any) -> Any:
    return torch.tanh(x @ w) * torch.exp(-x).sum()


def f_jax(x: Any, w: Any) -> Any:
    return jnp.tanh(x @ w) * jnp.exp(-x).sum()


def f_ag(x: Any, w: Any) -> Any:
    return ag.tanh(x @ w) * ag.exp(-x).sum()


WEIGHTS = np.linspace(1.0, -0.5, 12).reshape(3, 4)
ADOPTED = {"torch": from_torch(f_torch), "jax": from_jax(f_jax), "compiled by jax": from_jax(jax.jit(f_jax))}


@pytest.mark.parametrize("backend", LIBRARIES[:3])
@pytest.mark.parametrize("f", ADOPTED.values(), ids=ADOPTED)
def test_a_function_of_another_library_has_exact_derivatives(f, backend):
    x, w = (stored(values, backend, requires_grad=True) for values in (VALUES, WEIGHTS))
    out = f(x, w)
    assert out.backend.name == backend
    np.testing.assert_allclose(out.detach().numpy(), f_ag(x, w).detach().numpy(), rtol=1e-12)
    assert ag.autograd.gradcheck(f, (x, w), check_forward_ad=True)
    assert ag.autograd.gradgradcheck(f, (x, w))
    for transform in (ag.func.hessian, lambda g: ag.func.jacrev(ag.func.jacfwd(g))):
        found, expected = (transform(lambda x, g=g: g(x, w).sum() ** 2)(x.detach()) for g in (f, f_ag))
        np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("f", ADOPTED.values(), ids=ADOPTED)
@settings(max_examples=10, deadline=None, database=None)
@given(st.data())
def test_gradients_of_any_shape_and_dtype_are_the_library_s_own(f, data):
    dtype = data.draw(st.sampled_from(DTYPES))
    rows, inner, columns = (data.draw(st.integers(0, 3)) for _ in range(3))
    part = st.floats(-1, 1, width=32)
    entries = part if dtype.startswith("float") else st.builds(complex, part, part)
    a, b = (data.draw(arrays(dtype, shape, elements=entries.map(np.dtype(dtype).type)))
            for shape in ((rows, inner), (inner, columns)))  # fmt: skip
    x, w = (ag.tensor(each, requires_grad=True) for each in (a, b))
    weight = 0.5 if dtype.startswith("float") else 0.3 - 0.4j
    (f(x, w) ** 2 * weight).real.sum().backward()
    xt, wt = (torch.tensor(each, requires_grad=True) for each in (a, b))
    (f_torch(xt, wt) ** 2 * weight).real.sum().backward()
    for own, expected in ((x, xt), (w, wt)):
        assert own.grad.dtype == own.dtype and isinstance(own.grad.array, np.ndarray)
        np.testing.assert_allclose(own.grad.numpy(), expected.grad.numpy(), rtol=2e-3, atol=2e-3)


def network() -> Any:
    torch.manual_seed(0)
    layers = (torch.nn.Linear(3, 5), torch.nn.ReLU(inplace=True), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 2))
    return torch.nn.Sequential(*layers).double()


def test_parameters_of_a_module_get_their_gradients():
    module, reference = network(), network()
    f = from_torch(module)
    x = ag.tensor(VALUES, requires_grad=True)
    xt = torch.tensor(VALUES, requires_grad=True)
    for _ in range(2):  # which accumulates
        (f(x) ** 2).sum().backward()
        (reference(xt) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), xt.grad.numpy(), rtol=1e-9)
    for name, parameter in module.named_parameters():
        torch.testing.assert_close(parameter.grad, reference.get_parameter(name).grad)
    torch.testing.assert_close(module.state_dict(), reference.state_dict())  # statistics were counted once a call


def test_parameters_can_be_asked_for():
    module = network()
    module[0].bias.requires_grad_(False)
    f = from_torch(module)
    found = ag.autograd.grad((f(ag.asarray(VALUES)) ** 2).sum(), f.named_parameters())
    expected = torch.autograd.grad((module(torch.tensor(VALUES)) ** 2).sum(), [*f.foreign._owner.parameters()][:1])
    assert set(found) == {name for name, each in module.named_parameters() if each.requires_grad}
    torch.testing.assert_close(found["0.weight"].array, expected[0], rtol=1e-6, atol=1e-9)
    assert all(each.grad is None for each in module.parameters())
    with ag.no_grad():
        assert not f(ag.asarray(VALUES)).requires_grad


def test_hooks_of_parameters_run_and_training_goes_on_as_in_torch():
    module, reference = network(), network()
    seen = []
    module[0].weight.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in (module, reference)]
    f = from_torch(module)
    for _ in range(3):
        for optimizer in optimizers:
            optimizer.zero_grad()
        (f(ag.asarray(VALUES)) ** 2).sum().backward()
        (reference(torch.tensor(VALUES)) ** 2).sum().backward()
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(module.state_dict(), reference.state_dict())
    assert len(seen) == 3


def test_second_derivatives_by_parameters_of_a_module_with_dropout_use_what_was_dropped():
    layers = (torch.nn.Linear(3, 50), torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Linear(50, 1))
    module = torch.nn.Sequential(*layers).double()
    f = from_torch(module)
    x = ag.tensor(VALUES, requires_grad=True)
    torch.manual_seed(1)
    out = f(x)
    (g,) = ag.autograd.grad(out.sum(), x, create_graph=True)
    (g**2).sum().backward()
    found = {name: each.grad.clone() for name, each in module.named_parameters() if each.grad is not None}
    module.zero_grad()
    torch.manual_seed(1)
    xt = torch.tensor(VALUES, requires_grad=True)
    (gt,) = torch.autograd.grad(module(xt).sum(), xt, create_graph=True)
    (gt**2).sum().backward()
    torch.testing.assert_close(found, {name: each.grad for name, each in module.named_parameters() if name in found})
    np.testing.assert_allclose(x.grad.numpy(), xt.grad.numpy(), rtol=1e-9)


def test_arguments_and_results_may_be_nested_and_without_a_derivative():
    f = from_torch(lambda pair, *, scale, flag: {"out": [pair["x"] * scale, pair["x"].argmax()], "flag": flag, "n": None})
    x = ag.tensor(VALUES, requires_grad=True)
    made = f({"x": x}, scale=3, flag="text")
    scaled, place = made["out"]
    assert made["flag"] == "text" and made["n"] is None and place.item() == 5 and not place.requires_grad
    scaled.sum().backward()
    assert x.grad.tolist() == [[3] * 3] * 2
    g = from_jax(lambda pair, scale: {"out": (pair["x"] * scale, jnp.argmax(pair["x"]))})
    for function in (g, from_jax(jax.jit(g.foreign.function))):
        x.grad = None
        scaled, place = function({"x": x}, 2.0)["out"]
        assert place.item() == 5 and not place.requires_grad
        scaled.sum().backward()
        assert x.grad.tolist() == [[2] * 3] * 2


def test_a_compiled_function_is_traced_once_a_kind_of_call():
    traces = []

    @jax.jit
    def f(x: Any, k: int) -> Any:
        traces.append(x.shape)
        return {"out": x**2 * k}

    operation = from_jax(f)
    for shape in ((3,), (2, 2), (3,), (3,)):
        x = ag.tensor(np.ones(shape), requires_grad=True)
        operation(x, 2)["out"].sum().backward()
        assert x.grad.tolist() == np.full(shape, 4.0).tolist()
    assert len(traces) == 2


def test_a_function_may_write_to_its_arguments():
    x = ag.tensor(torch.ones(3), requires_grad=True)
    kept = x * x
    for needs in (x, x.detach()):
        assert from_torch(lambda x: x.mul_(5).add_(1))(needs).tolist() == [6, 6, 6]
    kept.sum().backward()
    assert x.tolist() == [1, 1, 1] and x.grad.tolist() == [2, 2, 2]


def test_a_result_is_not_a_parameter_s_memory():
    module = torch.nn.Linear(2, 2, bias=False)
    module.register_buffer("state", torch.zeros(2))
    for result in (lambda: module.weight, lambda: module.weight.T, lambda: module.state):
        out = from_torch(result, parameters=module)()
        before = out.tolist()
        with torch.no_grad():
            result().add_(1)
        assert out.tolist() == before


def test_a_gradient_that_would_be_lost_is_an_error():
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
    x = ag.tensor(np.ones(3), requires_grad=True)
    with pytest.raises(GradientError, match=r"shape \(3,\).*neither an argument nor a parameter.*parameters=\[w\]"):
        from_torch(lambda x: x * (weight * 2))(x)
    from_torch(lambda x: x * (weight * 2), parameters=[weight])(x).sum().backward()
    assert weight.grad.tolist() == [2, 2, 2]
    with pytest.raises(GradientError, match="requires a gradient of PyTorch"):
        from_torch(torch.mul)(x, weight)
    with pytest.raises(BackendError, match="does not say how functions of its library are differentiated"):
        ag.get_backend("numpy").adopt(np.sin)


def test_what_torch_recorded_goes_when_a_backward_pass_released_it():
    released = []

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.kept = type("Kept", (), {"x": x})()
            weakref.finalize(ctx.kept, released.append, True)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.kept.x

    gc.disable()
    try:
        x = ag.tensor(np.ones(3), requires_grad=True)
        out = from_torch(Square.apply)(x).sum()
        out.backward(retain_graph=True)
        assert not released
        out.backward()
        assert released
        with pytest.raises(GradientError, match="second time"):
            out.backward()
        for made in (from_torch(torch.exp)(x), from_jax(jnp.exp)(x), from_jax(jax.jit(jnp.exp))(x)):
            made.sum().backward()
        references = [weakref.ref(from_jax(jnp.exp)(x * 1)), weakref.ref(from_torch(torch.exp)(x * 1))]
        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()


# -- arraygrad's functions in PyTorch ---------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["torch", "numpy", "jax", "array_api_strict"])
def test_torch_checks_the_gradients_of_an_arraygrad_function(backend):
    f = to_torch(f_ag, backend=backend)
    x, w = (torch.tensor(values, requires_grad=True) for values in (VALUES, WEIGHTS))
    assert torch.autograd.gradcheck(f, (x, w), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, (x, w), check_fwd_over_rev=True)
    z = torch.tensor(VALUES + 1j, requires_grad=True)
    square = to_torch(lambda z: ag.conj(z) * z * z, backend=backend)
    assert torch.autograd.gradcheck(square, (z,)) and torch.autograd.gradgradcheck(square, (z,))


@pytest.mark.parametrize("backend", ["torch", "numpy", "jax"])
def test_transforms_of_torch_take_an_arraygrad_function(backend):
    f = to_torch(f_ag, backend=backend)
    x, w = torch.tensor(VALUES), torch.tensor(WEIGHTS)
    for transform in (torch.func.grad, torch.func.hessian, torch.func.jacrev, torch.func.jacfwd):
        found, expected = (transform(lambda x, g=g: (g(x, w) ** 2).sum())(x) for g in (f, f_torch))
        torch.testing.assert_close(found, expected)
    found, expected = (torch.func.jvp(lambda x, g=g: g(x, w), (x,), (x,)) for g in (f, f_torch))
    torch.testing.assert_close(found, expected)
    rows = [torch.func.vmap(torch.func.grad(lambda r, g=g: g(r[None], w).sum()))(x) for g in (f, f_torch)]
    torch.testing.assert_close(*rows)


def test_what_torch_writes_in_place_reaches_nothing_that_is_kept():
    f = to_torch(lambda x: (ag.exp(x), x.reshape(-1)), backend="numpy")
    x = torch.zeros(2, 2, requires_grad=True)
    out, flat = f(x)
    with torch.no_grad():
        out.mul_(7)
        flat.add_(1)
    out.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1]] and x.detach().eq(0).all()
    out, _ = f(x)
    with torch.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


# -- arraygrad's functions in JAX -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "compiled"), [("jax", jax.jit), ("numpy", jax.jit), ("numpy", lambda f: f), ("torch", jax.jit)]
)
def test_transforms_of_jax_take_an_arraygrad_function(backend, compiled):
    f = to_jax(f_ag, backend=backend)
    x, w = jnp.asarray(VALUES), jnp.asarray(WEIGHTS)
    transforms = [
        jax.grad, jax.jacrev, lambda g: jax.jacrev(jax.grad(g)), lambda g: jax.grad(lambda x: (jax.grad(g)(x) ** 2).sum()),
        *((jax.hessian, jax.jacfwd, lambda g: lambda x: jax.jvp(g, (x,), (x,))) if backend == "jax" else ()),
    ]  # fmt: skip
    for transform in transforms:
        found, expected = (compiled(transform(lambda x, g=g: (g(x, w) ** 2).sum()))(x) for g in (f, f_jax))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9), found, expected)
    rows = [compiled(jax.vmap(jax.grad(lambda r, g=g: g(r[None], w).sum())))(x) for g in (f, f_jax)]
    np.testing.assert_allclose(*rows, rtol=1e-9)


@pytest.mark.parametrize("backend", ["jax", "numpy"])
@settings(max_examples=5, deadline=None, database=None)
@given(st.data())
def test_gradients_in_jax_are_jax_s_own(backend, data):
    values = data.draw(numbers(data.draw(st.sampled_from(DTYPES))))
    f = to_jax(lambda x: (x * x * ag.conj(x)).real.sum(), backend=backend)
    found = jax.grad(f)(jnp.asarray(values))
    expected = jax.grad(lambda x: (x * x * jnp.conj(x)).real.sum())(jnp.asarray(values))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_pytrees_and_integers_go_through_jax():
    def f(tree: Any, *, power: int) -> Any:
        return {"out": tree["x"] ** power, "place": ag.argmax(tree["x"]), "none": None}

    for backend in ("jax", "numpy"):
        g = to_jax(f, backend=backend)
        x = jnp.asarray(VALUES)
        for wrap in (lambda h: h, jax.jit):
            made = wrap(lambda x, g=g: g({"x": x}, power=2))(x)
            assert made["place"] == 5 and made["none"] is None
            found = wrap(jax.grad(lambda x, g=g: g({"x": x, "ints": jnp.arange(3)}, power=2)["out"].sum()))(x)
            np.testing.assert_allclose(found, 2 * VALUES)


def test_a_function_of_the_host_may_say_the_shapes_of_its_results():
    calls = []

    def f(x: Any) -> Any:
        calls.append(x.numpy().sum() if not x.requires_grad else None)
        return x[x > 0].sum()

    g = to_jax(f, backend="numpy", like=lambda x: jax.ShapeDtypeStruct((), x.dtype))
    assert jax.jit(g)(jnp.asarray(VALUES)) == pytest.approx(VALUES[VALUES > 0].sum()) and len(calls) == 1
    np.testing.assert_array_equal(jax.jit(jax.grad(g))(jnp.asarray(VALUES)), VALUES > 0)


def test_a_large_array_crosses_in_a_callback():
    x = jnp.ones((1500, 1500))
    found = jax.jit(jax.grad(lambda x: (to_jax(lambda x: x * x, backend="numpy")(x * 2) * 3).sum()))(x)
    assert float(found.sum()) == 24 * 1500**2


# -- the page ---------------------------------------------------------------------------------------------


def test_the_programs_of_the_page_run():
    page = (Path(__file__).parents[1] / "docs" / "interop.md").read_text()
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(programs) >= 5
    for program in programs:
        exec(program, {})
