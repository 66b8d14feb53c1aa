"""`autograd.functional`: whole derivatives and products with them, of functions of one tensor and of several."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.autograd import functional
from arraygrad.errors import ArgumentError, ArgumentTypeError, GradientError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")

PRODUCTS = ("vjp", "jvp", "vhp", "hvp")
FORWARD = "forward-mode"


@pytest.fixture
def fn(lib):
    """`autograd.functional` of the library under test."""
    if lib.is_reference:
        import torch.autograd.functional as reference

        return reference
    return functional


def numbers(lib, values, **options):
    return lib.tensor(values, dtype=lib.float64, **options)


def points(lib, requires_grad=False):
    """Two inputs of different shapes."""
    x = numbers(lib, [[0.5, 1.0, 2.0], [0.3, -1.0, 0.7]], requires_grad=requires_grad)
    return x, numbers(lib, [1.5, -0.5], requires_grad=requires_grad)


def several(x, y):
    """Two outputs of two inputs."""
    return x.exp() * y.sum(), (x**2).sum() + y**3


def scalar(x, y):
    return (x**3).sum() * y[0] + (x.sum() * y**2).sum()


def values(nested):
    """A nested tuple of tensors as one of lists."""
    return tuple(map(values, nested)) if isinstance(nested, tuple) else nested.detach().tolist()


def close(found, expected):
    """Whether two nested tuples of tensors agree."""
    assert type(found) is type(expected) or not isinstance(expected, tuple)
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for part, other in zip(found, expected, strict=True):
            close(part, other)
    else:
        assert tuple(found.shape) == tuple(expected.shape)
        np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), rtol=1e-12, atol=1e-14)


def reference(name, f, at, *args, **options):
    """What PyTorch gives."""
    torch = pytest.importorskip("torch")
    import torch.autograd.functional as theirs

    def as_torch(nested):
        return tuple(map(as_torch, nested)) if isinstance(nested, tuple) else torch.tensor(nested, dtype=torch.float64)

    return getattr(theirs, name)(f, as_torch(values(at)), *(as_torch(values(arg)) for arg in args), **options)


# -- the values are PyTorch's -----------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["reverse-mode", FORWARD])
@pytest.mark.parametrize("vectorize", [False, True])
@pytest.mark.parametrize("f", [several, scalar, lambda x, y: (x * 2,), lambda x, y: (x.sum(), y * 0 + 1)])
def test_jacobian_is_that_of_pytorch(f, strategy, vectorize):
    at = points(ag)
    found = functional.jacobian(f, at, strategy=strategy, vectorize=vectorize)
    close(found, reference("jacobian", f, at))


@pytest.mark.parametrize("strategy", ["reverse-mode", FORWARD])
def test_jacobian_by_one_input_is_no_tuple(strategy):
    x, _ = points(ag)
    close(functional.jacobian(ag.exp, x, strategy=strategy), reference("jacobian", lambda x: x.exp(), x))
    f = lambda x: (x.exp(), x.sum())  # noqa: E731
    close(functional.jacobian(f, x, strategy=strategy), reference("jacobian", f, x))


@pytest.mark.parametrize("strategy", ["reverse-mode", FORWARD])
def test_hessian_is_that_of_pytorch(strategy):
    at = points(ag)
    close(functional.hessian(scalar, at, outer_jacobian_strategy=strategy), reference("hessian", scalar, at))
    one = lambda x: (x**3).sum().reshape(1, 1)  # noqa: E731
    close(functional.hessian(one, at[0], outer_jacobian_strategy=strategy), reference("hessian", one, at[0]))


def test_products_are_those_of_pytorch():
    at = points(ag)
    direction = tuple(x + 1 for x in at)
    weights = tuple(2 * output + 1 for output in several(*at))
    close(functional.vjp(several, at, weights), reference("vjp", several, at, weights))
    close(functional.jvp(several, at, direction), reference("jvp", several, at, direction))
    close(functional.vhp(scalar, at, direction), reference("vhp", scalar, at, direction))
    close(functional.hvp(scalar, at, direction), reference("hvp", scalar, at, direction))


def test_vector_may_be_left_out_for_one_number(lib, fn):
    x = numbers(lib, [2.0])
    f = lambda x: (x**3).sum()  # noqa: E731
    assert values(fn.vjp(f, x)) == (8, [12])
    assert values(fn.jvp(f, x)) == (8, 12)
    assert values(fn.vhp(f, x)) == (8, [12])
    assert values(fn.hvp(f, x)) == (8, [12])


def test_complex_functions_follow_the_convention(lib, fn):
    z = lib.tensor([1 + 2j, 0.5j], dtype=lib.complex128)
    f = lambda z: z * z  # noqa: E731
    assert values(fn.jacobian(f, z, vectorize=True)) == [[2 - 4j, 0], [0, -1j]]
    assert values(fn.jvp(f, z, z)[1]) == [2 * (1 + 2j) ** 2, -0.5]
    assert values(fn.vjp(f, z, z)[1]) == [(1 + 2j) * (2 - 4j), 0.5]


# -- what does not depend on what ---------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["reverse-mode", FORWARD])
def test_what_does_not_depend_on_an_input_has_zero_derivative(strategy):
    x, y = points(ag)
    found = functional.jacobian(lambda x, y: (y * 2, ag.ones(2, dtype=ag.float64)), (x, y), strategy=strategy)
    assert [[part.shape for part in row] for row in found] == [[(2, 2, 3), (2, 2)], [(2, 2, 3), (2, 2)]]
    assert not found[0][0].numpy().any()
    assert not found[1][1].numpy().any()
    assert found[0][1].tolist() == [[2, 0], [0, 2]]


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_what_does_not_depend_are_zero(lib, fn, name):
    x, y = numbers(lib, [1.0, 2.0]), numbers(lib, [3.0])
    result = getattr(fn, name)(lambda x, y: (x**2).sum(), (x, y), numbers(lib, 1.0) if name == "vjp" else (x, y))[1]
    if name != "jvp":
        assert result[1].tolist() == [0]
    v = numbers(lib, 1.0) if name == "vjp" else (x, y)
    value, constant = getattr(fn, name)(lambda x, y: numbers(lib, 1.0), (x, y), v)
    assert value.item() == 1
    assert values(constant) == (0 if name == "jvp" else ([0, 0], [0]))


def test_strict_jacobian_refuses_an_independent_output(lib, fn):
    x, y = numbers(lib, [1.0, 2.0]), numbers(lib, [3.0])
    with pytest.raises(RuntimeError, match=r"Output 0 of the user-provided function does not require gradients."):
        fn.jacobian(lambda x: numbers(lib, 1.0), x, strict=True)
    with pytest.raises(RuntimeError, match=r"Output 0 of the user-provided function is independent of input 1. This is not"):
        fn.jacobian(lambda x, y: x * 2, (x, y), strict=True)
    with pytest.raises(RuntimeError, match=r"jacobian of the user-provided function is independent of input 0. .* create"):
        fn.jacobian(lambda x: x * 2, x, strict=True, create_graph=True)
    assert fn.jacobian(lambda x: x * 2, x, strict=True).tolist() == [[2, 0], [0, 2]]


@pytest.mark.parametrize("name", PRODUCTS)
def test_strict_products_refuse_an_independent_input(lib, fn, name):
    x, y = numbers(lib, [1.0, 2.0]), numbers(lib, [3.0])
    v = numbers(lib, 1.0) if name == "vjp" else (x, y)
    call = getattr(fn, name)
    with pytest.raises(RuntimeError, match="Output 0 of the user-provided function does not require gradients"):
        call(lambda x, y: numbers(lib, 1.0), (x, y), v, strict=True)
    with pytest.raises(RuntimeError, match=r"output of the user-provided function is independent of input 1. This is not"):
        call(lambda x, y: (x**2).sum(), (x, y), v, strict=True)


@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp"])
def test_strict_second_derivatives_refuse_a_linear_function(lib, fn, name):
    x = numbers(lib, [1.0, 2.0])
    args = () if name == "hessian" else (x,)
    with pytest.raises(RuntimeError, match=r"computing the hessian, found that the jacobian .* input 0 is independent"):
        getattr(fn, name)(lambda x: (x * 2).sum(), x, *args, strict=True)


@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_strict_refuses_what_cannot_be_differentiated_again(lib, fn, name):
    x = numbers(lib, [1.0, 2.0], requires_grad=True)
    v = numbers(lib, 1.0) if name == "vjp" else x.detach()
    with pytest.raises(RuntimeError, match=r"The jacobian of .* input 0. This is not .* strict mode when create_graph=True"):
        getattr(fn, name)(lambda x: (x * 2).sum(), x, v, strict=True, create_graph=True)


@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_strict_refuses_a_constant_hessian(name):
    # PyTorch's rule for powers depends on the input whatever the exponent, so it cannot see this.
    x = ag.tensor([1.0, 2.0])
    with pytest.raises(GradientError, match="The hessian of the user-provided function is independent of input 0"):
        getattr(functional, name)(lambda x: (x**2).sum(), x, x, strict=True, create_graph=True)


# -- graphs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jacobian", "hessian", *PRODUCTS])
def test_results_have_a_graph_only_if_asked_for(lib, fn, name):
    x = numbers(lib, [0.5, 2.0], requires_grad=True)
    f = lambda x: (x**4).sum()  # noqa: E731
    args = {"vjp": (numbers(lib, 1.0),)}.get(name, ()) if name in ("jacobian", "hessian", "vjp") else (x.detach(),)
    results = getattr(fn, name)(f, x, *args)
    for result in results if isinstance(results, tuple) else (results,):
        assert not result.requires_grad
    results = getattr(fn, name)(f, x, *args, create_graph=True)
    assert all(result.requires_grad for result in (results if isinstance(results, tuple) else (results,)))
    derivative = results[1] if isinstance(results, tuple) else results
    (g,) = lib.autograd.grad(derivative.sum(), x)
    expected = {
        "jacobian": 12 * x**2, "vjp": 12 * x**2, "jvp": 4 * 3 * x**3, "hessian": 24 * x, "vhp": 24 * x**2, "hvp": 24 * x**2
    }  # fmt: skip
    assert g.tolist() == pytest.approx(expected[name].tolist())
    assert x.grad is None


def test_gradient_flows_to_the_vector(lib, fn):
    x, v = numbers(lib, [0.5, 2.0]), numbers(lib, [1.0, 3.0], requires_grad=True)
    f = lambda x: (x**3).sum()  # noqa: E731
    for name, expected in (("jvp", 3 * x**2), ("vhp", 6 * x), ("hvp", 6 * x)):
        _, result = getattr(fn, name)(f, x, v, create_graph=True)
        (g,) = lib.autograd.grad(result.sum(), v)
        assert g.tolist() == pytest.approx(expected.tolist()), name


def test_forward_strategy_keeps_the_graph_too():
    # PyTorch refuses create_graph with this strategy.
    x = ag.tensor([0.5, 2.0], requires_grad=True)
    jacobian = functional.jacobian(lambda x: x**3, x, create_graph=True, strategy=FORWARD)
    (g,) = ag.autograd.grad(jacobian.sum(), x)
    assert g.tolist() == (6 * x).tolist()
    assert not functional.jacobian(lambda x: x**3, x, strategy=FORWARD).requires_grad
    with ag.no_grad():
        assert functional.jacobian(lambda x: x**3, x, create_graph=True, strategy=FORWARD).requires_grad
    hessian = functional.hessian(lambda x: (x**4).sum(), x, create_graph=True, outer_jacobian_strategy=FORWARD)
    (g,) = ag.autograd.grad(hessian.sum(), x)
    assert g.tolist() == (24 * x).tolist()


def test_functions_may_differentiate_themselves(lib, fn):
    def derivative(x):
        (g,) = lib.autograd.grad((x**4).sum(), x, create_graph=True)
        return g

    x = numbers(lib, [0.5, 2.0])
    assert fn.jacobian(derivative, x).tolist() == [[3, 0], [0, 48]]
    assert fn.jvp(derivative, x, numbers(lib, [1.0, 10.0]))[1].tolist() == [3, 480]
    assert fn.hvp(lambda x: derivative(x).sum(), x, numbers(lib, [1.0, 10.0]))[1].tolist() == [12, 480]
    with lib.no_grad():
        assert fn.jacobian(derivative, x).tolist() == [[3, 0], [0, 48]]
        assert fn.jvp(derivative, x, numbers(lib, [1.0, 10.0]))[1].tolist() == [3, 480]


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_grad_around_does_not_matter(lib, fn, name):
    x = numbers(lib, [0.5, 2.0])
    v = numbers(lib, 1.0) if name == "vjp" else x
    with lib.no_grad():
        found = getattr(fn, name)(lambda x: (x**3).sum(), x, v)
    assert values(found) == values(getattr(fn, name)(lambda x: (x**3).sum(), x, v))


def test_inputs_that_the_function_closes_over_are_other_tensors(lib, fn):
    x = numbers(lib, [2.0, 3.0], requires_grad=True)
    assert fn.jacobian(lambda y: y * x, x).tolist() == [[2, 0], [0, 3]]
    assert fn.jacobian(lambda y: y * x, x, create_graph=True).tolist() == [[2, 0], [0, 3]]
    assert fn.jvp(lambda y: y * x, x, lib.ones_like(x))[1].tolist() == [2, 3]


def test_functions_nest_in_transforms():
    def f(x):
        return functional.jacobian(lambda y: y**3, x, create_graph=True).sum()

    assert ag.func.grad(f)(ag.tensor([1.0, 2.0])).tolist() == [6, 12]


def test_hvp_of_a_large_input_needs_no_matrix():
    x = ag.rand(100_000, dtype=ag.float64)
    v = ag.rand(100_000, dtype=ag.float64)
    _, product = functional.hvp(lambda x: (ag.sin(x) * x**2).sum() ** 2 * 1e-6, x, v)

    def gradient(at):
        y = ag.asarray(at).requires_grad_()
        return ag.autograd.grad((ag.sin(y) * y**2).sum() ** 2 * 1e-6, y)[0].numpy()

    step = 1e-6
    a, b = x.numpy(), v.numpy()
    np.testing.assert_allclose(product.numpy(), (gradient(a + step * b) - gradient(a - step * b)) / (2 * step), rtol=1e-5)


@pytest.mark.parametrize("strategy", ["reverse-mode", FORWARD])
def test_empty_inputs_and_outputs_have_empty_jacobians(strategy):
    assert functional.jacobian(lambda x: x * 2, ag.ones(0, 3), strategy=strategy).shape == (0, 3, 0, 3)
    assert functional.jacobian(lambda x: x[:0], ag.ones(3), strategy=strategy).shape == (0, 3)
    assert functional.jacobian(lambda x: x[:0], ag.ones(3), strict=strategy != FORWARD).shape == (0, 3)
    assert functional.jacobian(lambda x: x * 2, ag.ones(()), strategy=strategy).shape == ()


def test_examples_of_the_page_run():
    page = Path(__file__).parents[1] / "docs" / "derivatives.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 10
    assert failed == 0


# -- what is refused ----------------------------------------------------------------------------------------


def test_types_are_checked(lib, fn):
    x = numbers(lib, [1.0, 2.0])
    with pytest.raises(TypeError, match="The inputs given to jacobian must be either a Tensor or a tuple of Tensors but"):
        fn.jacobian(lambda x: x, 3.0)
    with pytest.raises(TypeError, match=r"inputs given to vjp .* but the value at index 1 has type"):
        fn.vjp(lambda x, y: x, (x, 3.0))
    with pytest.raises(TypeError, match=r"outputs of the user-provided function given to jacobian .* has type"):
        fn.jacobian(lambda x: [x], x)
    with pytest.raises(TypeError, match=r"outputs of the user-provided function given to jvp .* has type"):
        fn.jvp(lambda x: 3.0, x, x)
    with pytest.raises(TypeError, match="The v given to hvp must be"):
        fn.hvp(lambda x: x.sum(), x, 3.0)


def test_shapes_of_the_vector_are_checked(lib, fn):
    x, two = numbers(lib, [1.0, 2.0, 3.0]), numbers(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"v has invalid size: should be .*3.* but got .*2"):
        fn.vjp(lambda x: x * 2, x, two)
    with pytest.raises(RuntimeError, match="Entry 1 in v has invalid size"):
        fn.jvp(lambda x, y: x, (x, x), (x, two))
    with pytest.raises(RuntimeError, match="v is a tuple of invalid length: should be 2 but got 1"):
        fn.vhp(lambda x, y: x.sum(), (x, x), x)
    with pytest.raises(RuntimeError, match="The given v should contain a single Tensor"):
        fn.hvp(lambda x: x.sum(), x, (x, x))


def test_vector_can_be_left_out_only_for_one_number(lib, fn):
    x = numbers(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="v can only be None if the user-provided function returns a single Tensor"):
        fn.vjp(lambda x: x * 2, x)
    for name in ("jvp", "vhp", "hvp"):
        with pytest.raises(RuntimeError, match="v can only be None if the input to the user-provided function is a single"):
            getattr(fn, name)(lambda x: x.sum(), x)


@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp"])
def test_second_derivatives_are_of_one_number(lib, fn, name):
    x = numbers(lib, [1.0, 2.0])
    args = () if name == "hessian" else (x,)
    with pytest.raises(RuntimeError, match=f"returned by the function given to {name} should contain a single element"):
        getattr(fn, name)(lambda x: x * 2, x, *args)
    with pytest.raises(RuntimeError, match=f"The function given to {name} should return a single Tensor"):
        getattr(fn, name)(lambda x: (x.sum(), x.sum()), x, *args)


def test_strategies_are_checked(lib, fn):
    x = numbers(lib, [1.0])
    with pytest.raises((AssertionError, ValueError), match=r"Expected strategy to be either .forward-mode. or .reverse"):
        fn.jacobian(lambda x: x, x, strategy="sideways")
    with pytest.raises((AssertionError, ValueError), match=r"Expected strategy to be either .forward-mode. or .reverse"):
        fn.hessian(lambda x: x, x, outer_jacobian_strategy="sideways")
    with pytest.raises(RuntimeError, match=r"`strict=True` and `strategy=\"forward-mode\"` are not supported together"):
        fn.jacobian(lambda x: x, x, strict=True, strategy=FORWARD)


def test_no_inputs_and_integers_are_refused():
    with pytest.raises(ArgumentError, match="tuple is empty"):
        functional.jacobian(lambda: ag.ones(1), ())
    with pytest.raises(ArgumentTypeError, match="Only Tensors of floating point and complex dtype can require gradients"):
        functional.jacobian(lambda x: x, ag.arange(3))
