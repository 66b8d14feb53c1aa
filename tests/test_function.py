"""Operations with a derivative of the user's own: `autograd.Function`."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag


def leaf(lib, values):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True)


def cube(lib):
    class Cube(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    return Cube


def test_backward_is_the_gradient(lib):
    x = leaf(lib, [1.0, 2.0])
    y = cube(lib).apply(x)
    assert y.grad_fn.name() == "CubeBackward" and not y.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_second_and_third_derivatives_flow_through_saved_inputs(lib):
    x = leaf(lib, 2.0)
    (first,) = lib.autograd.grad(cube(lib).apply(x), x, create_graph=True)
    (second,) = lib.autograd.grad(first, x, create_graph=True)
    (third,) = lib.autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (12.0, 12.0, 6.0)


def test_second_derivatives_flow_through_saved_outputs(lib):
    class Exp(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = lib.exp(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = leaf(lib, 1.5)
    (first,) = lib.autograd.grad(Exp.apply(x), x, create_graph=True)
    (second,) = lib.autograd.grad(first, x)
    assert second.item() == pytest.approx(np.exp(1.5))


def with_context(lib):
    class Product(lib.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y, g * x

        @staticmethod
        def jvp(ctx, tx, ty):
            x, y = ctx.saved_tensors
            return tx * y + x * ty

    return Product


def test_functions_nest_in_transforms_of_both_modes():
    product = with_context(ag)

    def f(x):
        return ag.sum(product.apply(x, product.apply(x, x)))

    x = ag.asarray(np.array([1.0, 2.0]))
    for outer in (ag.func.jacrev, ag.func.jacfwd):
        for inner in (ag.func.jacrev, ag.func.jacfwd):
            np.testing.assert_allclose(outer(inner(f))(x).numpy(), np.diag([6.0, 12.0]))
            third = ag.func.jacrev(outer(inner(f)))(x).numpy()
            assert third[0, 0, 0] == 6 and third[1, 1, 1] == 6 and np.count_nonzero(third) == 2


def test_functions_without_a_context_of_their_own_nest_too():
    f = cube(ag).apply
    x = ag.asarray(2.0)
    assert ag.func.grad(ag.func.grad(ag.func.grad(f)))(x).item() == 6.0


def test_backward_inside_forward_mode_inside_backward():
    product = with_context(ag)
    x = leaf(ag, 3.0)
    _, tangent = ag.func.jvp(
        lambda z: product.apply(z, z * x), (ag.asarray(2.0, dtype=ag.float64),), (ag.asarray(1.0, dtype=ag.float64),)
    )
    tangent.backward()
    assert tangent.item() == 12.0 and x.grad.item() == 4.0  # d/dz z^2 x = 2 z x, and of that d/dx = 2 z


def test_without_jvp_forward_mode_raises():
    with pytest.raises(NotImplementedError, match=r"You must implement the jvp function for custom autograd\.Function"):
        ag.func.jvp(cube(ag).apply, (ag.asarray(1.0),), (ag.asarray(1.0),))


def test_without_backward_a_backward_pass_raises(lib):
    class Half(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x / 2

    y = Half.apply(leaf(lib, 1.0))
    with pytest.raises(NotImplementedError, match="You must implement either the backward or vjp method"):
        y.backward()


def test_backward_and_vjp_together_are_refused(lib):
    class Both(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g

        @staticmethod
        def vjp(ctx, g):
            return g

    with pytest.raises(RuntimeError, match="Implementing both 'backward' and 'vjp'"):
        Both.apply(leaf(lib, 1.0)).backward()


def returning(lib, gradients):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y.sum()

        @staticmethod
        def backward(ctx, g):
            return gradients(g)

    return F


def test_wrong_number_of_gradients_raises(lib):
    y = returning(lib, lambda g: g).apply(leaf(lib, [1.0, 2.0]), leaf(lib, [1.0]))
    with pytest.raises(
        RuntimeError, match=r"function FBackward returned an incorrect number of gradients \(expected 2, got 1\)"
    ):
        y.sum().backward()


def test_more_gradients_are_fine_if_they_are_none(lib):
    x, y = leaf(lib, [1.0, 2.0]), leaf(lib, [1.0])
    returning(lib, lambda g: (g, None, None, None)).apply(x, y).sum().backward()
    assert x.grad.tolist() == [1, 1] and y.grad is None


def test_gradient_of_a_wrong_shape_raises(lib):
    x, y = leaf(lib, [1.0, 2.0]), leaf(lib, [1.0])
    out = returning(lib, lambda g: (lib.ones(5, dtype=lib.float64), None)).apply(x, y)
    with pytest.raises(
        RuntimeError,
        match=r"returned an invalid gradient at index 0 - got \[5\] but expected shape compatible with \[2\]",
    ):
        out.sum().backward()


def test_gradient_of_a_larger_shape_is_summed(lib):
    x, y = leaf(lib, [1.0, 2.0]), leaf(lib, [1.0])
    returning(lib, lambda g: (g, g)).apply(x, y).sum().backward()
    assert y.grad.tolist() == [2.0]


def test_gradient_of_a_wrong_type_raises(lib):
    out = returning(lib, lambda g: (1, None)).apply(leaf(lib, [1.0, 2.0]), leaf(lib, [1.0]))
    with pytest.raises((TypeError, RuntimeError), match=r"expected Variable or None \(got int\)"):
        out.sum().backward()


@pytest.mark.parametrize("materialize", [True, False])
def test_outputs_that_nobody_used_have_zeros_or_none(lib, materialize):
    seen = []

    class Two(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g1, g2):
            seen.append(g2 if g2 is None else g2.tolist())
            return g1 * 2

    x = leaf(lib, [1.0, 2.0])
    first, second = Two.apply(x)
    assert first.grad_fn is second.grad_fn and (first.output_nr, second.output_nr) == (0, 1)
    first.sum().backward()
    assert seen == [[0.0, 0.0] if materialize else None] and x.grad.tolist() == [2, 2]


def test_outputs_marked_non_differentiable_require_no_gradient(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            sign = x / abs(x)
            ctx.mark_non_differentiable(sign)
            return x * 2, sign, lib.argsort(x)

        @staticmethod
        def backward(ctx, g, g_sign, g_order):
            assert g_sign.tolist() == [0.0, 0.0]
            return g * 2

    x = leaf(lib, [1.0, -2.0])
    y, sign, order = F.apply(x)
    assert y.requires_grad and not sign.requires_grad and not order.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_needs_input_grad_tells_which_arguments_do(lib):
    seen = []

    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, number, y):
            seen.append(ctx.needs_input_grad)
            return x * number + y

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None, None

    F.apply(leaf(lib, 1.0), 2, lib.tensor(1.0)).backward()
    assert seen == [(True, False, False)] * 2


def test_forward_runs_with_grad_mode_off(lib):
    modes = []

    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            modes.append(lib.is_grad_enabled())
            y = x * 2
            modes.append(y.requires_grad)
            return y

        @staticmethod
        def backward(ctx, g):
            modes.append(lib.is_grad_enabled())
            return g * 2

    F.apply(leaf(lib, 1.0)).backward()
    assert modes == [False, False, False]
    lib.autograd.grad(F.apply(x := leaf(lib, 1.0)), x, create_graph=True)
    assert modes[-1] is True


def write_twice(lib):
    class Twice(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    return Twice


def test_a_dirty_input_is_returned_itself(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 3
    version = y._version
    z = write_twice(lib).apply(y)
    assert z is y and y._version > version and y.tolist() == [6.0, 12.0]
    y.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_a_dirty_leaf_raises(lib):
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        write_twice(lib).apply(leaf(lib, [1.0, 2.0]))


@pytest.mark.parametrize("view", [lambda x: x[0:1], lambda x: x.reshape(2, 1)[0]])
def test_a_dirty_view_of_a_leaf_raises(lib, view):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        write_twice(lib).apply(view(x))
    with lib.no_grad():
        write_twice(lib).apply(view(x))


def test_what_is_dirty_must_be_returned(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(
        RuntimeError, match="Some elements marked as dirty during the forward method were not returned as output"
    ):
        F.apply(leaf(lib, 1.0) * 1)


def test_an_input_that_is_returned_becomes_another_tensor(lib):
    class Identity(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7

    x = leaf(lib, 1.0)
    y = Identity.apply(x)
    assert y is not x and y.grad_fn is not None
    y.backward()
    assert x.grad.item() == 7.0


def test_only_tensors_can_be_saved(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(TypeError, match="save_for_backward can only save variables, but argument 0 is of type int"):
        F.apply(leaf(lib, 1.0))


def test_once_differentiable_refuses_a_second_derivative(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @lib.autograd.function.once_differentiable
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(lib, 3.0)
    weight = leaf(lib, 1.0)
    (first,) = lib.autograd.grad(F.apply(x) * weight, x, create_graph=True)
    assert first.item() == 6.0
    with pytest.raises(
        RuntimeError, match="trying to differentiate twice a function that was marked with @once_differentiable"
    ):
        first.backward()


def test_other_outputs_pass_through(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, "words"

        @staticmethod
        def backward(ctx, g, g_words):
            assert g_words is None
            return g * 2

    x = leaf(lib, 1.0)
    y, words = F.apply(x)
    assert words == "words"
    y.backward()
    assert x.grad.item() == 2.0


def test_errors_of_backward_keep_their_type(lib):
    class Own(Exception):
        pass

    def fail(g):
        raise Own("mine")

    x = leaf(lib, [1.0])
    with pytest.raises(Own, match="mine"):
        returning(lib, fail).apply(x, leaf(lib, [1.0])).sum().backward()
    assert x.grad is None


def test_a_second_backward_through_freed_values_raises(lib):
    y = cube(lib).apply(leaf(lib, 1.0))
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_second_derivatives_of_an_input_that_is_saved_and_returned(lib):
    class F(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(lib, 3.0)
    (first,) = lib.autograd.grad(F.apply(x), x, create_graph=True)
    (second,) = lib.autograd.grad(first, x)
    assert (first.item(), second.item()) == (6.0, 2.0)


def test_forward_writes_to_buffers_that_it_is_given(lib):
    class Normalize(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, running):
            running.mul_(0.5).add_(0.5 * x.mean(dim=0))
            return x - x.mean(dim=0)

        @staticmethod
        def backward(ctx, g):
            return g - g.mean(dim=0), None

    running = lib.zeros(2, dtype=lib.float64)
    Normalize.apply(leaf(lib, [[1.0, 2.0], [3.0, 6.0]]), running)
    assert running.tolist() == [1.0, 2.0]


def test_keyword_arguments_have_their_position(lib):
    class Scale(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor=2.0):
            ctx.factor = factor
            ctx.save_for_backward(x)
            return x * factor

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, *((g * ctx.saved_tensors[0],) if len(ctx.needs_input_grad) == 2 else ())

    x, factor = leaf(lib, [1.5]), leaf(lib, [3.0])
    (Scale.apply(x, factor=factor) + Scale.apply(x)).backward()
    assert x.grad.tolist() == [5.0] and factor.grad.tolist() == [1.5]


def test_setup_context_gets_keyword_arguments_and_defaults_by_position(lib):
    class Scale(lib.autograd.Function):
        @staticmethod
        def forward(x, factor=2.0):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            _, ctx.factor = inputs

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = leaf(lib, [1.0])
    (Scale.apply(x, factor=3.0) + Scale.apply(x)).backward()
    assert x.grad.tolist() == [5.0]


def test_the_node_is_the_context(lib):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, None)
            ctx.label = "mine"
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(lib, [3.0])
    y = Square.apply(x * 1)
    node = y.grad_fn
    saved, nothing = node.saved_tensors
    assert node.label == "mine" and nothing is None and saved.tolist() == [3.0] and saved.requires_grad
    with pytest.raises(AttributeError, match="missing"):
        node.missing  # noqa: B018 - the attribute is looked up
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        node.saved_tensors  # noqa: B018


def test_what_a_function_saved_takes_hooks(lib):
    class Product(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            out = x * y
            ctx.save_for_backward(y, out, x)
            return out

        @staticmethod
        def backward(ctx, g):
            y, _, x = ctx.saved_tensors
            return g * y, g * x

    x, y = leaf(lib, [3.0]), leaf(lib, [5.0])
    z = Product.apply(x, y)
    seen = []
    for saved in z.grad_fn._raw_saved_tensors:
        saved.register_hooks(lambda value: seen.append(value.tolist()) or value, lambda value: value * 10)
    z.backward()
    assert seen == [[5.0], [15.0], [3.0]] and x.grad.tolist() == [50.0] and y.grad.tolist() == [30.0]


def test_attributes_can_be_set_on_the_node_too(lib):
    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.scale = scale
            return x * scale

        @staticmethod
        def backward(ctx, g):
            ctx.seen = g.item()
            return g * ctx.scale, None

    x = lib.tensor(1.0, requires_grad=True)
    y = Scaled.apply(x, 3.0)
    y.grad_fn.scale = 5.0
    y.backward()
    assert x.grad.item() == 5.0 and y.grad_fn.scale == 5.0 and y.grad_fn.seen == 1.0
    del y.grad_fn.seen
    assert not hasattr(y.grad_fn, "seen")


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_tangent_that_does_not_fit_its_output_raises(lib):
    def pushed(tangent):
        class Twice(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def jvp(ctx, t):
                return tangent

        with lib.autograd.forward_ad.dual_level():
            x, t = lib.ones(2, dtype=lib.float64), lib.ones(2, dtype=lib.float64)
            dual = lib.autograd.forward_ad.make_dual(x, t)
            return lib.autograd.forward_ad.unpack_dual(Twice.apply(dual)).tangent.tolist()

    assert pushed(lib.ones(2, dtype=lib.float64)) == pushed(lib.ones(2, dtype=lib.float32)) == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="Trying to set a forward gradient that has a different size"):
        pushed(lib.ones(3, dtype=lib.float64))
    with pytest.raises(RuntimeError, match=r"expected Variable or None \(got int\)"):
        pushed(3)
    if not lib.is_reference:  # PyTorch takes it
        with pytest.raises(TypeError, match="got dtype complex128 for an output of dtype float64"):
            pushed(lib.ones(2, dtype=lib.complex128))
