"""What users of PyTorch rely on and the other files do not hold: out=, writes, hooks, and what a Function keeps."""

from __future__ import annotations

import numpy as np
import pytest

import arraygrad as ag


def leaf(lib, values):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True)


# -- writes -------------------------------------------------------------------------------------------------


def test_a_value_that_no_node_keeps_may_be_overwritten(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * x
    z = y + 1
    y.mul_(100)
    (z + y).sum().backward()
    assert z.tolist() == [2.0, 5.0] and x.grad.tolist() == [2.0 * 101, 4.0 * 101]


def test_a_write_through_a_detached_alias_leaves_the_gradient_of_what_was_used():
    # PyTorch raises for the first and gives the gradient of the new values for the second.
    x = leaf(ag, [1.0, 2.0])
    for alias in (lambda y: y.detach(), lambda y: y.data):
        y = x * 1
        square = y * y
        alias(y).fill_(100)
        assert y.tolist() == [100.0, 100.0]
        (g,) = ag.autograd.grad(square.sum(), x)
        assert g.tolist() == [2.0, 4.0]


def test_a_write_to_the_base_gives_its_views_another_history(lib):
    y = leaf(lib, [1.0, 2.0]) * 1
    v = y[0:1]
    before = v.grad_fn
    y.mul_(5)
    assert v.grad_fn is not before and v.grad_fn is v.grad_fn


def test_real_and_imaginary_parts_are_views(lib):
    z = lib.tensor([1 + 2j, 3 - 1j], dtype=lib.complex128, requires_grad=True)
    y = z * 1
    y.real.mul_(2)
    y.imag[0] = 7.0
    real = y.real
    y.mul_(10)
    assert y.tolist() == [20 + 70j, 60 - 10j] and real.tolist() == [20.0, 60.0]
    (abs(y) ** 2).sum().backward()
    assert z.grad.tolist() == pytest.approx([2 * 400 * 1.0 + 0j, 2 * (400 * 3 - 100j)])


def test_views_of_a_written_tensor_retain_their_grad(lib):
    x = leaf(lib, [1.0, 2.0, 3.0])
    y = x * 2
    y.retain_grad()
    tail = y[1:]
    tail.retain_grad()
    tail.mul_(3)
    y.mul_(5)
    (y * y).sum().backward(retain_graph=True)
    assert y.grad.tolist() == [20.0, 120.0, 180.0]
    (tail * tail).sum().backward()
    assert tail.grad.tolist() == [120.0, 180.0]


def test_a_value_that_does_not_fit_is_refused_with_what_came(lib):
    y = lib.zeros(2, 2)
    with pytest.raises(RuntimeError) as caught:
        y[0] = lib.ones(3)
    assert y.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert lib.is_reference or isinstance(caught.value, ag.ArraygradError)
    with pytest.raises(IndexError):
        y[5] = 1.0


def test_views_of_inference_tensors_are_of_their_kind(lib):
    normal = lib.ones(2)
    with lib.inference_mode():
        inference = lib.ones(2)
        assert not normal[:1].is_inference() and not normal.view(1, 2).is_inference() and inference[:1].is_inference()
    assert inference[:1].is_inference() and inference.view(1, 2).is_inference() and not (inference + 1).is_inference()
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        inference[:1].mul_(2)


def test_a_write_through_the_transpose_overwrites(lib):
    x = leaf(lib, [[1.0, 2.0], [3.0, 4.0]])
    y = x * x
    y.T[0] = 7.0
    assert y.tolist() == [[7.0, 4.0], [7.0, 16.0]]
    y.sum().backward()
    assert x.grad.tolist() == [[0.0, 4.0], [0.0, 8.0]]


@pytest.mark.parametrize(
    ("key", "value", "of_x", "of_value"),
    [
        (lambda lib: slice(1, 2), [10.0], [1, 0, 1], [1]),
        (lambda lib: slice(1, None), [10.0], [1, 0, 0], [2]),
        (lambda lib: lib.tensor([True, False, True]), [10.0, 20.0], [0, 1, 0], [1, 1]),
        (lambda lib: lib.tensor([2, 0]), [10.0, 20.0], [0, 1, 0], [1, 1]),
        (lambda lib: 1, 10.0, [1, 0, 1], 1),
        (lambda lib: ..., 10.0, [0, 0, 0], 3),
    ],
)
def test_every_kind_of_key_gives_gradients_to_what_was_written_and_not_to_what_was_there(lib, key, value, of_x, of_value):
    x, v = leaf(lib, [1.0, 2.0, 3.0]), leaf(lib, value)
    recorded, plain = x * 1, lib.zeros(3, dtype=lib.float64)
    for y in (recorded, plain):
        y[key(lib)] = v
        assert y.requires_grad and not y.is_leaf
    recorded.sum().backward()
    assert x.grad.tolist() == of_x and v.grad.tolist() == of_value
    (plain * 2).sum().backward()
    np.testing.assert_array_equal(v.grad.numpy(), 3 * np.array(of_value))


def test_a_part_of_an_expanded_tensor_can_be_written_to_where_its_own_entries_do_not_overlap(lib):
    x = leaf(lib, [1.0, 2.0, 3.0])
    y = x * 1
    wide = y.expand(2, 3)
    weights = lib.tensor([2.0, 3.0, 4.0], dtype=lib.float64)
    wide[0].mul_(weights)
    wide[1:, ::2].add_(1.0)
    wide[1, 0] = 10.0
    wide[0] *= 2.0
    assert y.tolist() == [20.0, 12.0, 26.0] and wide.tolist() == [y.tolist()] * 2
    (wide * lib.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], dtype=lib.float64)).sum().backward()
    assert x.grad.tolist() == [0.0, 18.0, 24.0]


def test_entries_that_overlap_cannot_be_written_to(lib):
    y = lib.ones(1, 2).expand(3, 2)
    for write in (lambda: y.__setitem__((slice(None), 0), 5.0), lambda: y[1:].mul_(2), lambda: y.add_(2)):
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single memory"):
            write()
    assert y.tolist() == [[1.0, 1.0]] * 3


def test_out_is_refused(lib):
    x, to = leaf(lib, [1.0, 2.0]), lib.zeros(2, dtype=lib.float64)
    phrase = "out=... arguments don't support automatic differentiation" if lib.is_reference else "out"
    with pytest.raises((RuntimeError, TypeError), match=phrase):
        lib.add(x, x, out=to)
    assert to.tolist() == [0.0, 0.0]


def test_contexts_that_allow_writes_to_saved_tensors_do_not_nest(lib):
    allow = lib.autograd.graph.allow_mutation_on_saved_tensors
    for _ in range(2):
        with allow(), pytest.raises(RuntimeError, match="contexts cannot be nested"), allow():
            pass


def test_increment_version_counts_a_write(lib):
    y = leaf(lib, [1.0, 2.0]) * 1
    v = y[0:1]
    lib.autograd.graph.increment_version(y)
    lib.autograd.graph.increment_version([v, y])
    assert y._version == v._version == 3


def test_where_writes_to_saved_tensors_are_allowed_the_gradient_is_that_of_what_was_used(lib):
    x = leaf(lib, [1.0, 2.0])
    with lib.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 1
        square = y * y
        y[0] = 100.0
        y.mul_(10)
        (square + y).sum().backward()
    assert x.grad.tolist() == [2.0, 14.0]


def test_a_gradient_that_is_handed_out_on_the_way_is_not_written_to_after(lib):
    def written():
        x = leaf(lib, [1.0, 2.0, 3.0])
        y = x * 1
        y[0:1] = 3.0
        return x, y, (y[:2] ** 2).sum()

    x, y, z = written()
    g, below = lib.autograd.grad(z, [y, x])
    assert g.tolist() == [6.0, 4.0, 0.0] and below.tolist() == [0.0, 4.0, 0.0]
    x, y, z = written()
    z.backward(inputs=[y, x])
    assert y.grad.tolist() == [6.0, 4.0, 0.0] and x.grad.tolist() == [0.0, 4.0, 0.0]
    x, y, z = written()
    y.retain_grad()
    z.backward()
    assert y.grad.tolist() == [6.0, 4.0, 0.0] and x.grad.tolist() == [0.0, 4.0, 0.0]
    x, y, z = written()
    seen = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(outputs[0].tolist()))
    z.backward()
    assert seen == [[6.0, 4.0, 0.0]]


# -- hooks --------------------------------------------------------------------------------------------------


def test_retained_grad_does_not_see_what_the_hooks_of_the_node_do(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 2
    y.retain_grad()
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10,))
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0] and x.grad.tolist() == [20.0, 20.0]


def test_hooks_after_accumulation_run_in_order_and_see_the_tensor(lib):
    x = leaf(lib, [1.0, 2.0])
    seen = []
    for name in ("first", "second"):
        x.register_post_accumulate_grad_hook(lambda leaf, name=name: seen.append((name, leaf is x, leaf.grad.tolist())))
    (x * 3).sum().backward()
    assert seen == [("first", True, [3.0, 3.0]), ("second", True, [3.0, 3.0])]


def test_a_hook_after_accumulation_returns_none(lib):
    x = leaf(lib, [1.0, 2.0])
    x.register_post_accumulate_grad_hook(lambda tensor: tensor.grad)
    with pytest.raises(RuntimeError, match="should return None"):
        (x * 3).sum().backward()


@pytest.mark.parametrize("place", ["prehook", "posthook", "after accumulation", "unpack", "several"])
def test_errors_of_every_hook_keep_their_type(lib, place):
    class Own(Exception):
        pass

    def fail(*args):
        raise Own("mine")

    x = leaf(lib, [1.0, 2.0])
    with lib.autograd.graph.saved_tensors_hooks(lambda kept: kept, fail if place == "unpack" else lambda kept: kept):
        y = x * x
    {
        "prehook": lambda: y.grad_fn.register_prehook(fail),
        "posthook": lambda: y.grad_fn.register_hook(fail),
        "after accumulation": lambda: x.register_post_accumulate_grad_hook(fail),
        "unpack": lambda: None,
        "several": lambda: lib.autograd.graph.register_multi_grad_hook((x, y), fail),
    }[place]()
    with pytest.raises(Own, match="mine"):
        y.sum().backward()
    assert lib.is_grad_enabled()


# -- functions of the user ----------------------------------------------------------------------------------


def test_an_output_returned_twice_is_one_tensor(lib):
    class Twice(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y

        @staticmethod
        def backward(ctx, first, second):
            return 2 * first + 2 * second

    x = leaf(lib, [1.0, 2.0])
    first, second = Twice.apply(x)
    assert first is second
    first.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def keeping(lib, keep, kept):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            keep(ctx, x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * kept(ctx)

    return Square


def test_attributes_of_a_context_are_not_checked(lib):
    square = keeping(lib, lambda ctx, x: setattr(ctx, "x", x), lambda ctx: ctx.x)
    x = leaf(lib, [1.0, 2.0])
    y = x * 1
    z = square.apply(y)
    y.fill_(10)
    z.sum().backward()
    assert x.grad.tolist() == ([20.0, 20.0] if lib.is_reference else [2.0, 4.0])


def test_what_a_function_saved_survives_a_write():
    # PyTorch raises when it is read.
    square = keeping(ag, lambda ctx, x: ctx.save_for_backward(x), lambda ctx: ctx.saved_tensors[0])
    x = leaf(ag, [1.0, 2.0])
    y = x * 1
    z = square.apply(y)
    y.fill_(10)
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_once_differentiable_gives_no_graph_where_the_gradient_that_came_has_none(lib):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @lib.autograd.function.once_differentiable
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(lib, 3.0)
    (first,) = lib.autograd.grad(Square.apply(x), x, create_graph=True)
    assert first.item() == 6.0
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        first.backward()


# -- the rest -----------------------------------------------------------------------------------------------


def test_the_reentrant_checkpoint_is_refused():
    with pytest.raises(ag.errors.GradientError, match=r"use_reentrant=True; expected False: the other kind does not work"):
        ag.checkpoint(ag.exp, leaf(ag, 1.0), use_reentrant=True)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_scalars_and_empty_tensors_are_differentiated_as_any_other(lib, shape):
    x = lib.ones(shape, dtype=lib.float64, requires_grad=True)
    y = lib.exp(x) * x
    y.register_hook(lambda g: g * 2)
    y = y.reshape((1, *shape))[0].clone()
    y.mul_(3)
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    for found, factor in ((first, 12), (second, 18)):  # the derivatives of 6 x exp(x) at 1
        np.testing.assert_allclose(found.detach().numpy(), np.full(shape, factor * np.e))


# -- methods under PyTorch's names ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x.softmax(0), lambda x: x.softmax(dim=-1), lambda x: x.log_softmax(-1), lambda x: x.flip(0),
        lambda x: x.logsumexp(dim=1, keepdim=True), lambda x: x.flip(0, 1), lambda x: x.flip(dims=(1,)),
        lambda x: x.roll(1, 0),
        lambda x: x.roll(1, dims=1), lambda x: x.unbind(1)[0], lambda x: x.unbind(dim=0)[1], lambda x: x.cumsum(0),
        lambda x: x.cumprod(dim=1), lambda x: x[:1].expand(2, -1), lambda x: x[:1].expand(3, 2, -1),
        lambda x: x[:1].expand_as(x), lambda x: x.reshape(4).view_as(x), lambda x: x.masked_fill(x > 2, 0.0),
        lambda x: x.add(x, alpha=2), lambda x: x.sub(x * x, alpha=0.5), lambda x: (x * 1).add_(x, alpha=2).sub_(x, alpha=3),
        lambda x: (x * 1).addcmul_(x, x, value=2), lambda x: (x * 1).addcdiv_(x, x + 1, value=2), lambda x: (x - 2).relu_(),
        lambda x: (x * 1).lerp_(x * x, 0.25), lambda x: (x * 1).masked_fill_(x > 2, 0.0), lambda x: (x * 1).sigmoid_(),
    ],
)  # fmt: skip
def test_methods_take_what_they_take_in_pytorch(compute):
    torch = pytest.importorskip("torch")
    found, expected = leaf(ag, [[1.0, 4.0], [3.0, 2.0]]), leaf(torch, [[1.0, 4.0], [3.0, 2.0]])
    values = []
    for x in (found, expected):
        y = compute(x)
        (y * y).sum().backward()
        values.append(y.tolist())
    np.testing.assert_allclose(*values)
    np.testing.assert_allclose(found.grad.tolist(), expected.grad.tolist())


def test_numbers_leave_a_tensor_that_requires_a_gradient_where_that_is_asked_for(lib):
    x = leaf(lib, [1.0, 2.0])
    assert x.numpy(force=True).tolist() == [1.0, 2.0]
    assert lib.name == "arraygrad-strict" or x.detach().cpu().numpy().tolist() == [1.0, 2.0]


def test_the_gradient_penalty_of_the_textbook(lib):
    x = leaf(lib, [3.0, 4.0])
    (g,) = lib.autograd.grad(
        outputs=(x**2).sum(), inputs=x, grad_outputs=lib.tensor(1.0, dtype=lib.float64), create_graph=True,
        retain_graph=True, only_inputs=True,
    )  # fmt: skip
    ((g.norm() - 1) ** 2).backward()
    assert x.grad.tolist() == pytest.approx([2 * 9 * 2 * 0.6, 2 * 9 * 2 * 0.8])


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
def test_whether_anomaly_detection_looks_for_nan_can_be_asked(lib):
    with lib.autograd.detect_anomaly(check_nan=False):
        assert lib.is_anomaly_enabled() and not lib.is_anomaly_check_nan_enabled()
    assert not lib.is_anomaly_enabled() and lib.is_anomaly_check_nan_enabled()
