"""Containers as a flat list of tokens, and back. Neither way recurses, and no token can name code.

A token is None, a boolean, a string or a number as JSON has it; or a list that starts with a word: ["float", hex],
["int", hex], ["complex", hex, hex], ["tensor", number], ["dict", keys], ["list", length], ["tuple", length]. The parts
of a container come after it, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ArgumentTypeError, LoadError
from ..tensor import Tensor

Name = tuple[Any, Any] | None
"""Where a part is: in which container, and at which key of it. None is the whole object."""

LARGEST = 2**53
"""Integers from here on are written in hexadecimal: other readers of JSON would round them."""


def encode(obj: Any) -> tuple[list[Any], list[Tensor]]:
    """The tokens of an object, and the tensors in it, each once."""
    tokens: list[Any] = []
    numbers: dict[int, int] = {}
    tensors: list[Tensor] = []
    around: set[int] = set()
    stack: list[tuple[Any, Name, bool]] = [(obj, None, False)]
    while stack:
        value, name, is_left = stack.pop()
        if is_left:
            around.remove(id(value))
        elif isinstance(value, Tensor):
            if id(value) not in numbers:
                numbers[id(value)] = len(tensors)
                tensors.append(value)
            tokens.append(["tensor", numbers[id(value)]])
        elif type(value) in (dict, list, tuple):
            if id(value) in around:
                raise ArgumentError(
                    f"save: {_written(name)} is a container that contains itself; a file cannot hold that"
                )
            around.add(id(value))
            stack.append((value, name, True))
            tokens.append(_container(value, name))
            parts = value.items() if type(value) is dict else enumerate(value)
            stack.extend(reversed([(part, (name, key), False) for key, part in parts]))
        else:
            tokens.append(_simple(value, name))
    return tokens, tensors


def _written(name: Name) -> str:
    """How a program would write a part of the object."""
    keys = []
    while name is not None:
        name, key = name
        keys.append(f"[{key!r}]")
    return "obj" + "".join(reversed(keys))


def _container(value: Any, name: Name) -> list[Any]:
    if type(value) is not dict:
        return [type(value).__name__, len(value)]
    for key in value:
        if type(key) is not str:
            raise ArgumentTypeError(f"save: {_written(name)}: got a key of type {type(key).__name__}; expected strings")
    return ["dict", list(value)]


def _simple(value: Any, name: Name) -> Any:
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if -LARGEST < value < LARGEST else ["int", hex(value)]
    if type(value) is float:
        return ["float", value.hex()]
    if type(value) is complex:
        return ["complex", value.real.hex(), value.imag.hex()]
    raise ArgumentTypeError(
        f"save: {_written(name)}: got {type(value).__module__}.{type(value).__qualname__}; expected a Tensor, or a dict, "
        "list, tuple, None, bool, number or string of Python's own; make arrays tensors first, with arraygrad.asarray"
    )


class _Open:
    """A container whose parts are still to come."""

    def __init__(self, kind: str, keys: Sequence[str] | None, length: int) -> None:
        self.kind = kind
        self.keys = keys
        self.length = length
        self.parts: list[Any] = []

    def close(self) -> Any:
        """The container, once it is full."""
        if self.keys is not None:
            return dict(zip(self.keys, self.parts, strict=True))
        return tuple(self.parts) if self.kind == "tuple" else self.parts


def decode(tokens: Any, tensors: Sequence[Any]) -> Any:
    """The object of some tokens. Raises LoadError if there is none, or if it leaves a tensor out."""
    used: set[int] = set()
    stack = [_Open("list", None, 1)]
    if type(tokens) is not list:
        raise LoadError("its tree is not a list")
    for token in tokens:
        part = _part(token, tensors, used)
        if isinstance(part, _Open):
            stack.append(part)
        else:
            stack[-1].parts.append(part)
        while len(stack) > 1 and len(stack[-1].parts) == stack[-1].length:
            closed = stack.pop().close()
            stack[-1].parts.append(closed)
    if len(stack[0].parts) != 1:
        raise LoadError("its tree ends too early, or goes on after its end")
    if len(used) != len(tensors):
        raise LoadError("it holds tensors that are not in its tree")
    return stack[0].parts[0]


def _part(token: Any, tensors: Sequence[Any], used: set[int]) -> Any:
    """The value of a token, or the container that it opens."""
    if token is None or type(token) in (bool, str):
        return token
    if type(token) is int and -LARGEST < token < LARGEST:
        return token
    match token:
        case ["tensor", int(number)] if type(number) is int and 0 <= number < len(tensors):
            used.add(number)
            return tensors[number]
        case ["dict", [*keys]] if all(type(key) is str for key in keys) and len(set(keys)) == len(keys):
            return _Open("dict", keys, len(keys))
        case ["list" | "tuple" as kind, int(length)] if type(length) is int:
            return _Open(kind, None, length)
    number = _number(token)
    if number is None:
        raise LoadError("its tree holds a token that has no meaning")
    return number


def _number(token: Any) -> int | float | complex | None:
    """A number that JSON cannot hold, if it is written as `encode` writes it; None else."""
    try:
        match token:
            case ["int", str(text)] if hex(int(text, 16)) == text and abs(int(text, 16)) >= LARGEST:
                return int(text, 16)
            case ["float", str(text)] if float.fromhex(text).hex() == text:
                return float.fromhex(text)
            case ["complex", str(real), str(imag)]:
                return complex(_number(["float", real]), _number(["float", imag]))  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        return None
    return None
