"""Random tensors: seeded, of the shape, dtype and range that their names promise."""

from __future__ import annotations

import arraygrad as ag


def test_a_seed_starts_the_same_numbers_again():
    draws = []
    for seed in (7, 7, 8):
        ag.manual_seed(seed)
        draws.append([ag.rand(3).tolist(), ag.randn(2, 2).tolist(), ag.randint(0, 100, (5,)).tolist()])
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_random_tensors_have_the_dtype_and_range_that_pytorch_gives_them():
    uniform, integers = ag.rand(1000), ag.randint(3, 6, (1000,))
    assert uniform.dtype == ag.get_default_dtype() == ag.float32
    assert 0 <= uniform.min().item() < uniform.max().item() < 1
    assert integers.dtype == ag.int64
    assert set(integers.tolist()) == {3, 4, 5}
    assert set(ag.randint(2, (1000,)).tolist()) == {0, 1}


def test_random_tensors_like_another_have_its_shape_and_dtype_and_may_require_a_gradient():
    x = ag.ones(2, 3, dtype=ag.float64)
    assert ag.rand_like(x).shape == ag.randn_like(x).shape == (2, 3)
    assert ag.rand_like(x).dtype == ag.randn_like(x).dtype == ag.float64
    assert ag.randn(3, requires_grad=True).requires_grad
    assert not ag.randn_like(x).requires_grad
