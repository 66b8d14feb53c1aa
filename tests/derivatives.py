"""First and second derivatives of a function's summed output, by every mode, as NumPy arrays."""

from __future__ import annotations

import numpy as np

import arraygrad as ag
from arraygrad import func


def array(value, dtype="float64"):
    return ag.asarray(value.tolist() if isinstance(value, np.ndarray) else value, dtype=dtype)


def total(f):
    """f, with its output summed."""
    return lambda *x: ag.sum(f(*x))


def reverse(f, *x):
    """The gradients of the sum of f by reverse mode."""
    return [g.numpy() for g in func.grad(total(f), argnums=tuple(range(len(x))))(*map(array, x))]


def forward(f, *x):
    """The same by forward mode, one entry at a time."""
    primals = [np.asarray(each, dtype=float) for each in x]
    found = [np.zeros_like(each) for each in primals]
    for position, each in enumerate(primals):
        for index in np.ndindex(each.shape):
            t = [np.zeros_like(other) for other in primals]
            t[position][index] = 1
            _, pushed = func.jvp(total(f), tuple(map(array, primals)), tuple(map(array, t)))
            found[position][index] = pushed.numpy()
    return found


def seconds(f, x, t=None):
    """The second derivative of the sum of f along t, by the four compositions; the last as a number t.H.t."""
    x = array(x)
    t = ag.ones_like(x) if t is None else array(t)
    rr = func.grad(lambda x: ag.sum(func.grad(total(f))(x) * t))(x)
    _, fr = func.jvp(func.grad(total(f)), (x,), (t,))
    rf = func.grad(lambda x: func.jvp(total(f), (x,), (t,))[1])(x)
    _, ff = func.jvp(lambda x: func.jvp(total(f), (x,), (t,))[1], (x,), (t,))
    return rr.numpy(), fr.numpy(), rf.numpy(), ff.numpy(), t.numpy()


def close(found, expected, rtol=1e-12):
    assert len(found) == len(expected)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=1e-15)
