"""Where defects that were found are known to those who keep the libraries."""

TRACKED = {
    ("torch", "linalg.det", "over"): "https://github.com/pytorch/pytorch/issues/196696",
    ("torch", "linalg.slogdet", "over"): "https://github.com/pytorch/pytorch/issues/192540",
    ("torch", "linalg.solve", "over"): "https://github.com/pytorch/pytorch/issues/192540",
    ("torch", "cumulative_prod", "over"): "https://github.com/pytorch/pytorch/issues/196701",
    ("torch", "logcumsumexp", ""): "https://github.com/pytorch/pytorch/issues/196705",
    ("autograd", "linalg.vector_norm", "complex"): "https://github.com/HIPS/autograd/issues/612",
    ("autograd", "linalg.matrix_norm", "complex"): "https://github.com/HIPS/autograd/issues/612",
}
"""By peer, operation and a part of the question's name."""


def tracked(peer: str, operation: str, question: str) -> str:
    """The address of a report; empty if none is known."""
    for (library, name, part), address in TRACKED.items():
        if (library, name) == (peer, operation) and part in question:
            return address
    return ""
