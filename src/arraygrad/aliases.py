"""What `detach` and `data` give: another tensor of the same family, without a history."""

from __future__ import annotations

import itertools
from typing import Any

from .family import View, ancestors, join, view_of
from .tensor import Tensor, new_tensor


def detached(tensor: Tensor, counts: bool) -> Tensor:
    """The same entries without a history, in the same family.

    It must not keep the tensor alive, and with that its graph. So both hang on a third that has no history: its like is
    made for the top of the family, and for each view on the way.
    """
    path = list(itertools.takewhile(lambda step: step[1].op is not None, ancestors(tensor)))
    highest = path[-1][1].parent if path else tensor
    view = view_of(highest)
    if view is None:
        view = View(new_tensor(_without_graph(highest.array)), None, {}, cut=True)
        view.parent._rest().version = highest._rest().version
        join(highest, view)
    parent = view.parent
    for member, step in reversed(path):
        parent, above = new_tensor(_without_graph(member.array)), parent
        join(parent, View(above, step.op, step.options))
    result = new_tensor(_without_graph(tensor.array))
    join(result, View(parent, None, {}, cut=True))
    result._rest().version = tensor._rest().version if counts else [0]
    return result


def _without_graph(array: Any) -> Any:
    return array.detach() if isinstance(array, Tensor) else array
