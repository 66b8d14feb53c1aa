"""Random programs of views, writes in place, detached aliases, modes, hooks and backward passes, the same as in PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arraygrad as ag

torch = pytest.importorskip("torch")
torch_checkpoint = pytest.importorskip("torch.utils.checkpoint").checkpoint

PARTS = ("item", "part", "mask", "integers", "part times", "masked by y", "rows")
SHAPES = ((3,), (2, 3), (1,), (), (3, 2, 1))


class Run:
    """A program in progress with one library: the tensors that it made, and what its hooks saw."""

    def __init__(self, lib: Any, make: Any, checkpoint: Any) -> None:
        self.lib = lib
        self.make = make
        self.checkpoint = checkpoint
        self.tensors: list[Any] = []
        self.leaves: list[Any] = []
        self.seen: list[np.ndarray] = []
        self.in_parts: list[Any] = []

    def of(self, index: int) -> Any:
        return self.tensors[index % len(self.tensors)]


def numbers(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 2, shape).round(2)


def create(run: Run, seed: int, shape: int, tracked: bool) -> None:
    made = run.make(numbers(seed, SHAPES[shape]))
    if tracked:
        made.requires_grad_()
        run.leaves.append(made)
    run.tensors.append(made)


def compute(run: Run, first: int, second: int, which: str) -> None:
    x, y = run.of(first), run.of(second)
    run.tensors.append({"mul": lambda: x * y, "add": lambda: x + 2 * y, "sqrt": lambda: (x * x + 1) ** 0.5}[which]())


def view(run: Run, index: int, which: str) -> None:
    x = run.of(index)
    made = {
        "first": lambda: x[0],
        "slice": lambda: x[..., :1],
        "step": lambda: x[::2],
        "new axis": lambda: x[None],
        "reshape": lambda: x.reshape(1, *x.shape),  # in PyTorch a view whatever the strides are
        "permute": lambda: x.permute(tuple(reversed(range(x.ndim)))),
        "unsqueeze": lambda: x.unsqueeze(-1),
        "squeeze": lambda: x.squeeze(),
        "expand": lambda: x.expand(2, *x.shape),
        "mT": lambda: x.unsqueeze(-1).mT,
    }[which]()
    run.tensors.append(made)


def part(run: Run, index: int, number: int) -> None:
    parts = run.of(index).unbind()
    run.tensors.append(parts[number % len(parts)])
    run.in_parts.append(run.tensors[-1])


def alias(run: Run, index: int, which: str) -> None:
    x = run.of(index)
    made = {"data": lambda: x.data, "detach": x.detach, "deepcopy": lambda: copy.deepcopy(x).clone(), "clone": x.clone}
    run.tensors.append(made[which]())


def compute_in_inference_mode(run: Run, index: int) -> None:
    with run.lib.inference_mode():
        run.tensors.append(run.of(index) * 2)


def compute_again_when_needed(run: Run, index: int, scale: float) -> None:
    def f(x: Any) -> Any:
        y = x * scale
        y[..., :1] *= x[..., :1]
        return (y * y).exp()

    run.tensors.append(run.checkpoint(f, run.of(index) * 0.1))


def write(run: Run, index: int, other: int, which: str) -> None:
    x, y = run.of(index), run.of(other)
    if which == "item":
        x[0] = y
    elif which == "part":
        x[..., 1:] = y
    elif which == "mask":
        x[x > 1.2] = 3.0
    elif which == "integers":
        x[run.lib.asarray([0])] = y
    elif which == "part times":
        x[..., :1] *= y
    elif which == "masked by y":
        x[x > 1.2] += y.sum()
    elif which == "rows":
        x[x.detach().reshape(x.shape[0], -1)[:, 0] > 1.0] = y
    elif which == "mul_":
        x.mul_(y)
    elif which == "add_":
        x.add_(1.5)
    elif which == "copy_":
        x.copy_(y)
    elif which == "zero_":
        x.zero_()
    elif which == "exp_":
        x.clamp_(0.1, 1.5).exp_()
    else:
        x += y


def drop(run: Run, index: int) -> None:
    if len(run.tensors) > 1:
        del run.tensors[index % len(run.tensors)]


def hook(run: Run, index: int, scale: float, writes: bool) -> None:
    def scaled(g: Any) -> Any:
        run.seen.append(value(g))
        return g.clone().mul_(scale) if writes else g * scale

    run.of(index).register_hook(scaled)


def retain(run: Run, index: int) -> None:
    run.of(index).retain_grad()


def backward(run: Run, index: int) -> None:
    run.of(index).sum().backward(retain_graph=True)


index = st.integers(0, 9)
INSTRUCTIONS = {
    create: (st.integers(0, 99), st.integers(0, len(SHAPES) - 1), st.booleans()),
    compute: (index, index, st.sampled_from(["mul", "add", "sqrt"])),
    view: (index, st.sampled_from(["first", "slice", "step", "new axis", "reshape", "permute", "unsqueeze", "squeeze",
                                   "expand", "mT"])),
    part: (index, index),
    alias: (index, st.sampled_from(["data", "detach", "deepcopy", "clone"])),
    compute_in_inference_mode: (index,),
    compute_again_when_needed: (index, st.sampled_from([0.5, 1.0])),
    write: (index, index, st.sampled_from([*PARTS, "mul_", "add_", "copy_", "zero_", "exp_", "+="])),
    drop: (index,),
    hook: (index, st.sampled_from([1.0, 2.0]), st.booleans()),
    retain: (index,),
    backward: (index,),
}  # fmt: skip
instruction = st.one_of(
    *(st.tuples(st.just(function), st.tuples(*arguments), st.booleans()) for function, arguments in INSTRUCTIONS.items())
)


def value(tensor: Any) -> np.ndarray:
    return np.array(tensor.detach().numpy())


def perform(run: Run, function: Any, arguments: tuple[Any, ...], without_grad: bool) -> str:
    """What an instruction came to: "" or that it raised."""
    quiet = without_grad and function in (create, compute, alias, write)  # PyTorch says that views made so require gradients
    with run.lib.no_grad() if quiet else nullcontext():
        try:
            function(run, *arguments)
        except (RuntimeError, ValueError, IndexError, TypeError, UserWarning, ag.ArraygradError) as error:
            return f"{type(error).__name__}: {error}"
    return ""


def same(ours: Any, theirs: Any, what: str) -> None:
    assert ours.shape == theirs.shape, what
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=what)


def compare(ours: Run, theirs: Run) -> None:
    for position, (mine, reference) in enumerate(zip(ours.tensors, theirs.tensors, strict=True)):
        what = f"tensor {position}"
        assert mine.requires_grad == reference.requires_grad, what
        if not reference.is_inference():
            assert mine._version == reference._version, what
        assert mine.is_leaf == reference.is_leaf, what
        same(value(mine), value(reference), what)
    for position, (mine, reference) in enumerate(zip(ours.leaves, theirs.leaves, strict=True)):
        assert (mine.grad is None) == (reference.grad is None), f"leaf {position}"
        if mine.grad is not None:
            same(value(mine.grad), value(reference.grad), f"gradient of leaf {position}")
    for mine, reference in zip(ours.seen, theirs.seen, strict=True):
        same(mine, reference, "hook")


def place(tensor: Any) -> int:
    """Where PyTorch stores a tensor."""
    return tensor.untyped_storage().data_ptr()


def is_beyond_comparison(run: Run, function: Any, arguments: tuple[Any, ...], without_grad: bool) -> bool:
    """What PyTorch leaves undefined, or does otherwise: to write to a tensor what shares its memory; to write to a part of
    one under `no_grad`, where its context does not save what nodes keep; to write to what several views were made of at
    once, after which it does not let one look at those; to write to what was detached from an inference tensor, which it
    allows; and hooks on views that are written through, whose old value is not in its graph."""
    if function is write and run.of(arguments[0]).is_inference():
        return True
    if function is write:
        target, other = (place(run.of(index)) for index in arguments[:2])
        return target in (other, *map(place, run.in_parts)) or (without_grad and arguments[2] in PARTS)
    return function is hook and run.of(arguments[0])._is_view()


@contextmanager
def with_doubles(backend: str) -> Iterator[None]:
    """JAX has float64 only where it is asked for."""
    if backend != "jax":
        yield
        return
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("backend", ["numpy", "array_api_strict", "jax"])
@settings(max_examples=150, deadline=None)
@given(program=st.lists(instruction, min_size=4, max_size=25), seed=st.integers(0, 99))
def test_random_programs_do_what_they_do_in_pytorch(backend, program, seed):
    ours = Run(ag, lambda array: ag.tensor(array, dtype=ag.float64, backend=backend), ag.checkpoint)
    again = partial(torch_checkpoint, use_reentrant=False)
    theirs = Run(torch, lambda array: torch.tensor(array, dtype=torch.float64), again)
    with torch.autograd.graph.allow_mutation_on_saved_tensors(), with_doubles(backend):
        for run in (ours, theirs):
            create(run, seed, 1, True)
            compute(run, 0, 0, "mul")
        for function, arguments, without_grad in program:
            if is_beyond_comparison(theirs, function, arguments, without_grad):
                continue
            mine, reference = (perform(run, function, arguments, without_grad) for run in (ours, theirs))
            if "expanded tensors" in reference:
                return  # PyTorch wants a copy of it before it looks at which entries overlap
            assert bool(mine) == bool(reference), f"{function.__name__}{arguments}: {mine or 'done'} / {reference or 'done'}"
            if mine:
                return
            compare(ours, theirs)
