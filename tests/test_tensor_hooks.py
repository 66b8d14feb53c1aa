"""Hooks on tensors, and `retain_grad`."""

from __future__ import annotations

import pytest

import arraygrad as ag


def leaf(lib, values=(1.0, 2.0)):
    return lib.tensor(list(values) if isinstance(values, tuple) else values, requires_grad=True)


# -- what hooks see and do --------------------------------------------------------------------------------


def test_hooks_run_in_the_order_of_registration_and_each_sees_the_last_result(lib):
    x = leaf(lib)
    seen = []

    def double(g):
        seen.append(("double", g.tolist()))
        return g * 2

    def look(g):
        seen.append(("look", g.tolist()))

    def add(g):
        seen.append(("add", g.tolist()))
        return g + 1

    for hook in (double, look, add, look):
        x.register_hook(hook)
    (x * 3).sum().backward()
    assert seen == [("double", [3, 3]), ("look", [6, 6]), ("add", [6, 6]), ("look", [7, 7])]
    assert x.grad.tolist() == [7, 7]


def test_hook_of_a_computed_tensor_changes_what_flows_on(lib):
    x = leaf(lib)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [20, 20]


def test_hook_sees_the_fully_summed_gradient_once(lib):
    x = leaf(lib)
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * 2 + x * x + x).sum().backward()
    assert seen == [[5, 7]]


def test_hooks_run_for_grad_too_and_change_its_result(lib):
    x = leaf(lib)
    y = x * 2
    x.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: g * 10)
    assert lib.autograd.grad(y.sum(), x, retain_graph=True)[0].tolist() == [21, 21]
    assert lib.autograd.grad(y.sum(), y)[0].tolist() == [10, 10]
    assert x.grad is None


def test_hook_of_a_leaf_runs_before_accumulation_on_the_increment(lib):
    x = leaf(lib)
    (x * 2).sum().backward()
    seen = []
    x.register_hook(lambda g: seen.append((g.tolist(), x.grad.tolist())))
    (x * 5).sum().backward()
    assert seen == [([5, 5], [2, 2])]
    assert x.grad.tolist() == [7, 7]


def test_hook_runs_on_the_gradient_of_the_root(lib):
    x = leaf(lib)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.backward(lib.tensor([3.0, 4.0]))
    assert seen == [[3, 4]]


def test_hook_does_not_run_where_no_gradient_comes(lib):
    x, other = leaf(lib), leaf(lib)
    seen = []
    other.register_hook(seen.append)
    (x * 2).sum().backward()
    assert seen == []


def test_hook_on_one_output_of_several_sees_its_own_gradient(lib):
    x = leaf(lib, (1.0, 2.0, 3.0))
    first, _, third = x.unbind()
    seen = []
    first.register_hook(lambda g: seen.append(("first", g.item())))
    third.register_hook(lambda g: seen.append(("third", g.item())) or g * 10)
    (first * 2 + third * 3).backward()
    assert sorted(seen) == [("first", 2), ("third", 3)]
    assert x.grad.tolist() == [2, 0, 30]


def test_hook_sees_zeros_where_nothing_was_selected():
    x = ag.tensor([0.0, 4.0], requires_grad=True)
    root = ag.sqrt(x)
    seen = []
    root.register_hook(lambda g: seen.append(g.tolist()))
    ag.where(x > 0, root, 0.0).sum().backward()
    assert seen == [[0, 1]]


def test_gradient_that_a_hook_kept_does_not_change_afterwards(lib):
    x = leaf(lib)
    seen = []
    x.register_hook(seen.append)
    for _ in range(3):
        (x * 2 + x).sum().backward()
    assert [g.tolist() for g in seen] == [[3, 3]] * 3
    assert x.grad.tolist() == [9, 9]


def test_changing_the_grad_does_not_change_the_gradient_that_a_hook_kept(lib):
    x = leaf(lib)
    seen = []
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * 2).sum().backward()
    x.grad.zero_()
    assert seen[0].tolist() == [2, 2]


def test_hooks_are_differentiable_under_create_graph(lib):
    x = leaf(lib, 3.0)
    x.register_hook(lambda g: g * g)
    (first,) = lib.autograd.grad(x * x, x, create_graph=True)
    assert first.item() == 36
    (second,) = lib.autograd.grad(first.clone(), [x])
    assert second.item() == 24 * 24


def test_hook_on_a_half_precision_tensor_sees_its_dtype(lib):
    dtype = lib.float16 if lib.name != "arraygrad-strict" else lib.float32
    x = lib.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(g.dtype))
    (x.to(lib.float64) * 2 + x).sum().backward()
    assert seen == [dtype]


# -- errors -----------------------------------------------------------------------------------------------


def test_hook_on_a_tensor_that_requires_no_gradient_raises(lib):
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        lib.tensor([1.0]).register_hook(lambda g: None)


def test_hook_that_changes_the_shape_raises(lib):
    x = leaf(lib)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match="hook '<lambda>' has changed the size of value"):
        (x * 2).sum().backward()


def test_hook_that_changes_the_dtype_raises(lib):
    x = leaf(lib)
    x.register_hook(lambda g: g.to(lib.float64))
    with pytest.raises(RuntimeError, match=r"hook '<lambda>' has changed the type of value \(was .* got .*\)"):
        (x * 2).sum().backward()


def test_hook_that_returns_no_tensor_raises(lib):
    x = leaf(lib)
    x.register_hook(lambda g: 1)
    with pytest.raises(TypeError, match=r"expected Variable, but hook returned '.*int.*'"):
        (x * 2).sum().backward()


def test_hook_that_changes_the_backend_or_the_device_raises():
    strict = pytest.importorskip("array_api_strict")
    x = leaf(ag)
    x.register_hook(lambda g: ag.ones(2, backend="array_api_strict"))
    with pytest.raises(ag.errors.ArgumentTypeError, match=r"hook '<lambda>' .*numpy.* got array_api_strict"):
        (x * 2).sum().backward()
    with ag.use_backend("array_api_strict"):
        y = leaf(ag)
    y.register_hook(lambda g: g.to_device(strict.Device("device1")))
    with pytest.raises(ag.errors.ArgumentTypeError, match=r"hook '<lambda>' .*device1"):
        (y * 2).sum().backward()


def test_errors_of_hooks_keep_their_type(lib):
    class Mine(Exception):
        pass

    def fail(g):
        raise Mine("from the hook")

    x = leaf(lib)
    x.register_hook(fail)
    with pytest.raises(Mine, match="from the hook"):
        (x * 2).sum().backward()
    assert x.grad is None


# -- handles ----------------------------------------------------------------------------------------------


def test_removed_hook_does_not_run_and_may_be_removed_again(lib):
    x = leaf(lib)
    seen = []
    handle = x.register_hook(seen.append)
    handle.remove()
    handle.remove()
    (x * 2).sum().backward()
    assert seen == []


def test_hook_lives_as_long_as_the_block_of_its_handle(lib):
    x = leaf(lib)
    seen = []
    with x.register_hook(seen.append):
        (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert len(seen) == 1


def test_same_hook_registered_twice_runs_twice_and_is_removed_once(lib):
    x = leaf(lib)

    def double(g):
        return g * 2

    handle = x.register_hook(double)
    x.register_hook(double)
    assert lib.autograd.grad(x.sum(), x)[0].tolist() == [4, 4]
    handle.remove()
    assert lib.autograd.grad(x.sum(), x)[0].tolist() == [2, 2]


def test_handle_may_outlive_its_tensor(lib):
    x = leaf(lib)
    handle = (x * 2).register_hook(lambda g: None)
    handle.remove()


@pytest.mark.parametrize("kind", ["tensor", "pre", "post", "accumulated"])
def test_later_hook_removed_inside_an_earlier_one_runs_this_once(lib, kind):
    x = leaf(lib)
    y = x * 2
    register = {"tensor": y.register_hook, "pre": y.grad_fn.register_prehook, "post": y.grad_fn.register_hook,
                "accumulated": x.register_post_accumulate_grad_hook}[kind]  # fmt: skip
    seen = []
    register(lambda *_: later.remove())
    later = register(lambda *_: seen.append("later"))
    register(lambda *_: seen.append("last"))
    y.sum().backward(retain_graph=True)
    assert seen == ["later", "last"]
    y.sum().backward()
    assert seen == ["later", "last", "last"]


def test_hook_may_remove_itself(lib):
    x = leaf(lib)
    seen = []

    def once(g):
        seen.append(g.tolist())
        handle.remove()

    handle = x.register_hook(once)
    for _ in range(2):
        x.sum().backward()
    assert seen == [[1, 1]]


# -- retain_grad ------------------------------------------------------------------------------------------


def test_retained_grad_is_filled_by_backward(lib):
    x = leaf(lib)
    y = x * x
    y.retain_grad()
    assert y.retains_grad
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3, 3]
    assert x.grad.tolist() == [6, 12]


def test_retained_grad_accumulates_over_backward_passes(lib):
    x = leaf(lib)
    y = x + 1
    y.retain_grad()
    for _ in range(3):
        (y * 3).sum().backward()
    assert y.grad.tolist() == [9, 9]


def test_retained_grad_sees_the_result_of_all_tensor_hooks_whatever_the_order(lib):
    x = leaf(lib)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    y.register_hook(lambda g: g + 1)
    y.sum().backward()
    assert y.grad.tolist() == [11, 11]
    assert x.grad.tolist() == [22, 22]


def test_a_retained_grad_that_somebody_holds_keeps_its_value(lib):
    x = leaf(lib, [2.0])
    y = x * 3
    y.retain_grad()
    z = (y * y).sum()
    z.backward(retain_graph=True)
    held = y.grad
    z.backward(retain_graph=True)
    assert held.tolist() == [12.0] and y.grad.tolist() == [24.0]
    w = x * 3
    z = (w * w).sum()
    z.backward(inputs=[w], retain_graph=True)
    held = w.grad
    z.backward(inputs=[w])
    assert held.tolist() == [12.0] and w.grad.tolist() == [24.0]


def test_retain_grad_on_a_leaf_does_nothing(lib):
    x = leaf(lib)
    x.retain_grad()
    assert not x.retains_grad
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_retain_grad_twice_is_retain_grad_once(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    y.sum().backward()
    assert y.grad.tolist() == [1, 1]


def test_retain_grad_on_a_tensor_that_requires_none_raises(lib):
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        lib.tensor([1.0]).retain_grad()


def test_retained_grad_is_filled_by_grad_where_it_passes(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    lib.autograd.grad((y * 3).sum(), x)
    assert y.grad.tolist() == [3, 3]
    assert x.grad is None


def test_retained_grad_is_there_for_inputs_that_are_also_asked_for(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    (y * 3).sum().backward(inputs=[y])
    assert y.grad.tolist() == [3, 3]


def test_retained_grad_does_not_share_memory_with_that_of_the_leaf(lib):
    x = leaf(lib)
    y = x + 0
    y.retain_grad()
    y.sum().backward()
    y.grad[0] = 9.0
    assert x.grad.tolist() == [1, 1]


def test_retained_grad_of_one_output_of_several(lib):
    x = leaf(lib)
    first, second = x.unbind()
    second.retain_grad()
    (first * 2 + second * 3).backward()
    assert second.grad.item() == 3


def test_retained_grad_under_create_graph_can_be_differentiated(lib):
    x = leaf(lib, 3.0)
    y = x * 1
    y.retain_grad()
    with pytest.warns(UserWarning, match="reference cycle"):
        (y * y * y).backward(create_graph=True)
    assert y.grad.item() == 27
    assert lib.autograd.grad(y.grad, x)[0].item() == 18
    x.grad = y.grad = None


def test_retained_grad_follows_a_write_in_place(lib):
    x = leaf(lib)
    y = x * 2
    y.retain_grad()
    y.mul_(5)
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3, 3]
    assert x.grad.tolist() == [30, 30]


def test_retained_grad_is_not_filled_by_a_backward_pass_that_fails():
    x = leaf(ag)
    y = x * 2
    y.retain_grad()

    def fail(g):
        raise ValueError("in the hook")

    x.register_hook(fail)
    with pytest.raises(ValueError, match="in the hook"):
        y.sum().backward()
    assert y.grad is None
