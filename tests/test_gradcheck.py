"""`autograd.gradcheck`: gradients that are the derivatives pass, and wrong ones are caught."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

import arraygrad as ag
from arraygrad.autograd import GradcheckError, forward_ad, gradcheck, gradgradcheck
from arraygrad.errors import ArgumentError, ArgumentTypeError
from arraygrad.kinds import declared

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch", "ignore::UserWarning:torch")

MISMATCH = r"Jacobian mismatch for output 0 with respect to input 0,\nnumerical:(.|\n)*analytical:"


@pytest.fixture(autouse=True)
def registry():
    """Declarations made in a test are taken back."""
    before = dict(declared)
    yield
    declared.clear()
    declared.update(before)


@pytest.fixture(params=[False, True], ids=["slow", "fast"])
def fast_mode(request):
    return request.param


def numbers(lib, values, **options):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True, **options)


def points(lib):
    return numbers(lib, [[0.3, -1.0, 2.0], [0.5, 0.6, 0.7]]), numbers(lib, [[0.3, -1.0], [0.5, 0.6], [0.1, 0.2]])


def hooked(x, hook):
    """x, with another gradient."""
    y = x * 1
    if y.requires_grad:
        y.register_hook(lambda g: None if g is None else hook(g))  # None is PyTorch's undefined gradient
    return y


def twice_too_large(x):
    """x, with a gradient that is wrong."""
    return hooked(x, lambda g: g * 2)


# -- what is right passes -------------------------------------------------------------------------------------


def test_right_gradients_of_several_inputs_and_outputs_pass(lib, fast_mode):
    def f(x, w):
        return (x @ w).tanh(), (x**3).sum()

    assert lib.autograd.gradcheck(f, points(lib), check_forward_ad=True, fast_mode=fast_mode) is True
    assert lib.autograd.gradgradcheck(f, points(lib), check_fwd_over_rev=True, fast_mode=fast_mode) is True


def test_right_gradients_of_complex_functions_pass(lib, fast_mode):
    z = lib.tensor([0.3 + 0.2j, -1 + 1j], dtype=lib.complex128, requires_grad=True)
    x = numbers(lib, [2.0, 3.0])

    def f(z, x):
        return z.exp() * z.conj(), z.abs(), x * z[0], z.real * x

    assert lib.autograd.gradcheck(f, (z, x), check_forward_ad=True, fast_mode=fast_mode)
    assert lib.autograd.gradgradcheck(f, (z, x), check_fwd_over_rev=True, fast_mode=fast_mode)


def test_inputs_that_require_no_gradient_are_not_checked(lib):
    constant = lib.tensor([3.0], dtype=lib.float64)
    assert lib.autograd.gradcheck(lambda x, y, n: (x * y) ** n, [numbers(lib, [2.0]), constant, 2])


def test_outputs_that_require_no_gradient_are_not_checked(lib):
    assert lib.autograd.gradcheck(lambda x: (x * 2, x.detach() * 3, x.argmax()), numbers(lib, [2.0, 1.0]))


def test_scalars_and_empty_tensors_pass(lib):
    assert lib.autograd.gradcheck(lambda x: x * x, numbers(lib, 2.0))
    assert lib.autograd.gradcheck(lambda x, y: (x.exp(), y * 2), (numbers(lib, []), numbers(lib, [1.0])))


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.reshape(-1), lambda x: x.T, lambda x: x[0], lambda x: (x, x * 2)])
def test_outputs_that_share_entries_with_an_input_pass(lib, view, fast_mode):
    x, _ = points(lib)
    assert lib.autograd.gradcheck(view, x, check_forward_ad=True, fast_mode=fast_mode)


def test_gradients_of_what_a_function_closes_over_are_checked(lib):
    w = numbers(lib, [2.0, 3.0])
    assert lib.autograd.gradcheck(lambda _: (w**2).sum(), w)
    with pytest.raises(RuntimeError, match=MISMATCH):
        lib.autograd.gradcheck(lambda _: twice_too_large(w**2).sum(), w)


def test_tensors_that_share_entries_with_an_input_move_with_it(lib):
    x = numbers(lib, [2.0, 3.0])
    shared = x.detach()
    with pytest.raises(RuntimeError, match=MISMATCH):
        lib.autograd.gradcheck(lambda x: x * shared, x)


def test_inputs_are_as_before_afterwards(lib):
    x = numbers(lib, [0.1, 0.2])
    assert lib.autograd.gradcheck(lambda x: x.exp(), x)
    assert x.tolist() == [0.1, 0.2]
    assert x.grad is None

    def failing(x):
        if x.tolist() != [0.1, 0.2]:
            raise KeyError
        return x * 2

    with pytest.raises(KeyError):
        gradcheck(failing, numbers(ag, [0.1, 0.2]))
    if not lib.is_reference:  # PyTorch leaves them moved
        with pytest.raises(KeyError):
            lib.autograd.gradcheck(failing, x)
        assert x.tolist() == [0.1, 0.2]


def test_functions_of_transforms_are_checked():
    f = ag.func.grad(lambda x: (ag.sin(x) * x**2).sum())
    assert gradcheck(f, points(ag)[0], check_forward_ad=True)
    assert gradgradcheck(f, points(ag)[0], check_fwd_over_rev=True)


# -- what is wrong is caught ------------------------------------------------------------------------------------


def test_wrong_gradient_is_caught(lib, fast_mode):
    x = numbers(lib, [2.0, 3.0])
    with pytest.raises(RuntimeError, match=MISMATCH):
        lib.autograd.gradcheck(lambda x: twice_too_large(x) ** 2, x, fast_mode=fast_mode)
    assert lib.autograd.gradcheck(lambda x: twice_too_large(x) ** 2, x, raise_exception=False, fast_mode=fast_mode) is False


def test_error_is_one_of_the_tree():
    with pytest.raises(ag.errors.GradcheckError):
        gradcheck(twice_too_large, numbers(ag, [2.0]))
    assert ag.errors.GradcheckError is GradcheckError
    assert issubclass(GradcheckError, ag.ArraygradError)


def test_error_shows_both_jacobians():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(twice_too_large, numbers(ag, [2.0, 3.0]), eps=2.0**-10)
    numerical = "tensor([[1., 0.],\n        [0., 1.]], dtype=arraygrad.float64)"
    analytical = "tensor([[2., 0.],\n        [0., 2.]], dtype=arraygrad.float64)"
    assert f"numerical:{numerical}\nanalytical:{analytical}\n" in str(caught.value)


def test_fast_mode_shows_the_jacobians_element_by_element():
    with pytest.raises(GradcheckError, match=r"Element by element:\n\nJacobian mismatch for output 0 .*,\nnumerical:ten"):
        gradcheck(twice_too_large, numbers(ag, [2.0]), fast_mode=True)


def test_fast_mode_catches_a_transposed_gradient():
    rotation = ag.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=ag.float64)

    def transposed(x):
        return hooked(rotation @ x, lambda g: -g)

    with pytest.raises(GradcheckError, match=MISMATCH):
        gradcheck(transposed, numbers(ag, [2.0, 3.0]), fast_mode=True)


def test_error_says_which_output_and_which_input(lib, fast_mode):
    def f(x, y):
        return x * y, x * twice_too_large(y)

    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 1 with respect to input 1"):
        lib.autograd.gradcheck(f, (numbers(lib, [2.0]), numbers(lib, [3.0])), fast_mode=fast_mode)


def test_wrong_gradient_of_a_complex_output_is_caught(lib, fast_mode):
    z = lib.tensor([0.3 + 0.2j, -1 + 1j], dtype=lib.complex128, requires_grad=True)
    with pytest.raises(RuntimeError, match="considering the imaginary part of complex outputs only, Jacobian mismatch"):
        lib.autograd.gradcheck(lambda z: twice_too_large(z) * z, z, fast_mode=fast_mode)

    def wrong_in_the_real_part(z):
        return hooked(z, lambda g: g + g.real)

    with pytest.raises(RuntimeError, match="While considering the real part of complex outputs only, Jacobian mismatch"):
        lib.autograd.gradcheck(wrong_in_the_real_part, z, fast_mode=fast_mode)


def test_gradient_that_changes_from_one_time_to_the_next_is_caught(lib, fast_mode):
    def unsteady():
        factors = iter([1, 1 + 1e-7] * 100)

        return lambda x: hooked(x, lambda g: g * next(factors))

    x = numbers(lib, [2.0])
    with pytest.raises(RuntimeError, match=r"Backward is not reentrant(.|\n)*tolerance for nondeterminism was 0.0"):
        lib.autograd.gradcheck(unsteady(), x, fast_mode=fast_mode)
    assert lib.autograd.gradcheck(unsteady(), x, nondet_tol=1e-5, fast_mode=fast_mode)


def test_gradient_that_is_not_zero_where_that_of_the_output_is_is_caught(lib):
    with pytest.raises(RuntimeError, match="backward not multiplied by grad_output"):
        lib.autograd.gradcheck(lambda x: hooked(x, lambda g: g if g.any() else g + 1), numbers(lib, [2.0]))


def test_constant_that_depends_on_the_input_is_caught(lib):
    x = numbers(lib, [2.0])
    with pytest.raises(RuntimeError, match="Numerical gradient for function expected to be zero"):
        lib.autograd.gradcheck(lambda x: x.detach() * 2, x)
    assert gradcheck(lambda x: ag.ones(2, dtype=ag.float64), numbers(ag, [2.0]))
    assert gradcheck(lambda x: ag.argmax(x), numbers(ag, [2.0]))


def test_output_that_changes_its_shape_is_caught(lib):
    with pytest.raises((AssertionError, RuntimeError), match="outputs with the same shape"):
        lib.autograd.gradcheck(lambda x: x[x > 2.0], numbers(lib, [2.0, 3.0]))
    with pytest.raises(GradcheckError, match=r"shapes None and \(2,\)"):
        gradcheck(lambda x: (x, x) if x[0].item() > 2.0 else x, numbers(ag, [2.0, 3.0]))


def test_small_differences_count_in_fast_mode_only_where_entries_cancel(lib):
    signs = lib.tensor([1000.0, -1000.0] * 8, dtype=lib.float64)

    def f(x):
        return hooked(x * signs, lambda g: g + 2.5e-7 * g * (signs + 1000))

    x = numbers(lib, [1.0] * 16)
    assert lib.autograd.gradcheck(f, x, atol=1e-12)
    with pytest.raises(RuntimeError, match="Fast gradcheck failed but element-wise differences are small"):
        for _ in range(20):  # PyTorch's vectors are others each time
            lib.autograd.gradcheck(f, x, atol=1e-12, rtol=6e-4, fast_mode=True)


# -- declarations with wrong rules ------------------------------------------------------------------------------


@pytest.fixture(params=["numpy", "array_api_strict"])
def backend(request):
    with ag.use_backend(request.param):
        yield


def declare(kind, **rules):
    """exp, declared with other rules."""

    def exp(x: Array, /): ...  # noqa: F821

    declared.pop("exp", None)
    return kind(**rules)(exp)


def test_declared_operation_with_a_wrong_rule_is_caught(backend, fast_mode):
    right = declare(ag.elementwise, x=lambda out: out)
    assert gradcheck(right, points(ag)[0], check_forward_ad=True, fast_mode=fast_mode)
    wrong = declare(ag.elementwise, x=lambda out: out * 1.01)
    with pytest.raises(GradcheckError, match=MISMATCH):
        gradcheck(wrong, points(ag)[0], fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="Jacobian computed with forward mode mismatch for output 0 with respect"):
        gradcheck(wrong, points(ag)[0], check_forward_ad=True, check_backward_ad=False, fast_mode=fast_mode)


def test_wrong_forward_rule_is_caught_only_where_it_is_checked(backend, fast_mode):
    wrong = declare(ag.general, x=lambda g, out: g * out, jvp=lambda t, out: t * out + t * 0.1)
    assert gradcheck(wrong, points(ag)[0], fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="Jacobian computed with forward mode mismatch"):
        gradcheck(wrong, points(ag)[0], check_forward_ad=True, fast_mode=fast_mode)


def test_wrong_forward_rule_of_complex_numbers_is_caught(backend, fast_mode):
    z = ag.tensor([0.3 + 0.2j, -1 + 1j], dtype=ag.complex128, requires_grad=True)
    wrong = declare(ag.general, x=lambda xp, g, out: g * xp.conj(out), jvp=lambda xp, t, out: xp.conj(t) * out)
    assert gradcheck(wrong, z, fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="considering the imaginary part of complex inputs only, Jacobian computed"):
        gradcheck(wrong, z, check_forward_ad=True, fast_mode=fast_mode)


def test_wrong_conjugation_is_caught(backend, fast_mode):
    z = ag.tensor([0.3 + 0.2j, -1 + 1j], dtype=ag.complex128, requires_grad=True)
    wrong = declare(ag.general, x=lambda g, out: g * out, jvp=lambda t, out: t * out)
    with pytest.raises(GradcheckError, match="complex outputs only, Jacobian mismatch"):
        gradcheck(wrong, z, fast_mode=fast_mode)


def test_gradient_of_another_dtype_is_caught_if_asked(backend):
    widening = declare(ag.elementwise, x=lambda xp, g, out: xp.astype(g * out, xp.float64))
    x = ag.tensor([0.5], dtype=ag.float32, requires_grad=True)
    options = {"eps": 1e-3, "atol": 1e-2, "check_undefined_grad": False}
    with pytest.warns(UserWarning, match="not a double precision"):
        assert gradcheck(lambda x: widening(widening(x)), x, **options)
    with (
        pytest.warns(UserWarning, match="not a double precision"),
        pytest.raises(GradcheckError, match="Gradient has dtype mismatch: got float64; expected float32"),
    ):
        gradcheck(lambda x: widening(widening(x)), x, check_grad_dtypes=True, **options)


def test_gradient_of_another_shape_is_caught(backend):
    flat = declare(ag.elementwise, x=lambda xp, g, out: xp.reshape(g * out, (-1,)))
    with pytest.raises(GradcheckError, match=r"Analytical gradient has incorrect size: got \(6,\); expected \(2, 3\)"):
        gradcheck(flat, points(ag)[0])


def test_rule_that_needs_all_gradients_is_caught():
    def modf(x: Array, /): ...  # noqa: F821

    declared.pop("modf", None)
    needs_all = ag.linear(x=lambda g: g[0] + 0 * g[1], multiple=True)(modf)
    x = numbers(ag, [0.5, 1.5])
    with pytest.raises(GradcheckError, match="Expected backward function to handle undefined output grads"):
        gradcheck(lambda x: tuple(needs_all(x)[:2]), x)
    assert gradcheck(lambda x: tuple(needs_all(x)[:2]), x, check_undefined_grad=False)


def test_rule_that_treats_a_missing_gradient_as_another_is_caught():
    def modf(x: Array, /): ...  # noqa: F821

    declared.pop("modf", None)
    careless = ag.linear(x=lambda g: 0 * g[1] if g[0] is None else 2 * g[0] if g[1] is None else g[0], multiple=True)(modf)
    with pytest.raises(GradcheckError, match="Expected all input grads to be undefined or zero"):
        gradcheck(lambda x: tuple(careless(x)[:2]), numbers(ag, [0.5, 1.5]))


def test_function_that_treats_a_missing_tangent_as_another_is_caught():
    def f(x, y):
        both = all(forward_ad.unpack_dual(each).tangent is not None for each in (x, y))
        return forward_ad.unpack_dual(x * y).primal if both else x * y

    x, y = numbers(ag, [2.0]), numbers(ag, [3.0])
    with pytest.raises(GradcheckError, match="Mismatch in tangent values for output with index: 0 when input: 0 has an un"):
        gradcheck(f, (x, y), check_forward_ad=True)
    assert gradcheck(f, (x, y), check_forward_ad=True, check_undefined_grad=False)


def test_batches_are_checked_if_asked():
    calls = iter(range(10**6))

    def f(x):
        return hooked(x, lambda g: g * (1 + 1e-4 * next(calls)))

    x = numbers(ag, [2.0])
    assert gradcheck(f, x, nondet_tol=np.inf)
    with pytest.raises(GradcheckError, match="testing batched gradient computation"):
        gradcheck(f, x, nondet_tol=np.inf, check_batched_grad=True)
    assert gradcheck(lambda x: (x**2, x.sum()), points(ag)[0], check_batched_grad=True)


# -- second derivatives -----------------------------------------------------------------------------------------


def wrong_second(x):
    """x**2, with the right gradient, which cannot be differentiated."""
    return hooked(x + (x**2 - x).detach(), lambda g: g * 2 * x.detach())


def test_wrong_second_derivative_is_caught(lib, fast_mode):
    x = numbers(lib, [2.0, 3.0])
    assert lib.autograd.gradcheck(wrong_second, x, fast_mode=fast_mode)
    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 0 with respect to input 0"):
        lib.autograd.gradgradcheck(wrong_second, x, fast_mode=fast_mode)
    assert lib.autograd.gradgradcheck(wrong_second, x, raise_exception=False, fast_mode=fast_mode) is False


def test_wrong_second_derivative_is_caught_in_forward_mode(backend, fast_mode):
    # The second rule for the tangent of the result is not the derivative of the first.
    def rule(xp, g, x):
        return g * xp.exp(x) if not isinstance(x, forward_ad.Dual) else g * xp.exp(x) * 1.01

    wrong = declare(ag.general, x=rule, jvp=lambda t, out: t * out)
    x = points(ag)[0]
    assert gradgradcheck(wrong, x, fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="computed with forward mode mismatch"):
        gradgradcheck(wrong, x, check_fwd_over_rev=True, fast_mode=fast_mode)


def test_second_derivatives_in_one_mode_are_checked_alone(backend):
    def rule(xp, g, x):
        return g * xp.exp(x) if isinstance(x, forward_ad.Dual) else g * xp.exp(x) * (x / x.detach())

    only_forward = declare(ag.general, x=rule, jvp=lambda t, out: t * out)
    options = {"check_rev_over_rev": False, "check_fwd_over_rev": True, "check_undefined_grad": False}
    assert gradgradcheck(only_forward, points(ag)[0], **options)


def test_arguments_of_gradcheck_are_those_of_gradgradcheck(lib):
    x = numbers(lib, [2.0, 3.0])

    def second(f, **options):
        return lib.autograd.gradgradcheck(f, x, raise_exception=False, **options)

    assert not second(lambda x: x**5, eps=1.0)
    assert second(lambda x: x**5, eps=1.0, atol=1e3)
    assert second(lambda x: x**5, eps=1.0, rtol=1.0)
    factors = (1 + 1e-8 * (count % 7) for count in itertools.count())
    unsteady = lambda x: hooked(x, lambda g: g * next(factors)) ** 2  # noqa: E731
    assert not second(unsteady, eps=0.1)
    assert second(unsteady, eps=0.1, nondet_tol=1e-5)


def test_choice_of_checks_is_passed_on_to_that_of_second_derivatives(monkeypatch):
    module, given = sys.modules["arraygrad.autograd.gradcheck"], {}
    monkeypatch.setattr(module, "gradcheck", lambda function, inputs, **options: given.update(options))
    options = {"fast_mode": True, "check_batched_grad": True, "check_grad_dtypes": True, "check_undefined_grad": False}
    gradgradcheck(lambda x: x**2, numbers(ag, [2.0]), **options)
    assert options.items() <= given.items()


def test_gradients_of_the_outputs_may_be_given(lib):
    x = numbers(lib, [2.0, 3.0])
    assert lib.autograd.gradgradcheck(lambda x: x**3, x, numbers(lib, [1.0, -2.0]))
    constant = lib.tensor([1.0, -2.0], dtype=lib.float64)
    assert lib.autograd.gradgradcheck(lambda x: x**3, x, constant)


def test_random_numbers_of_the_user_are_left_alone():
    ag.manual_seed(0)
    before = ag.rand(3).tolist()
    ag.manual_seed(0)
    gradgradcheck(lambda x: x**3, numbers(ag, [2.0]), fast_mode=True)
    assert ag.rand(3).tolist() == before


# -- arguments --------------------------------------------------------------------------------------------------


def test_inputs_must_require_a_gradient(lib):
    with pytest.raises(ValueError, match="gradcheck expects at least one input tensor to require gradient, but none"):
        lib.autograd.gradcheck(lambda x: x, lib.tensor([1.0]))


@pytest.mark.filterwarnings("default::UserWarning")
def test_single_precision_warns(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match=r"Input #0 requires gradient and is not a double precision floating point or"):
        assert lib.autograd.gradcheck(lambda x: x * 2, x, eps=1e-2, atol=1e-3)


def test_tolerances_are_obeyed(lib):
    x = numbers(lib, [1.0])

    def off(x):
        return hooked(x, lambda g: g * 1.01)

    assert lib.autograd.gradcheck(off, x, rtol=0.011)
    assert lib.autograd.gradcheck(off, x, atol=0.011)
    assert not lib.autograd.gradcheck(off, x, atol=0.005, rtol=0.004, raise_exception=False)


def test_something_must_be_checked(lib):
    x = numbers(lib, [1.0])
    errors = (AssertionError, ValueError)
    with pytest.raises(errors, match="at least one of check_forward_ad or check_backward_ad to be True"):
        lib.autograd.gradcheck(lambda x: x, x, check_backward_ad=False)
    with pytest.raises(errors, match="check_batched_grad=True requires check_backward_ad to be True"):
        lib.autograd.gradcheck(lambda x: x, x, check_backward_ad=False, check_forward_ad=True, check_batched_grad=True)
    with pytest.raises(errors, match="check_batched_forward_grad=True requires check_forward_ad to be True"):
        lib.autograd.gradcheck(lambda x: x, x, check_batched_forward_grad=True)
    with pytest.raises(errors, match="at least one of check_fwd_over_rev or check_rev_over_rev to be True"):
        lib.autograd.gradgradcheck(lambda x: x, x, check_rev_over_rev=False)
    with pytest.raises(errors, match="check_undefined_grad=True requires check_rev_over_rev to be True"):
        lib.autograd.gradgradcheck(lambda x: x, x, check_rev_over_rev=False, check_fwd_over_rev=True)


def test_outputs_must_be_tensors():
    with pytest.raises(ArgumentTypeError, match="output 0 of func: got float; expected a Tensor"):
        gradcheck(lambda x: 3.0, numbers(ag, [1.0]))
    with pytest.raises(ArgumentError, match="at least one input"):
        gradcheck(lambda x: x, 3.0)
