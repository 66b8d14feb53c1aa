"""Programs of one matrix that between them use what backends do differently: each gives a scalar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import arraygrad as ag

MATRIX = np.asarray([[1.3, 0.2, 0.7], [0.4, 1.9, 0.1], [0.6, 0.3, 2.2]], dtype=np.float32)
"""Where to differentiate them."""

PROGRAMS: dict[str, Callable[[ag.Tensor], ag.Tensor]] = {
    "unselected": lambda x: ag.where(x > 0.2, ag.log(x - 0.2), 0.0).sum(),
    "slices": lambda x: (x[::-1, 1:] * x[:, ::-1][..., :1]).sum(),
    "repeated indices": lambda x: (x[:, [0, 0, 1]] * x[[1, 0, 1]][:, :1].T).sum(),
    "broadcast": lambda x: (x * x[0] + x[:, :1]).sum(),
    "det": lambda x: ag.linalg.det(x),
    "inverse": lambda x: ag.linalg.inv(x).sum(),
    "solve": lambda x: ag.linalg.solve(x, x[:, 0]).sum(),
    "eigenvalues": lambda x: (ag.linalg.eigvalsh(x @ x.T) * ag.cumulative_sum(ag.ones_like(x[0]))).sum(),
    "singular values": lambda x: ag.linalg.svd(x)[1][0],
    "pseudo-inverse": lambda x: ag.linalg.pinv(x[:, :2]).sum(),
    "cholesky": lambda x: ag.linalg.cholesky(x @ x.T + ag.eye(3, backend=x.backend.name, device=x.device)).sum(),
    "exponential": lambda x: ag.linalg.expm(x).sum(),
    "take_along_axis": lambda x: (ag.take_along_axis(x, ag.argsort(x, axis=1), axis=1)[:, 0] ** 2).sum(),
    "sort": lambda x: (ag.sort(x, axis=0) * x).sum(),
    "max": lambda x: ag.max(x, axis=1).sum() + ag.min(x),
    "running": lambda x: ag.cumulative_sum(x, axis=0).sum() + ag.cumulative_prod(x, axis=1).sum(),
    "statistics": lambda x: ag.std(x, correction=0.5) + ag.var(x, axis=0).sum(),
    "fourier": lambda x: ag.abs(ag.fft.rfft(x)).sum(),
    "roll": lambda x: (ag.roll(x, 1) * x).sum(),
    "einsum": lambda x: ag.einsum("ij,jk->ik", x, x).sum(),
    "reshape": lambda x: (ag.reshape(x[:, :2], (2, 3)) @ x).sum(),
}
