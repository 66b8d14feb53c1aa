"""Leaving the graph: detached tensors, conversions to Python and NumPy, copies, and what a tensor is to Python."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import arraygrad as ag


def leaf(lib, values=(1.0, 2.0)):
    return lib.tensor(list(values), requires_grad=True)


# -- detach -----------------------------------------------------------------------------------------------


def test_detached_tensor_has_the_values_and_no_graph(lib):
    y = leaf(lib) * 2
    detached = y.detach()
    assert detached is not y
    assert detached.tolist() == [2, 4]
    assert not detached.requires_grad
    assert detached.grad_fn is None
    assert y.requires_grad


def test_no_gradient_flows_through_a_detached_tensor(lib):
    x = leaf(lib)
    (x * x.detach()).sum().backward()
    assert x.grad.tolist() == [1, 2]


def test_detached_tensor_is_not_a_copy():
    x = leaf(ag)
    assert x.detach().array is x.array
    assert x.data.array is x.array


def test_data_is_a_detached_tensor(lib):
    x = leaf(lib)
    assert x.data.tolist() == [1, 2]
    assert not x.data.requires_grad
    assert x.requires_grad


def test_data_can_be_replaced(lib):
    x = leaf(lib)
    x.data = lib.tensor([5.0, 6.0])
    assert x.tolist() == [5, 6]
    assert x.is_leaf
    (x * x).sum().backward()
    assert x.grad.tolist() == [10, 12]


def test_assigned_data_is_shared(lib):
    x, other = leaf(lib), lib.tensor([5.0, 6.0])
    x.data = other
    other.add_(1)
    assert x.tolist() == [6, 7] and x._version == 0
    with lib.no_grad():
        x.mul_(2)
    assert other.tolist() == [12, 14] and (x._version, other._version) == (1, 1)
    y, other = leaf(lib) * 2, lib.tensor([[5.0, 6.0], [7.0, 8.0]])
    y.data = other[1]
    y.mul_(3)
    assert other.tolist() == [[5, 6], [21, 24]] and not other.requires_grad and y.grad_fn is not None


def test_tensors_exchange_their_data(lib):
    x, y = lib.tensor([1.0]), lib.tensor([2.0])
    mine, yours = x.data, y.data
    x.data, y.data = yours, mine
    mine.add_(10), yours.add_(20)
    assert x.tolist() == [22] and y.tolist() == [11]


@pytest.mark.parametrize("view", [lambda x: x[0:1], lambda x: x[0:1].reshape(1, 1), lambda x: x.detach()[0:1]])
@pytest.mark.parametrize("looked_at", [True, False])
def test_what_was_made_before_data_was_assigned_keeps_the_old(lib, view, looked_at):
    x = lib.tensor([1.0, 2.0])
    v, w = view(x), x[0:1]
    x.mul_(3)
    assert not looked_at or v.sum().item() == w.item() == 3
    x.data = lib.tensor([5.0, 6.0])
    x.add_(1)
    w.add_(1)
    assert v.sum().item() == w.item() == 4 and x.tolist() == [6, 7]


def test_assigned_data_may_be_of_another_shape_and_dtype(lib):
    x = leaf(lib)
    x.data = lib.tensor([[5.0, 6.0, 7.0]], dtype=lib.float64)
    (x * x).sum().backward()
    assert x.grad.tolist() == [[10, 12, 14]] and x.dtype == x.grad.dtype == lib.float64 and x.is_leaf
    with pytest.raises((RuntimeError, TypeError), match="must be floating point or complex dtype"):
        x.data = lib.tensor([1, 2])
    with pytest.raises(TypeError, match="data"):
        x.data = 3.0
    y = lib.tensor([1.0])
    y.data = lib.tensor([1, 2])
    assert y.dtype == lib.int64


def test_assigned_data_comes_from_the_same_library():
    pytest.importorskip("array_api_strict")
    with pytest.raises(ag.errors.ArgumentTypeError, match="data: got one stored by array_api_strict; expected"):
        leaf(ag).data = ag.ones(2, backend="array_api_strict")


def test_a_shallow_copy_shares_entries(lib):
    x = leaf(lib)
    x.grad = lib.ones(2)
    copied = copy.copy(x)
    assert copied is not x and copied.requires_grad and copied.is_leaf and copied.grad is None
    with lib.no_grad():
        copied.add_(1)
        x.mul_(2)
    assert x.tolist() == copied.tolist() == [4, 6]
    (copied * copied).sum().backward()
    assert x.grad.tolist() == [1, 1] and copied.grad.tolist() == [8, 12]
    of_computed = copy.copy(x * 2)
    assert of_computed.requires_grad and of_computed.is_leaf


def test_detach_in_place_makes_a_computed_tensor_a_leaf(lib):
    x = leaf(lib)
    y = x * 2
    assert y.detach_() is y
    assert y.is_leaf
    assert not y.requires_grad
    assert y.grad_fn is None
    y.requires_grad_()
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3, 3]
    assert x.grad is None


def test_detach_in_place_on_a_leaf_ends_its_gradients(lib):
    x = leaf(lib)
    assert x.detach_() is x
    assert not x.requires_grad


# -- conversion -------------------------------------------------------------------------------------------


def test_numpy_of_a_tensor_that_requires_a_gradient_raises(lib):
    x = leaf(lib)
    phrase = r"Can't call numpy\(\) on Tensor that requires grad. Use tensor.detach\(\).numpy\(\) instead."
    for y in (x, x * 2):
        with pytest.raises(RuntimeError, match=phrase):
            y.numpy()
        with pytest.raises(RuntimeError, match=phrase):
            np.asarray(y)


def test_numpy_of_a_detached_tensor_gives_its_values(lib):
    x = leaf(lib)
    for values in (x.detach().numpy(), np.asarray(x.detach())):
        assert type(values) is np.ndarray
        assert values.dtype == np.float32
        assert values.tolist() == [1, 2]


def test_numpy_of_a_numpy_tensor_is_its_array():
    values = np.array([1.0, 2.0])
    x = ag.from_numpy(values)
    assert x.numpy() is values
    assert np.asarray(x) is values
    assert np.array(x) is not values
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype=np.float32, copy=False)
    with pytest.raises(ag.errors.GradientError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        np.array(x.clone().requires_grad_(), dtype=np.float32)


def test_dlpack_of_a_tensor_that_requires_a_gradient_raises(lib):
    x = leaf(lib)
    phrase = r"(?i)can't export tensors that require gradient, use tensor.detach\(\)"
    with pytest.raises(BufferError, match=phrase):
        x.__dlpack__()
    with pytest.raises(BufferError, match=phrase):
        np.from_dlpack(x)


def test_dlpack_of_a_detached_tensor_exports(lib):
    assert np.from_dlpack(leaf(lib).detach()).tolist() == [1, 2]


def test_item_float_and_tolist_work_on_tensors_that_require_gradients(lib):
    x = lib.tensor(2.5, requires_grad=True)
    assert x.item() == 2.5
    assert x.tolist() == 2.5
    assert leaf(lib).tolist() == [1, 2]
    assert complex((x * 2).detach()) == 5
    assert int(x.detach()) == 2
    assert type(x.item()) is float
    assert type(lib.tensor(2).item()) is int
    assert type(lib.tensor(True).item()) is bool


def test_float_of_a_tensor_that_requires_a_gradient():
    # PyTorch warns that the gradient is lost.
    assert float(ag.tensor(2.5, requires_grad=True)) == 2.5
    assert float(ag.tensor([[2.5]])) == 2.5
    assert int(ag.tensor(2.5)) == 2


def test_item_of_many_elements_raises(lib):
    with pytest.raises(RuntimeError, match="a Tensor with 2 elements cannot be converted to Scalar"):
        leaf(lib).item()
    with pytest.raises(RuntimeError, match="a Tensor with 0 elements cannot be converted to Scalar"):
        lib.ones((0,)).item()


def test_truth_of_many_elements_is_ambiguous(lib):
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous"):
        bool(leaf(lib))
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous"):
        assert leaf(lib) > 0


def test_truth_of_no_elements_is_ambiguous(lib):
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with no values is ambiguous"):
        bool(lib.ones((0,)))


def test_truth_of_one_element_is_that_of_its_value(lib):
    assert bool(lib.tensor(2.0, requires_grad=True))
    assert not lib.tensor([[0.0]])
    assert lib.tensor([True])


def test_integer_tensor_is_an_index(lib):
    assert [10, 20, 30][lib.tensor(1)] == 20
    assert range(lib.tensor(3)) == range(3)
    with pytest.raises(TypeError, match="only integer tensors"):
        [10, 20, 30][lib.tensor(1.0)]


def test_length_is_that_of_the_first_axis(lib):
    assert len(lib.ones((3, 2))) == 3
    with pytest.raises(TypeError, match=r"0-d tensor|0 axes"):
        len(lib.tensor(1.0))


# -- copies -----------------------------------------------------------------------------------------------


def test_deep_copy_of_a_leaf_has_its_own_values_flag_and_grad(lib):
    x = leaf(lib)
    (x * x).sum().backward()
    copied = copy.deepcopy(x)
    assert copied is not x
    assert copied.is_leaf
    assert copied.requires_grad
    assert copied.grad is not x.grad
    assert copied.grad.tolist() == [2, 4]
    (copied * copied).sum().backward()
    assert copied.grad.tolist() == [4, 8]
    assert x.grad.tolist() == [2, 4]
    with lib.no_grad():
        copied[0] = 9.0
    assert x.tolist() == [1, 2]


def test_deep_copy_shares_no_memory():
    x = leaf(ag)
    (x * x).sum().backward()
    copied = copy.deepcopy(x)
    assert not np.shares_memory(copied.array, x.array)
    assert not np.shares_memory(copied.grad.array, x.grad.array)


def test_deep_copy_of_a_constant_requires_no_gradient(lib):
    copied = copy.deepcopy(lib.tensor([1, 2]))
    assert copied.tolist() == [1, 2]
    assert not copied.requires_grad


def test_deep_copy_drops_hooks(lib):
    x = leaf(lib)
    seen = []
    x.register_hook(seen.append)
    copied = copy.deepcopy(x)
    (copied * 2).sum().backward()
    assert seen == []
    (x * 2).sum().backward()
    assert len(seen) == 1


def test_deep_copy_of_a_container_keeps_what_is_shared_shared(lib):
    x = leaf(lib)
    first, second = copy.deepcopy([x, x])
    assert first is second
    assert first is not x


def test_deep_copies_of_a_tensor_and_its_views_share_their_entries_as_those_do(lib):
    x = lib.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=lib.float64)
    row, detached = x[0], x.detach()
    x += 0
    y, column, first, other = copy.deepcopy([x, x.T[1], row, detached])
    first[1] = 7.0
    assert y.tolist() == other.tolist() == [[1.0, 7.0], [3.0, 4.0]] and column.tolist() == [7.0, 4.0]
    y[1, 1] = 8.0
    assert column.tolist() == [7.0, 8.0] and other.tolist() == [[1.0, 7.0], [3.0, 8.0]]
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]] and row.tolist() == [1.0, 2.0]
    assert not first._is_view() and not y._is_view()
    y.requires_grad_()
    (y * y).sum().backward()
    assert not first.requires_grad and y.grad.tolist() == [[2.0, 14.0], [6.0, 16.0]]


def test_a_deep_copy_of_a_view_alone_is_a_tensor_of_its_own(lib):
    x = leaf(lib)
    with lib.no_grad():
        view = x[:1].detach()
    copied = copy.deepcopy(view)
    copied[0] = 9.0
    assert copied.tolist() == [9.0] and view.tolist() == x[:1].tolist() != [9.0]
    computed = (x * 1).detach()
    part, again = copy.deepcopy([computed[1:], computed])
    part.zero_()
    assert again[1:].tolist() == part.tolist() and computed.tolist() == x.tolist()


def test_deep_copy_of_a_computed_tensor_raises(lib):
    phrase = r"Only Tensors created explicitly by the user \(graph leaves\) support the deepcopy protocol at the moment"
    with pytest.raises(RuntimeError, match=phrase):
        copy.deepcopy(leaf(lib) * 2)


def test_deep_copy_keeps_a_grad_on_a_tensor_that_no_longer_requires_one(lib):
    x = leaf(lib)
    (x * x).sum().backward()
    x.requires_grad = False
    copied = copy.deepcopy(x)
    assert not copied.requires_grad
    assert copied.grad.tolist() == [2, 4]


def pickled(x):
    return pickle.loads(pickle.dumps(x))


def test_pickle_keeps_the_flag_and_drops_the_grad(lib):
    x = leaf(lib)
    (x * x).sum().backward()
    loaded = pickled(x)
    assert loaded.tolist() == [1, 2]
    assert loaded.dtype == lib.float32
    assert loaded.requires_grad
    assert loaded.is_leaf
    assert loaded.grad is None
    assert not pickled(lib.tensor([1, 2])).requires_grad


def test_pickled_computed_tensor_comes_back_as_a_leaf(lib):
    loaded = pickled(leaf(lib) * 2)
    assert loaded.tolist() == [2, 4]
    assert loaded.is_leaf
    assert loaded.requires_grad


def test_pickle_keeps_the_backend():
    pytest.importorskip("array_api_strict")
    x = ag.ones((2, 3), backend="array_api_strict", requires_grad=True)
    assert pickled(x).backend is x.backend


def test_shallow_copy_is_a_leaf_of_its_own(lib):
    x = leaf(lib)
    copied = copy.copy(x)
    assert copied is not x
    assert copied.tolist() == [1, 2]
    assert copied.requires_grad
    assert copied.is_leaf


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_scalars_and_empty_tensors_are_copied_and_pickled(lib, shape):
    x = lib.ones(shape, requires_grad=True)
    for copied in (copy.deepcopy(x), pickled(x)):
        assert copied.shape == shape
        assert copied.requires_grad


def test_clone_is_a_copy_through_which_gradients_flow(lib):
    x = leaf(lib)
    y = x.clone()
    assert not y.is_leaf
    (y * y).sum().backward()
    assert x.grad.tolist() == [2, 4]
    with lib.no_grad():
        x[0] = 9.0
    assert y.tolist() == [1, 2]


def test_tensor_of_a_tensor_is_a_detached_copy():
    # PyTorch does the same and warns.
    x = leaf(ag)
    y = ag.tensor(x * 2)
    assert y.is_leaf
    assert not y.requires_grad
    assert ag.asarray(x) is x


# -- identity ---------------------------------------------------------------------------------------------


def test_hash_is_identity_so_tensors_are_keys(lib):
    x, y = leaf(lib), leaf(lib)
    names = {x: "x", y: "y"}
    assert names[x] == "x"
    assert names[y] == "y"
    assert len({x, y, x}) == 2
    assert hash(x) == hash(x)


def test_comparison_with_a_stranger_is_decided_by_identity(lib):
    x = leaf(lib)
    assert (x == "no tensor") is False
    assert (x != "no tensor") is True
    assert (x == None) is False  # noqa: E711
    assert x != object()


# -- what requires a gradient -----------------------------------------------------------------------------


def test_comparisons_and_positions_do_not_require_gradients(lib):
    x = leaf(lib)
    results = [x > 0, x == x, x != 1.0, lib.isnan(x), x.argmax(), lib.argsort(x), x.nonzero()]
    results = [part for result in results for part in (result if isinstance(result, tuple) else (result,))]
    assert not any(result.requires_grad for result in results)
    assert all(result.is_leaf for result in results)
    assert lib.ones(2, dtype=lib.int64).requires_grad is False


def test_casts_to_integers_and_booleans_do_not_require_gradients(lib):
    x = leaf(lib)
    for result in (x.to(lib.int64), x.long(), x.bool(), (x * 2).to(lib.int32)):
        assert not result.requires_grad
        assert result.is_leaf
    (x * x.long().to(lib.float32)).sum().backward()
    assert x.grad.tolist() == [1, 2]


@pytest.mark.parametrize("name", ["floor", "round", "ceil", "trunc", "sign"])
def test_steps_require_gradients_that_are_zero(lib, name):
    x = leaf(lib, [1.2, -2.7])
    y = getattr(lib, name)(x)
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]
