"""Every error that arraygrad raises on purpose.

    ArraygradError
    ├── GradientError        (RuntimeError)   what was asked of the graph it cannot give
    ├── GradcheckError       (RuntimeError)   a gradient is not the derivative
    ├── ArgumentError        (ValueError)     an argument has a wrong value or shape
    │   └── IndexingError    (IndexError)     an axis or an index is out of range
    ├── ArgumentTypeError    (TypeError)      an argument has a wrong type or dtype
    ├── BackendError         (RuntimeError)   a backend is unknown, missing, broken, or two were mixed
    ├── DerivativeNotImplemented (NotImplementedError)
    ├── ExportError          (BufferError)    a tensor cannot leave through a buffer protocol
    ├── LoadError            (ValueError)     a file does not hold what `save` wrote
    └── DeclarationError     (TypeError)      an operation was declared wrongly

Those that PyTorch raises as RuntimeError are RuntimeErrors here too, so that a program written
for PyTorch catches what it expects.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any


class ArraygradError(Exception):
    """Base of every error that arraygrad raises on purpose."""


class GradientError(ArraygradError, RuntimeError):
    """The graph cannot give what was asked of it."""


class GradcheckError(ArraygradError, RuntimeError):
    """A gradient that was checked is not the derivative."""


class ArgumentError(ArraygradError, ValueError, RuntimeError):
    """An argument has a wrong value or shape."""


class IndexingError(ArgumentError, IndexError):
    """An axis or an index is out of range."""


class ArgumentTypeError(ArraygradError, TypeError, RuntimeError):
    """An argument has a wrong type or dtype."""


class BackendError(ArraygradError, RuntimeError):
    """A backend is unknown, not installed, broken, or two backends were mixed."""


class DerivativeNotImplemented(ArraygradError, NotImplementedError):
    """A gradient was asked through an operation that has none."""


class ExportError(ArraygradError, BufferError):
    """A tensor cannot leave through a buffer protocol."""


class LoadError(ArraygradError, ValueError, RuntimeError):
    """A file does not hold what `save` wrote: it is damaged, or was not made by it."""


class DeclarationError(ArraygradError, TypeError):
    """An operation was declared wrongly."""


def in_words(arguments: Iterable[tuple[str, Any]]) -> str:
    """Arguments with their names, for errors: of arrays the shape and the data type."""
    return ", ".join(
        f"{name}: shape {tuple(value.shape)} {str(value.dtype).rpartition('.')[2]}"
        if hasattr(value, "dtype") and hasattr(value, "shape") and not isinstance(value, type)
        else f"{name}={value!r}"
        for name, value in arguments
    )


@functools.cache
def _both(kind: type[Exception]) -> type[Exception]:
    """An error of this tree that is one of a library's class too, under that class's name."""
    own = ArgumentTypeError if issubclass(kind, TypeError) else ArgumentError
    made: Any = type(kind.__name__, (own, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
    return made


def explain(operation: str, arguments: str, error: Exception) -> Exception:
    """What an array library raised, as an error of this tree that says the operation and its arguments.

    An error of a public class of the library's own (`LinAlgError`) stays one of that class too, if it can be made of a
    message; any other (`jax.errors.TracerArrayConversionError`) gets a note. That an argument lacks an attribute means that
    it is of a wrong type.
    """
    message = f"{operation}({arguments}): {error}"
    if isinstance(error, ArraygradError):
        return error
    if isinstance(error, IndexError):
        return IndexingError(message)
    if type(error) in (ValueError, RuntimeError):
        return ArgumentError(message)
    if type(error) in (TypeError, AttributeError) or (isinstance(error, TypeError) and "._" in type(error).__module__):
        return ArgumentTypeError(message)  # NumPy's TypeErrors are of private classes, which nobody catches by name
    if type(error).__init__ in (ValueError.__init__, RuntimeError.__init__, TypeError.__init__):
        return _both(type(error))(message)
    error.add_note(f"raised in {operation}({arguments})")
    return error


def explain_inside(function: str, arguments: str, error: Exception) -> Exception:
    """What was raised inside a composed function, as an error of this tree that says the function and its arguments."""
    if not isinstance(error, (ArgumentError, ArgumentTypeError)):
        return explain(function, arguments, error)
    if str(error).startswith((f"{function}:", f"{function}(")):
        return error
    return type(error)(f"{function}({arguments}): {error}")
