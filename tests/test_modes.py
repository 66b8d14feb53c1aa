"""Modes: where operations are recorded, and who may switch that."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading

import pytest

import arraygrad as ag


@pytest.fixture(autouse=True)
def modes_are_left_as_they_were():
    assert ag.is_grad_enabled()
    yield
    assert ag.is_grad_enabled()


def leaf(lib):
    return lib.tensor([1.0, 2.0], requires_grad=True)


# -- no_grad and enable_grad ------------------------------------------------------------------------------


def test_results_in_no_grad_are_leaves_that_require_no_gradient(lib):
    x = leaf(lib)
    with lib.no_grad():
        y = lib.exp(x * x)
        assert not lib.is_grad_enabled()
    assert not y.requires_grad
    assert y.grad_fn is None
    assert y.is_leaf
    assert (x * x).requires_grad


def test_reductions_and_operations_on_lists_record_nothing_in_no_grad(lib):
    x = leaf(lib)
    with lib.no_grad():
        results = [x.sum(), lib.stack([x, x]), x.max(), x.to(lib.float64), x.clone()]
    assert not any(each.requires_grad for each in results)


def test_views_and_operations_of_several_outputs_record_nothing_in_no_grad():
    # PyTorch's views of a leaf say that they require a gradient, without a grad_fn.
    x = leaf(ag)
    with ag.no_grad():
        results = [*x.unbind(), x[0], x[:1], x.reshape(2, 1)]
    assert not any(each.requires_grad for each in results)


def test_enable_grad_records_again_inside_no_grad(lib):
    x = leaf(lib)
    with lib.no_grad():
        with lib.enable_grad():
            assert lib.is_grad_enabled()
            inner = x * x
            with lib.no_grad():
                assert not (x * x).requires_grad
            assert (x * x).requires_grad
        outer = x * x
    assert inner.requires_grad
    assert not outer.requires_grad


def test_mode_is_restored_after_an_exception(lib):
    for context in (lib.no_grad, lib.enable_grad, lambda: lib.set_grad_enabled(False)):
        with pytest.raises(ValueError, match="inside"), context():
            raise ValueError("inside")
        assert lib.is_grad_enabled()
    with lib.no_grad():
        with pytest.raises(ValueError, match="inside"), lib.enable_grad():
            raise ValueError("inside")
        assert not lib.is_grad_enabled()


def test_one_context_manager_can_be_entered_again_and_again(lib):
    context = lib.no_grad()
    for _ in range(2):
        with context:
            assert not lib.is_grad_enabled()
        assert lib.is_grad_enabled()


def test_one_context_manager_can_be_entered_inside_itself():
    # In PyTorch gradients stay off after it.
    context = ag.no_grad()
    with context:
        with context:
            assert not ag.is_grad_enabled()
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()


def test_factory_in_no_grad_keeps_the_flag(lib):
    with lib.no_grad():
        made = [lib.ones(2, requires_grad=True), lib.tensor([1.0], requires_grad=True), lib.rand(2, requires_grad=True)]
        assert all(x.requires_grad for x in made)
        assert lib.tensor([1.0]).requires_grad_().requires_grad
    assert all((x * 2).requires_grad for x in made)


@pytest.mark.parametrize("mode", [True, False])
def test_one_set_grad_enabled_can_be_entered_again(lib, mode):
    with lib.set_grad_enabled(not mode):
        context = lib.set_grad_enabled(mode)
        for _ in range(2):
            with context:
                assert lib.is_grad_enabled() is mode
            assert lib.is_grad_enabled() is not mode


# -- decorators -------------------------------------------------------------------------------------------


def test_decorators_work_with_and_without_parentheses(lib):
    @lib.no_grad
    def bare():
        return lib.is_grad_enabled()

    @lib.no_grad()
    def called():
        return lib.is_grad_enabled()

    @lib.set_grad_enabled(False)
    def with_argument():
        return lib.is_grad_enabled()

    assert lib.is_grad_enabled()
    assert not bare()
    assert not called()
    assert not with_argument()
    assert lib.is_grad_enabled()


def test_enable_grad_decorates_too(lib):
    @lib.enable_grad()
    def enabled():
        return lib.is_grad_enabled()

    with lib.no_grad():
        assert enabled()
        assert not lib.is_grad_enabled()


def test_decorated_function_keeps_its_name_arguments_and_exceptions(lib):
    @lib.no_grad()
    def scale(x, factor=2):
        """Documented."""
        if factor == 0:
            raise ValueError("zero")
        return x * factor

    assert scale.__name__ == "scale"
    assert scale.__doc__ == "Documented."
    assert scale(leaf(lib), factor=3).tolist() == [3, 6]
    with pytest.raises(ValueError, match="zero"):
        scale(leaf(lib), 0)
    assert lib.is_grad_enabled()


def test_decorated_function_may_recurse(lib):
    @lib.no_grad()
    def down(n):
        assert not lib.is_grad_enabled()
        return n if n == 0 else down(n - 1)

    assert down(5) == 0
    assert lib.is_grad_enabled()


def test_decorated_method_is_bound(lib):
    class Model:
        factor = 3

        @lib.no_grad()
        def scale(self, x):
            return x * self.factor

    assert not Model().scale(leaf(lib)).requires_grad


# -- generators -------------------------------------------------------------------------------------------


def test_decorated_generator_switches_for_each_step_and_back_for_its_consumer(lib):
    @lib.no_grad()
    def steps():
        for _ in range(3):
            assert not lib.is_grad_enabled()
            yield lib.is_grad_enabled()

    assert inspect.isgeneratorfunction(steps)
    for enabled in steps():
        assert not enabled
        assert lib.is_grad_enabled()


def test_decorated_generator_keeps_its_own_mode_whatever_its_consumer_does(lib):
    @lib.enable_grad()
    def steps():
        for _ in range(2):
            yield lib.is_grad_enabled()

    generator = steps()
    assert next(generator)
    with lib.no_grad():
        assert next(generator)
        assert not lib.is_grad_enabled()


def test_decorated_generator_takes_what_is_sent_and_returns_its_value(lib):
    @lib.no_grad()
    def echo():
        received = []
        for _ in range(2):
            received.append((yield lib.is_grad_enabled()))
        return received

    generator = echo()
    assert next(generator) is False
    assert generator.send("first") is False
    with pytest.raises(StopIteration) as stop:
        generator.send("second")
    assert stop.value.value == ["first", "second"]


def test_decorated_generator_receives_exceptions_and_close(lib):
    seen = []

    @lib.no_grad()
    def robust():
        try:
            try:
                yield 1
            except ValueError:
                seen.append(("thrown", lib.is_grad_enabled()))
            yield 2
        finally:
            seen.append(("closed", lib.is_grad_enabled()))

    generator = robust()
    assert next(generator) == 1
    assert generator.throw(ValueError("in")) == 2
    assert lib.is_grad_enabled()
    generator.close()
    assert lib.is_grad_enabled()
    assert seen == [("thrown", False), ("closed", False)]


def test_exception_of_a_decorated_generator_reaches_the_consumer_in_its_mode(lib):
    @lib.no_grad()
    def failing():
        yield 1
        raise ValueError("second step")

    generator = failing()
    next(generator)
    with pytest.raises(ValueError, match="second step"):
        next(generator)
    assert lib.is_grad_enabled()


def test_decorated_generator_hands_the_thrown_exception_of_a_subgenerator_back(lib):
    @lib.no_grad()
    def inner():
        yield from (1, 2)

    def outer():
        yield from inner()

    assert list(outer()) == [1, 2]
    assert lib.is_grad_enabled()


# -- set_grad_enabled -------------------------------------------------------------------------------------


def test_set_grad_enabled_acts_at_once_as_a_function(lib):
    try:
        lib.set_grad_enabled(False)
        assert not lib.is_grad_enabled()
        assert not (leaf(lib) * 2).requires_grad
    finally:
        lib.set_grad_enabled(True)
    assert lib.is_grad_enabled()


def test_set_grad_enabled_acts_until_the_end_as_a_context_manager(lib):
    with lib.set_grad_enabled(False):
        assert not lib.is_grad_enabled()
        with lib.set_grad_enabled(True):
            assert lib.is_grad_enabled()
        assert not lib.is_grad_enabled()
    assert lib.is_grad_enabled()


def test_set_grad_enabled_as_a_decorator_leaves_the_mode_where_it_decorates(lib):
    @lib.set_grad_enabled(False)
    def function():
        return lib.is_grad_enabled()

    assert lib.is_grad_enabled()
    assert not function()
    with lib.no_grad():

        @lib.set_grad_enabled(True)
        def enabled():
            return lib.is_grad_enabled()

        assert not lib.is_grad_enabled()
        assert enabled()


# -- threads and tasks ------------------------------------------------------------------------------------


def test_modes_belong_to_their_thread(lib):
    seen = []

    def work():
        seen.append(lib.is_grad_enabled())
        lib.set_grad_enabled(False)

    with lib.no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert not lib.is_grad_enabled()
    assert seen == [True]
    assert lib.is_grad_enabled()


def test_tasks_keep_their_own_mode():
    # PyTorch's modes are the thread's: a task that waits inside no_grad switches recording off for the others.
    x = ag.tensor(1.0, requires_grad=True)

    async def silent(inside, outside):
        with ag.no_grad():
            inside.set()
            await outside.wait()
            return (x * x).requires_grad

    async def recording(inside, outside):
        await inside.wait()
        recorded = (x * x).requires_grad
        outside.set()
        return recorded

    async def both():
        events = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(silent(*events), recording(*events))

    assert asyncio.run(both()) == [False, True]


def test_tasks_inherit_the_mode_of_who_starts_them():
    x = ag.tensor(1.0, requires_grad=True)

    async def recorded():
        return (x * x).requires_grad

    async def main():
        with ag.no_grad():
            task = asyncio.create_task(recorded())
        return await task, await asyncio.create_task(recorded())

    assert asyncio.run(main()) == (False, True)


def test_decorated_coroutine_switches_while_it_runs():
    # PyTorch switches only while the coroutine object is made.
    @ag.no_grad()
    async def silent():
        await asyncio.sleep(0)
        return ag.is_grad_enabled()

    async def main():
        return await silent(), ag.is_grad_enabled()

    assert inspect.iscoroutinefunction(silent)
    assert asyncio.run(main()) == (False, True)


def test_decorated_asynchronous_generator_switches_for_each_step():
    # PyTorch does not know asynchronous generators.
    closed = []

    @ag.no_grad()
    async def steps():
        try:
            for _ in range(3):
                await asyncio.sleep(0)
                yield ag.is_grad_enabled()
        finally:
            closed.append(ag.is_grad_enabled())

    async def main():
        generator = steps()
        seen = []
        async for enabled in generator:
            seen.append((enabled, ag.is_grad_enabled()))
            if len(seen) == 2:
                break
        await generator.aclose()
        return seen

    assert inspect.isasyncgenfunction(steps)
    assert asyncio.run(main()) == [(False, True)] * 2
    assert closed == [False]


def test_copied_context_carries_the_mode():
    with ag.no_grad():
        context = contextvars.copy_context()
    assert ag.is_grad_enabled()
    assert not context.run(ag.is_grad_enabled)


# -- transforms -------------------------------------------------------------------------------------------


def test_transform_inside_no_grad_still_differentiates(lib):
    grad = lib.func.grad
    with lib.no_grad():
        assert grad(lambda x: x * x * x)(lib.tensor(2.0)).item() == 12


def test_no_grad_inside_a_transformed_function_cuts_the_derivative(lib):
    def f(x):
        with lib.no_grad():
            constant = x * x
        return constant * x

    assert lib.func.grad(f)(lib.tensor(2.0)).item() == 4


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
def test_forward_mode_ignores_no_grad(lib):
    with lib.no_grad():
        _, tangent = lib.func.jvp(lambda x: x * x, (lib.tensor(3.0),), (lib.tensor(1.0),))
    assert tangent.item() == 6


# -- inference mode -----------------------------------------------------------------------------------------


def made_in_inference(lib):
    with lib.inference_mode():
        return lib.ones(2, dtype=lib.float64) * 2


def test_inference_mode_makes_tensors_that_say_so(lib):
    x = lib.ones(2, dtype=lib.float64, requires_grad=True)
    with lib.inference_mode():
        assert lib.is_inference_mode_enabled() and lib.zeros(2).is_inference()
        y = x * 2
        y.add_(1)
        y[0] = 7.0
        assert y.is_inference() and not y.requires_grad and y.tolist() == [7.0, 3.0]
    assert not x.is_inference() and not lib.is_inference_mode_enabled() and not y.clone().is_inference()


@pytest.mark.parametrize(
    ("use", "phrase"),
    [
        (lambda lib, x: x._version, "Inference tensors do not track version counter"),
        (lambda lib, x: x.add_(1), "Inplace update to inference tensor outside InferenceMode is not allowed"),
        (lambda lib, x: x.requires_grad_(), "Setting requires_grad=True on inference tensor outside InferenceMode"),
        (
            lambda lib, x: lib.ones(2, dtype=lib.float64, requires_grad=True) * x,
            "Inference tensors cannot be saved for backward",
        ),
    ],
)
def test_tensors_of_inference_mode_take_no_part_in_differentiation(lib, use, phrase):
    with pytest.raises(RuntimeError, match=phrase):
        use(lib, made_in_inference(lib))


def test_what_does_not_keep_them_may_use_them(lib):
    x = lib.ones(2, dtype=lib.float64, requires_grad=True)
    (x + made_in_inference(lib)).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_inference_mode_decorates(lib):
    @lib.inference_mode()
    def f(x):
        return x * 2

    assert f(lib.ones(2, requires_grad=True)).is_inference()


def test_no_tangents_in_inference_mode():
    with ag.autograd.forward_ad.dual_level():
        dual = ag.autograd.forward_ad.make_dual(ag.ones(2), ag.ones(2))
        with ag.inference_mode():
            out = dual * 2
        assert ag.autograd.forward_ad.unpack_dual(out).tangent is None
