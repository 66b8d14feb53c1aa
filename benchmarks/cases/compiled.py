"""Programs that JAX and PyTorch compile: with arraygrad's derivatives in them, and with their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

from libraries import BY_HAND, OURS, PYTORCH, Library, is_installed, load
from libraries.compiled import OursInJax, OursInTorch, PyTorchCompiled
from measurement import Settings, compared
from problem import Problem
from row import SECONDS, Row, Target
from table import Layout

from .large import SIZE, elementwise_problem
from .network import STEPS, perceptron_problem, recurrent_problem

ITS_OWN, NOT_COMPILED = "its own, compiled", "its own, not compiled"
LAYOUT = Layout((OURS, ITS_OWN, NOT_COMPILED), {ITS_OWN: "of compiled", NOT_COMPILED: "of not compiled"})


def rows(settings: Settings) -> Iterator[Row]:
    """Value and derivatives; compilation is not timed."""
    size = SIZE // (100 if settings.quick else 10)
    problems = {
        "MLP 784-256-128-10, batch 128, float32": perceptron_problem(),
        f"ten operations on {size:.0e} float64": elementwise_problem(size),
    }
    if is_installed("JAX"):
        recurrent = {} if settings.quick else {f"RNN of {STEPS} steps": recurrent_problem()}
        yield from _rows("jax.jit", problems | recurrent, OursInJax(), "JAX jit", "JAX", settings, (Target(1.1, ITS_OWN),))
    if is_installed(PYTORCH) and shutil.which("g++"):  # with which PyTorch compiles
        yield from _rows("torch.compile", problems, OursInTorch(), PyTorchCompiled(), PYTORCH, settings)


def _rows(
    name: str, problems: dict[str, Problem], ours: Library, own: Library | str, eager: str, settings: Settings,
    targets: Sequence[Target] = (),
) -> Iterator[Row]:  # fmt: skip
    for title, problem in problems.items():
        asked = {OURS: ours, ITS_OWN: load(own) if isinstance(own, str) else own, NOT_COMPILED: load(eager)}
        with_reference = {BY_HAND: load(BY_HAND)} | asked
        found = compared({key: each for key, each in with_reference.items() if each}, problem, "gradients", settings)
        del found[BY_HAND]
        yield Row(f"{name}: {title}", SECONDS, found, targets)
