"""Grouped ridge against one regression on all rows, and its choice of the strength."""

import torch

from coursekit.models.hypercolumns import LightnessTable, ridge
from coursekit.training.ridge import GroupedRidge


def rows(count, seed, noise=0.0):
    """Columns whose color is known but for noise; lightness says nothing."""
    rng = torch.Generator().manual_seed(seed)
    columns = torch.randn(count, 6, generator=rng)
    truth = torch.arange(12.0).view(6, 2) / 10 - 0.5
    colors = columns @ truth + noise * torch.randn(count, 2, generator=rng)
    return columns, torch.cat([torch.full((count, 1), 0.5), colors], 1)


def flat(ab=(0.0, 0.0)):
    return LightnessTable(torch.tensor([0.5]), torch.tensor([ab]))


def test_groups_give_what_all_their_rows_give():
    groups = [rows(30, 0), rows(50, 1), rows(20, 2)]
    found = GroupedRidge(groups).fit([0, 2], flat((0.1, 0.2)), strength=0.2)
    x = torch.cat([groups[0][0], groups[2][0]])
    y = torch.cat([groups[0][1], groups[2][1]])[:, 1:] - torch.tensor([0.1, 0.2])
    expected = ridge(x.T @ x / 50, x.T @ y / 50, strength=0.2)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_extra_rows_count_by_their_share():
    group, extra = rows(40, 0), rows(400, 1)
    own = LightnessTable(extra[1][:, 0], extra[1][:, 1:])
    both = GroupedRidge([group], extra=extra, share=1.0).fit([0], flat(), strength=0.1)
    y = torch.cat([group[1][:, 1:], extra[1][:, 1:] - own.colors[10]])
    weight = torch.cat([torch.full((40, 1), 1 / 80), torch.full((400, 1), 1 / 800)])
    x = torch.cat([group[0], extra[0]])
    expected = ridge(x.T @ (weight * x), x.T @ (weight * y), strength=0.1)
    torch.testing.assert_close(both, expected, atol=1e-5, rtol=1e-5)


def test_noise_asks_for_a_stronger_penalty():
    strengths = (1e-4, 100.0)
    clear = GroupedRidge([rows(30, seed) for seed in range(4)])
    noise = GroupedRidge([(rows(8, seed)[0], rows(8, seed + 9, 9.0)[1]) for seed in range(4)])
    assert clear.choose(range(4), strengths) == strengths[0]
    assert noise.choose(range(4), strengths) == strengths[1]
