"""Faults in the code of a rule and of the functions that it calls: another number, another operator."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator
from typing import Any

SYMBOLS = {"+": 0, "&": 1, "@": 4, "*": 5, "|": 7, "**": 8, "-": 10, "/": 11}
"""The argument of CPython's BINARY_OP for each operator, since 3.11."""

OTHER_OPERATOR = {"+": "-", "-": "+", "*": "/", "/": "*", "@": "*", "**": "*", "&": "|", "|": "&"}


def functions_of(rule: Any, depth: int = 3) -> list[Any]:
    """A rule and the plain functions of operations' modules that it calls."""
    found, ahead = [rule], [rule]
    for _ in range(depth):
        called = [
            function
            for caller in ahead
            for name in caller.__code__.co_names
            if isinstance(function := caller.__globals__.get(name), types.FunctionType)
            and function.__module__.startswith("arraygrad.ops")
            and not hasattr(function, "op")
            and function not in found
        ]
        ahead = list(dict.fromkeys(called))
        found += ahead
    return found


def wrong_codes(rule: Any) -> Iterator[tuple[str, Any, types.CodeType]]:
    """What is wrong, the function, and its wrong code."""
    for function in functions_of(rule):
        place = "" if function is rule else f" in {function.__name__}"
        for what, code in [*_numbers(function.__code__), *_operators(function.__code__)]:
            yield what + place, function, code


def _numbers(code: types.CodeType) -> Iterator[tuple[str, types.CodeType]]:
    for position, value in enumerate(code.co_consts):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            consts = (*code.co_consts[:position], value + 1, *code.co_consts[position + 1 :])
            yield f"{value + 1} instead of {value}", code.replace(co_consts=consts)


def _operators(code: types.CodeType) -> Iterator[tuple[str, types.CodeType]]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "BINARY_OP" and (other := OTHER_OPERATOR.get(instruction.argrepr)):
            changed = bytearray(code.co_code)
            changed[instruction.offset + 1] = SYMBOLS[other]
            line = instruction.positions.lineno if instruction.positions else 0
            yield f"{other} instead of {instruction.argrepr} (line {line})", code.replace(co_code=bytes(changed))
        if instruction.opname == "UNARY_NEGATIVE":
            changed = bytearray(code.co_code)
            changed[instruction.offset] = dis.opmap["NOP"]
            yield "a minus dropped", code.replace(co_code=bytes(changed))
