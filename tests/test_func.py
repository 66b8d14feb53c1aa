"""Transforms nest in any order, close over what they like, and are exact."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest

import arraygrad as ag
from arraygrad.errors import ArgumentError, ArgumentTypeError, GradientError
from arraygrad.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp


def f(x):
    return ag.sin(x) * x**3 + ag.exp(-x) / x


def exact(order, at):
    return float(mpmath.diff(lambda t: mpmath.sin(t) * t**3 + mpmath.exp(-t) / t, at, order))


def reverse(g):
    return grad(g)


def forward(g):
    return lambda x: jvp(g, (x,), (ag.ones_like(x),))[1]


def linearized(g):
    return lambda x: linearize(g, x)[1](ag.ones_like(x))


def imperative(g):
    """The derivative by `autograd.grad` with create_graph, of whatever it is called with."""

    def derivative(x):
        leaf = x * 1 if x.requires_grad else x.detach().requires_grad_()
        return ag.autograd.grad(g(leaf), leaf, create_graph=True)[0]

    return derivative


@pytest.mark.parametrize("modes", list(itertools.product([reverse, forward], repeat=4)))
def test_any_nesting_of_reverse_and_forward_mode_to_depth_four_is_exact(modes):
    g = f
    for order, mode in enumerate(modes, 1):
        g = mode(g)
        assert g(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(order, 0.7), rel=1e-9)


@pytest.mark.parametrize("modes", list(itertools.product([reverse, forward, linearized], repeat=3)))
def test_linearization_nests_with_both_modes(modes):
    g = f
    for order, mode in enumerate(modes, 1):
        g = mode(g)
        assert g(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(order, 0.7), rel=1e-9)


def test_linearize_calls_the_function_once_and_gives_what_jvp_gives():
    called = []

    def g(x, y):
        called.append(1)
        return {"product": x["a"] @ y, "sum": ag.exp(1j * y).sum(), "constant": ag.ones(2)}

    random = np.random.default_rng(0)
    x, dx = ({"a": ag.asarray(random.standard_normal((3, 2)))} for _ in range(2))
    y, dy = (ag.asarray(random.standard_normal(2)) for _ in range(2))
    value, push = linearize(g, x, y)
    for scale in (1.0, -2.0):
        found = push({"a": dx["a"] * scale}, dy)
        expected_value, expected = jvp(g, (x, y), ({"a": dx["a"] * scale}, dy))
        for name in found:
            np.testing.assert_allclose(found[name].numpy(), expected[name].numpy(), rtol=1e-12)
            np.testing.assert_allclose(value[name].numpy(), expected_value[name].numpy(), rtol=1e-12)
    assert len(called) == 3
    with pytest.raises(ArgumentError, match="linearize: tangents: got the structure"):
        push(dx["a"], dy)


def test_grad_and_value_has_the_gradient_first():
    gradient, value = grad_and_value(lambda x: (x**2).sum())(ag.tensor([1.0, 3.0]))
    assert (gradient.tolist(), value.item()) == ([2.0, 6.0], 10.0)
    gradient, (value, aux) = grad_and_value(lambda x: ((x**2).sum(), "aside"), has_aux=True)(ag.tensor([1.0]))
    assert (gradient.tolist(), value.item(), aux) == ([2.0], 1.0, "aside")


def test_imperative_differentiation_inside_a_reverse_transform_is_differentiated_with_it():
    assert reverse(imperative(f))(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(2, 0.7))
    assert reverse(reverse(imperative(f)))(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(3, 0.7))


def test_imperative_differentiation_by_a_value_with_a_tangent_says_what_to_do_instead():
    with pytest.raises(GradientError, match=r"func\.grad or vjp"):
        forward(lambda x: x.clone().requires_grad_())(ag.tensor(np.array(0.7)))


@pytest.mark.parametrize("mode", [reverse, forward])
def test_what_was_detached_is_constant_in_both_modes(mode):
    assert mode(lambda x: x.detach() * x)(ag.tensor(np.array(3.0))).item() == 3.0
    assert mode(mode(lambda x: x.detach() ** 2 * x**2))(ag.tensor(np.array(3.0))).item() == 2 * 9.0


def test_a_transform_differentiates_by_its_argument_as_it_was_given_whatever_is_written_to_it():
    def f(x):
        x.mul_(2)
        x[0] = 5.0
        return (x * x).sum()

    x = ag.tensor([1.0, 2.0], dtype=ag.float64)
    assert ag.func.grad(f)(x).tolist() == ag.func.jacfwd(f)(x).tolist() == [0.0, 16.0]
    assert ag.func.hessian(f)(x).tolist() == [[0.0, 0.0], [0.0, 8.0]]
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product([reverse, forward], repeat=2)))
def test_perturbations_of_different_levels_are_not_confused(outer, inner):
    one = ag.tensor(np.array(1.0))
    assert outer(lambda x: x * inner(lambda y: x + y)(one))(ag.tensor(np.array(2.0))).item() == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(one))(ag.tensor(np.array(2.0))).item() == 4.0


@pytest.mark.parametrize("mode", [reverse, forward])
def test_backward_reaches_imperative_tensors_that_a_transform_closed_over(mode):
    w = ag.tensor(np.array(3.0), requires_grad=True)
    derivative = mode(lambda x: (w * x) ** 2)(ag.tensor(np.array(2.0)))
    assert derivative.item() == 2 * 3.0**2 * 2
    derivative.backward()
    assert w.grad.item() == 4 * 3.0 * 2


def test_a_transform_of_a_tensor_that_requires_a_gradient_stays_on_its_graph():
    x = ag.tensor(np.array(0.7), requires_grad=True)
    grad(f)(x).backward()
    assert x.grad.item() == pytest.approx(exact(2, 0.7))


def test_the_result_of_a_transform_of_constants_requires_no_gradient():
    assert not grad(f)(ag.tensor(np.array(0.7))).requires_grad


def test_no_grad_around_a_transform_does_not_stop_it_and_no_grad_inside_does():
    with ag.no_grad():
        assert grad(f)(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(1, 0.7))

    def half_recorded(x):
        with ag.no_grad():
            constant = x**2
        return x * constant

    assert grad(half_recorded)(ag.tensor(np.array(3.0))).item() == 9.0


def test_forward_mode_ignores_no_grad():
    with ag.no_grad():
        assert forward(f)(ag.tensor(np.array(0.7))).item() == pytest.approx(exact(1, 0.7))


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product([jacrev, jacfwd], repeat=2)))
def test_every_composition_gives_the_hessian_that_scipy_has(outer, inner):
    from scipy.optimize import rosen_der, rosen_hess

    x = np.random.default_rng(0).standard_normal(6)
    np.testing.assert_allclose(grad(rosenbrock)(x).numpy(), rosen_der(x), rtol=1e-12)
    np.testing.assert_allclose(outer(inner(rosenbrock))(ag.asarray(x)).numpy(), rosen_hess(x), rtol=1e-12)
    np.testing.assert_allclose(hessian(rosenbrock)(x).numpy(), rosen_hess(x), rtol=1e-12)


def test_argnums_select_what_is_differentiated_by():
    def g(x, y):
        return (x * y**2).sum()

    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])
    assert grad(g)(x, y).tolist() == [9.0, 16.0]
    assert grad(g, argnums=1)(x, y).tolist() == [6.0, 16.0]
    assert [part.tolist() for part in grad(g, argnums=(1, -2))(x, y)] == [[6.0, 16.0], [9.0, 16.0]]


def test_has_aux_returns_what_is_not_differentiated():
    def g(x):
        return (x**2).sum(), {"twice": x * 2}

    gradient, aux = grad(g, has_aux=True)(ag.tensor([1.0, 2.0]))
    assert gradient.tolist() == [2.0, 4.0]
    assert aux["twice"].tolist() == [2.0, 4.0]
    assert not aux["twice"].requires_grad
    (value, aux), gradient = value_and_grad(g, has_aux=True)(ag.tensor([1.0, 2.0]))
    assert (value.item(), gradient.tolist()) == (5.0, [2.0, 4.0])
    jacobian, aux = jacrev(lambda x: (x**2, x), has_aux=True)(ag.tensor([1.0, 2.0]))
    assert jacobian.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    jacobian, aux = jacfwd(lambda x: (x**2, x), has_aux=True)(ag.tensor([1.0, 2.0]))
    assert jacobian.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert aux.tolist() == [1.0, 2.0]


def test_arguments_and_results_may_be_nested():
    def g(parameters):
        return {"sum": parameters["w"] + parameters["b"][0], "product": parameters["w"] * parameters["b"][0]}

    parameters = {"w": ag.tensor([2.0]), "b": [ag.tensor([3.0])]}
    value, pull = vjp(g, parameters)
    assert value["product"].tolist() == [6.0]
    (gradient,) = pull({"sum": ag.tensor([1.0]), "product": ag.tensor([10.0])})
    assert gradient["w"].tolist() == [31.0]
    assert gradient["b"][0].tolist() == [21.0]
    jacobians = jacfwd(g)(parameters)
    assert jacobians["product"]["b"][0].tolist() == [[2.0]]
    assert jacrev(g)(parameters)["product"]["w"].tolist() == [[3.0]]


def test_jacobians_have_the_shape_of_the_output_and_then_of_the_input():
    def g(x):
        return ag.matmul(x, ag.ones(3, 2))

    x = ag.ones(2, 3)
    assert jacrev(g)(x).shape == jacfwd(g)(x).shape == (2, 2, 2, 3)
    assert jacrev(g)(ag.ones(0, 3)).shape == jacfwd(g)(ag.ones(0, 3)).shape == (0, 2, 0, 3)


def test_an_output_that_does_not_depend_on_the_input_has_zero_derivative():
    assert grad(lambda x: ag.ones(3).sum())(ag.ones(3)).tolist() == [0.0, 0.0, 0.0]
    assert jvp(lambda x: ag.ones(3), (ag.ones(3),), (ag.ones(3),))[1].tolist() == [0.0, 0.0, 0.0]


def test_the_function_that_vjp_returns_can_be_called_again_and_differentiated():
    x = ag.tensor(np.array([1.0, 2.0]))
    _, pull = vjp(lambda x: x**3, x)
    assert pull(ag.ones(2, dtype=ag.float64))[0].tolist() == [3.0, 12.0]
    assert jacfwd(lambda v: pull(v)[0])(ag.ones(2, dtype=ag.float64)).tolist() == [[3.0, 0.0], [0.0, 12.0]]


def test_jvp_of_a_real_function_of_complex_numbers_is_that_of_finite_differences():
    def g(z):
        return ag.real(ag.exp(z) * ag.conj(z)).sum()

    z = np.array([0.3 + 0.4j, -1.0 + 0.2j])
    t = np.array([0.7 - 0.1j, 0.2 + 0.9j])
    pushed = jvp(g, (ag.asarray(z),), (ag.asarray(t),))[1].item()
    step = 1e-6
    difference = (g(ag.asarray(z + step * t)).item() - g(ag.asarray(z - step * t)).item()) / (2 * step)
    assert pushed == pytest.approx(difference, rel=1e-8)
    gradient = grad(g)(ag.asarray(z)).numpy()
    assert np.vdot(gradient, t).real == pytest.approx(pushed)


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: grad(lambda x: x)(ag.ones(3)), GradientError, r"expected a Tensor of shape \(\)"),
        (lambda: grad(lambda x: x.sum())(ag.arange(3)), ArgumentTypeError, "int64; expected a floating"),
        (lambda: grad(lambda x: x.sum())("text"), ArgumentTypeError, "got str"),
        (lambda: grad(lambda x: x.sum(), argnums=1)(ag.ones(3)), ArgumentError, "1 positional"),
        (lambda: grad(lambda x: x.sum(), has_aux=True)(ag.ones(3)), ArgumentTypeError, "pair"),
        (lambda: jvp(ag.sin, (ag.ones(3),), (ag.ones(2),)), ArgumentError, r"shape \(2,\)"),
        (lambda: vjp(ag.sin, ag.ones(3))[1](ag.ones(2)), ArgumentError, r"expected \(3,\)"),
        (lambda: grad(lambda x: (x.sum().backward(), x.sum())[1])(ag.ones(3)), GradientError, "inside a transform"),
    ],
)
def test_errors_say_what_came_and_what_was_expected(call, error, phrase):
    with pytest.raises(error, match=phrase):
        call()


def test_a_value_that_leaked_from_one_transform_into_another_is_refused():
    leaked = []
    grad(lambda x: (leaked.append(x), x.sum())[1])(ag.ones(2))
    with pytest.raises(GradientError, match="leaked"):
        grad(lambda x: (x * leaked[0]).sum())(ag.ones(2))


def filled(x):
    """A function that writes into arrays of its own, as NumPy code does."""
    y = ag.zeros(3, dtype=ag.float64)
    y[0] = x[0] * x[1]
    y[1:] = x[:2]
    y += x
    y[1] *= y[0]
    return y


@pytest.mark.parametrize("jacobian", [jacrev, jacfwd])
def test_writes_in_place_are_differentiated(jacobian):
    x = np.array([2.0, 3.0, 5.0])
    # y0 = x0 x1 + x0, y1 = (x0 + x1) y0, y2 = x1 + x2
    y0, sum01 = 8.0, 5.0
    expected = [[4.0, 2.0, 0.0], [y0 + sum01 * 4, y0 + sum01 * 2, 0.0], [0.0, 1.0, 1.0]]
    np.testing.assert_allclose(jacobian(filled)(ag.asarray(x)).numpy(), expected)
    second = [outer(inner(lambda x: filled(x)[1])) for outer in (jacrev, jacfwd) for inner in (jacrev, jacfwd)]
    for hessian_of in second:
        np.testing.assert_allclose(hessian_of(ag.asarray(x)).numpy(), second[0](ag.asarray(x)).numpy())


def test_a_tangent_is_never_lost_silently_on_the_way_out():
    x = ag.tensor([1.0, 2.0])
    for leave in (lambda x: x.numpy(), np.asarray, np.from_dlpack):
        with pytest.raises((GradientError, BufferError, ValueError), match=r"carr(ies|y) a tangent"):
            ag.func.jvp(lambda x, leave=leave: ag.asarray(leave(x)), (x,), (x,))
    assert ag.func.jvp(lambda x: x * x.tolist()[0], (x,), (x,))[1].tolist() == [1.0, 2.0]
