"""`custom_vjp`, `custom_jvp`, and `checkpoint`."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.func import grad, jacfwd, jacrev, jvp


def log1pexp_vjp():
    @ag.custom_vjp
    def f(x):
        return ag.log(1 + ag.exp(x))

    def forward(x):
        e = ag.exp(x)
        return ag.log(1 + e), (e,)

    def backward(residuals, g):
        (e,) = residuals
        return (g * (1 - 1 / (1 + e)),)

    f.defvjp(forward, backward)
    return f


def log1pexp_jvp():
    @ag.custom_jvp
    def f(x):
        return ag.log(1 + ag.exp(x))

    @f.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        e = ag.exp(x)
        return ag.log(1 + e), t * (1 - 1 / (1 + e))

    return f


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("make", [log1pexp_vjp, log1pexp_jvp])
def test_the_rule_is_the_derivative_in_both_modes_and_of_second_order(make):
    f = make()
    x = ag.asarray(np.array([0.5, 100.0]))
    s = sigmoid(np.array([0.5, 100.0]))
    np.testing.assert_allclose(grad(lambda x: ag.sum(f(x)))(x).numpy(), s)
    np.testing.assert_allclose(jvp(f, (x,), (ag.ones_like(x),))[1].numpy(), s)
    with np.errstate(all="ignore"):
        small = ag.asarray(np.array([0.5, 2.0]))
        t = sigmoid(np.array([0.5, 2.0]))
        for outer in (jacrev, jacfwd):
            for inner in (jacrev, jacfwd):
                np.testing.assert_allclose(outer(inner(f))(small).numpy()[0, 0, 0], (t * (1 - t))[0])
    y = ag.tensor([0.5, 2.0], dtype=ag.float64, requires_grad=True)
    (first,) = ag.autograd.grad(f(y).sum(), y, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), y)
    np.testing.assert_allclose(second.numpy(), t * (1 - t))


def test_rules_take_nested_arguments():
    @ag.custom_vjp
    def f(weights, x):
        return {"out": weights["w"] * x + weights["b"]}

    f.defvjp(
        lambda weights, x: (f.function(weights, x), (weights, x)),
        lambda residuals, g: ({"w": g["out"] * residuals[1], "b": g["out"] * 10}, None),
    )
    w, b = (ag.tensor(value, dtype=ag.float64, requires_grad=True) for value in (2.0, 3.0))
    f({"w": w, "b": b}, ag.tensor(5.0, dtype=ag.float64))["out"].backward()
    assert (w.grad.item(), b.grad.item()) == (5.0, 10.0)


def test_a_function_without_its_rule_says_so():
    with pytest.raises(ag.ArraygradError, match="defvjp"):
        ag.custom_vjp(lambda x: x)(ag.ones(1))


def test_a_rule_that_returns_too_little_says_so():
    f = ag.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, None), lambda residuals, g: (g,))
    x = ag.tensor(1.0, requires_grad=True)
    with pytest.raises(ag.ArraygradError, match="expected a tuple with 2 gradients"):
        f(x, x).backward()


# -- checkpoints --------------------------------------------------------------------------------------------


def counted(calls):
    def f(x, w):
        calls.append(1)
        return ag.sin(ag.exp(x * w)) * x

    return f


def test_a_checkpoint_runs_the_function_again_once_for_each_backward_pass():
    calls = []
    x, w = (ag.tensor([0.1, 0.2], dtype=ag.float64, requires_grad=True) for _ in range(2))
    y = ag.checkpoint(counted(calls), x, w)
    assert len(calls) == 1
    y.sum().backward(retain_graph=True)
    assert len(calls) == 2
    y.sum().backward()
    assert len(calls) == 3
    found = x.grad.numpy(), w.grad.numpy()
    x.grad = w.grad = None
    z = counted([])(x, w)
    z.sum().backward(retain_graph=True)
    z.sum().backward()
    np.testing.assert_array_equal(found, (x.grad.numpy(), w.grad.numpy()))


def test_a_checkpoint_works_with_grad_nested_and_differentiated_again():
    calls = []
    f = counted(calls)
    x, w = (ag.tensor([0.1, 0.2], dtype=ag.float64, requires_grad=True) for _ in range(2))

    def second(call):
        (first,) = ag.autograd.grad(call().sum(), x, create_graph=True)
        return ag.autograd.grad(first.sum(), w)[0].numpy()

    plain = second(lambda: f(f(x, w), w))
    once = second(lambda: ag.checkpoint(lambda x: f(f(x, w), w), x))
    nested = second(lambda: ag.checkpoint(lambda x: f(ag.checkpoint(f, x, w), w), x))
    np.testing.assert_allclose(once, plain)
    np.testing.assert_allclose(nested, plain)


def test_a_function_in_a_checkpoint_may_differentiate_inside():
    x = ag.tensor([1.0, 2.0], dtype=ag.float64, requires_grad=True)

    def f(x):
        (first,) = ag.autograd.grad((x**3).sum(), x, create_graph=True)
        (second,) = ag.autograd.grad((first * x).sum(), x, create_graph=True)
        return first * second

    for call in (lambda: ag.checkpoint(f, x), lambda: ag.checkpoint(lambda x: ag.checkpoint(f, x) * 1, x)):
        x.grad = None
        call().sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), 27 * 4 * x.detach().numpy() ** 3)


def test_a_checkpoint_keeps_the_random_numbers():
    x = ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64, requires_grad=True)
    y = ag.checkpoint(lambda x: x * x * ag.rand(3, dtype=ag.float64), x)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * y.detach().numpy() / x.detach().numpy())


def test_a_checkpoint_keeps_nothing_of_what_is_inside():
    x = ag.tensor(np.ones(1000), requires_grad=True)
    y = ag.checkpoint(lambda x: ag.exp(ag.exp(x)), x)
    assert not any(hasattr(value.content, "shape") for value in y.grad_fn.kept if value is not None)


def test_a_function_that_changed_in_between_is_found_out():
    turns = []
    x = ag.tensor(1.0, requires_grad=True)

    def f(x):
        turns.append(1)
        return ag.exp(x) if len(turns) == 1 else x * 2

    with pytest.raises(ag.ArraygradError, match="checkpoint: the function kept 1 values when it was called and 0"):
        ag.checkpoint(f, x).backward()


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "dask", "array_api_strict"])
def test_a_checkpoint_keeps_the_random_numbers_of_every_backend(backend):
    pytest.importorskip(backend)
    x = ag.tensor([1.0, 2.0, 3.0], dtype=ag.float32, backend=backend, requires_grad=True)
    y = ag.checkpoint(lambda x: x * x * ag.rand(3, dtype=ag.float32, backend=backend), x)
    following = ag.rand(3, backend=backend).tolist()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * y.detach().numpy() / x.detach().numpy(), rtol=1e-5)
    assert ag.rand(3, backend=backend).tolist() != following


def test_a_checkpoint_keeps_the_random_numbers_of_a_function_that_closes_over_its_tensors():
    x = ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64, requires_grad=True)
    y = ag.checkpoint(lambda: x * x * ag.rand(3, dtype=ag.float64))
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * y.detach().numpy() / x.detach().numpy())


def test_a_checkpoint_runs_again_on_its_arguments_as_they_were():
    x = ag.tensor([0.1, 0.2], dtype=ag.float64, requires_grad=True)
    y = x * 1

    def f(y, others):
        y.mul_(2)
        return ag.exp(y) * others["w"]

    w = ag.tensor([3.0, 4.0], dtype=ag.float64)
    z = ag.checkpoint(f, y, {"w": w})
    y.fill_(100)
    w.zero_()
    z.sum().backward(retain_graph=True)
    z.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * 2 * np.exp([0.2, 0.4]) * [3, 4])


def test_a_checkpoint_runs_again_in_the_modes_of_its_call():
    x = ag.tensor([0.1, 0.2], dtype=ag.float64, requires_grad=True)
    for mode in (ag.autograd.graph.save_on_cpu(), ag.autograd.graph.disable_saved_tensors_hooks("none here")):
        y = ag.checkpoint(lambda x: ag.exp(x * x), x)
        with mode:
            (g,) = ag.autograd.grad(y.sum(), x)
        np.testing.assert_allclose(g.numpy(), 2 * np.asarray([0.1, 0.2]) * np.exp([0.01, 0.04]))


def test_a_checkpoint_inside_nested_transforms_is_exact():
    def f(x):
        return ag.sin(x**3).sum()

    def g(x):
        return ag.checkpoint(f, x)

    x = ag.tensor([0.5, 0.7], dtype=ag.float64)
    np.testing.assert_allclose(ag.func.hessian(g)(x).numpy(), ag.func.hessian(f)(x).numpy())
    np.testing.assert_allclose(ag.func.jacfwd(ag.func.grad(g))(x).numpy(), ag.func.hessian(f)(x).numpy())
