"""Accuracy, balanced accuracy and recall by hand; the bootstrap against a formula that is known."""

import torch

from coursekit.metrics import confusion as counted
from coursekit.metrics.confusion import accuracy, balanced_accuracy, confusion, recall

TABLE = torch.tensor([[8.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])  # class 2 has no pixel


def test_pixels_are_counted_by_photo_right_and_predicted_class():
    labels = torch.tensor([[[0, 1]], [[1, 1]], [[0, 0]]])
    predictions = torch.tensor([[[0, 0]], [[1, 0]], [[1, 0]]])
    tables = confusion(predictions, labels, torch.tensor([0, 2, 0]), classes=2)
    assert tables.tolist() == [[[2, 1], [1, 0]], [[0, 0], [0, 0]], [[0, 0], [1, 1]]]


def test_measures_by_hand():
    assert accuracy(TABLE) == 9 / 12
    assert balanced_accuracy(TABLE) == (0.8 + 0.5) / 2
    assert recall(TABLE, torch.tensor([False, True, True])) == 0.5


def test_who_always_says_one_class_has_a_balanced_accuracy_of_one_in_k():
    labels = torch.arange(4).repeat_interleave(torch.tensor([70, 20, 6, 4])).view(1, 10, 10)
    table = confusion(torch.zeros_like(labels), labels, torch.zeros(1), classes=4).sum(0)
    assert accuracy(table) == 0.7 and balanced_accuracy(table) == 0.25


def test_the_bootstrap_agrees_with_the_formula_for_a_mean_over_photos():
    draws = torch.Generator().manual_seed(0)
    right = torch.rand(100, generator=draws).double()  # of 100 photos with as many pixels each
    tables = torch.zeros(100, 2, 2).double()
    tables[:, 0, 0], tables[:, 0, 1] = right, 1 - right
    found = counted.standard_error(tables, accuracy, generator=draws, draws=2_000)
    assert abs(found / (right.std() / 10) - 1) < 0.06


def test_a_difference_of_equals_has_no_error_and_pairs_are_kept_together():
    draws = torch.Generator().manual_seed(0)
    tables = torch.rand(20, 1, 2, 2, generator=draws).double().expand(-1, 2, -1, -1)
    assert counted.standard_error(tables, accuracy, generator=draws) == 0
