"""The backend for PyTorch: its graph beside arraygrad's, its transforms and its compiler, and what it still needs."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest
from programs import MATRIX, PROGRAMS

import arraygrad as ag

torch = pytest.importorskip("torch")
pytest.importorskip("arraygrad_torch")
FakeTensorMode = pytest.importorskip("torch._subclasses").FakeTensorMode


@pytest.fixture(autouse=True)
def backend():
    with ag.use_backend("torch") as found:
        yield found


@pytest.fixture
def x():
    return torch.tensor([0.5, 1.5, -2.0])


def loss(x: ag.Tensor) -> ag.Tensor:
    return ag.where(x > 0, x**3, ag.sin(x)).sum() + (x[[0, 0, 2]] * x).sum()


def gradient(x: torch.Tensor) -> torch.Tensor:
    return ag.func.grad(loss)(x).array


def gradient_by_backward(x: torch.Tensor) -> torch.Tensor:
    tensor = ag.tensor(x, requires_grad=True)
    loss(tensor).backward()
    return tensor.grad.array


def reference(x: torch.Tensor) -> torch.Tensor:
    """The gradient of `loss`, by PyTorch alone."""
    x = x.detach().clone().requires_grad_()
    (torch.where(x > 0, x**3, torch.sin(x)).sum() + (x[[0, 0, 2]] * x).sum()).backward()
    return x.grad


# -- beside PyTorch's own graph -------------------------------------------------------------------------------


def test_pytorch_records_nothing_where_no_tensor_of_its_own_requires_a_gradient(x):
    tensor = ag.tensor(x, requires_grad=True)
    result = loss(tensor)
    result.backward()
    assert not result.array.requires_grad and result.array.grad_fn is None
    assert not tensor.grad.array.requires_grad


def test_pytorch_differentiates_through_arraygrad(x):
    x.requires_grad_()
    y = loss(ag.asarray(x)).array
    y.backward()
    torch.testing.assert_close(x.grad, reference(x))


def test_pytorch_differentiates_gradients_of_arraygrad(x):
    x.requires_grad_()
    (gradient(x) ** 2).sum().backward()
    expected = torch.func.grad(lambda x: (gradient(x) ** 2).sum())(x.detach())
    torch.testing.assert_close(x.grad, expected)
    hessian = ag.func.hessian(loss)(x.detach()).array
    torch.testing.assert_close(x.grad, 2 * hessian @ gradient(x.detach()))


def test_both_can_require_a_gradient_of_the_same_values(x):
    tensor = ag.asarray(x.requires_grad_()).requires_grad_()
    loss(tensor).backward()
    torch.testing.assert_close(tensor.grad.array.detach(), reference(x))
    assert tensor.grad.array.requires_grad  # PyTorch can go on from here


def test_a_parameter_can_be_wrapped(x):
    parameter = torch.nn.Parameter(x)
    loss(ag.asarray(parameter)).array.backward()
    torch.testing.assert_close(parameter.grad, reference(x))


def test_a_tensor_made_of_one_that_requires_a_gradient_is_cut_off(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not ag.tensor(x.requires_grad_()).array.requires_grad
        assert ag.asarray(x).array is x


def test_a_tensor_that_requires_a_gradient_of_pytorch_can_be_shown_and_converted(x):
    tensor = ag.asarray(x.requires_grad_())
    assert repr(tensor) == "tensor([ 0.5000,  1.5000, -2.0000])" and tensor.tolist() == [0.5, 1.5, -2.0]


# -- transforms and compilers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [gradient, gradient_by_backward])
def test_functions_can_be_mapped_over_a_batch(x, function):
    batch = torch.stack([x, 2 * x])
    torch.testing.assert_close(torch.vmap(function)(batch), torch.stack([reference(x), reference(2 * x)]))


def test_functions_that_are_mended_where_values_need_it_can_be_mapped_over_a_batch():
    batch = torch.tensor([[7.0, float("inf")], [-0.0, -7.0]])
    quotients = torch.vmap(lambda x: ag.floor_divide(ag.asarray(x), 2.0).array)(batch)
    assert quotients.tolist() == [[3, float("inf")], [0, -4]]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_jacobians_of_pytorch_are_hessians_of_arraygrad(x):
    expected = ag.func.hessian(loss)(x).array
    torch.testing.assert_close(torch.func.jacrev(gradient)(x), expected)
    torch.testing.assert_close(torch.func.jacfwd(gradient)(x), expected)


@pytest.mark.parametrize("function", [gradient, gradient_by_backward])
def test_forward_and_backward_compile_to_one_program(x, function):
    from torch._dynamo.backends.common import aot_autograd

    programs, calls = [], []

    def keep(graph, _):
        programs.append(graph)
        return graph.forward

    @torch.compiler.allow_in_graph
    def program(x):
        calls.append(type(x))
        return function(x)

    compiled = torch.compile(lambda x: program(x) * 1, fullgraph=True, backend=aot_autograd(fw_compiler=keep))
    torch.testing.assert_close(compiled(x), reference(x))
    traced = len(calls)
    torch.testing.assert_close(compiled(-x), reference(-x))
    assert len(programs) == 1 and len(calls) == traced and torch.Tensor not in calls
    targets = {str(node.target) for node in programs[0].graph.nodes if node.op == "call_function"}
    assert {"aten.sin.default", "aten.cos.default", "aten.index.Tensor"} <= targets
    assert all(target.startswith("aten.") for target in targets)


@pytest.mark.skipif(shutil.which("g++") is None, reason="PyTorch's compiler writes C++")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forward_and_backward_become_machine_code(x):
    allowed = torch.compiler.allow_in_graph(gradient)
    compiled = torch.compile(lambda x: allowed(x) * 1, fullgraph=True)
    torch.testing.assert_close(compiled(x), reference(x))
    torch.testing.assert_close(compiled(-x), reference(-x))


def test_forward_and_backward_are_exported_as_one_program(x):
    class Gradient(torch.nn.Module):
        def forward(self, x):
            return gradient(x)

    exported = torch.export.export(Gradient(), (x,)).module()
    torch.testing.assert_close(exported(-x), reference(-x))


@pytest.mark.filterwarnings("ignore:.*Dynamo does not know:UserWarning")
def test_compiling_without_more_ado_gives_the_same(x):
    compiled = torch.compile(lambda x: gradient(x) * 1, backend="eager")
    torch.testing.assert_close(compiled(x), reference(x))


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_device_without_values_is_enough(program):
    """Nothing goes through the host or to another device: from the device "meta" nothing can."""
    x = ag.tensor(torch.asarray(MATRIX, device="meta"), requires_grad=True)
    y = program(x)
    y.backward()
    assert y.shape == () and x.grad.shape == x.shape
    assert y.array.is_meta and x.grad.array.is_meta


def test_which_tensors_have_values(backend):
    assert backend.has_values(torch.ones(2))
    assert not backend.has_values(torch.ones(2, device="meta"))
    with FakeTensorMode():
        assert not backend.has_values(torch.ones(2))
    seen = []
    torch.vmap(lambda x: (seen.append(backend.has_values(x)), x)[1])(torch.ones(2, 2))
    torch.func.grad(lambda x: (seen.append(backend.has_values(x)), x.sum())[1])(torch.ones(2))
    torch.vmap(torch.func.grad(lambda x: (seen.append(backend.has_values(x)), x.sum())[1]))(torch.ones(2, 2))
    assert seen == [False, True, False]
    with pytest.raises(TypeError, match="not computed yet"):
        bool(ag.ones((), device="meta"))


# -- entering and leaving -------------------------------------------------------------------------------------


def test_bits_that_stand_for_operations_are_resolved():
    conjugate = ag.asarray(torch.tensor([1 + 2j]).conj())
    assert conjugate.numpy().tolist() == [1 - 2j]
    negative = ag.asarray(torch.tensor([1 + 2j]).conj().imag)
    assert negative.numpy().tolist() == [-2]


def test_bfloat16_is_shown_in_single_precision():
    x = ag.tensor([1.0, 2.5], dtype=ag.bfloat16, requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.dtype == ag.bfloat16 and x.grad.tolist() == [2, 5]


def test_data_types_without_functions_are_no_part_of_the_namespace():
    import arraygrad.torch as xp

    assert not hasattr(xp, "uint16") and "uint16" not in xp.__array_namespace_info__().dtypes()
    assert ag.asarray(torch.ones(2, dtype=torch.uint16)).dtype == ag.uint16


def test_pytorch_s_seed_is_the_seed():
    torch.manual_seed(1)
    first = ag.rand(3)
    torch.manual_seed(1)
    assert (ag.rand(3) == first).all()


def test_integers_of_any_length_are_indices():
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32):
        assert x[torch.tensor([2, 0], dtype=dtype)].tolist() == [3, 1]


def test_numpy_s_arrays_are_indices_too():
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    places = np.asarray([2, 0])
    ag.scatter_add(x, 0, places, x[places] ** 2).sum().backward()
    assert x.grad.tolist() == [3, 1, 7]


# -- when one of these fails, PyTorch is mended: remove what makes up for it ----------------------------------


def test_pytorch_still_takes_no_negative_steps():
    with pytest.raises(ValueError, match="step must be greater than zero"):
        torch.ones(3)[::-1]
    with pytest.raises(ValueError, match="negative"):
        torch.asarray(np.arange(3.0)[::-1])


def test_pytorch_still_has_no_index_of_distinct_values():
    with pytest.raises(TypeError):
        torch.unique(torch.ones(3), return_index=True)


def test_pytorch_still_squares_halves_until_they_overflow():
    x = torch.tensor([[0.0, 9.0], [0.0, 0.0]], dtype=torch.float16)
    block = torch.linalg.matrix_exp(torch.block_diag(x + 8 * torch.eye(2, dtype=torch.float16), x))
    assert not torch.isfinite(block).all()
    assert ag.linalg.expm(x).tolist() == [[1, 9], [0, 1]]


def test_pytorch_still_wants_the_axes_of_an_empty_mask_to_fit():
    with pytest.raises(IndexError):
        torch.ones(0, 1)[torch.zeros(0, 0, dtype=torch.bool)]


# -- special functions ----------------------------------------------------------------------------------------

SPECIAL = {
    **dict.fromkeys(("entr", "erfinv", "logit", "ndtri"), (0.3,)),
    **dict.fromkeys((
        "erfcx", "gamma", "gammaln", "i0", "i0e", "i1", "i1e", "j0", "j1", "k0", "k0e", "k1", "k1e", "log_ndtr", "ndtr",
        "psi", "y0", "y1",
    ), (1.7,)),
    **dict.fromkeys(("betaln", "chdtr", "chdtrc", "gammainc", "gammaincc", "kl_div", "rel_entr", "xlog1py"), (1.7, 2.3)),
    "polygamma": (2, 1.7),
}  # fmt: skip
"""What PyTorch has, and where it is called."""


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_are_pytorchs_where_pytorch_follows_them(name, dtype):
    scipy_special = pytest.importorskip("scipy.special")
    pairs = [[each, each * 1.1 if isinstance(each, float) else each] for each in SPECIAL[name]]
    x = [torch.tensor(pair, dtype=getattr(torch, dtype), requires_grad=True) for pair in pairs]
    out = getattr(ag.special, name)(*x).array
    assert out.requires_grad or name in ("j0", "j1", "k0", "k0e", "k1", "k1e", "y0", "y1")
    expected = getattr(scipy_special, name)(*(each.detach().double().numpy() for each in x))
    assert out.dtype is x[0].dtype
    rounding = max(1e-10, 4 * torch.finfo(out.dtype).eps)
    np.testing.assert_allclose(out.detach().double().numpy(), expected, rounding, rounding)


def test_the_lower_tail_of_the_normal_distribution_is_not_0_where_pytorch_follows_it():
    out = ag.special.ndtr(torch.tensor([-20.0], dtype=torch.float64, requires_grad=True))
    assert out.array.item() == pytest.approx(2.7536241186062337e-89, rel=1e-13)


@pytest.mark.parametrize("name", ["betainc", "exp1", "expi", "stdtrit"])
@pytest.mark.parametrize("why", ["on another device", "followed by PyTorch"])
def test_what_only_scipy_has_says_so_instead_of_losing_something(name, why):
    options = {"device": "meta"} if why == "on another device" else {"requires_grad": True}
    x = [torch.ones(2, **options)] * {"betainc": 3, "stdtrit": 2}.get(name, 1)
    with pytest.raises(ag.errors.BackendError, match=f"{name}: .*on a detached array on the CPU"):
        getattr(ag.special, name)(*x)
    assert getattr(ag.special, name)(*map(torch.zeros_like, (torch.ones(2),) * len(x))).shape == (2,)


@pytest.mark.parametrize("name", ["gammaln", "i0e", "log_ndtr", "ndtr"])
def test_special_functions_and_their_derivatives_need_no_values(name):
    x = ag.tensor(torch.ones(2, device="meta"), requires_grad=True)
    getattr(ag.special, name)(x).sum().backward()
    assert x.grad.array.is_meta
