"""Where arrays are: on their device, in their library, and in a lazy one not computed before they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any

import arraygrad as ag
from arraygrad.backends import Backend, scipy_functions
from arraygrad.standard import signature_of

from .problem import Lacking, Problem, Rejected, quietly
from .properties import prop
from .references import reference
from .tracing import TRACERS

EXITS = ("__array__", "__array_interface__", "__buffer__", "__dlpack__", "get", "numpy", "tolist")
"""Methods by which the entries of an array leave its library together."""

QUESTIONS = ("__bool__", "__complex__", "__float__", "__index__", "__int__", "compute", "compute_chunk_sizes",
             "item", "persist")  # fmt: skip
"""Methods by which somebody learns something of the entries."""


class Seen(Exception):
    """Somebody looked at the entries of an array."""


def _derivatives(problem: Problem, x: Any, g: Any, t: Any) -> list[Any]:
    """Outputs, gradients, tangents, and forward over reverse, as Tensors."""
    _, second = ag.func.jvp(lambda *x: problem.pulled(x, g), tuple(x), tuple(t))
    return [*problem.call(*x), *problem.pulled(x, g), *problem.pushed(x, t), *second]


def _given(problem: Problem) -> tuple[Any, Any, Any]:
    """The arrays of a case, cotangents and tangents, as Tensors."""
    case = problem.case
    return problem.given(case.primals), problem.given(problem.cotangents()), problem.given(case.directions())


@prop(("", ("float32",)), ("_of_complex_numbers", ("complex64",)))
def arrays_stay_on_their_device(problem: Problem) -> None:
    """Values, gradients, tangents and second derivatives are on the device of the arguments, on each that there is."""
    if problem.case.options.get("dtype") is not None:
        raise Rejected("it asks for a data type that a device need not have")
    for device in problem.backend.devices():
        there = Problem(problem.case, problem.backend, device)
        for out in _on_device(there):
            found = problem.backend.device_of(out.array)
            assert found == device, f"an array on {found}, of arguments on {device}"


def _on_device(there: Problem) -> list[Any]:
    """The derivatives on a device. Raises Lacking if neither they nor the library's own function can be had there."""
    try:
        return _derivatives(there, *_given(there))
    except Exception as error:
        try:
            there.library(reference(there))
        except Lacking as refusal:
            raise Lacking(f"on {there.device}, {refusal}") from error
        raise


@contextmanager
def sealed(backend: Backend, array: Any, methods: Iterable[str]) -> Iterator[None]:
    """No entry of an array of a library can be looked at: what tries raises Seen. Raises Rejected where nobody
    can tell."""
    kind, own = type(array), vars(type(array))
    before = {name: own.get(name) for name in methods if hasattr(kind, name)}

    def refuse(name: str) -> Callable[..., Any]:
        def look(*args: Any, **options: Any) -> Any:
            raise Seen(f"{kind.__name__}.{name} was called")

        return look

    to_numpy = type(backend).__dict__.get("to_numpy")
    try:
        for name in before:
            setattr(kind, name, refuse(name))
    except TypeError as error:
        raise Rejected(f"nobody can tell who looks at a {kind.__name__}") from error
    type(backend).to_numpy = refuse("to_numpy")  # type: ignore[method-assign]
    try:
        yield
    finally:
        for name, method in before.items():
            if method is None:
                delattr(kind, name)
            else:
                setattr(kind, name, method)
        if to_numpy is None:
            del type(backend).to_numpy
        else:
            type(backend).to_numpy = to_numpy  # type: ignore[method-assign]


def _is_of_scipy(error: Exception) -> bool:
    """Whether an error comes from where SciPy computes what a library has no function for."""
    return any(frame.f_globals.get("__name__") == scipy_functions.__name__ for frame, _ in walk_tb(error.__traceback__))


def _unseen(problem: Problem, run: Callable[[Callable[..., Any], Sequence[Any]], Any]) -> None:
    """Run the derivatives where nobody may look at entries. Raises Lacking if the library's own function looks at them."""
    x, g, t = _given(problem)
    count = len(x), len(x) + len(g)
    raw = [each.array for each in (*x, *g, *t)]

    def derivatives(*arrays: Any) -> list[Any]:
        given = list(map(ag.asarray, arrays))
        outs = _derivatives(problem, given[: count[0]], given[count[0] : count[1]], given[count[1] :])
        return [out.array for out in outs]

    def value(*arrays: Any) -> Any:
        every = list(map(problem.raw, problem.case.arrays))
        for position, array in zip(problem.case.active, arrays, strict=False):
            every[position] = array
        positional, named = problem.case.call.bind(every, problem.options)
        return reference(problem)(*positional, **named)

    try:
        run(derivatives, raw)
    except Rejected:
        raise
    except Exception as error:
        if _is_of_scipy(error):
            raise Lacking(f"SciPy computes it: {error}") from error
        if signature_of(problem.case.call.name) is None:  # the library has no function that could be to blame
            raise
        try:
            run(value, raw)
        except type(error) as own:
            raise Lacking(f"the function itself needs the values: {own}") from error
        except Exception:
            raise error from None
        raise


@prop()
def entries_stay_in_the_library(problem: Problem) -> None:
    """Nothing is converted to NumPy on the way to values and derivatives."""
    array = problem.raw(problem.case.primals[0])

    def run(function: Callable[..., Any], arrays: Sequence[Any]) -> None:
        with sealed(problem.backend, array, EXITS):
            function(*arrays)

    _unseen(problem, run)


@prop()
def derivatives_do_not_depend_on_looking_at_entries(problem: Problem) -> None:
    """Where values are not known before they are asked for, or a program is traced, nobody asks."""
    backend = problem.backend
    array = problem.raw(problem.case.primals[0])

    def run(function: Callable[..., Any], arrays: Sequence[Any]) -> None:
        with sealed(backend, array, (*EXITS, *QUESTIONS)):
            function(*arrays)

    if backend.name in TRACERS:
        quietly(_unseen, problem, TRACERS[backend.name])
    elif backend.lazy:
        _unseen(problem, run)
    else:
        raise Rejected("its values are known at once")
