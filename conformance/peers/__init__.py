"""The properties of the kit, asked of other differentiation libraries.

    python conformance/peers/run.py jax

The cases come from arraygrad's declarations, and the properties are the kit's own; `problem` puts a case on a peer.
An adapter (`in_torch`, `in_jax`, `in_autograd`, `in_mygrad`) is a module of a few functions:

    function(name)     what the library has for a function of arraygrad's, with its parameters; None if it has nothing
    array(value)       a NumPy array as one of the library's; plain(value) takes it back
    constant(value)    an argument that is not differentiated by
    option(name, v)    the value of an option
    vjp(f, *x)         (f(*x), pull), as `arraygrad.func.vjp`; gradients by complex numbers in arraygrad's convention
    jvp(f, x, t)       (f(*x), tangents), as `arraygrad.func.jvp`; None if the library has no forward mode
    NESTS              whether they nest, which is how second derivatives are asked for
    TAKES              by name, whether the function stands for arraygrad's for a case
    double()           a context in which the library computes in double precision

`policy` asks about points where no derivative exists, and `multiprecision` says what is right where the peer is wrong.
"""

from __future__ import annotations

import importlib
from typing import Any

PEERS = {"torch": "torch", "jax": "jax", "autograd": "autograd", "mygrad": "mygrad"}
"""The distribution of each peer."""


def peer(name: str) -> Any:
    """The adapter of a peer. Raises ImportError if the library is not installed."""
    return importlib.import_module(f"peers.in_{name}")
