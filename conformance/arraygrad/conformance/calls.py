"""What can be called: every differentiable operation and composite, as its declaration describes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from arraygrad.kinds import composites, declared
from arraygrad.namespace import calls
from arraygrad.op import Kind, Op
from arraygrad.standard import signature_of


@dataclass(frozen=True)
class Call:
    """A function of the namespace: its arrays, which of them have a derivative, its options."""

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature
    arrays: tuple[str, ...]
    differentiable: tuple[str, ...]
    op: Op | None

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the parameters that are not arrays."""
        return tuple(name for name in self.signature.parameters if name not in self.arrays)

    @property
    def is_variadic(self) -> bool:
        """Whether it takes any number of arrays."""
        return self.arrays == ("arrays",)

    @property
    def kind(self) -> Kind:
        """The kind of map."""
        return Kind.COMPOSITE if self.op is None else self.op.kind

    @property
    def core(self) -> str | None:
        """The gufunc signature."""
        return None if self.op is None else self.op.core

    @property
    def is_broadcasting(self) -> bool:
        """Whether its arrays are broadcast against one another, entry by entry."""
        return self.kind is Kind.ELEMENTWISE or self.name == "broadcast_arrays"

    def annotation(self, parameter: str) -> str:
        """The annotation of a parameter, as written."""
        return str(self.signature.parameters[parameter].annotation)

    def bind(self, arrays: list[Any], options: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the function, from all arrays in order and the options."""
        if self.is_variadic and self.signature.parameters["arrays"].kind is inspect.Parameter.VAR_POSITIONAL:
            return list(arrays), options
        given = {"arrays": arrays} if self.is_variadic else dict(zip(self.arrays, arrays, strict=True))
        given.update(options)
        positional, named = [], {}
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                named[name] = given[name]
            else:
                positional.append(given[name])
        return positional, named


def _arrays(signature: inspect.Signature) -> tuple[str, ...]:
    return tuple(
        name for name, parameter in signature.parameters.items() if str(parameter.annotation).startswith("Array")
    )


@cache
def differentiable_calls() -> dict[str, Call]:
    """Every declared operation that has a derivative, then the standard's composites of arrays, by name."""
    public = calls()
    found = {}
    for name, op in declared.items():
        if op.kind is not Kind.CONSTANT:
            signature = inspect.signature(op.function)
            found[name] = Call(name, public[name], signature, op.arrays, tuple(op.rules), op)
    for name, function in composites.items():
        signature = inspect.signature(function)
        arrays = _arrays(signature)
        if arrays and signature_of(name) and "Tensor" in str(signature.return_annotation):
            found[name] = Call(name, function, signature, arrays, arrays, None)
    return found
