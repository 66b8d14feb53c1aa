"""The operations: one module for each chapter of the standard, and one for what lies beyond it.

To add an operation, declare it in the module of its chapter: the decorators in `arraygrad.kinds` do the rest.
"""

from . import (
    activations,
    bessel,
    copying,
    creation,
    data_type,
    decompositions,
    determinants,
    distributions,
    einsum,
    elementwise,
    fft,
    indexing,
    linalg,
    linalg_more,
    linear_algebra,
    logic,
    manipulation,
    matrices,
    missing,
    padding,
    quantiles,
    running,
    sampled,
    scattering,
    searching,
    sets,
    signal,
    sorting,
    special,
    statistical,
    utility,
)

__all__ = [
    "activations", "bessel", "copying", "creation", "data_type", "decompositions", "determinants", "distributions",
    "einsum", "elementwise", "fft", "indexing", "linalg", "linalg_more", "linear_algebra", "logic", "manipulation",
    "matrices", "missing", "padding", "quantiles", "running", "sampled", "scattering", "searching", "sets", "signal",
    "sorting", "special", "statistical", "utility",
]  # fmt: skip
