"""Networks: a step of a multilayer perceptron, and of a recurrent network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from libraries import BY_HAND
from measurement import Settings, timed
from problem import Arrays, Problem
from row import Row, Target

WIDTHS = (784, 256, 128, 10)
BATCH = 128
STEPS, INPUTS, HIDDEN, SEQUENCES = 100, 32, 64, 16


def perceptron(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """The loss of a batch: relu between the layers, softmax cross entropy at the end."""
    w1, b1, w2, b2, w3, b3 = parameters
    x, labels, onehot = constants
    h = ops.relu(x @ w1 + b1)
    h = ops.relu(h @ w2 + b2)
    return ops.cross_entropy(h @ w3 + b3, labels, onehot)


def perceptron_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> list[Any]:
    """Its derivatives by all weights and biases: of one operation after the other, none joined with the next."""
    w1, b1, w2, b2, w3, b3 = parameters
    x, _, onehot = constants
    h1 = x @ w1 + b1
    a1 = xp.maximum(h1, 0)
    h2 = a1 @ w2 + b2
    a2 = xp.maximum(h2, 0)
    logits = a2 @ w3 + b3
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    logs = shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))
    loss = -(logs * onehot).sum() / len(x)
    g = xp.broadcast_to(-(xp.ones_like(loss) / len(x)), logs.shape) * onehot
    g = g - xp.exp(logs) * g.sum(axis=-1, keepdims=True)
    g3, gb3 = a2.T @ g, g.sum(axis=0)
    g = (g @ w3.T) * (h2 > 0)
    g2, gb2 = a1.T @ g, g.sum(axis=0)
    g = (g @ w2.T) * (h1 > 0)
    return [x.T @ g, g.sum(axis=0), g2, gb2, g3, gb3]


def recurrent(ops: Any, parameters: Arrays, constants: Arrays) -> Any:
    """The mean square of the last state of h = tanh(x w + h u + b)."""
    w, u, b = parameters
    h, *inputs = constants
    for x in inputs:
        h = ops.tanh(x @ w + h @ u + b)
    return ops.sum(h * h) / (SEQUENCES * HIDDEN)


def recurrent_by_hand(xp: Any, parameters: Arrays, constants: Arrays) -> list[Any]:
    """Its derivatives by w, u and b."""
    w, u, b = parameters
    h, *inputs = constants
    states = [h]
    for x in inputs:
        h = xp.tanh(x @ w + h @ u + b)
        states.append(h)
    gw, gu, gb = xp.zeros_like(w), xp.zeros_like(u), xp.zeros_like(b)
    g = 2 * h / (SEQUENCES * HIDDEN)
    for x in reversed(inputs):
        h = states.pop()
        g = g * (1 - h * h)
        gw += x.T @ g
        gu += states[-1].T @ g
        gb += g.sum(axis=0)
        g = g @ u.T
    return [gw, gu, gb]


def perceptron_problem(batch: int = BATCH) -> Problem:
    """In float32."""
    random = np.random.default_rng(0)
    parameters = []
    for inputs, outputs in pairwise(WIDTHS):
        parameters.append((random.standard_normal((inputs, outputs)) / inputs**0.5).astype("float32"))
        parameters.append((random.standard_normal(outputs) / 10).astype("float32"))
    labels = random.integers(0, WIDTHS[-1], batch)
    x = random.standard_normal((batch, WIDTHS[0])).astype("float32")
    onehot = np.eye(WIDTHS[-1], dtype="float32")[labels]
    return Problem(perceptron, parameters, [x, labels, onehot], {"gradients": perceptron_by_hand}, rtol=1e-4)


def recurrent_problem() -> Problem:
    """In float64."""
    random = np.random.default_rng(0)
    parameters = [
        random.standard_normal((INPUTS, HIDDEN)) / INPUTS**0.5,
        random.standard_normal((HIDDEN, HIDDEN)) / HIDDEN**0.5,
        random.standard_normal(HIDDEN) / 10,
    ]
    inputs = [random.standard_normal((SEQUENCES, INPUTS)) for _ in range(STEPS)]
    return Problem(recurrent, parameters, [np.zeros((SEQUENCES, HIDDEN)), *inputs], {"gradients": recurrent_by_hand})


def rows(settings: Settings) -> Iterator[Row]:
    """Forward, loss and backward."""
    name = "MLP 784-256-128-10, batch 128, float32"
    yield timed(name, perceptron_problem(), "gradients", settings, (Target(1.05, BY_HAND),))
    yield timed(f"RNN of {STEPS} steps, {SEQUENCES} × {HIDDEN}", recurrent_problem(), "gradients", settings)
