"""Freed memory goes back to the system."""

import pytest
import torch

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
