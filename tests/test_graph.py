"""Nodes, their hooks, gradient edges, and hooks on what nodes keep."""

from __future__ import annotations

import weakref

import pytest

import arraygrad as ag


def leaf(lib, values):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True)


# -- nodes --------------------------------------------------------------------------------------------------


def test_nodes_know_their_name_what_came_before_and_what_the_user_tells_them(lib):
    x, y = leaf(lib, [1.0, 2.0]), lib.tensor([3.0, 4.0], dtype=lib.float64)
    z = x * y
    assert z.grad_fn.name() == "MulBackward0"
    (of_x, number), of_y = z.grad_fn.next_functions
    assert of_x.variable is x and number == 0 and of_y == (None, 0)
    z.grad_fn.metadata["mine"] = 1
    assert (z + 1).grad_fn.next_functions[0][0].metadata == {"mine": 1}


def test_nodes_can_be_called(lib):
    x = leaf(lib, [1.0, 2.0])
    z = x * x.exp()
    gradients = z.grad_fn(lib.tensor([1.0, 10.0], dtype=lib.float64))
    assert len(gradients) == 2 and gradients[1].tolist() == [1.0, 20.0]
    with pytest.raises((TypeError, RuntimeError), match="expected 1 arguments, got 2 instead"):
        z.grad_fn(lib.ones(2), lib.ones(2))


def test_order_of_hooks_on_a_node_and_on_a_leaf(lib):
    order = []
    x = leaf(lib, 2.0)
    y = x * 3
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: order.append("node posthook"))
    y.grad_fn.register_prehook(lambda grad_outputs: order.append("node prehook"))
    y.register_hook(lambda g: order.append("tensor hook"))
    accumulate = y.grad_fn.next_functions[0][0]
    accumulate.register_hook(lambda grad_inputs, grad_outputs: order.append(f"leaf posthook {len(grad_inputs)}"))
    x.register_post_accumulate_grad_hook(lambda tensor: order.append(f"accumulated {tensor.grad.item()}"))
    accumulate.register_prehook(lambda grad_outputs: order.append("leaf prehook"))
    x.register_hook(lambda g: order.append(f"leaf tensor hook {x.grad}"))
    y.backward()
    of_node = ["tensor hook", "node prehook", "node posthook"]
    assert order == [*of_node, "leaf tensor hook None", "leaf prehook", "accumulated 3.0", "leaf posthook 0"]


def test_grad_runs_the_hooks_of_a_tensor_and_not_those_of_its_node(lib):
    counts = {"tensor": 0, "pre": 0, "post": 0}

    def count(name):
        counts[name] += 1

    a = leaf(lib, 2.0)
    b = a * 3
    c = b * 5
    b.register_hook(lambda g: count("tensor"))
    b.grad_fn.register_prehook(lambda g: count("pre"))
    b.grad_fn.register_hook(lambda i, o: count("post"))
    lib.autograd.grad(c, b, retain_graph=True)
    assert counts == {"tensor": 1, "pre": 0, "post": 0}
    lib.autograd.grad(c, (a, b), retain_graph=True)
    assert counts == {"tensor": 2, "pre": 1, "post": 1}
    c.backward()
    assert counts == {"tensor": 3, "pre": 2, "post": 2}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize(
    ("inputs", "computed"), [(lambda x, y: [y], None), (lambda x, y: [y, x], [150.0, 150.0])], ids=["alone", "with a leaf"]
)
def test_backward_by_a_computed_input_runs_the_hooks_of_its_node(lib, inputs, computed):
    seen = []
    x = leaf(lib, [1.0, 2.0])
    y = x * 3
    y.register_hook(lambda g: seen.append("tensor"))
    y.grad_fn.register_prehook(lambda g: seen.append("pre") or (g[0] * 10,))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs[0] if inputs[0] is None else inputs[0].tolist()))
    (y * 5).sum().backward(inputs=inputs(x, y))
    assert seen == ["tensor", "pre", computed] and y.grad.tolist() == [5.0, 5.0]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_backward_by_a_part_runs_the_hooks_of_the_node_that_made_the_parts(lib):
    x = leaf(lib, [1.0, 2.0])
    first, second = x.unbind()
    seen = []
    first.grad_fn.register_prehook(lambda g: seen.append(g[1].item()))
    (first * 3 + second * 5).backward(inputs=[second])
    assert second.grad.item() == 5.0 and first.grad is None and seen == [5.0]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_a_prehook_may_stop_the_gradient(lib):
    x, w = leaf(lib, [1.0, 2.0]), leaf(lib, [3.0, 4.0])
    y = x * 2
    y.grad_fn.register_prehook(lambda g: (None,))
    z = y * w
    z.sum().backward()
    assert x.grad is None and w.grad.tolist() == [2.0, 4.0]
    parts = (x * 2).unbind()
    parts[0].grad_fn.register_prehook(lambda g: (None, None))
    (parts[0] + w.sum()).backward()
    assert x.grad is None and w.grad.tolist() == [3.0, 5.0]
    accumulate = (w * 1).grad_fn.next_functions[0][0]
    accumulate.register_prehook(lambda g: (None,))
    seen = []
    w.register_post_accumulate_grad_hook(seen.append)
    (w * x).sum().backward()
    assert x.grad.tolist() == [3.0, 4.0] and w.grad.tolist() == [3.0, 5.0] and seen == [w]


def test_hooks_of_a_node_change_what_flows(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 3
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10,))
    handle = y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] + 1, *grad_inputs[1:]))
    y.sum().backward(retain_graph=True)
    assert x.grad.tolist() == [31.0, 31.0]
    handle.remove()
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [30.0, 30.0]


def test_what_a_hook_of_a_node_returns_must_fit_what_it_replaces(lib):
    def hooked(register, result):
        x, w = leaf(lib, [1.0, 2.0, 3.0]), leaf(lib, [2.0, 2.0, 2.0])
        y = x * w
        if register == "pre":
            y.grad_fn.register_prehook(lambda outputs: (result(outputs[0]),))
        elif register == "post":
            y.grad_fn.register_hook(lambda inputs, outputs: (result(inputs[0]), inputs[1]))
        else:
            accumulate = y.grad_fn.next_functions[0][0]
            accumulate.register_prehook(lambda outputs: (result(outputs[0]),))
            y.grad_fn.metadata["leaf"] = accumulate  # PyTorch forgets the hooks of one that nobody holds
        return x, w, y

    wrong = [
        (lambda g: g[:1], RuntimeError, "has changed the size of value"),
        (lambda g: lib.reshape(g, (1, 3)), RuntimeError, "has changed the size of value"),
        (lambda g: lib.ones_like(g, dtype=lib.float32), RuntimeError, "has changed the type of value"),
        (lambda g: lib.ones_like(g, dtype=lib.complex128), RuntimeError, "has changed the type of value"),
        (lambda g: 3, TypeError, "expected Variable, but hook returned 'int'"),
    ]
    for register in ("pre", "post", "leaf"):
        for result, error, message in wrong:
            x, w, y = hooked(register, result)
            with pytest.raises(error, match=message):
                y.sum().backward()
            assert lib.is_reference or (x.grad is None and w.grad is None)


def test_a_posthook_that_returns_the_wrong_number_raises(lib):
    x, y = leaf(lib, 1.0), leaf(lib, 2.0)
    z = x * y
    z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0],))
    with pytest.raises(RuntimeError, match=r"has returned an incorrect number of values \(got 1, but expected 2\)"):
        z.backward()
    assert x.grad is None


def test_a_leaf_can_drop_its_gradient_once_it_was_accumulated(lib):
    x = leaf(lib, [1.0, 2.0])
    seen = []

    def step(tensor):
        seen.append(tensor.grad.tolist())
        tensor.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    lib.autograd.grad((x * 4).sum(), x)
    assert seen == [[2.0, 2.0], [3.0, 3.0]] and x.grad is None


def test_post_accumulate_hooks_are_for_leaves(lib):
    with pytest.raises(RuntimeError, match="post accumulate grad hooks cannot be registered on non-leaf tensors"):
        (leaf(lib, 1.0) * 2).register_post_accumulate_grad_hook(lambda tensor: None)


# -- several gradients --------------------------------------------------------------------------------------


def test_a_hook_on_several_gradients_is_called_once_with_none_for_those_that_do_not_come(lib):
    x, y, z = leaf(lib, 1.0), leaf(lib, 2.0), leaf(lib, 3.0)
    calls = []
    handle = lib.autograd.graph.register_multi_grad_hook(
        (x, y, z), lambda grads: calls.append([None if g is None else g.item() for g in grads])
    )
    (x * y).backward()
    (x * y * z).backward()
    assert calls == [[2.0, 1.0, None], [6.0, 3.0, 2.0]]
    handle.remove()
    (x * y).backward()
    assert len(calls) == 2


def test_a_hook_on_several_gradients_waits_for_none_that_is_not_asked_for(lib):
    x = leaf(lib, [1.0])
    y, z = x * 2, x * 3
    seen = []
    lib.autograd.graph.register_multi_grad_hook(
        (y, z), lambda grads: seen.append([None if g is None else g.item() for g in grads])
    )
    product = (y * z).sum()
    lib.autograd.grad(product, y, retain_graph=True)
    product.backward(inputs=[z], retain_graph=True)
    lib.autograd.grad(product, x)
    assert seen == [[3.0, None], [None, 2.0], [3.0, 2.0]]


def test_or_with_the_first_of_them(lib):
    x, y = leaf(lib, 1.0), leaf(lib, 2.0)
    calls = []
    lib.autograd.graph.register_multi_grad_hook((x, y), lambda g: calls.append(g.item()), mode="any")
    (x * y).backward()
    (x * y).backward()
    assert len(calls) == 2


# -- edges --------------------------------------------------------------------------------------------------


def test_an_edge_stands_for_a_tensor_and_for_its_old_value_after_a_write(lib):
    x = leaf(lib, 2.0)
    y = x * 3
    edge = lib.autograd.graph.get_gradient_edge(y)
    loss = y * y
    (by_edge,) = lib.autograd.grad(loss, edge, retain_graph=True)
    assert by_edge.item() == 12.0
    y.mul_(100)
    (old,) = lib.autograd.grad(y, edge, retain_graph=True)
    assert old.item() == 100.0
    assert edge.node is not y.grad_fn and edge.output_nr == 0


def test_an_edge_can_be_a_root(lib):
    x = leaf(lib, 2.0)
    edge = lib.autograd.graph.get_gradient_edge(x * 3)
    lib.autograd.backward(edge, lib.tensor(5.0, dtype=lib.float64))
    assert x.grad.item() == 15.0


def test_an_edge_as_a_root_takes_the_gradients_that_its_tensor_takes(lib):
    edge_of = lib.autograd.graph.get_gradient_edge
    x = leaf(lib, [1.0, 2.0])
    lib.autograd.backward([edge_of((x * 2).sum())])
    assert x.grad.tolist() == [2.0, 2.0]
    y = x * 3
    (g,) = lib.autograd.grad([edge_of(y[:1]), y[1]], [x])
    assert g.tolist() == [3.0, 3.0]
    lib.autograd.backward([edge_of(x)], [lib.ones(2, dtype=lib.float64)])
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        lib.autograd.backward([edge_of(x * 2)])
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for real scalar outputs"):
        lib.autograd.backward([edge_of((x * 1j).sum())])
    with pytest.raises(RuntimeError):
        lib.autograd.backward([edge_of(x * 2)], [lib.ones(3, dtype=lib.float64)])
    assert x.grad.tolist() == [3.0, 3.0]


def test_an_edge_keeps_no_array_alive():
    y = leaf(ag, [1.0, 2.0]) + 1
    edge, array = ag.autograd.graph.get_gradient_edge(y), weakref.ref(y.array)
    del y
    assert array() is None and edge.like.shape == (2,)


def test_an_edge_has_no_shape_to_make_zeros_of(lib):
    x, y = leaf(lib, 2.0), leaf(lib, 3.0)
    edge = lib.autograd.graph.get_gradient_edge(x)
    with pytest.raises(RuntimeError):
        lib.autograd.grad(y * 2, edge, allow_unused=True, materialize_grads=True)


# -- what nodes keep ----------------------------------------------------------------------------------------


def test_kept_values_are_packed_once_for_each_place_and_unpacked_when_needed(lib):
    packed, unpacked = [], []

    def pack(tensor):
        packed.append(tensor.tolist())
        return tensor * 2

    def unpack(tensor):
        unpacked.append(tensor.tolist())
        return tensor / 2

    x = leaf(lib, [1.0, 3.0])
    with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * x
    assert packed == [[1.0, 3.0]] * 2 and unpacked == []
    y.sum().backward()
    assert unpacked == [[2.0, 6.0]] * 2 and x.grad.tolist() == [2.0, 6.0]


def test_contexts_of_hooks_compose():
    x = leaf(ag, [1.0, 3.0])
    order = []

    def hooks(name):
        return ag.autograd.graph.saved_tensors_hooks(
            lambda content: (order.append(f"pack {name}"), ("box", name, content))[1],
            lambda content: (order.append(f"unpack {content[1]}"), content[2])[1],
        )

    with hooks("outer"), hooks("inner"):
        y = ag.exp(x)
    y.sum().backward()
    assert order == ["pack inner", "pack outer", "unpack outer", "unpack inner"]
    assert x.grad.tolist() == pytest.approx([2.718281828, 20.0855369])


def test_unpack_must_give_a_tensor(lib):
    x = leaf(lib, [1.0, 3.0])
    with lib.autograd.graph.saved_tensors_hooks(lambda tensor: 1, lambda packed: packed):
        y = x * x
    with pytest.raises(
        (TypeError, RuntimeError),
        match="Output of saved tensor unpack_hook expected to be a Tensor but got result of type",
    ):
        y.sum().backward()


def test_second_derivatives_go_through_packed_values(lib):
    x = leaf(lib, 3.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.detach(), lambda packed: packed):
        y = x * x * x
        (first,) = lib.autograd.grad(y, x, create_graph=True)
    (second,) = lib.autograd.grad(first, x)
    assert second.item() == 18.0


@pytest.mark.parametrize("context", [lambda: kept_as_they_are(), ag.autograd.graph.save_on_cpu])
def test_hooks_on_kept_values_leave_nested_transforms_exact(context):
    def f(x):
        return ag.sin(x**3).sum()

    x = ag.tensor([0.5, 0.7], dtype=ag.float64)
    with context():
        assert ag.func.hessian(f)(x).tolist() == ag.func.jacfwd(ag.func.grad(f))(x).tolist()
        found = ag.func.hessian(f)(x)
    assert found.tolist() == ag.func.hessian(f)(x).tolist() != [[0.0, 0.0], [0.0, 0.0]]


def kept_as_they_are():
    return ag.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept)


def test_hooks_that_pack_record_nothing_and_are_not_packed_in_turn(lib):
    scale = lib.tensor(2.0, dtype=lib.float64, requires_grad=True)
    x = lib.tensor(3.0, dtype=lib.float64, requires_grad=True)
    recording = []

    def pack(kept):
        recording.append(lib.is_grad_enabled())
        return kept * scale

    with lib.autograd.graph.saved_tensors_hooks(pack, lambda packed: packed / scale):
        y = x * x
    y.backward()
    assert recording == [False, False] and x.grad.item() == 6.0


def test_hooks_can_be_forbidden(lib):
    hooks = lib.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda packed: packed)
    forbidden = lib.autograd.graph.disable_saved_tensors_hooks
    with forbidden("not here"), pytest.raises(RuntimeError, match="not here"), hooks:
        pass
    with hooks, pytest.raises(RuntimeError, match="nor there"), forbidden("nor there"):
        pass


def test_one_kept_value_can_have_hooks(lib):
    x = leaf(lib, [1.0, 3.0])
    y = x.exp()
    raw = y.grad_fn._raw_saved_result
    raw.register_hooks(lambda tensor: tensor.detach() * 2, lambda packed: packed / 2)
    with pytest.raises(RuntimeError, match="hooks have already been set"):
        raw.register_hooks(lambda tensor: tensor, lambda packed: packed)
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([2.718281828, 20.0855369])
    with pytest.raises(RuntimeError, match="freed"):
        raw.register_hooks(lambda tensor: tensor, lambda packed: packed)


def test_kept_values_can_wait_in_the_memory_of_the_host(lib):
    x = leaf(lib, [1.0, 3.0])
    with lib.autograd.graph.save_on_cpu():
        y = (x * x).exp().sum()
    y.backward()
    assert x.grad.tolist() == pytest.approx([2 * 2.718281828, 6 * 8103.08392757])


# -- callbacks, anomalies -----------------------------------------------------------------------------------


def test_callbacks_run_when_all_gradients_are_accumulated():
    x = leaf(ag, 2.0)
    seen = []
    y = x * 3
    y.register_hook(lambda g: ag.autograd.graph.queue_callback(lambda: seen.append(x.grad.item())))
    y.backward()
    assert seen == [3.0]
    with pytest.raises(RuntimeError, match="Final callbacks can only be installed during backward pass"):
        ag.autograd.graph.queue_callback(lambda: None)


def test_anomaly_detection_names_the_operation_and_where_it_was_called():
    x = leaf(ag, [0.0, 1.0])
    with (
        ag.autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th") as info,
    ):
        (ag.sqrt(x) * 0).sum().backward()
    assert "(ag.sqrt(x) * 0).sum()" in "".join(info.value.__notes__) and x.grad is None


@pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore:invalid value")
def test_anomaly_detection_may_let_nan_pass(lib):
    x = leaf(lib, [0.0, 1.0])
    with lib.autograd.detect_anomaly(check_nan=False):
        (lib.sqrt(x) * 0).sum().backward()
    assert x.grad.tolist()[0] != x.grad.tolist()[0]


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_anomaly_detection_is_switched(lib):
    with lib.autograd.set_detect_anomaly(True):
        assert lib.is_anomaly_enabled()
    assert not lib.is_anomaly_enabled()


def test_callbacks_of_a_pass_that_fails_do_not_run():
    x = leaf(ag, 2.0)
    seen = []
    y = x * 3

    def fail(g):
        ag.autograd.graph.queue_callback(lambda: seen.append(1))
        raise KeyError("mine")

    y.register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        y.backward()
    assert seen == []
