"""PyTorch, on the CPU or a GPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from .tensors import Tensors

torch.set_num_threads(1)


def _cross_entropy(logits: Any, labels: Any, onehot: Any) -> Any:
    return torch.nn.functional.cross_entropy(logits, labels)


class PyTorch(Tensors):
    """Tensors and `backward()`; `torch.func` for second derivatives."""

    name = "PyTorch"
    func = torch.func
    ops = SimpleNamespace(
        sin=torch.sin, exp=torch.exp, log=torch.log, sqrt=torch.sqrt, tanh=torch.tanh, relu=torch.relu, sum=torch.sum,
        cross_entropy=_cross_entropy,
    )  # fmt: skip

    def __init__(self, device: str = "cpu") -> None:
        self._device = device

    def tensor(self, array: np.ndarray, *, requires_grad: bool) -> Any:
        """A copy of the array."""
        return torch.tensor(array, requires_grad=requires_grad, device=self._device)

    def value(self, array: Any) -> np.ndarray:
        """On the host."""
        return array.detach().cpu().numpy()
