"""Leaves and `.grad`: who gets a gradient, what it is, what may be assigned."""

from __future__ import annotations

import warnings

import pytest

import arraygrad as ag

# -- where a backward pass starts -------------------------------------------------------------------------


def test_backward_on_a_vector_without_gradient_raises(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    assert x.grad is None


@pytest.mark.parametrize("shape", [(1,), (1, 1), ()])
def test_backward_on_one_element_of_any_shape_needs_no_gradient(lib, shape):
    x = lib.ones(shape, requires_grad=True)
    (x * 3).backward()
    assert x.grad.shape == shape
    assert x.grad.item() == 3


def test_backward_on_an_empty_tensor_without_gradient_raises(lib):
    x = lib.ones((0,), requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()


def test_backward_on_a_complex_scalar_without_gradient_raises(lib):
    x = lib.tensor(1.0 + 2.0j, requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for real scalar outputs but got"):
        (x * x).backward()
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for real scalar outputs but got"):
        lib.autograd.grad(x * x, x)


def test_backward_on_an_output_without_graph_raises(lib):
    x = lib.tensor(1.0)
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        lib.autograd.grad(x * 2, lib.tensor(1.0, requires_grad=True))


def test_backward_names_the_position_of_the_root_without_graph(lib):
    x = lib.tensor(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="element 1 of tensors does not require grad"):
        lib.autograd.backward([x * 2, lib.tensor(1.0)])
    assert x.grad is None


# -- requires_grad and is_leaf ----------------------------------------------------------------------------


@pytest.mark.parametrize("values", [[1, 2], [True, False]], ids=["int", "bool"])
def test_integers_and_booleans_cannot_require_a_gradient(lib, values):
    phrase = "(?i)only Tensors of floating point.* dtype can require gradients"
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype can require gradients"):
        lib.tensor(values, requires_grad=True)
    x = lib.tensor(values)
    with pytest.raises(RuntimeError, match=phrase):
        x.requires_grad_()
    with pytest.raises(RuntimeError, match=phrase):
        x.requires_grad = True
    assert not x.requires_grad_(False).requires_grad


def test_requires_grad_of_a_computed_tensor_cannot_be_switched_off(lib):
    y = lib.tensor([1.0], requires_grad=True) * 2
    phrase = (
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
        r"subgraph that doesn't require differentiation use var_no_grad = var.detach\(\)."
    )
    with pytest.raises(RuntimeError, match=phrase):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match=phrase):
        y.requires_grad_(False)
    assert y.requires_grad


def test_requires_grad_of_a_computed_tensor_cannot_be_assigned_true(lib):
    y = lib.tensor([1.0], requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"you can only change requires_grad flags of leaf variables."):
        y.requires_grad = True


def test_requires_grad_method_on_a_computed_tensor_changes_nothing(lib):
    y = lib.tensor([1.0], requires_grad=True) * 2
    grad_fn = y.grad_fn
    assert y.requires_grad_() is y
    assert y.grad_fn is grad_fn
    assert not y.is_leaf


def test_requires_grad_method_returns_the_tensor(lib):
    x = lib.tensor([1.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    assert x.requires_grad_(False) is x
    assert not x.requires_grad


def test_leaves_are_user_tensors_detached_ones_and_results_of_constants(lib):
    x = lib.tensor([1.0], requires_grad=True)
    constant = lib.tensor([1.0])
    assert x.is_leaf
    assert constant.is_leaf
    assert (constant * 2).is_leaf
    assert (x * 2).detach().is_leaf
    assert not (x * 2).is_leaf
    assert not (constant * x).is_leaf


def test_leaf_has_no_grad_fn_and_a_computed_tensor_has_one(lib):
    x = lib.tensor([1.0], requires_grad=True)
    assert x.grad_fn is None
    assert (x * 2).grad_fn.name() == "MulBackward0"
    assert x.output_nr == 0


# -- reading .grad ----------------------------------------------------------------------------------------


def test_reading_grad_of_a_computed_tensor_warns_and_gives_none(lib):
    y = lib.tensor([1.0], requires_grad=True) * 2
    with pytest.warns(UserWarning, match=r"The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None


def test_warning_about_grad_of_a_computed_tensor_points_at_the_users_line():
    y = ag.tensor([1.0], requires_grad=True) * 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert y.grad is None
    assert [warning.filename for warning in caught] == [__file__]


def test_reading_grad_of_a_computed_tensor_that_was_written_warns_too(lib):
    y = lib.tensor([1.0], requires_grad=True) * 2
    y.add_(1.0)
    with pytest.warns(UserWarning, match="not a leaf Tensor"):
        assert y.grad is None


def test_reading_grad_of_a_leaf_or_after_retain_grad_does_not_warn(lib):
    x = lib.tensor(1.0, requires_grad=True)
    y = x * 2
    y.retain_grad()
    assert x.grad is None
    assert y.grad is None
    (y * 3).backward()
    assert y.grad.item() == 3


def test_grad_accumulates_over_backward_passes(lib):
    x = lib.tensor(1.0, requires_grad=True)
    (3 * x).backward()
    (3 * x).backward()
    assert x.grad.item() == 6


def test_accumulation_keeps_the_grad_object_and_changes_it(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad is first
    assert first.tolist() == [4.0, 8.0]


def test_accumulation_onto_a_grad_with_a_graph_keeps_the_object_and_its_graph(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match="reference cycle"):
        (x * x * x).sum().backward(create_graph=True)
    first = x.grad
    (x * 2).sum().backward()
    assert x.grad is first
    assert first.tolist() == [5, 14]
    assert lib.autograd.grad(first.sum(), x)[0].tolist() == [6, 12]
    x.grad = None


def test_accumulation_shows_in_all_that_share_the_entries_of_the_grad(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    view, alias, version = x.grad[1:], x.grad.detach(), x.grad._version
    (x * x).sum().backward()
    assert view.tolist() == [8.0] and alias.tolist() == [4.0, 8.0]
    assert x.grad._version == alias._version == version + 1


def test_grads_may_be_views_of_one_tensor(lib):
    a, b = lib.ones(2, requires_grad=True), lib.ones(3, requires_grad=True)
    flat = lib.zeros(5)
    a.grad, b.grad = flat[:2], flat[2:]
    for _ in range(2):
        ((a * 2).sum() + (b * 3).sum()).backward()
    assert flat.tolist() == [4.0, 4.0, 6.0, 6.0, 6.0]
    flat.zero_()
    assert a.grad.tolist() == [0.0, 0.0] and b.grad.tolist() == [0.0, 0.0, 0.0]
    assert not flat.requires_grad


def test_accumulation_under_create_graph_binds_a_new_grad(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    first = x.grad
    with pytest.warns(UserWarning, match="reference cycle"):
        (x * x).sum().backward(create_graph=True)
    assert x.grad is not first
    assert first.tolist() == [2.0, 4.0]
    assert x.grad.tolist() == [4.0, 8.0]
    x.grad = None


def test_accumulation_does_not_change_numbers_that_the_user_took_from_the_grad():
    # In PyTorch they share memory and change; here no array is overwritten that somebody else may see.
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    before = x.grad.array
    (x * x).sum().backward()
    assert before.tolist() == [2.0, 4.0]


def test_first_grad_is_no_alias_of_the_gradient_given(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    given = lib.tensor([5.0, 7.0])
    x.backward(given)
    given[0] = -1.0
    assert x.grad is not given
    assert x.grad.tolist() == [5.0, 7.0]


def test_first_grad_shares_no_memory_with_a_numpy_gradient():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    given = ag.tensor([5.0, 7.0])
    (x + 0).backward(given)
    x.grad.array[0] = -1
    assert given.tolist() == [5.0, 7.0]


def test_two_leaves_of_one_sum_do_not_share_their_grad(lib):
    x, y = (lib.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    (x + y).backward(lib.tensor([1.0, 1.0]))
    x.grad[0] = 9.0
    assert y.grad.tolist() == [1.0, 1.0]


def test_grad_requires_a_gradient_only_under_create_graph(lib):
    x = lib.tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert not x.grad.requires_grad
    x.grad = None
    with pytest.warns(UserWarning, match="reference cycle"):
        (x * x).backward(create_graph=True)
    assert x.grad.requires_grad
    x.grad = None


def test_backward_with_create_graph_warns_of_the_cycle_and_grad_does_not(lib):
    x = lib.tensor(3.0, requires_grad=True)
    with pytest.warns(UserWarning, match="will create a reference cycle between the parameter and its gradient"):
        (x * x).backward(create_graph=True)
    x.grad = None
    lib.autograd.grad(x * x, x, create_graph=True)


def test_unused_leaf_keeps_no_grad(lib):
    x, unused = (lib.tensor(3.0, requires_grad=True) for _ in range(2))
    (x * x).backward()
    assert unused.grad is None


# -- assigning .grad --------------------------------------------------------------------------------------


def test_grad_of_another_size_cannot_be_assigned(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    phrase = r"attempting to assign a gradient of size '\[1\]' to a tensor of size '\[2\]'"
    with pytest.raises(RuntimeError, match=phrase):
        x.grad = lib.tensor([1.0])


def test_grad_of_another_dtype_cannot_be_assigned(lib):
    x = lib.tensor([1.0, 2.0], dtype=lib.float64, requires_grad=True)
    words = ("Float", "Double") if lib.is_reference else ("float32", "float64")
    phrase = f"gradient with dtype '{words[0]}' to a tensor with grad_dtype '{words[1]}'"
    with pytest.raises(RuntimeError, match=f"(?i)attempting to assign a {phrase}"):
        x.grad = lib.tensor([1.0, 2.0], dtype=lib.float32)


def test_grad_must_be_a_tensor_or_none(lib):
    x = lib.tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError):
        x.grad = 1.0
    x.grad = lib.tensor([4.0])
    assert x.grad.tolist() == [4.0]
    x.grad = None
    assert x.grad is None


def test_tensor_cannot_be_its_own_grad(lib):
    x = lib.tensor([1.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="can't assign Variable as its own grad"):
        x.grad = x


def test_grad_of_another_backend_cannot_be_assigned():
    pytest.importorskip("array_api_strict")
    x = ag.tensor([1.0], requires_grad=True)
    with pytest.raises(ag.ArraygradError, match=r"grad: got a gradient stored by array_api_strict.*numpy"):
        x.grad = ag.ones(1, backend="array_api_strict")


def test_assigned_grad_is_the_object_given_and_is_accumulated_into(lib):
    x = lib.tensor([1.0], requires_grad=True)
    given = lib.tensor([4.0])
    x.grad = given
    assert x.grad is given
    (x * 2).backward()
    assert x.grad is given
    assert given.tolist() == [6.0]


def test_grad_can_be_deleted(lib):
    x = lib.tensor([1.0], requires_grad=True)
    (x * 2).backward()
    del x.grad
    assert x.grad is None


# -- dtype, flags and resets ------------------------------------------------------------------------------


def test_grad_has_the_dtype_of_its_leaf_through_casts(lib):
    x = lib.tensor([1.0, 2.0], dtype=lib.float32, requires_grad=True)
    (x.to(lib.float64) * 3).sum().backward()
    assert x.grad.dtype == lib.float32
    assert x.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("lib", ["arraygrad", "torch"], indirect=True)
def test_grad_of_a_half_precision_leaf_is_half_precision_through_double(lib):
    x = lib.tensor([1.0, 2.0], dtype=lib.float16, requires_grad=True)
    (x.to(lib.float64) * 3).sum().backward()
    assert x.grad.dtype == lib.float16
    assert x.grad.tolist() == [3.0, 3.0]


def test_grad_has_the_dtype_of_its_leaf_through_promotion(lib):
    x = lib.tensor([1.0, 2.0], dtype=lib.float32, requires_grad=True)
    (x * lib.tensor([3.0, 4.0], dtype=lib.float64)).sum().backward()
    assert x.grad.dtype == lib.float32
    assert x.grad.tolist() == [3.0, 4.0]


def test_grad_of_a_real_leaf_in_a_complex_product_is_real(lib):
    x = lib.tensor([1.0, 2.0], dtype=lib.float64, requires_grad=True)
    y = x * lib.tensor([1.0 + 2.0j, 3.0 - 1.0j], dtype=lib.complex128)
    y.backward(lib.tensor([1.0 + 0.0j, 1.0 + 0.0j], dtype=lib.complex128))
    assert x.grad.dtype == lib.float64
    assert x.grad.tolist() == [1.0, 3.0]


def test_leaf_that_stopped_requiring_a_gradient_gets_none_from_the_old_graph(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    x.requires_grad = False
    y.backward()
    assert x.grad is None


def test_leaf_that_requires_a_gradient_again_gets_it_from_new_graphs(lib):
    x = lib.tensor(2.0, requires_grad=True)
    x.requires_grad = False
    assert not (x * x).requires_grad
    x.requires_grad = True
    (x * x).backward()
    assert x.grad.item() == 4


def test_leaf_that_requires_a_gradient_again_keeps_its_hooks_and_gets_it_from_old_graphs(lib):
    x = lib.tensor(3.0, requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    y = x * x
    x.requires_grad = False
    x.requires_grad = True
    y.backward()
    (x * 2).backward()
    assert x.grad.item() == 8
    assert seen == [6, 2]


def test_grad_outlives_a_change_of_the_flag(lib):
    x = lib.tensor(2.0, requires_grad=True)
    (x * x).backward()
    x.requires_grad = False
    assert x.grad.item() == 4
    x.requires_grad = True
    assert x.grad.item() == 4
    (x * x).backward()
    assert x.grad.item() == 8


def test_backward_on_a_leaf_makes_the_gradient_its_grad(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    x.backward(lib.tensor([5.0, 6.0]))
    assert x.grad.tolist() == [5.0, 6.0]
    assert lib.autograd.grad(x, x, lib.tensor([7.0, 8.0]))[0].tolist() == [7.0, 8.0]


def test_zeroed_grad_then_backward_gives_the_fresh_value(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    before = x.grad
    x.grad.zero_()
    assert x.grad.tolist() == [0.0, 0.0]
    (x * x).sum().backward()
    assert x.grad is before
    assert x.grad.tolist() == [2.0, 4.0]


def test_grad_set_to_none_then_backward_gives_the_fresh_value(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad = None
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("shape", [(0,), (2, 0), ()])
def test_empty_and_scalar_leaves_get_a_grad_of_their_shape(lib, shape):
    x = lib.ones(shape, requires_grad=True)
    (x * 2).sum().backward()
    assert x.grad.shape == shape


def test_errors_about_leaves_are_of_arraygrads_tree():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    with pytest.raises(ag.errors.GradientError, match=r"got shape \(2,\).*pass a gradient"):
        y.backward()
    with pytest.raises(ag.errors.GradientError, match=r"requires_grad: .*var.detach\(\)"):
        y.requires_grad = False
    with pytest.raises(ag.errors.ArgumentTypeError, match=r"got a tensor of dtype int64.*astype"):
        ag.tensor([1, 2]).requires_grad_()
    with pytest.raises(ag.errors.ArgumentError, match="Please ensure that the gradient and the tensor are the same size"):
        x.grad = ag.ones(3)
