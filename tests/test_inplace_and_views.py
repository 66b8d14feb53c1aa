"""Writes in place, and views: a write through one rewrites its base and all other views, with their history."""

from __future__ import annotations

import gc
import time
import weakref

import numpy as np
import pytest

import arraygrad as ag


def leaf(lib, values):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True)


# -- leaves -------------------------------------------------------------------------------------------------


def test_a_leaf_that_requires_a_gradient_cannot_be_written_to(lib):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        x *= 2
    assert x.tolist() == [1.0, 2.0] and x._version == 0


@pytest.mark.parametrize(
    "write", [lambda x: x[0:1].mul_(2), lambda x: x.__setitem__(0, 5.0), lambda x: x.reshape(2, 1).zero_()]
)
def test_nor_can_it_be_through_a_view(lib, write):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(
        RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place operation"
    ):
        write(x)
    assert x.tolist() == [1.0, 2.0]


def test_under_no_grad_it_can_and_its_version_counts(lib):
    x = leaf(lib, [1.0, 2.0])
    with lib.no_grad():
        x.mul_(3)
    assert x.tolist() == [3.0, 6.0] and x._version == 1 and x.is_leaf and x.requires_grad
    with lib.no_grad():
        x[0] = 7.0
    assert x.tolist() == [7.0, 6.0] and x._version == 2
    (x * x).sum().backward()
    assert x.grad.tolist() == [14.0, 12.0]


# -- histories ----------------------------------------------------------------------------------------------


def test_a_write_through_a_view_rewrites_its_base(lib):
    x = leaf(lib, [1.0, 2.0, 3.0])
    y = x * 2
    v = y[0:2]
    v.mul_(10)
    assert y.tolist() == [20.0, 40.0, 6.0] and v.tolist() == [20.0, 40.0]
    assert y.grad_fn.name().endswith("CopySlices") and v._base is y and v._is_view() and not y._is_view()
    y.sum().backward()
    assert x.grad.tolist() == [20.0, 20.0, 2.0]


def test_a_write_to_the_base_shows_in_its_views_and_their_history(lib):
    x = leaf(lib, [1.0, 2.0, 3.0])
    y = x * 2
    v = y.reshape(3, 1)
    y.mul_(5)
    assert v.tolist() == [[10.0], [20.0], [30.0]]
    v.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0, 10.0]


def test_views_of_views_have_the_root_as_base_and_follow_one_another(lib):
    x = leaf(lib, [[1.0, 2.0], [3.0, 4.0]])
    y = x * 1
    row, transposed = y[0], y.mT
    entry = row[1:]
    column = transposed.unsqueeze(0)[0, 1]
    entry.mul_(10)
    assert entry._base is y and column._base is y
    assert column.tolist() == [20.0, 4.0] and row.tolist() == [1.0, 20.0]
    (column * column).sum().backward()
    assert x.grad.tolist() == [[0.0, 400.0], [0.0, 8.0]]


def test_versions_are_shared_by_base_views_and_detached(lib):
    y = leaf(lib, [1.0, 2.0]) * 1
    v, d = y[0:1], y.detach()
    v.add_(1)
    d.add_(1)
    assert [each._version for each in (y, v, d, y[1:])] == [2, 2, 2, 2]
    y.data.add_(1)
    assert y._version == 2 and y.tolist() == [4.0, 4.0]


def test_writes_to_a_detached_tensor_show_but_are_not_differentiated(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 2
    y.detach().mul_(100)
    assert y.tolist() == [200.0, 400.0] and y.grad_fn.name() == "MulBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_overwritten_entries_get_no_gradient_and_the_values_get_theirs(lib):
    x, v = leaf(lib, [1.0, 2.0, 3.0]), leaf(lib, [10.0])
    y = x * x
    y[1:] = v  # broadcast
    (y * lib.tensor([1.0, 2.0, 3.0], dtype=lib.float64)).sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0] and v.grad.tolist() == [5.0]


def test_masks_and_integer_arrays_write_too(lib):
    x, v = leaf(lib, [1.0, 2.0, 3.0]), leaf(lib, 10.0)
    y = x * 1
    y[y > 1.5] = v
    y[lib.tensor([0])] = y[1] * 3
    assert y.tolist() == [30.0, 10.0, 10.0]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0] and v.grad.item() == 5.0


def test_a_tensor_without_history_becomes_part_of_one(lib):
    y, v = lib.zeros(3, dtype=lib.float64), leaf(lib, 2.0)
    y[1] = v * v
    assert y.requires_grad and not y.is_leaf
    y.sum().backward()
    assert v.grad.item() == 4.0


def test_augmented_assignment_keeps_identity(lib):
    x = leaf(lib, [1.0, 2.0])
    y = z = x * 1
    y += 1
    y[0] *= 5
    assert y is z and z.tolist() == [10.0, 3.0]
    y[1] = y[0] * 3
    y.sum().backward()
    assert x.grad.tolist() == [20.0, 0.0]


def test_duplicate_indices_add_once_and_the_last_write_wins():
    x, v = leaf(ag, [1.0, 2.0]), leaf(ag, [10.0, 20.0])
    y = x * 1
    y[[0, 0]] += 1
    assert y.tolist() == [2.0, 2.0]
    y[[0, 0]] = v
    assert y.tolist() == [20.0, 2.0]
    y.sum().backward()
    assert v.grad.tolist() == [0.0, 1.0] and x.grad.tolist() == [0.0, 1.0]


def test_zeroing_keeps_the_tensor_in_the_graph(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 3
    y.zero_()
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_under_no_grad_a_write_keeps_the_history(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 3
    with lib.no_grad():
        y.mul_(100)
    assert y.tolist() == [300.0, 600.0] and y.grad_fn.name() == "MulBackward0"


def test_hooks_before_a_write_see_the_gradient_of_the_old_value(lib):
    seen = {}
    y = leaf(lib, [1.0, 2.0]) * 1
    y.register_hook(lambda g: seen.__setitem__("old", g.tolist()))
    y.mul_(4)
    y.register_hook(lambda g: seen.__setitem__("new", g.tolist()))
    y.sum().backward()
    assert seen == {"old": [4.0, 4.0], "new": [1.0, 1.0]}


@pytest.mark.parametrize("key", [[0, 1], [True, True, False], ([0, 1],)])
def test_a_part_of_a_tensor_may_be_written_to_other_places_of_it(key):
    # PyTorch wants a copy of the part: its write would read what it has written.
    for backend in ("numpy", "array_api_strict"):
        with ag.use_backend(backend):
            x = leaf(ag, [1.0, 2.0, 3.0])
            y = x * 1
            y[key] = y[1:]
            assert y.tolist() == [2.0, 3.0, 3.0]
            y[key] += 5
            y[0:2] = y[1:]
            assert y.tolist() == [8.0, 3.0, 3.0]
            y.sum().backward()
            assert x.grad.tolist() == [0.0, 0.0, 3.0]


def test_a_view_without_history_written_to_its_own_place_is_a_constant_there(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 1
    with lib.no_grad():
        part = y[0:1]
    y[0:1] = part
    y.sum().backward()
    assert y.tolist() == [1.0, 2.0] and x.grad.tolist() == [0.0, 1.0]


# -- what a node keeps is never overwritten -----------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict"])
def test_values_that_a_node_keeps_survive_a_write(backend):
    x = ag.tensor([1.0, 2.0], dtype=ag.float64, backend=backend, requires_grad=True)
    y = x * 1
    square = y * y
    e = ag.exp(y)
    kept = e * 1
    y.mul_(100)
    e.zero_()
    (square + kept).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.array([1.0, 2.0]) + np.exp([1.0, 2.0]))


def test_a_leaf_changed_under_no_grad_has_the_gradient_of_what_was_used():
    w = leaf(ag, [2.0])
    y = w * w
    with ag.no_grad():
        w.fill_(50.0)
    y.sum().backward()
    assert w.grad.tolist() == [4.0]


def test_an_array_that_was_wrapped_is_not_changed_behind_its_owners_back():
    array = np.ones(3)
    x = ag.asarray(array)
    x[0] = 5.0
    x += 1
    assert array.tolist() == [1.0, 1.0, 1.0] and x.tolist() == [6.0, 2.0, 2.0]


def test_arrays_that_left_are_not_changed():
    x = ag.zeros(3, dtype=ag.float64)
    x[0] = 1.0
    array, shared = x.array, x.numpy()
    x[1] = 2.0
    assert array.tolist() == [1.0, 0.0, 0.0] and shared.tolist() == [1.0, 0.0, 0.0] and x.tolist() == [1.0, 2.0, 0.0]


def test_where_nobody_else_sees_the_buffer_it_is_written_in_place():
    x = ag.zeros(3, dtype=ag.float64)
    x[0] = 1.0
    place = x.array.ctypes.data
    for index in range(3):
        x[index] = 2.0
        x[index : index + 1] += 1
    assert x.array.ctypes.data == place and x.tolist() == [3.0, 3.0, 3.0]


def seconds(size, writes):
    x = ag.ones(size, dtype=ag.float64, requires_grad=True)
    y, w = x * 1, ag.tensor(0.5, dtype=ag.float64, requires_grad=True)
    before = time.perf_counter()
    for index in range(writes):
        part = y[index % size : index % size + 1]
        part *= w
        y[(index + 1) % size] = y[index % size] + 1
    y.sum().backward()
    return time.perf_counter() - before


def test_a_loop_of_small_writes_does_not_pay_for_the_size_of_the_tensor():
    seconds(100, 300)
    small, large = seconds(1_000, 1_000), seconds(1_000_000, 1_000)
    assert large < 3 * small + 0.5  # to copy the large one once takes a millisecond


def test_ten_thousand_views_are_written_through_in_linear_time():
    x = leaf(ag, [1.0] * 10_000)
    y = x * 1
    views = [y[index : index + 1] for index in range(10_000)]
    before = time.perf_counter()
    for view in views:
        view.mul_(2)
    y.sum().backward()
    assert time.perf_counter() - before < 20
    assert x.grad.tolist() == [2.0] * 10_000


# -- what cannot be written ---------------------------------------------------------------------------------


def test_outputs_of_an_operation_with_several_cannot_be_written_to(lib):
    first, _ = (leaf(lib, [[1.0], [2.0]]) * 1).unbind()
    with pytest.raises(RuntimeError, match="This view is the output of a function that returns multiple views"):
        first.mul_(2)
    plain, _ = lib.ones(2, 2).unbind()
    plain.mul_(2)
    assert plain.tolist() == [2.0, 2.0]


def test_what_iteration_gives_can_be_written_to_as_an_index_can():
    x = leaf(ag, [[1.0, 2.0], [3.0, 4.0]])
    y = x * 1
    first, second = y
    first[0] = second[1] * 5
    for row in y:
        row += 1
    assert y.tolist() == [[21.0, 3.0], [4.0, 5.0]]
    assert (first.tolist(), second.tolist()) == ([21.0, 3.0], [4.0, 5.0])
    y.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0], [1.0, 6.0]]
    with ag.no_grad():
        unrecorded = list(y)
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode"):
        unrecorded[0].mul_(2)


def test_a_view_made_under_no_grad_cannot_be_written_to_outside(lib):
    y = leaf(lib, [1.0, 2.0]) * 1
    with lib.no_grad():
        v = y[0:1]
        v.mul_(2)
    assert y.tolist() == [2.0, 2.0]
    with pytest.raises(
        RuntimeError, match="A view was created in no_grad mode and is being modified inplace with grad mode enabled"
    ):
        v.mul_(2)
    assert y.tolist() == [2.0, 2.0]


def test_entries_that_share_their_place_cannot_be_written_to(lib):
    with pytest.raises(
        RuntimeError, match="more than one element of the written-to tensor refers to a single memory location"
    ):
        lib.ones(1).expand(3).mul_(2)


KEYS = {
    "part": slice(0, 2), "item": 1, "all": ..., "new axis": None, "integers": [0, 2], "mask": [True, False, True],
}  # fmt: skip


def key_of(lib, name):
    return lib.tensor(KEYS[name]) if isinstance(KEYS[name], list) else KEYS[name]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("axes", [1, 3])
def test_what_is_written_may_have_leading_axes_of_length_one(lib, name, axes):
    y, v = leaf(lib, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) * 1, leaf(lib, [[7.0, 8.0]])
    y[key_of(lib, name)] = v.reshape((1,) * axes + (2,))
    assert set(y[key_of(lib, name)].detach().reshape(-1).tolist()) == {7.0, 8.0}
    y.sum().backward()
    written = {"item": 1.0, "all": 3.0, "new axis": 3.0}.get(name, 2.0)
    assert v.grad.tolist() == [[written, written]]


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "float32", "float64", "complex128"])
@pytest.mark.parametrize("into", ["bool", "int64", "float32", "float64", "complex64"])
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
def test_what_is_written_is_converted(lib, into, dtype):
    y, v = lib.ones(3, dtype=getattr(lib, into)), lib.tensor([2.5, 0.0], dtype=getattr(lib, dtype))
    y[:2] = v
    whole = {"bool": 1, "int32": 2, "int64": 2}.get(dtype, 2.5)
    assert y.dtype == getattr(lib, into)
    assert y.tolist() == [{"bool": True, "int64": int(whole)}.get(into, whole), 0, 1]


def test_of_complex_values_the_real_part_is_written_to_real_numbers(lib):
    y, v = lib.zeros(2, dtype=lib.float64), lib.tensor([1 + 2j, 3 + 4j], dtype=lib.complex128, requires_grad=True)
    with pytest.warns(UserWarning, match="Casting complex values to real discards the imaginary part"):
        y[:] = v
    assert y.tolist() == [1.0, 3.0]
    y.sum().backward()
    assert v.grad.tolist() == [1.0, 1.0]
    with pytest.raises((RuntimeError, TypeError)):
        y[0] = 1j


def test_a_mask_fills_with_a_value_in_the_dtype_of_what_is_filled(lib):
    y, mask = lib.tensor([1, 2]), lib.tensor([True, False])
    assert y.masked_fill(mask, 2.5).tolist() == [2, 2] and y.masked_fill_(mask, 3.5).tolist() == [3, 2]
    assert y.fill_(lib.tensor(4.5)).tolist() == [4, 4]


@pytest.mark.parametrize("write", [lambda v: v.fill_(2), lambda v: v.__setitem__(..., 2.0), lambda v: v.__setitem__(0, 2.0)])
@pytest.mark.parametrize("make", [lambda y: y.sum().expand(1), lambda y: y[1].expand(1), lambda y: y[:1].expand(1, 1)])
def test_a_scalar_or_a_part_that_was_expanded_to_one_element_can_be_written_to(lib, make, write):
    y = leaf(lib, [1.0, 3.0]) * 1
    v = make(y)
    write(v)
    write(v)
    assert v.sum().item() == 2.0 and v._version == v._base._version == 2


@pytest.mark.parametrize(
    ("make", "filled"),
    [
        (lambda y: y[0:1].expand(3), [7.0, 2.0]),
        (lambda y: y[1].expand(2, 2), [1.0, 7.0]),
        (lambda y: y.expand(3, 2)[1:, 0], [7.0, 2.0]),
        (lambda y: y.expand(3, 2), [7.0, 7.0]),
    ],
    ids=["row", "scalar", "part", "all"],
)
def test_entries_that_share_their_place_can_be_filled(lib, make, filled):
    x = leaf(lib, [1.0, 2.0])
    y = x * 1
    v = make(y)
    assert v.fill_(7.0) is v and y.tolist() == filled and set(v.reshape(-1).tolist()) == {7.0} and y._version == 1
    if not lib.is_reference:  # whose backward pass refuses to fill them again
        (y * y).sum().backward()
        assert x.grad.tolist() == [0.0 if each == 7.0 else 2 * each for each in filled]
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        make(x).zero_()


@pytest.mark.parametrize(
    "key", [([0], [4]), ([0], [-4]), ([2],), (5,), (slice(None), [3]), (slice(None), [-4]), ([0], 3), (3, [0])], ids=str
)
def test_what_an_index_misses_is_not_written_to(lib, key):
    y = lib.ones((2, 3)) * 1
    key = tuple(lib.tensor(part) if isinstance(part, list) else part for part in key)
    with pytest.raises(IndexError, match=r"out of (bounds|range)"):
        y[key] = 9.0
    with pytest.raises(IndexError, match=r"out of (bounds|range)"):
        y[key] += 9.0
    assert y.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


def test_a_write_cannot_change_shape_or_kind(lib):
    with pytest.raises(RuntimeError, match=r"output with shape \[1\] doesn't match the broadcast shape \[2\]"):
        lib.ones(1).add_(lib.ones(2))
    if lib.name != "arraygrad-strict":  # which has no product of the two kinds at all
        with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
            lib.tensor([1, 2]).mul_(1.5)


def test_views_cannot_be_detached_in_place(lib):
    with pytest.raises(RuntimeError, match=r"Can't detach views in-place\. Use detach\(\) instead"):
        (leaf(lib, [1.0, 2.0]) * 1)[0:1].detach_()


# -- every operation that PyTorch has in place ----------------------------------------------------------------


def ints(lib, values):
    return lib.tensor(values, dtype=lib.int64)


def matrix(lib):
    return lib.tensor([[0.5, 2.0], [1.5, 0.25]], dtype=lib.float64)


OF_TWO = ["add_", "sub_", "mul_", "div_", "multiply_", "subtract_", "divide_", "true_divide_", "remainder_", "pow_",
          "atan2_", "arctan2_", "hypot_", "copysign_", "xlogy_", "eq_", "ne_", "lt_", "le_", "gt_", "ge_", "not_equal_",
          "less_", "less_equal_", "greater_", "greater_equal_", "clamp_min_", "clamp_max_"]  # fmt: skip
OF_ONE = ["abs_", "absolute_", "acos_", "arccos_", "asin_", "arcsin_", "atan_", "arctan_", "ceil_", "cos_", "cosh_", "erf_",
          "erfc_", "erfinv_", "exp_", "exp2_", "expm1_", "floor_", "fix_", "lgamma_", "log_", "log10_", "log1p_", "log2_",
          "logit_", "nan_to_num_", "neg_", "negative_", "reciprocal_", "relu_", "round_", "rsqrt_", "sigmoid_", "sign_",
          "sin_", "sinc_", "sinh_", "sqrt_", "square_", "tan_", "tanh_", "tril_", "triu_", "trunc_"]  # fmt: skip
OTHERS = {
    "addcmul_": lambda lib: (matrix(lib), matrix(lib)),
    "addcdiv_": lambda lib: (matrix(lib), matrix(lib)),
    "clamp_": lambda lib: (0.3, 0.8),
    "cumsum_": lambda lib: (1,),
    "cumprod_": lambda lib: (-1,),
    "fill_": lambda lib: (3.0,),
    "index_add_": lambda lib: (1, ints(lib, [1, 0]), matrix(lib)),
    "index_copy_": lambda lib: (-1, ints(lib, [1, 0]), matrix(lib)),
    "index_fill_": lambda lib: (1, ints(lib, [1]), 3.0),
    "index_put_": lambda lib: ((ints(lib, [1, 0]), ints(lib, [0, 1])), lib.tensor([3.0, 4.0], dtype=lib.float64)),
    "lerp_": lambda lib: (matrix(lib), 0.25),
    "masked_fill_": lambda lib: (matrix(lib) > 1, 5.0),
    "scatter_": lambda lib: (0, ints(lib, [[0, 1], [1, 0]]), 3.0),
    "scatter_add_": lambda lib: (1, ints(lib, [[0, 1], [1, 1]]), matrix(lib)),
    **{name: lambda lib: () for name in OF_ONE},
    **{name: lambda lib: (matrix(lib),) for name in OF_TWO},
}


@pytest.mark.parametrize("name", OTHERS)
def test_operations_in_place_do_what_they_do_in_pytorch(lib, name):
    torch = pytest.importorskip("torch")
    found = []
    for library in (torch, lib):
        x = leaf(library, [[0.5, 0.25], [0.75, 0.9]])
        y = x * 1
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
            getattr(x, name)(*OTHERS[name](library))
        row = y[0]
        assert getattr(y, name)(*OTHERS[name](library)) is y and y.requires_grad and y._version == 1
        (y.clone() * row.clone()).sum().backward()
        found.append([*y.detach().reshape(-1).tolist(), *row.tolist(), *x.grad.reshape(-1).tolist()])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", ["logical_and_", "logical_or_", "logical_xor_", "logical_not_"])
def test_logical_operations_in_place_keep_the_dtype(lib, name):
    others = () if name == "logical_not_" else (lib.tensor([0.0, 0.0, 3.0, 4.0]),)
    x = lib.tensor([0.0, 2.0, 0.0, 2.0])
    assert getattr(x, name)(*others) is x and x.dtype == lib.float32
    assert x.tolist() == {"logical_and_": [0, 0, 0, 1], "logical_or_": [0, 1, 1, 1], "logical_xor_": [0, 1, 1, 0],
                          "logical_not_": [1, 0, 1, 0]}[name]  # fmt: skip


SHAPES = {
    "t_": (lambda x: x.t_(), (2, 1)),
    "transpose_": (lambda x: x.transpose_(0, -1), (2, 1)),
    "swapaxes_": (lambda x: x.swapaxes_(0, 1), (2, 1)),
    "squeeze_": (lambda x: x.squeeze_(), (2,)),
    "squeeze_ along one": (lambda x: x.squeeze_(0), (2,)),
    "unsqueeze_": (lambda x: x.unsqueeze_(-1), (1, 2, 1)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_changes_in_place_and_the_entries_stay_shared(lib, name):
    change, shape = SHAPES[name]
    x = leaf(lib, [[1.0, 2.0]])
    y = x * 1
    before, alias = y[0], y.detach()
    assert change(y) is y and tuple(y.shape) == shape and y.requires_grad and y._version == 1
    after = y.reshape(2)[0:1]
    y.mul_(3)
    before[1:].mul_(5)
    assert before.tolist() == y.reshape(2).tolist() == [3.0, 30.0] and after.tolist() == [3.0]
    assert alias.tolist() == [[3.0, 30.0]] and before._version == y._version == 3
    (y.reshape(2) * before).sum().backward()
    assert x.grad.tolist() == [[18.0, 900.0]]


@pytest.mark.parametrize(
    ("operate", "result"),
    [
        (lambda lib, x: x.cumsum_(0), 3.0),
        (lambda lib, x: x.cumprod_(-1), 3.0),
        (lambda lib, x: x.index_fill_(0, ints(lib, [0]), 5.0), 5.0),
        (lambda lib, x: x.index_add_(-1, ints(lib, [0]), lib.tensor(5.0, dtype=lib.float64)), 8.0),
    ],
    ids=["sum", "product", "fill", "add"],
)
def test_operations_in_place_along_an_axis_take_scalars(lib, operate, result):
    x = leaf(lib, 3.0)
    y = x * 1
    assert operate(lib, y) is y and y.item() == result and tuple(y.shape) == ()
    y.backward()
    assert x.grad.item() == (0.0 if result == 5.0 else 1.0)
    with pytest.raises(IndexError):
        (x * 1).cumsum_(1)


def test_a_scalar_is_transposed_by_its_one_axis(lib):
    x = lib.tensor(3.0)
    assert x.transpose_(0, -1) is x and x.item() == x.transpose(-1, 0).item() == 3.0
    with pytest.raises(IndexError):
        x.transpose_(0, 1)


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_of_a_leaf_changes_under_no_grad(lib, name):
    change, shape = SHAPES[name]
    x = leaf(lib, [[1.0, 2.0]])
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        change(x)
    with lib.no_grad():
        change(x)
    assert x.is_leaf and x.requires_grad and tuple(x.shape) == shape
    (x * x).sum().backward()
    assert x.grad.reshape(2).tolist() == [2.0, 4.0] and x.grad.shape == x.shape


# -- memory -------------------------------------------------------------------------------------------------


def test_a_detached_tensor_does_not_keep_the_graph_alive(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 2
    hidden = weakref.ref(y)
    kept = y.detach(), y[0].detach()
    gc.disable()
    try:
        del y
        assert hidden() is None and kept[0].tolist() == [2.0, 4.0]
    finally:
        gc.enable()


def test_writes_inside_transforms_are_differentiated_in_all_compositions():
    def f(x):
        y = ag.zeros(3, dtype=ag.float64)
        y[0] = x[0] * x[1]
        y[1:] = x[:2]
        y += x
        y[1] *= y[0]
        return y[1]

    x = ag.asarray(np.array([2.0, 3.0, 5.0]))
    for outer in (ag.func.jacrev, ag.func.jacfwd):
        for inner in (ag.func.jacrev, ag.func.jacfwd):
            # f = (x0 + x1) (x0 x1 + x0)
            np.testing.assert_allclose(
                outer(inner(f))(x).numpy(), [[8.0, 11.0, 0.0], [11.0, 4.0, 0.0], [0.0, 0.0, 0.0]]
            )


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict"])
def test_gradients_through_writes_can_be_differentiated(backend):
    x = ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64, backend=backend, requires_grad=True)
    y = x.exp()
    y[0] = y[1] * y[2]
    y[1:] *= y[0]
    (first,) = ag.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), x)
    _, e2, e3 = np.exp([1.0, 2.0, 3.0])  # y = e2 e3, e2 e2 e3, e2 e3 e3
    by_x2 = 2 * e2 * e3 + 6 * e2**2 * e3 + 3 * e2 * e3**2
    by_x3 = 2 * e2 * e3 + 3 * e2**2 * e3 + 6 * e2 * e3**2
    np.testing.assert_allclose(second.numpy(), [0.0, by_x2, by_x3])


def test_views_that_are_held_do_not_keep_their_base_from_being_written_in_place():
    y = leaf(ag, [1.0] * 4) * 1
    y[0] = 2.0
    views = [y[index : index + 1] for index in range(4)]
    views[0].mul_(3)
    place = y.array.ctypes.data
    for view in views:
        view.mul_(3)
    assert y.array.ctypes.data == place and y.tolist() == [18.0, 3.0, 3.0, 3.0]


def test_what_a_node_keeps_of_a_view_survives_a_write_to_the_base():
    y, w = leaf(ag, [1.0, 2.0]) * 1, leaf(ag, [10.0])
    view = y[0:1]
    product = view * w  # keeps the array of the view
    y[0] = 100.0
    product.backward()
    assert w.grad.tolist() == [1.0]


def test_a_detached_tensor_is_no_view(lib):
    y = leaf(lib, [1.0, 2.0]) * 1
    for detached in (y.detach(), y[0:1].detach()):
        assert detached._base is None and not detached._is_view()


def test_parts_of_an_inference_tensor_are_inference_tensors_too(lib):
    with lib.inference_mode():
        x = lib.ones(2, 2) * 2
    w = lib.ones(2, requires_grad=True)
    for part in (x[0], x.unbind()[0]):
        with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
            part * w


def test_a_detached_tensor_is_an_inference_tensor_if_what_it_came_from_is_one(lib):
    normal = lib.ones(2)
    with lib.inference_mode():
        x = lib.ones(2)
        assert not normal.detach().is_inference() and not normal.data.is_inference()
    assert x.detach().is_inference() and x.data.is_inference()
    assert not x.clone().detach().is_inference()
