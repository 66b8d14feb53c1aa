"""The operations: one module for each chapter of the standard, and one for what lies beyond it.

To add an operation, declare it in the module of its chapter: the decorators in `arraygrad.kinds` do the rest.
"""

from . import (
    activations,
    copying,
    creation,
    data_type,
    decompositions,
    elementwise,
    fft,
    indexing,
    linalg,
    linear_algebra,
    manipulation,
    searching,
    sets,
    sorting,
    statistical,
    utility,
)

__all__ = [
    "activations", "copying", "creation", "data_type", "decompositions", "elementwise", "fft", "indexing", "linalg",
    "linear_algebra", "manipulation", "searching", "sets", "sorting", "statistical", "utility",
]  # fmt: skip
