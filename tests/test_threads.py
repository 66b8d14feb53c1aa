"""Many threads at one family of views, with the global interpreter lock and without."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import arraygrad as ag

COUNT = 8


@pytest.fixture(autouse=True)
def switching_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], None]) -> None:
    """Run `work(0)`, `work(1)`, ... at once; an error of one is raised here."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(COUNT)

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_view_of_what_was_written_is_the_same_for_all_who_look_at_it_at_once():
    for _ in range(30):
        x = ag.tensor(np.arange(6.0), requires_grad=True)
        y = x * 1
        tail = y[1:][1:]
        y.mul_(2)
        seen: list[object] = [None] * COUNT

        def look(number: int) -> None:
            seen[number] = (tail.tolist(), tail.requires_grad, id(tail.node))  # noqa: B023 - joined in the loop

        in_threads(look)
        assert seen == [([4.0, 6.0, 8.0, 10.0], True, id(tail.node))] * COUNT


def test_threads_write_to_their_own_parts_of_one_tensor():
    for _ in range(20):
        whole = ag.tensor(np.zeros(4 * COUNT))
        parts = [whole[4 * number : 4 * number + 4] for number in range(COUNT)]

        def write(number: int) -> None:
            for _ in range(5):
                parts[number].add_(1.0)  # noqa: B023 - joined in the loop

        in_threads(write)
        assert whole.tolist() == [5.0] * (4 * COUNT)


def test_views_that_threads_make_of_one_tensor_all_follow_it():
    for _ in range(20):
        whole = ag.tensor(np.zeros(COUNT))
        made: list[list[ag.Tensor]] = [[] for _ in range(COUNT)]

        def view(number: int) -> None:
            for _ in range(40):
                made[number].append(whole[number])  # noqa: B023 - joined in the loop

        in_threads(view)
        whole.add_(1.0)
        assert all(each.item() == 1.0 for mine in made for each in mine)


def test_each_thread_keeps_its_own_history_of_writes():
    results: list[object] = [None] * COUNT

    def work(number: int) -> None:
        x = ag.tensor(np.ones(6), requires_grad=True)
        y = x * 1
        for index in range(1, 6):
            y[index] = y[index - 1] * 2
        (y * y).sum().backward()
        results[number] = (y.tolist(), x.grad.tolist())

    in_threads(work)
    expected = ([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], [2.0 * (4**6 - 1) / 3, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert results == [expected] * COUNT
