"""Nested lists, tuples, named tuples and dictionaries of values, as transforms take and return them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Structure = Any
"""None for a value; (type, keys, structures) for a container."""


def flatten(value: Any) -> tuple[list[Any], Structure]:
    """The values in a nested container, and its structure without them. None counts as a container without values."""
    leaves: list[Any] = []
    return leaves, _flatten(value, leaves)


def _flatten(value: Any, leaves: list[Any]) -> Structure:
    if value is None:
        return (type(None), (), ())
    if type(value) is dict:
        return (dict, tuple(value), tuple(_flatten(part, leaves) for part in value.values()))
    if isinstance(value, (list, tuple)):
        return (type(value), (), tuple(_flatten(part, leaves) for part in value))
    leaves.append(value)
    return None


def rebuild(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The inverse of `flatten`."""
    return _rebuild(structure, iter(leaves))


def _rebuild(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure is None:
        return next(leaves)
    kind, keys, parts = structure
    if kind is type(None):
        return None
    values = [_rebuild(part, leaves) for part in parts]
    if kind is dict:
        return dict(zip(keys, values, strict=True))
    return kind(*values) if hasattr(kind, "_fields") else kind(values)
