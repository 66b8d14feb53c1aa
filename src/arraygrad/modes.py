"""What a thread or an asyncio task has switched on or off for the operations it calls.

All of it is one immutable value in one context variable: the hot path compares it with
`DEFAULT` and looks no further. New threads start from `DEFAULT`; tasks inherit a copy.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

from .errors import ArgumentError

RECORD_ALL = -1
_ALL_LEVELS = 1 << 30


class Subgradient(NamedTuple):
    """Which subgradient rules take at ties and at kinks."""

    ties: Literal["share", "first"] = "share"
    kinks: Literal["zero", "left", "right"] = "zero"


POLICY = Subgradient()
"""The policy of `docs/numerics.md`."""


class Anomaly(NamedTuple):
    """`detect_anomaly` is on; `check_nan` says whether gradients are searched for NaN."""

    check_nan: bool = True


class Modes(NamedTuple):
    """The switches. Levels up to `blocked` record nothing (see `graph.Level`)."""

    blocked: int = RECORD_ALL
    subgradient: Subgradient = POLICY
    saved_hooks: tuple[Any, ...] = ()
    saved_hooks_disabled: str | None = None
    anomaly: Anomaly | None = None
    inference: bool = False
    profiler: Any = None


DEFAULT = Modes()
_modes: ContextVar[Modes] = ContextVar("arraygrad.modes", default=DEFAULT)
current = _modes.get

depth: ContextVar[int] = ContextVar("arraygrad.depth", default=0)
"""How many transforms (`func.grad`, `forward_ad.dual_level`, ...) the caller is inside of."""


def replace(modes: Modes) -> Modes:
    """Make `modes` current and return what was before."""
    before = current()
    _modes.set(DEFAULT if modes == DEFAULT else modes)
    return before


_only_blocked = functools.cache(lambda blocked: Modes(blocked))
"""The default modes with another `blocked`."""


def with_blocked(blocked: int) -> Modes:
    """The current modes with another `blocked`."""
    modes = current()
    if modes.blocked == blocked:
        return modes
    return _only_blocked(blocked) if modes is DEFAULT else modes._replace(blocked=blocked)


def is_grad_enabled() -> bool:
    """Whether operations called here record a graph."""
    return current().blocked < depth.get()


class Switch:
    """A context manager that is a decorator too, of functions, generators, coroutines and asynchronous generators."""

    _outer: Any = None
    """What was before each entry that has not been left: (modes, those before)."""

    def _inside(self) -> Modes:
        """What holds inside."""
        raise NotImplementedError

    def __enter__(self) -> None:
        self._outer = replace(self._inside()), self._outer

    def __exit__(self, *exception: object) -> None:
        before, self._outer = self._outer
        replace(before)

    def _another(self) -> Switch:
        """A switch of the same kind: each call of a decorated function has its own."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function."""
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)
        if inspect.isasyncgenfunction(function):
            return self._wrap_asynchronous_generator(function)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapped_coroutine(*args: Any, **kwargs: Any) -> Any:
                with self._another():
                    return await function(*args, **kwargs)

            return wrapped_coroutine

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._another():
                return function(*args, **kwargs)

        return wrapped

    def _wrap_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Switch for each step of the generator, and back while its consumer runs."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._another():
                generator = function(*args, **kwargs)
            step, value = generator.send, None
            while True:
                try:
                    with self._another():
                        item = step(value)
                except StopIteration as stop:
                    return stop.value
                try:
                    value = yield item
                    step = generator.send
                except GeneratorExit:
                    with self._another():
                        generator.close()
                    raise
                except BaseException as error:
                    step, value = generator.throw, error

        return wrapped

    def _wrap_asynchronous_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """As `_wrap_generator`."""

        @functools.wraps(function)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            step, value = generator.asend, None
            while True:
                try:
                    with self._another():
                        item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    value = yield item
                    step = generator.asend
                except GeneratorExit:
                    with self._another():
                        await generator.aclose()
                    raise
                except BaseException as error:
                    step, value = generator.athrow, error

        return wrapped


class _BareDecorator(Switch):
    """A switch without arguments, which may decorate without parentheses: `@no_grad`."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        return super().__new__(cls) if function is None else super().__new__(cls)(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        """`function` was decorated by `__new__`, which then returned no instance of this class."""


class no_grad(_BareDecorator):
    """Record nothing: results do not require a gradient. Transforms entered inside still do their work."""

    def _inside(self) -> Modes:
        return current()._replace(blocked=depth.get())


class enable_grad(_BareDecorator):
    """Record again inside `no_grad`."""

    def _inside(self) -> Modes:
        return current()._replace(blocked=RECORD_ALL)


class inference_mode(Switch):
    """Record nothing, carry no tangents, and make tensors that take no part in differentiation afterwards either."""

    def __init__(self, mode: bool = True) -> None:
        self.mode = bool(mode)

    def __new__(cls, mode: Any = True) -> Any:
        """Decorate without parentheses as well: `@inference_mode`."""
        return super().__new__(cls)(mode) if callable(mode) else super().__new__(cls)

    def _inside(self) -> Modes:
        """Inference, or its end."""
        return current()._replace(inference=self.mode, blocked=_ALL_LEVELS if self.mode else RECORD_ALL)

    def _another(self) -> Switch:
        return inference_mode(self.mode)


def is_inference_mode_enabled() -> bool:
    """Whether tensors made here take no part in differentiation."""
    return current().inference


class set_grad_enabled(Switch):
    """Switch recording on or off, at once; as a context manager or decorator, until its end."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = replace(self._inside())

    def _inside(self) -> Modes:
        return current()._replace(blocked=RECORD_ALL if self.mode else depth.get())

    def __enter__(self) -> None:
        replace(self._inside())

    def __exit__(self, *exception: object) -> None:
        replace(self._before)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function: what was switched when this was made is switched back."""
        replace(self._before)
        return super().__call__(function)

    def _another(self) -> Switch:
        return type(self)(self.mode)


class subgradient(Switch):
    """Take other subgradients than those of the policy, in operations called inside: a context manager or a decorator.

    `ties` of max, min, maximum, minimum, infinity norms and extreme singular values: "share" equally, or all to the
    "first". `kinks` of abs, relu and the 1-norm: "zero", or the derivative from the "left" or from the "right".
    """

    def __init__(self, ties: Any = "share", kinks: Any = "zero") -> None:
        if ties not in ("share", "first") or kinks not in ("zero", "left", "right"):
            raise ArgumentError(
                f"subgradient: got ties={ties!r} and kinks={kinks!r}; expected ties to be 'share' or 'first', "
                "and kinks to be 'zero', 'left' or 'right'"
            )
        super().__init__()
        self.convention = Subgradient(ties, kinks)

    def _inside(self) -> Modes:
        """These subgradients, and otherwise what is current."""
        return current()._replace(subgradient=self.convention)

    def _another(self) -> Switch:
        """One like this."""
        return type(self)(*self.convention)
