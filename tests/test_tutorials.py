"""The programs with which people learn PyTorch's autograd, with arraygrad in torch's place.

Each runs over PyTorch too, line by line as it is taught, so that the reference proves what is expected here.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def torch(lib: Any) -> Any:
    """The library under test, under the name that the programs use."""
    return lib


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What was printed since the last call."""
    return lambda: capsys.readouterr().out


def cube(value: int, suffix: str = "") -> str:
    """How a tensor of 3 x 3 x 3 equal numbers is printed."""
    row = "[" + ", ".join([f"{value}."] * 3) + "]"
    block = "[" + ",\n         ".join([row] * 3) + "]"
    return "tensor([" + ",\n\n        ".join([block] * 3) + "]" + suffix + ")\n"


# -- a first walk: scalars, a linear model, a vector --------------------------------------------------------


def test_partial_derivatives_of_a_polynomial_in_two_numbers(torch: Any, printed: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(3.0, requires_grad=True)
    z = x**2 * y + y**3
    z.backward()
    print(x.grad)
    print(y.grad)
    assert printed() == "tensor(12.)\ntensor(31.)\n"
    assert z.item() == 39


def test_loss_of_a_linear_model_with_python_numbers_for_its_data(torch: Any, printed: Any) -> None:
    w = torch.tensor(1.0, requires_grad=True)
    b = torch.tensor(2.0, requires_grad=True)
    x = 3.0
    y_pred = w * x + b
    y_true = 10.0
    loss = (y_pred - y_true) ** 2
    loss.backward()
    print("∂loss/∂w:", w.grad)
    print("∂loss/∂b:", b.grad)
    assert printed() == "∂loss/∂w: tensor(-30.)\n∂loss/∂b: tensor(-10.)\n"


def test_grad_is_none_until_backward_stores_the_derivative(torch: Any, printed: Any) -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    assert x.grad is None
    y.backward()
    print(x.grad)
    assert printed() == "tensor(6.)\n"


def test_mean_of_squares_of_a_vector(torch: Any) -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x**2).mean()
    y.backward()
    assert repr(x.grad) == "tensor([0.6667, 1.3333, 2.0000])"


def test_zeroed_gradient_does_not_add_up(torch: Any, printed: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**2
    y.backward()
    print("Grad after 1st:", x.grad)
    before = x.grad
    print(x.grad.zero_())
    y = x**3
    y.backward()
    print("Grad after 2nd:", x.grad)
    assert printed() == "Grad after 1st: tensor(4.)\ntensor(0.)\nGrad after 2nd: tensor(12.)\n"
    assert x.grad is before


def test_gradients_of_two_passes_add_up_when_they_are_not_cleared(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    (x**2).backward()
    (x**3).backward()
    assert repr(x.grad) == "tensor(16.)"
    x.grad = None
    (x**3).backward()
    assert repr(x.grad) == "tensor(12.)"


def test_tensors_record_nothing_unless_asked(torch: Any) -> None:
    assert torch.tensor(2.0, requires_grad=True).requires_grad
    assert not torch.tensor(2.0, requires_grad=False).requires_grad
    assert not torch.tensor(2.0).requires_grad


def test_a_detached_tensor_carries_no_gradient_on(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x**2
    x_detached = x.detach()
    z = x_detached**3
    assert y.requires_grad
    assert not x_detached.requires_grad
    assert not z.requires_grad and z.grad_fn is None and z.item() == 8
    (y * z).backward()
    assert repr(x.grad) == "tensor(32.)", "z counts as a constant"


def test_recording_stops_inside_no_grad_and_resumes_after_it(torch: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with torch.no_grad():
        y = x**2
        z = y + 1
    w = x**3
    assert not y.requires_grad and not z.requires_grad and w.requires_grad
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        z.backward()
    w.backward()
    assert repr(x.grad) == "tensor(12.)"


def test_a_step_of_gradient_descent_under_no_grad(torch: Any) -> None:
    weights = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (weights * weights).sum()
    loss.backward()
    with torch.no_grad():
        weights -= 0.25 * weights.grad
    weights.grad.zero_()
    assert repr(weights) == "tensor([0.5000, 1.0000], requires_grad=True)"
    assert repr(weights.grad) == "tensor([0., 0.])"
    assert weights.is_leaf


# -- a reference page: cubes of ones, a second pass, weights ------------------------------------------------


def test_ones_and_their_data_are_printed(torch: Any, printed: Any) -> None:
    x = torch.ones(3, 3, 3, requires_grad=True)
    print(x)
    print(x.data)
    assert printed() == cube(1, ", requires_grad=True") + cube(1)
    assert x.grad is None and x.grad_fn is None


def test_the_result_of_an_operation_knows_the_function_that_made_it(torch: Any, printed: Any) -> None:
    x = torch.ones(3, 3, 3, requires_grad=True)
    y = x * 3
    print(y)
    assert printed() == cube(3, ", grad_fn=<MulBackward0>")
    print(y.grad_fn)
    assert printed().startswith("<MulBackward0 object at 0x")
    z = y * y * y
    print(z)
    assert printed() == cube(27, ", grad_fn=<MulBackward0>")


def test_a_second_pass_over_a_retained_graph_adds_to_the_first(torch: Any, printed: Any) -> None:
    x = torch.ones(3, 3, 3, requires_grad=True)
    y = x * 3
    y.backward(torch.ones(3, 3, 3), retain_graph=True)
    print(x.grad)
    assert printed() == cube(3)
    gradient = torch.randn(3, 3, 3)
    y.backward(gradient)
    assert not gradient.requires_grad
    assert bool((abs(x.grad - (3 + 3 * gradient)) < 1e-5).all())


def test_a_graph_that_was_not_retained_fails_the_second_time(torch: Any) -> None:
    x = torch.ones(3, 3, 3, requires_grad=True)
    y = x * 3
    z = y * y * y
    z.backward(torch.ones(3, 3, 3))
    with pytest.raises(RuntimeError, match=r"backward through the graph a second time.*retain_graph=True"):
        z.backward(torch.ones(3, 3, 3))
    assert bool((x.grad == 81).all()), "the failed pass adds nothing"


def test_a_tensor_of_many_elements_wants_a_gradient(torch: Any) -> None:
    y = torch.ones(3, 3, 3, requires_grad=True) * 3
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        y.backward()


@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_only_floating_and_complex_tensors_have_gradients(torch: Any, dtype: str) -> None:
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype can require gradients"):
        torch.ones(3, dtype=getattr(torch, dtype), requires_grad=True)


def test_weights_of_a_model_get_the_gradients_of_a_fourth_power(torch: Any, printed: Any) -> None:
    x = torch.tensor([2.0, 4.0, 6.0, 8.0], requires_grad=True)
    y_true = torch.tensor([3.0, 6.0, 9.0, 12.0])
    a = torch.tensor(4.0, requires_grad=True)
    b = torch.tensor(6.0, requires_grad=True)
    y_pred = a * x * b
    loss = torch.mean((y_pred - y_true) ** 4)
    loss.backward()
    print("Gradient of a:", a.grad)
    print("Gradient of b:", b.grad)
    assert printed() == "Gradient of a: tensor(3.8710e+08)\nGradient of b: tensor(2.5807e+08)\n"
    assert x.grad.shape == (4,)


# -- a tutorial: a matrix of ones, flags, a loop of unknown length --------------------------------------------


def test_mean_of_a_matrix_after_three_operations(torch: Any, printed: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    print(x)
    y = x + 2
    print(y)
    print(y.grad_fn)
    shown = printed().splitlines()
    assert shown[:2] == ["tensor([[1., 1.],", "        [1., 1.]], requires_grad=True)"]
    assert shown[2:4] == ["tensor([[3., 3.],", "        [3., 3.]], grad_fn=<AddBackward0>)"]
    assert shown[4].startswith("<AddBackward0 object at 0x")
    z = y * y * 3
    out = z.mean()
    print(z, out)
    assert printed() == (
        "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>) tensor(27., grad_fn=<MeanBackward0>)\n"
    )
    out.backward()
    print(x.grad)
    assert printed() == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])\n"


def test_backward_of_a_scalar_is_backward_with_the_gradient_one(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    out = ((x + 2) * (x + 2) * 3).mean()
    out.backward(torch.tensor(1))
    assert repr(x.grad) == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"


def test_requires_grad_is_switched_on_in_place(torch: Any, printed: Any) -> None:
    a = torch.randn(2, 2)
    a = (a * 3) / (a - 1)
    print(a.requires_grad)
    a.requires_grad_(True)
    print(a.requires_grad)
    b = (a * a).sum()
    print(b.grad_fn)
    first, second, third = printed().splitlines()
    assert (first, second) == ("False", "True")
    assert third.startswith("<SumBackward0 object at 0x")
    assert a.requires_grad_() is a
    assert not a.requires_grad_(False).requires_grad


def test_a_loop_of_unknown_length_is_differentiated_as_it_ran(torch: Any) -> None:
    x = torch.randn(3, requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    factor = (y / x).detach()
    gradients = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)
    y.backward(gradients)
    assert bool((abs(x.grad - factor * gradients) <= 1e-5 * factor).all())
    assert 1000 <= float(y.data.norm()) < 2000


def test_flags_of_results_inside_and_outside_of_no_grad(torch: Any, printed: Any) -> None:
    x = torch.randn(3, requires_grad=True)
    print(x.requires_grad)
    print((x**2).requires_grad)
    with torch.no_grad():
        print((x**2).requires_grad)
    assert printed() == "True\nTrue\nFalse\n"


def test_a_tensor_made_by_the_user_has_no_function(torch: Any) -> None:
    x = torch.ones(2, 2, requires_grad=True)
    assert x.grad_fn is None and x.is_leaf
    assert (x + 2).grad_fn is not None and not (x + 2).is_leaf
