"""`autograd.forward_ad`: dual tensors, levels, and both modes through one another."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

import arraygrad as ag
from arraygrad import modes
from arraygrad.autograd import forward_ad
from arraygrad.errors import ArgumentTypeError, GradientError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


@pytest.fixture
def fw(lib):
    """`autograd.forward_ad` of the library under test."""
    if lib.is_reference:
        import torch.autograd.forward_ad as reference

        return reference
    return forward_ad


def numbers(lib, values, **options):
    return lib.tensor(values, dtype=lib.float64, **options)


# -- values and tangents ------------------------------------------------------------------------------------


def test_tangent_of_a_result_is_the_directional_derivative(lib, fw):
    x, v = numbers(lib, [1.0, 2.0, 3.0]), numbers(lib, [1.0, 10.0, 100.0])
    with fw.dual_level():
        y = fw.make_dual(x, v) ** 3
        primal, tangent = fw.unpack_dual(y)
        assert primal.tolist() == [1, 8, 27]
        assert tangent.tolist() == [3, 120, 2700]
        assert fw.unpack_dual(y).tangent.tolist() == [3, 120, 2700]
        assert fw.unpack_dual(primal).tangent is None


def test_unpacking_a_plain_tensor_gives_no_tangent(lib, fw):
    x = numbers(lib, [1.0])
    assert fw.unpack_dual(x).tangent is None
    assert fw.unpack_dual(x).primal.tolist() == [1]
    with fw.dual_level():
        assert fw.unpack_dual(x).tangent is None
        assert fw.unpack_dual(x * 2).tangent is None
        constant = fw.make_dual(x, x) > 0
        assert fw.unpack_dual(constant).tangent is None


def test_result_of_unpacking_is_a_named_tuple(lib, fw):
    unpacked = fw.unpack_dual(numbers(lib, [1.0]))
    assert isinstance(unpacked, fw.UnpackedDualTensor)
    assert unpacked._fields == ("primal", "tangent")


def test_tangents_of_several_arguments_add_up(lib, fw):
    x, y = numbers(lib, 2.0), numbers(lib, 5.0)
    with fw.dual_level():
        product = fw.make_dual(x, numbers(lib, 10.0)) * fw.make_dual(y, numbers(lib, 100.0))
        assert fw.unpack_dual(product).tangent.item() == 5 * 10 + 2 * 100


def test_a_closed_level_takes_its_tangents_with_it(lib, fw):
    x = numbers(lib, [1.0, 2.0])
    with fw.dual_level():
        dual = fw.make_dual(x, x)
        y = dual * 3
    assert fw.unpack_dual(y).tangent is None
    assert "tangent" not in repr(y)
    with fw.dual_level():
        assert fw.unpack_dual(y).tangent is None
        assert fw.unpack_dual(dual * 2).tangent is None
    assert y.tolist() == [3, 6]
    assert (y + dual).tolist() == [4, 8]


def test_a_closed_level_leaves_what_was_recorded(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        y = fw.make_dual(x, numbers(lib, [1.0, 1.0])) ** 2
    y.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_dual_of_a_leaf_is_no_leaf(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        dual = fw.make_dual(x, numbers(lib, [1.0, 1.0]))
        assert not dual.is_leaf
        assert fw.make_dual(x.detach(), numbers(lib, [1.0, 1.0])).is_leaf
    assert not dual.is_leaf
    assert dual.grad_fn is not None


def test_level_is_a_decorator(lib, fw):
    x = numbers(lib, 3.0)

    @fw.dual_level()
    def derivative(x):
        return fw.unpack_dual(fw.make_dual(x, lib.ones_like(x)) ** 2).tangent

    assert derivative(x).item() == 6
    assert derivative(x).item() == 6
    assert fw.unpack_dual(x).tangent is None


def test_levels_are_entered_and_left_by_functions_too(lib, fw):
    assert fw.enter_dual_level() == 0
    try:
        y = fw.make_dual(numbers(lib, 3.0), numbers(lib, 1.0)) ** 2
        assert fw.unpack_dual(y, level=0).tangent.item() == 6
        with pytest.raises(RuntimeError, match="exit a forward AD level that was not the last one"):
            fw.exit_dual_level(level=5)
    finally:
        fw.exit_dual_level()
    assert fw.unpack_dual(y).tangent is None


def test_exception_inside_a_level_closes_it(lib, fw):
    with pytest.raises(KeyError), fw.dual_level():
        raise KeyError
    with pytest.raises(RuntimeError, match="no level exists"):
        fw.make_dual(numbers(lib, 1.0), numbers(lib, 1.0))


def test_forward_mode_ignores_no_grad(lib, fw):
    x = numbers(lib, 3.0, requires_grad=True)
    with fw.dual_level():
        dual = fw.make_dual(x, numbers(lib, 1.0))
        with lib.no_grad():
            y = dual**2
            assert not lib.is_grad_enabled()
        assert fw.unpack_dual(y).tangent.item() == 6
        assert not y.requires_grad
    with lib.no_grad(), fw.dual_level():
        y = fw.make_dual(x, numbers(lib, 1.0)) ** 2
        assert fw.unpack_dual(y).tangent.item() == 6
        assert not y.requires_grad
        assert not lib.is_grad_enabled()
        with lib.enable_grad():
            assert lib.is_grad_enabled()
        assert not lib.is_grad_enabled()
    assert lib.is_grad_enabled()


def test_inference_mode_stops_tangents(lib, fw):
    x = numbers(lib, 3.0)
    with fw.dual_level():
        dual = fw.make_dual(x, numbers(lib, 1.0))
        with lib.inference_mode():
            assert fw.unpack_dual(dual * 2).tangent is None
            assert fw.unpack_dual(fw.make_dual(numbers(lib, 3.0), numbers(lib, 1.0))).tangent is None
        assert fw.unpack_dual(dual * 2).tangent.item() == 2


def test_complex_values_carry_complex_tangents(lib, fw):
    z = lib.tensor([1 + 2j], dtype=lib.complex128)
    with fw.dual_level():
        y = fw.make_dual(z, lib.tensor([1j], dtype=lib.complex128)) ** 2
        assert fw.unpack_dual(y).tangent.tolist() == [2 * (1 + 2j) * 1j]


def test_writes_in_place_follow_tangents(lib, fw):
    with fw.dual_level():
        dual = fw.make_dual(numbers(lib, [1.0, 2.0]), numbers(lib, [10.0, 20.0]))
        filled = lib.zeros(3, dtype=lib.float64)
        filled[1:] = dual
        filled *= 2
        assert fw.unpack_dual(filled).tangent.tolist() == [0, 20, 40]


WRITES = {
    "all": lambda x: x.mul_(3),
    "an entry": lambda x: x.__setitem__(0, 3.0),
    "through a view": lambda x: x[0:1].mul_(3),
    "constants": lambda x: x.zero_(),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("make", [lambda x: x * 1, lambda x: x.requires_grad_() * 1], ids=["constant", "computed"])
def test_a_dual_shares_the_entries_of_its_primal_and_has_a_tangent_of_its_own(lib, fw, name, make):
    changed = {"all": [3, 6], "an entry": [3, 2], "through a view": [3, 2], "constants": [0, 0]}[name]
    pushed = {"all": [30, 60], "an entry": [0, 20], "through a view": [30, 20], "constants": [0, 0]}[name]
    for written_to, tangent in ((0, [10, 20]), (1, pushed)):
        x = make(numbers(lib, [1.0, 2.0]))
        with fw.dual_level():
            dual = fw.make_dual(x, numbers(lib, [10.0, 20.0]))
            part = dual[0:1]
            WRITES[name]((x, dual)[written_to])
            assert x.tolist() == dual.tolist() == changed and part.tolist() == changed[:1]
            assert fw.unpack_dual(x).tangent is None and fw.unpack_dual(part).tangent.tolist() == tangent[:1]
            assert fw.unpack_dual(dual).tangent.tolist() == tangent and dual._base is x and dual._version == 1
        x.add_(1)
        assert dual.tolist() == x.tolist() == [each + 1 for each in changed]


def test_the_tangent_that_a_primal_is_given_is_not_that_of_its_dual(lib, fw):
    x = numbers(lib, [1.0, 2.0])
    with fw.dual_level():
        dual = fw.make_dual(x, numbers(lib, [1.0, 1.0]))
        x.mul_(fw.make_dual(numbers(lib, [1.0, 2.0]), numbers(lib, [5.0, 6.0])))
        assert fw.unpack_dual(dual).tangent.tolist() == [1, 1] and fw.unpack_dual(x).tangent.tolist() == [5, 12]
        assert fw.unpack_dual(dual).primal.tolist() == fw.unpack_dual(x).primal.tolist() == [1, 4]


def test_a_write_to_a_dual_is_differentiated_by_backward_through_its_primal(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    y = x * 1
    with fw.dual_level():
        dual = fw.make_dual(y, numbers(lib, [1.0, 1.0]))
        dual.mul_(3)
        y.sum().backward()
        assert x.grad.tolist() == [3, 3]
        with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
            fw.make_dual(x, numbers(lib, [1.0, 1.0])).mul_(3)


def test_duals_of_nested_levels_share_entries_and_keep_their_tangents():
    fw = ag.autograd.forward_ad
    x = ag.tensor([1.0])
    with fw.dual_level():
        inner = fw.make_dual(x, ag.tensor([2.0]))
        with fw.dual_level():
            outer = fw.make_dual(inner, ag.tensor([3.0]))
            outer.mul_(outer)
            value, tangent = fw.unpack_dual(outer)
            assert x.tolist() == [1]
            assert tangent.tolist() == [6] and fw.unpack_dual(tangent, level=0).tangent.tolist() == [12]
            assert fw.unpack_dual(value, level=0).tangent.tolist() == [4]
            x.mul_(5)
            assert outer.tolist() == inner.tolist() == [5]
            assert fw.unpack_dual(fw.unpack_dual(outer).tangent, level=0).tangent.tolist() == [12]
        assert fw.unpack_dual(inner).tangent.tolist() == [4]


def test_a_tensor_written_to_inside_a_level_loses_its_tangent_at_the_end(lib, fw):
    with fw.dual_level():
        filled = lib.zeros(2, dtype=lib.float64)
        filled[0] = fw.make_dual(numbers(lib, 1.0), numbers(lib, 1.0))
    assert "tangent" not in repr(filled)
    assert filled.tolist() == [1, 0]


def test_dual_is_printed_with_its_tangent(lib, fw):
    with fw.dual_level():
        dual = fw.make_dual(lib.tensor([1.0, 2.0]), lib.tensor([3.0, 4.0]))
        assert repr(dual) == "tensor([1., 2.], tangent=tensor([3., 4.]))"


# -- what is refused ------------------------------------------------------------------------------------------


def test_dual_outside_a_level_is_refused(lib, fw):
    x = numbers(lib, [1.0])
    with pytest.raises(RuntimeError, match=r"no level exists, make sure to enter_dual_level\(\) first"):
        fw.make_dual(x, x)


def test_tangent_of_another_size_is_refused(lib, fw):
    with fw.dual_level(), pytest.raises(RuntimeError, match="forward gradient that has a different size"):
        fw.make_dual(numbers(lib, [1.0, 2.0, 3.0]), numbers(lib, [1.0, 2.0]))


def test_integers_are_refused(lib, fw):
    x, integers = numbers(lib, [1.0]), lib.tensor([1])
    with fw.dual_level():
        with pytest.raises(ValueError, match=r"Expected primal to be floating point or complex, but got: .*int64"):
            fw.make_dual(integers, x)
        with pytest.raises(ValueError, match=r"Expected tangent to be floating point or complex, but got: .*int64"):
            fw.make_dual(x, integers)


def test_second_tangent_at_the_same_level_is_refused(lib, fw):
    x = numbers(lib, [1.0])
    with fw.dual_level():
        dual = fw.make_dual(x, x)
        with pytest.raises(RuntimeError, match="already has a forward gradient at the same level 0"):
            fw.make_dual(dual, x)
        with pytest.raises(RuntimeError, match="Setting a forward grad that itself has a forward gradient"):
            fw.make_dual(x, dual)


def test_levels_that_are_not_open_are_refused(lib, fw):
    x = numbers(lib, [1.0])
    with fw.dual_level():
        with pytest.raises(RuntimeError, match="Invalid level"):
            fw.make_dual(x, x, level=3)
        with pytest.raises(RuntimeError, match="Invalid level"):
            fw.unpack_dual(fw.make_dual(x, x), level=3)


def test_leaving_when_no_level_is_open_is_refused(lib, fw):
    with pytest.raises(RuntimeError, match="level"):
        fw.exit_dual_level()


def test_tangents_that_do_not_fit_are_refused():
    x = ag.tensor([1.0])
    with forward_ad.dual_level():
        with pytest.raises(ArgumentTypeError, match="complex64 for a primal of dtype float32"):
            forward_ad.make_dual(x, ag.tensor([1j]))
        with pytest.raises(ArgumentTypeError, match="stored by array_api_strict; expected numpy"):
            forward_ad.make_dual(x, ag.ones(1, backend="array_api_strict"))
        with pytest.raises(ArgumentTypeError, match="tangent: got int"):
            forward_ad.make_dual(x, 1)
        with pytest.raises(ArgumentTypeError, match="got int"):
            forward_ad.unpack_dual(1)


def test_tangent_is_taken_in_the_dtype_of_the_value():
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(ag.ones(2), ag.ones(2, dtype=ag.float64))
        assert forward_ad.unpack_dual(dual).tangent.dtype == ag.float32


# -- reverse mode through tangents ----------------------------------------------------------------------------


def cubic(x):
    return (x**3 * x.exp()).sum()


def second(x):
    return (6 * x + 6 * x**2 + x**3) * x.exp()


def test_tangents_are_differentiated_by_backward(lib, fw):
    x = numbers(lib, [0.5, 1.0, 2.0], requires_grad=True)
    v = numbers(lib, [1.0, -1.0, 2.0])
    with fw.dual_level():
        fw.unpack_dual(cubic(fw.make_dual(x, v))).tangent.backward()
    assert x.grad.tolist() == pytest.approx((second(x.detach()) * v).tolist())


def test_gradient_flows_to_the_direction(lib, fw):
    x, v = numbers(lib, [1.0, 2.0]), numbers(lib, [1.0, 1.0], requires_grad=True)
    with fw.dual_level():
        fw.unpack_dual((fw.make_dual(x, v) ** 2).sum()).tangent.backward()
    assert v.grad.tolist() == [2, 4]


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_computed_inside_a_level_carry_tangents(lib, fw, create_graph):
    x = numbers(lib, [0.5, 1.0, 2.0], requires_grad=True)
    v = numbers(lib, [1.0, -1.0, 2.0])
    with fw.dual_level():
        dual = fw.make_dual(x, v)
        for target in (x, dual):
            (g,) = lib.autograd.grad(cubic(dual), target, create_graph=create_graph)
            assert fw.unpack_dual(g).tangent.tolist() == pytest.approx((second(x.detach()) * v).tolist())
            assert g.requires_grad is create_graph


def test_gradient_by_a_computed_value_carries_its_tangent(lib, fw):
    u = numbers(lib, [0.5, 1.0], requires_grad=True)
    with fw.dual_level():
        x = fw.make_dual(u, numbers(lib, [1.0, 3.0])).exp()
        (g,) = lib.autograd.grad((x**2).sum(), x)
        expected = 2 * u.detach().exp() * numbers(lib, [1.0, 3.0])
        assert fw.unpack_dual(g).tangent.tolist() == pytest.approx(expected.tolist())


def test_tangent_of_the_output_gradient_is_pushed_on(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        y = fw.make_dual(x, numbers(lib, [1.0, 1.0])) ** 2
        weight = fw.make_dual(numbers(lib, [1.0, 1.0]), numbers(lib, [10.0, 100.0]))
        (g,) = lib.autograd.grad(y, x, weight)
        assert g.tolist() == [2, 4]
        assert fw.unpack_dual(g).tangent.tolist() == [2 + 10 * 2, 2 + 100 * 4]


def test_gradients_with_tangents_are_differentiated_again(lib, fw):
    x = numbers(lib, 0.7, requires_grad=True)
    with fw.dual_level():
        y = fw.make_dual(x, numbers(lib, 1.0)) ** 5
        (g,) = lib.autograd.grad(y, x, create_graph=True)
        (third,) = lib.autograd.grad(fw.unpack_dual(g).tangent, x)
    assert third.item() == pytest.approx(60 * 0.7**2)


def test_backward_fills_plain_gradients(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        (fw.make_dual(x, numbers(lib, [1.0, 1.0])) ** 2).sum().backward()
        assert x.grad.tolist() == [2, 4]
        assert fw.unpack_dual(x.grad).tangent is None


@pytest.mark.filterwarnings("ignore:Using backward")
def test_backward_with_a_graph_fills_gradients_with_tangents(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        (fw.make_dual(x, numbers(lib, [1.0, 1.0])) ** 3).sum().backward(create_graph=True)
        assert fw.unpack_dual(x.grad).tangent.tolist() == [6, 12]
    assert fw.unpack_dual(x.grad).tangent is None
    x.grad = None


def test_hooks_see_each_gradient_once_with_its_tangent(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    seen = []
    with fw.dual_level():
        y = x * fw.make_dual(numbers(lib, [3.0, 4.0]), numbers(lib, [10.0, 20.0]))
        x.register_hook(lambda g: seen.append(fw.unpack_dual(g).tangent.tolist()))
        lib.autograd.grad(y.sum(), x)
    assert seen == [[10, 20]]


def test_operations_with_several_outputs_carry_tangents_both_ways():
    matrix = ag.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=ag.float64)

    def loss(x):
        values, vectors = ag.linalg.eigh(x)
        return (values**3).sum() + (vectors[:, 0] ** 2 * ag.tensor([1.0, 2.0], dtype=ag.float64)).sum()

    v = ag.tensor([[1.0, 0.5], [0.5, -1.0]], dtype=ag.float64)
    x = matrix.requires_grad_()
    with forward_ad.dual_level():
        (g,) = ag.autograd.grad(loss(forward_ad.make_dual(x, v)), x)
        pushed = forward_ad.unpack_dual(g).tangent
    _, expected = ag.func.jvp(ag.func.grad(loss), (matrix.detach(),), (v,))
    assert pushed.numpy() == pytest.approx(expected.numpy())


def test_functions_of_the_user_carry_tangents_both_ways(lib, fw):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

        @staticmethod
        def jvp(ctx, t):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * t

    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level():
        y = Cube.apply(fw.make_dual(x, numbers(lib, [1.0, 10.0])))
        assert fw.unpack_dual(y).tangent.tolist() == [3, 120]
        (g,) = lib.autograd.grad(y.sum(), x)
        assert fw.unpack_dual(g).tangent.tolist() == [6, 120]


def test_hooks_on_saved_tensors_keep_tangents(lib, fw):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    with fw.dual_level(), lib.autograd.graph.saved_tensors_hooks(lambda kept: kept * 1, lambda kept: kept):
        (g,) = lib.autograd.grad((fw.make_dual(x, numbers(lib, [1.0, 10.0])) ** 3).sum(), x)
        assert fw.unpack_dual(g).tangent.tolist() == [6, 120]


def test_tangents_of_another_level_are_not_taken_for_those_of_this_one():
    x = ag.tensor([3.0, 1.0, 2.0], dtype=ag.float64, requires_grad=True)
    v = ag.tensor([1.0, 10.0, 100.0], dtype=ag.float64)
    with forward_ad.dual_level():
        outer = forward_ad.make_dual(x, v)
        with forward_ad.dual_level():
            y = (ag.exp(outer) * forward_ad.make_dual(ag.ones_like(v), v)).sum()
            (g,) = ag.autograd.grad(y, x)
            by_inner = forward_ad.unpack_dual(g).tangent
            assert by_inner.tolist() == pytest.approx((ag.exp(x.detach()) * v).tolist())
            assert forward_ad.unpack_dual(g, level=0).tangent.tolist() == pytest.approx(by_inner.tolist())
            assert forward_ad.unpack_dual(by_inner, level=0).tangent.tolist() == pytest.approx((by_inner * v).tolist())


# -- levels nest, and nest with transforms ----------------------------------------------------------------------


def derivative(f):
    """By a dual level."""

    def of(x):
        with forward_ad.dual_level():
            y = forward_ad.unpack_dual(f(forward_ad.make_dual(x, ag.ones_like(x)))).tangent
        return ag.zeros_like(x) if y is None else y

    return of


def quintic(x):
    return x**5


@pytest.mark.parametrize("order", range(1, 6))
def test_levels_nest(order):
    f, expected = quintic, [5 * 0.7**4, 20 * 0.7**3, 60 * 0.7**2, 120 * 0.7, 120][order - 1]
    for _ in range(order):
        f = derivative(f)
    assert f(ag.tensor(0.7, dtype=ag.float64)).item() == pytest.approx(expected)


def test_tangents_of_nested_levels_are_told_apart():
    x = ag.tensor(2.0, dtype=ag.float64)
    with forward_ad.dual_level():
        outer = forward_ad.make_dual(x, ag.ones_like(x))
        with forward_ad.dual_level() as number:
            assert number == 1
            y = forward_ad.make_dual(outer, 10 * ag.ones_like(x)) ** 3
            assert forward_ad.unpack_dual(outer).tangent is None
            by_inner = forward_ad.unpack_dual(y).tangent
            by_outer = forward_ad.unpack_dual(y, level=0).tangent
            assert by_inner.item() == 10 * 3 * 4
            assert by_outer.item() == 3 * 4
            assert forward_ad.unpack_dual(by_inner, level=0).tangent.item() == 10 * 6 * 2
            assert forward_ad.unpack_dual(by_outer).tangent.item() == 10 * 6 * 2
            assert forward_ad.unpack_dual(forward_ad.unpack_dual(y, level=0).primal).tangent.item() == 10 * 3 * 4
        assert forward_ad.unpack_dual(y).tangent.item() == 3 * 4
        assert forward_ad.unpack_dual(outer * 1).tangent.item() == 1


def test_a_constant_of_one_level_may_vary_at_another():
    x = ag.tensor(2.0, dtype=ag.float64)
    with forward_ad.dual_level():
        outer = forward_ad.make_dual(x, ag.ones_like(x))
        with forward_ad.dual_level():
            y = outer * forward_ad.make_dual(x, 10 * ag.ones_like(x))
            assert forward_ad.unpack_dual(y, level=0).tangent.item() == 2
            through_tangent = forward_ad.make_dual(x, outer) * 3
            by_outer = forward_ad.unpack_dual(through_tangent, level=0).tangent
            assert by_outer.item() == 0
            assert forward_ad.unpack_dual(by_outer).tangent.item() == 3
            only_inner = forward_ad.make_dual(x, x) * 1
            assert forward_ad.unpack_dual(only_inner, level=0).tangent is None


def pushed(f):
    """By a transform in forward mode."""
    return lambda x: ag.func.jvp(f, (x,), (ag.ones_like(x),))[1]


@pytest.mark.parametrize("inner", [ag.func.grad, derivative, pushed])
@pytest.mark.parametrize("outer", [ag.func.grad, derivative, pushed])
def test_levels_and_transforms_nest_in_any_order(outer, inner):
    x = ag.tensor(0.7, dtype=ag.float64)
    assert outer(inner(quintic))(x).item() == pytest.approx(20 * 0.7**3)
    assert outer(inner(outer(quintic)))(x).item() == pytest.approx(60 * 0.7**2)


def test_imperative_gradient_inside_nested_levels_is_exact():
    def imperative(x):
        (g,) = ag.autograd.grad(quintic(x), x, create_graph=True)
        return g

    x = ag.tensor(0.7, dtype=ag.float64, requires_grad=True)
    assert derivative(imperative)(x).item() == pytest.approx(20 * 0.7**3)
    assert derivative(derivative(imperative))(x).item() == pytest.approx(60 * 0.7**2)
    assert derivative(lambda x: imperative(x) * x)(x).item() == pytest.approx(25 * 0.7**4)


def test_value_of_a_transform_inside_a_level_is_not_unpacked_silently():
    def f(x):
        return forward_ad.unpack_dual(x * 2).tangent

    with forward_ad.dual_level():
        dual = forward_ad.make_dual(ag.ones(()), ag.ones(()))
        with pytest.raises(GradientError, match="transform that was entered inside the level"):
            ag.func.grad(f)(dual)


# -- what a level leaves behind -----------------------------------------------------------------------------------


def test_a_closed_level_leaves_the_modes_as_they_were():
    with ag.no_grad():
        with forward_ad.dual_level(), forward_ad.dual_level():
            pass
        assert ag.func.grad(quintic)(ag.tensor(2.0)).item() == 80
        assert modes.current() == modes.Modes(blocked=0)
    assert modes.current() is modes.DEFAULT
    assert modes.depth.get() == 0


def test_a_closed_level_takes_no_tangent_of_another():
    x = ag.tensor([2.0])
    with forward_ad.dual_level():
        outer = forward_ad.make_dual(x, x)
        with forward_ad.dual_level():
            inner = forward_ad.make_dual(x, x)
            inner[...] = outer
        assert forward_ad.unpack_dual(inner).tangent.tolist() == [2]
    assert forward_ad.unpack_dual(inner).tangent is None


def test_other_threads_are_not_inside_the_level():
    found = []
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(ag.ones(1), ag.ones(1))
        thread = threading.Thread(target=lambda: found.append(forward_ad.unpack_dual(dual)))
        thread.start()
        thread.join()
    assert found[0].tangent is None


def test_a_closed_level_leaves_no_cycle():
    gc.collect()
    gc.disable()
    try:
        x = ag.tensor([1.0, 2.0], requires_grad=True)
        with forward_ad.dual_level():
            y = ag.exp(forward_ad.make_dual(x, ag.ones(2)))
            dead = weakref.ref(forward_ad.unpack_dual(y).tangent)
            ag.autograd.grad(y.sum(), x)
        node = weakref.ref(y.grad_fn.extras())
        del y
        assert dead() is None
        assert node() is None
    finally:
        gc.enable()


def test_intermediates_inside_a_level_die_with_their_last_use():
    gc.disable()
    try:
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(ag.ones(2), ag.ones(2))
            dead = weakref.ref(dual * 2)
            assert dead() is None
    finally:
        gc.enable()
