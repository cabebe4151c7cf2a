"""Freed memory goes back to the system."""

import sys
from types import SimpleNamespace

import pytest
import torch
from IPython.core.events import EventManager, available_events

from coursekit import memory


def test_what_was_freed_is_given_back():
    memory.give_back()  # what earlier tests left free would be used again, unseen
    before = memory.resident_gb()
    held = [torch.ones(2_000_000) for _ in range(25)]  # 8 MB each, 0.2 GB
    assert memory.resident_gb() > before + 0.15
    held.append(held)  # a cycle, as an optimizer has
    del held
    memory.give_back()
    assert memory.resident_gb() == pytest.approx(before, abs=0.05)


def test_a_notebook_gives_memory_back_after_a_large_cell(monkeypatch):
    events = EventManager(None, available_events)
    monkeypatch.setitem(
        sys.modules,
        "IPython",
        SimpleNamespace(get_ipython=lambda: SimpleNamespace(events=events)),
    )
    held = {"now": 0.0}
    monkeypatch.setattr(memory, "resident_gb", lambda: held["now"])
    monkeypatch.setattr(memory, "give_back", lambda: held.update(now=held["now"] - 0.3))
    assert memory.give_back_after_cells()
    assert memory.give_back_after_cells()  # the cell that starts a lesson may be run again
    steps = [(0.6, 0.6), (1.5, 1.2), (1.25, 1.25), (1.4, 1.1)]  # GB at a cell's end, after it
    for before, after in steps:
        held["now"] = before
        events.trigger("post_run_cell", None)
        assert held["now"] == pytest.approx(after)


def test_outside_a_notebook_nothing_is_done(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not memory.give_back_after_cells()
