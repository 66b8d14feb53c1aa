"""What operations cost, and what keeps memory alive."""

from __future__ import annotations

import json

import numpy as np
import pytest

import arraygrad as ag


def step():
    x = ag.tensor(np.ones((50, 40)), requires_grad=True)
    w = ag.tensor(np.ones((40, 30)), requires_grad=True)
    return ag.sum(ag.exp(x @ w) * 2)


def test_every_call_is_counted_forward_and_backward():
    with ag.profile() as watched:
        step().backward()
    rows = {row.name: row for row in watched.rows()}
    assert {name: row.calls for name, row in rows.items()} == {"matmul": 2, "exp": 2, "multiply": 2, "sum": 2}
    assert all(row.forward > 0 and row.backward > 0 for row in rows.values())
    assert rows["exp"].bytes == 2 * 50 * 30 * 8 and rows["matmul"].bytes == (50 * 30 + 50 * 40 + 40 * 30) * 8
    table = watched.table()
    assert table.splitlines()[0].split() == ["operation", "calls", "forward", "backward", "bytes"] and "matmul" in table


def test_nothing_is_counted_outside():
    with ag.profile() as watched:
        pass
    step().backward()
    assert watched.events == []


def test_the_trace_is_one_that_viewers_of_traces_read(tmp_path):
    with ag.profile() as watched:
        step().backward()
    watched.export_chrome_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert len(events) == 8 and {event["ph"] for event in events} == {"X"} and min(event["ts"] for event in events) == 0
    assert {event["cat"] for event in events} == {"forward", "backward"} and all(event["dur"] > 0 for event in events)


def test_kept_memory_is_told_by_operation_and_by_the_line_that_called_it():
    with ag.profile() as watched:
        loss = step()
    header, first, *others = watched.kept(loss).splitlines()
    assert header.split() == ["kept", "by", "called", "at", "bytes"]
    assert first.startswith("MmBackward0") and f"{(50 * 40 + 40 * 30) * 8:,}" in first and "test_profiling.py" in first
    assert any("ExpBackward0" in line and f"{50 * 30 * 8:,}" in line for line in others)
    loss.backward()
    assert "MmBackward0" not in watched.kept(loss)


def test_a_tensor_without_a_graph_keeps_nothing():
    with pytest.raises(ag.ArraygradError, match="kept: got tensors without a graph"):
        ag.profile().kept(ag.ones(2))
