"""`backward` and `autograd.grad`: what they give, what they refuse, what they leave behind."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import arraygrad as ag
from arraygrad import accumulation

SECOND_TIME = r"Trying to backward through the graph a second time \(or directly access saved tensors after"


def leaf(lib, values, dtype="float64"):
    return lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=True)


def constant(lib, values, dtype="float64"):
    return lib.tensor(values, dtype=getattr(lib, dtype))


# -- the graph is walked once, unless it is retained ------------------------------------------------------


def test_second_backward_through_released_values_raises(lib):
    x = leaf(lib, 3.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        y.backward()
    assert x.grad.item() == 6


def test_grad_after_backward_raises(lib):
    x = leaf(lib, 3.0)
    y = lib.exp(x)
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        lib.autograd.grad(y, x)


def test_second_root_that_shares_a_released_part_raises(lib):
    x = leaf(lib, 3.0)
    shared = x * x
    first, second = shared + 1, shared + 2
    first.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        second.backward()
    assert x.grad.item() == 6


def test_error_of_the_second_backward_says_what_to_do():
    x = ag.tensor(3.0, requires_grad=True)
    y = x * x
    y.backward()
    with pytest.raises(ag.errors.GradientError, match=r"MulBackward0: .* Specify retain_graph=True"):
        y.backward()


def test_second_backward_succeeds_where_nothing_was_saved(lib):
    x = leaf(lib, 3.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_multiplying_by_a_number_saves_nothing():
    # PyTorch keeps the number as a tensor and releases it; here nothing has to be released.
    x = ag.tensor(3.0, requires_grad=True)
    y = x * 2
    y.backward()
    y.backward()
    assert x.grad.item() == 4


def test_retain_graph_allows_repeats(lib):
    x = leaf(lib, 3.0)
    y = x * x
    for _ in range(3):
        y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 24
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        y.backward()


def test_retain_graph_defaults_to_create_graph(lib):
    x = leaf(lib, 3.0)
    y = x * x
    lib.autograd.grad(y, x, create_graph=True)
    lib.autograd.grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        lib.autograd.grad(y, x)


def test_failed_backward_reports_the_released_part_before_it_changes_anything(lib):
    x, other = leaf(lib, 3.0), leaf(lib, 5.0)
    shared = x * x
    shared.backward(retain_graph=False)
    x.grad = None
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        (shared + other * other).backward()
    assert x.grad is None


def test_saved_values_are_readable_until_released(lib):
    x = leaf(lib, 3.0)
    y = lib.exp(x)
    node = y.grad_fn
    assert node._saved_result.item() == y.item()
    with pytest.raises(AttributeError):
        _ = node._saved_nothing_of_this_name
    y.backward()
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        _ = node._saved_result


# -- several roots ----------------------------------------------------------------------------------------


def test_backward_of_several_roots_sums(lib):
    a, b = leaf(lib, [1.0, 2.0]), leaf(lib, [3.0, 4.0])
    z, c = a * b, a + 1
    lib.autograd.backward([z, c], [constant(lib, [1.0, 10.0]), constant(lib, [100.0, 1000.0])])
    assert a.grad.tolist() == [3 + 100, 40 + 1000]
    assert b.grad.tolist() == [1, 20]


def test_duplicate_roots_count_twice(lib):
    x = leaf(lib, 3.0)
    y = x * x
    lib.autograd.backward([y, y])
    assert x.grad.item() == 12
    assert lib.autograd.grad([x, x], x)[0].item() == 2


def test_roots_that_depend_on_one_another_are_walked_once_each(lib):
    x = leaf(lib, 2.0)
    y = x * x
    z = y * y
    lib.autograd.backward([y, z])
    assert x.grad.item() == 4 + 4 * 8
    x.grad = None
    y = x * x
    z = y * y
    lib.autograd.backward([z, y, x])
    assert x.grad.item() == 4 + 4 * 8 + 1


def test_count_of_gradients_must_be_that_of_the_roots(lib):
    x = leaf(lib, 2.0)
    with pytest.raises(RuntimeError, match=r"(?i)got (2|1) (tensors|gradients|1 gradients).*1 gradients"):
        lib.autograd.backward([x * x, x * 2], [constant(lib, 1.0)])


# -- backward(inputs=...) ---------------------------------------------------------------------------------


def test_backward_with_inputs_fills_only_those(lib):
    x, w = leaf(lib, 3.0), leaf(lib, 5.0)
    (x * w).backward(inputs=[x])
    assert x.grad.item() == 5
    assert w.grad is None
    (x * w).backward(inputs=x)
    assert x.grad.item() == 10


def test_backward_with_a_computed_input_fills_its_grad(lib):
    x = leaf(lib, 3.0)
    y = x * x
    y.retain_grad()
    (y * y).backward(inputs=[y, x])
    assert y.grad.item() == 18
    assert x.grad.item() == 108


@pytest.mark.parametrize("lib", ["arraygrad", "arraygrad-strict"], indirect=True)
def test_backward_with_a_computed_input_needs_no_retain_grad(lib):
    # So it is in PyTorch, but reading the grad warns there.
    x = leaf(lib, 3.0)
    y = x * x
    (y * y).backward(inputs=[y])
    assert y.grad.item() == 18
    assert x.grad is None


def test_unreachable_inputs_of_backward_stay_without_grad(lib):
    x, unused = leaf(lib, 3.0), leaf(lib, 5.0)
    (x * x).backward(inputs=[x, unused])
    assert x.grad.item() == 6
    assert unused.grad is None


def test_backward_with_an_input_given_twice_counts_once(lib):
    x = leaf(lib, 3.0)
    (x * x).backward(inputs=[x, x])
    assert x.grad.item() == 6


def test_empty_inputs_of_backward_raise(lib):
    x = leaf(lib, 3.0)
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `backward\(\)` cannot be empty"):
        (x * x).backward(inputs=[])


# -- autograd.grad ----------------------------------------------------------------------------------------


def test_grad_leaves_dot_grad_alone(lib):
    x = leaf(lib, 3.0)
    assert lib.autograd.grad(x * x, x)[0].item() == 6
    assert x.grad is None


def test_grad_gives_a_tuple_one_for_each_input(lib):
    x, w = leaf(lib, 3.0), leaf(lib, 5.0)
    result = lib.autograd.grad(x * w, [x, w])
    assert isinstance(result, tuple)
    assert [each.item() for each in result] == [5, 3]


def test_grad_by_computed_and_repeated_inputs(lib):
    x = leaf(lib, 3.0)
    y = x * x
    by_y, by_x, again = lib.autograd.grad(y * y, (y, x, x))
    assert (by_y.item(), by_x.item(), again.item()) == (18, 108, 108)


def test_grad_of_an_output_by_itself_is_one(lib):
    x = leaf(lib, 3.0)
    y = x * x
    assert [each.item() for each in lib.autograd.grad(y, [y, x])] == [1, 6]
    assert lib.autograd.grad(x, x)[0].item() == 1


def test_grad_of_several_outputs_is_their_sum(lib):
    x = leaf(lib, 3.0)
    assert lib.autograd.grad([x * x, x * 5], x)[0].item() == 11


def test_grad_by_a_dictionary_gives_a_dictionary(lib):
    parameters = {"x": leaf(lib, 3.0), "w": leaf(lib, 5.0)}
    result = lib.autograd.grad(parameters["x"] * parameters["w"], parameters)
    assert {name: each.item() for name, each in result.items()} == {"x": 5, "w": 3}


def test_unused_input_of_grad_raises(lib):
    x, unused = leaf(lib, 3.0), leaf(lib, 5.0)
    phrase = (
        "appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior."
        if not lib.is_reference
        else "appears to not have been used in the graph"
    )
    with pytest.raises(RuntimeError, match=phrase):
        lib.autograd.grad(x * x, [x, unused])


def test_error_of_an_unused_input_says_which():
    x, unused = (ag.tensor(3.0, requires_grad=True) for _ in range(2))
    with pytest.raises(ag.errors.GradientError, match="The differentiated Tensor at index 1 appears to not have been"):
        ag.autograd.grad(x * x, [x, unused])


def test_unused_input_of_grad_gives_none_where_allowed(lib):
    x, unused = leaf(lib, 3.0), leaf(lib, 5.0)
    gradients = lib.autograd.grad(x * x, [x, unused], allow_unused=True)
    assert gradients[0].item() == 6
    assert gradients[1] is None


def test_unused_input_of_grad_gives_zeros_of_its_shape_and_dtype(lib):
    x, unused = leaf(lib, 3.0), leaf(lib, [5.0, 6.0], "float32")
    _, zeros = lib.autograd.grad(x * x, [x, unused], materialize_grads=True)
    assert zeros.dtype == lib.float32
    assert zeros.tolist() == [0, 0]


def test_materialized_zeros_can_be_differentiated_again(lib):
    x = leaf(lib, 3.0)
    (first,) = lib.autograd.grad(x * 2, x, create_graph=True)
    (second,) = lib.autograd.grad(first, x, materialize_grads=True) if first.requires_grad else (x * 0,)
    assert (first.item(), second.item()) == (2, 0)
    unused = leaf(lib, 5.0)
    _, zeros = lib.autograd.grad(x * x, [x, unused], create_graph=True, materialize_grads=True)
    (again,) = lib.autograd.grad(zeros + x * unused, unused, materialize_grads=True)
    assert again.item() == 3


def test_materialized_zeros_require_a_gradient_where_what_is_found_does(lib):
    x, unused = leaf(lib, 3.0), leaf(lib, 5.0)
    for create_graph in (True, False):
        found, zeros = lib.autograd.grad(x * x, [x, unused], create_graph=create_graph, materialize_grads=True)
        assert found.requires_grad == zeros.requires_grad == create_graph
        if create_graph:
            assert lib.autograd.grad(zeros, [x], allow_unused=True) == (None,)


def test_materialize_grads_forbids_allow_unused_false(lib):
    x = leaf(lib, 3.0)
    with pytest.raises(ValueError, match=r"(?i)expected allow_unused to be True or not passed"):
        lib.autograd.grad(x * x, x, materialize_grads=True, allow_unused=False)


@pytest.mark.parametrize("inputs", [[], (), {}], ids=repr)
def test_empty_inputs_of_grad_raise(lib, inputs):
    x = leaf(lib, 3.0)
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `grad\(\)` cannot be empty"):
        lib.autograd.grad(x * x, inputs)


def test_grad_by_a_tensor_that_requires_none_raises(lib):
    x = leaf(lib, 3.0)
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        lib.autograd.grad(x * x, [x, constant(lib, 1.0)])


def test_third_derivative_through_nested_grad_is_exact(lib):
    x = leaf(lib, 2.0)
    y = x * x * x * x
    for expected in (32, 48, 48, 24):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        assert y.item() == expected
    assert y.item() == 24


def test_gradient_of_a_gradient_by_its_cotangent(lib):
    x, g = leaf(lib, [2.0, 3.0]), leaf(lib, [1.0, 10.0])
    (first,) = lib.autograd.grad(x * x, x, g, create_graph=True)
    assert first.tolist() == [4, 60]
    by_x, by_g = lib.autograd.grad(first.sum(), [x, g])
    assert by_x.tolist() == [2, 20]
    assert by_g.tolist() == [4, 6]


# -- the gradient given -----------------------------------------------------------------------------------


def test_gradient_of_another_shape_raises(lib):
    x = leaf(lib, [1.0, 2.0])
    shapes = [r"torch.Size\(\[3\]\)", r"torch.Size\(\[2\]\)"] if lib.is_reference else [r"\(3,\)", r"\(2,\)"]
    phrase = r"Mismatch in shape: grad_output\[0\] has a shape of {} and output\[0\] has a shape of {}".format(*shapes)
    with pytest.raises(RuntimeError, match=phrase):
        (x * x).backward(constant(lib, [1.0, 1.0, 1.0]))
    with pytest.raises(RuntimeError, match=phrase):
        lib.autograd.grad(x * x, x, constant(lib, [1.0, 1.0, 1.0]))
    assert x.grad is None


def test_gradient_that_only_broadcasts_to_the_output_raises(lib):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * x).backward(constant(lib, 1.0))


@pytest.mark.parametrize("dtypes", [("float64", "complex128"), ("complex128", "float64")])
def test_complex_gradient_of_a_real_output_and_the_reverse_raise(lib, dtypes):
    x = leaf(lib, [1.0, 2.0], dtypes[0])
    phrase = "For complex Tensors, both grad_output and output are required to have the same dtype."
    with pytest.raises(RuntimeError, match=phrase):
        (x * x).backward(constant(lib, [1.0, 1.0], dtypes[1]))


def test_gradient_of_another_real_dtype_is_cast(lib):
    x = leaf(lib, [1.0, 2.0], "float32")
    (x * x).backward(constant(lib, [1.0, 10.0], "float64"))
    assert x.grad.dtype == lib.float32
    assert x.grad.tolist() == [2, 40]


def test_gradient_of_another_kind_raises(lib):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises((TypeError, RuntimeError)):
        (x * x).backward("no tensor")


def test_errors_about_the_gradient_given_say_what_came_and_what_was_expected():
    strict = pytest.importorskip("array_api_strict")
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ag.errors.ArgumentTypeError, match="got str; expected a Tensor or None"):
        (x * x).backward("no tensor")
    with pytest.raises(
        ag.errors.ArgumentTypeError, match="stored by array_api_strict for an output stored by numpy; convert"
    ):
        (x * x).backward(ag.ones(2, backend="array_api_strict"))
    other_device = strict.__array_namespace_info__().devices()[1]
    y = ag.ones(2, backend="array_api_strict", requires_grad=True)
    with pytest.raises(ag.errors.ArgumentTypeError, match=r"grad_output.0.: got an array on .*move it first"):
        (y * y).backward(ag.ones(2, backend="array_api_strict", device=other_device))
    assert x.grad is None
    assert y.grad is None


def test_raw_array_and_number_are_taken_as_gradients():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(ag.tensor([1.0, 10.0]).numpy())
    assert x.grad.tolist() == [2, 40]
    (x * x).sum().backward(2)
    assert x.grad.tolist() == [6, 48]


def test_batch_of_gradients_gives_a_batch_of_results(lib):
    x = leaf(lib, [1.0, 2.0])
    rows = constant(lib, [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    (result,) = lib.autograd.grad(x * x, x, rows, is_grads_batched=True)
    assert result.tolist() == [[2, 0], [0, 4], [2, 4]]


def test_batch_of_gradients_over_several_outputs_and_inputs(lib):
    x, w = leaf(lib, [1.0, 2.0]), leaf(lib, 3.0)
    batches = [constant(lib, [[1.0, 0.0], [0.0, 1.0]]), constant(lib, [10.0, 100.0])]
    by_x, by_w, by_unused = lib.autograd.grad(
        [x * w, w * w], [x, w, leaf(lib, 1.0)], batches, is_grads_batched=True, allow_unused=True
    )
    assert by_x.tolist() == [[3, 0], [0, 3]]
    assert by_w.tolist() == [1 + 60, 2 + 600]
    assert by_unused is None


def test_gradients_that_are_no_batch_raise(lib):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="If `is_grads_batched=True`, we interpret the first"):
        lib.autograd.grad(x * x, x, constant(lib, [1.0, 1.0]), is_grads_batched=True)


def test_batches_of_different_or_no_size_raise():
    # PyTorch says so in the words of vmap.
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    for batches in ([ag.ones((2, 2)), ag.ones(3)], [ag.ones((0, 2)), ag.ones(0)], [ag.ones((2, 2)), None]):
        with pytest.raises(ag.errors.ArgumentError, match="expected the same batch of at least 1 for all"):
            ag.autograd.grad([x * x, x.sum()], x, batches, is_grads_batched=True)
    with pytest.raises(ag.errors.ArgumentError, match="grad_outputs: got 0 for 1 outputs"):
        ag.autograd.grad(x * x, x, is_grads_batched=True)


def test_batch_of_gradients_with_create_graph_can_be_differentiated(lib):
    x = leaf(lib, [1.0, 2.0])
    rows = constant(lib, [[1.0, 0.0], [0.0, 1.0]])
    (jacobian,) = lib.autograd.grad(x * x * x, x, rows, is_grads_batched=True, create_graph=True)
    assert jacobian.tolist() == [[3, 0], [0, 12]]
    (second,) = lib.autograd.grad(jacobian.sum(), x)
    assert second.tolist() == [6, 12]


# -- what is executed, and when ---------------------------------------------------------------------------


def recording(name, seen):
    return lambda g: seen.append(name)


def test_nodes_not_needed_for_the_inputs_are_not_executed(lib):
    x, w = leaf(lib, 3.0), leaf(lib, 5.0)
    seen = []
    left, right = x * x, w * w
    left.register_hook(recording("left", seen))
    right.register_hook(recording("right", seen))
    y = left + right
    lib.autograd.grad(y, x, retain_graph=True)
    assert seen == ["left"]
    y.backward(inputs=[w], retain_graph=True)
    assert seen == ["left", "right"]


def test_values_of_nodes_that_were_not_executed_stay(lib):
    x, w = leaf(lib, 3.0), leaf(lib, 5.0)
    left, right = x * x, w * w
    lib.autograd.grad(left + right, x)
    assert lib.autograd.grad(right, w)[0].item() == 10
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        lib.autograd.grad(left, x)


def test_nodes_beyond_the_inputs_are_not_executed(lib):
    x = leaf(lib, 3.0)
    early = x * x
    late = early * 2
    seen = []
    early.register_hook(recording("early", seen))
    x.register_hook(recording("x", seen))
    lib.autograd.grad(late, early)
    assert seen == ["early"]
    assert lib.autograd.grad(early, x)[0].item() == 6


def test_nodes_created_later_execute_first(lib):
    x = leaf(lib, 3.0)
    seen = []
    a = x * 2
    b = x * 3
    a.register_hook(recording("a", seen))
    b.register_hook(recording("b", seen))
    (b + a).backward()
    (a + b).backward() if not lib.is_reference else seen.extend(["b", "a"])  # 2 * x is released there
    assert seen == ["b", "a"] * 2


def test_tensor_used_many_times_gets_the_sum_once(lib):
    x = leaf(lib, 3.0)
    y = x * 1
    seen = []
    x.register_hook(lambda g: seen.append(("x", g.item())))
    y.register_hook(lambda g: seen.append(("y", g.item())))
    (y * y + y * 5 + y).backward()
    assert seen == [("y", 12), ("x", 12)]
    assert x.grad.item() == 12


def test_sum_of_many_uses_does_not_overwrite_what_others_see(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 1
    seen = []
    y.register_hook(lambda g: seen.append(g))
    z = y + y
    z.register_hook(lambda g: seen.append(g))
    (z + y).sum().backward()
    assert [each.tolist() for each in seen] == [[1, 1], [3, 3]]


def test_backward_formulas_and_hooks_run_with_grad_mode_off_unless_create_graph(lib):
    x = leaf(lib, 3.0)
    seen = []
    x.register_hook(lambda g: seen.append((lib.is_grad_enabled(), g.requires_grad)))
    lib.autograd.grad(x * x, x)
    lib.autograd.grad(x * x, x, create_graph=True)
    assert seen == [(False, False), (True, True)]
    assert lib.is_grad_enabled()


def test_backward_works_inside_no_grad(lib):
    x = leaf(lib, 3.0)
    y = x * x
    with lib.no_grad():
        y.backward(retain_graph=True)
        assert lib.autograd.grad(y, x)[0].item() == 6
        assert not lib.is_grad_enabled()
    assert x.grad.item() == 6


def test_create_graph_inside_no_grad_makes_a_graph(lib):
    x = leaf(lib, 3.0)
    y = x * x
    with lib.no_grad():
        (first,) = lib.autograd.grad(y, x, create_graph=True)
    assert first.requires_grad
    assert lib.autograd.grad(first, x)[0].item() == 2


def test_backward_inside_a_backward_pass_works(lib):
    x, inner = leaf(lib, 3.0), leaf(lib, 5.0)
    seen = []

    def hook(g):
        with lib.enable_grad():
            (inner * inner * g.item()).backward()
        seen.append(inner.grad.item())

    y = x * x
    y.register_hook(hook)
    (y * 2).backward()
    assert seen == [20]
    assert x.grad.item() == 12


def test_backward_inside_a_hook_of_the_same_leaf_adds_up(lib):
    x = leaf(lib, 3.0)

    def hook(g):
        with lib.enable_grad():
            (x * 5).backward()

    y = x * x
    y.register_hook(hook)
    y.backward()
    assert x.grad.item() == 11


# -- all or nothing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
def test_backward_that_a_hook_interrupts_changes_no_grad(error):
    # PyTorch has by then filled the leaves that it met before.
    x, w = (ag.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    (w * w).sum().backward()
    before = w.grad

    def fail(g):
        raise error("in the hook")

    y = (x * w).sum() + (w * w).sum()
    handle = x.register_hook(fail)
    with pytest.raises(error, match="in the hook"):
        y.backward(retain_graph=True)
    assert x.grad is None
    assert w.grad is before
    assert w.grad.tolist() == [4, 6]
    handle.remove()
    y.backward()
    assert x.grad.tolist() == [2, 3]
    assert w.grad.tolist() == [10, 15]


def test_backward_that_an_interrupted_rule_ends_changes_no_grad(monkeypatch):
    x, w = (ag.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    y = (w * 2).sum() + ag.exp(x).sum()

    def interrupted(g, kept, options):
        raise KeyboardInterrupt

    monkeypatch.setattr(ag.exp.op, "pulls", (interrupted,))
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    assert x.grad is None
    assert w.grad is None


def test_interrupt_while_grads_are_set_undoes_those_that_were(monkeypatch):
    leaves = [ag.tensor([2.0, 3.0], requires_grad=True) for _ in range(4)]
    for x in leaves[::2]:
        x.grad = ag.tensor([1.0, 1.0])
    before = [x.grad for x in leaves]
    original = accumulation._change

    class Interrupting:
        """Stands in for the owner of a `.grad` whose assignment is interrupted."""

        def __setattr__(self, name, value):
            if value is not None:
                raise KeyboardInterrupt

    calls = []

    def change(tensor, cell, create_graph):
        made = original(tensor, cell, create_graph)
        calls.append(tensor)
        return made if len(calls) < len(leaves) else (Interrupting(), "grad", None, made[3])

    monkeypatch.setattr(accumulation, "_change", change)
    with pytest.raises(KeyboardInterrupt):
        sum((x * x).sum() for x in leaves).backward()
    assert all(x.grad is grad for x, grad in zip(leaves, before, strict=True))
    assert [None if x.grad is None else x.grad.tolist() for x in leaves] == [[1, 1], None, [1, 1], None]


def test_grad_mode_is_restored_after_a_failed_backward(lib):
    x = leaf(lib, 3.0)

    def fail(g):
        raise ValueError("in the hook")

    x.register_hook(fail)
    with pytest.raises(ValueError, match="in the hook"):
        (x * x).backward()
    assert lib.is_grad_enabled()
    assert (x * x).requires_grad


# -- size, memory, threads --------------------------------------------------------------------------------


@pytest.mark.parametrize("lib", ["arraygrad", "torch"], indirect=True)
def test_chain_of_a_hundred_thousand_operations(lib):
    x = leaf(lib, 1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.0
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1
    assert sys.getrecursionlimit() < 50_000
    del y


@pytest.mark.parametrize("lib", ["arraygrad", "torch"], indirect=True)
def test_unwalked_chain_of_a_hundred_thousand_operations_is_destroyed(lib):
    x = leaf(lib, 1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    alive = weakref.ref(y)
    del y
    assert alive() is None


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_intermediates_die_with_their_last_use(lib):
    x = leaf(lib, [1.0, 2.0])
    hidden = x + 1
    alive = weakref.ref(hidden)
    y = hidden.sum()
    del hidden
    assert alive() is None
    y.backward()
    assert x.grad.tolist() == [1, 1]


@pytest.mark.usefixtures("no_collector")
def test_intermediates_die_although_their_arrays_are_kept():
    # PyTorch keeps the tensor with its storage.
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    hidden = ag.exp(x)
    tensor, array = weakref.ref(hidden), weakref.ref(hidden.array)
    y = (hidden * hidden).sum()
    del hidden
    assert tensor() is None
    assert array() is not None
    del y
    assert array() is None


@pytest.mark.usefixtures("no_collector")
def test_intermediates_die_with_their_last_use_although_their_grad_is_retained(lib):
    x = leaf(lib, [1.0, 2.0])
    hidden = x * 2
    hidden.retain_grad()
    y = hidden.sum()
    y.backward()
    alive = weakref.ref(hidden)
    del hidden
    assert alive() is None
    assert x.grad.tolist() == [2, 2]


@pytest.mark.usefixtures("no_collector")
def test_arrays_die_when_a_backward_pass_has_used_them():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    hidden = ag.exp(x)
    alive = weakref.ref(hidden.array)
    y = (hidden * hidden).sum()
    del hidden
    assert alive() is not None
    y.backward()
    assert alive() is None


@pytest.mark.usefixtures("no_collector")
def test_graph_of_higher_derivatives_through_grad_makes_no_cycle(lib):
    x = leaf(lib, [1.0, 2.0])
    y = (x * x * x).sum()
    (first,) = lib.autograd.grad(y, x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x, create_graph=True)
    alive = [weakref.ref(first), weakref.ref(second), weakref.ref(y)]
    del first, second, y
    assert [each() for each in alive] == [None] * 3


@pytest.mark.usefixtures("no_collector")
def test_nothing_of_a_failed_backward_stays_alive():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = ag.exp(x)
    alive = weakref.ref(y)
    y.register_hook(lambda g: 1)
    with pytest.raises(TypeError):
        y.sum().backward()
    del y
    gc.collect()  # the traceback holds the frames
    assert alive() is None


def test_leaf_that_died_does_not_disturb_the_graph(lib):
    x, w = leaf(lib, 3.0), leaf(lib, 5.0)
    y = x * w
    del w
    y.backward()
    assert x.grad.item() == 5


@pytest.fixture
def restless_threads():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-7)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless_threads")
def test_concurrent_backward_from_eight_threads_onto_one_leaf_adds_up(lib):
    x = leaf(lib, [1.0, 2.0])
    start = threading.Barrier(8)
    failures = []

    def work():
        try:
            start.wait()
            for _ in range(50):
                (x * 1.0).sum().backward()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert x.grad.tolist() == [400, 400]


def test_threads_may_walk_one_retained_graph_at_the_same_time(lib):
    x = leaf(lib, [1.0, 2.0])
    y = (lib.exp(x) * x).sum()
    expected = lib.autograd.grad(y, x, retain_graph=True)[0].tolist()
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(lib.autograd.grad(y, x, retain_graph=True)[0].tolist()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "array_api_strict"])
def test_the_same_program_gives_bitwise_the_same_gradients(backend):
    pytest.importorskip(backend)

    def gradients():
        x = ag.asarray(np.linspace(0.1, 1, 200, dtype=np.float32).reshape(20, 10), backend=backend).requires_grad_()
        y = x * 1
        for step in range(30):
            y = (y @ (x.T @ x)) / ag.sqrt((y * y).sum()) + x[step % 20] * y.sum() * 1e-3
            y[step % 20] += x.sum(axis=0)
        (y * y).sum().backward()
        return x.grad.numpy().tobytes()

    assert len({gradients() for _ in range(4)}) == 1
