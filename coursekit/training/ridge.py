"""Ridge regression of colors on hypercolumns, group by group (lesson 05)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.models.hypercolumns import LightnessTable, ridge

Rows = tuple[Tensor, Tensor]  # columns (P, D) and their L, a, b (P, 3)


class GroupedRidge:
    """Heads that predict (a, b) minus the table's color, each from some groups of paintings.

    Products of columns are summed once a group, so that another head costs one solution only.
    """

    def __init__(self, groups: Sequence[Rows], *, extra: Rows | None = None, share: float = 0.5):
        """extra: more pictures for every head, with a table of their own; share: how much all of
        them count, where all paintings of a head count 1."""
        self.groups, self.extra, self.share = list(groups), extra, share
        self.grams = [columns.T @ columns for columns, _ in self.groups]
        if extra is not None:
            own = LightnessTable(extra[1][:, 0], extra[1][:, 1:])
            self.extra_gram = extra[0].T @ extra[0] / len(extra[0])
            self.extra_moment = _moment(extra, own) / len(extra[0])

    def fit(self, known: Sequence[int], table: LightnessTable, *, strength: float) -> Tensor:
        """The weights (D, 2) that ridge regression finds from these groups."""
        return self._solve(self._moments(known, table), strength)

    def error(self, group: int, table: LightnessTable, weight: Tensor) -> float:
        """Mean squared error of (a, b) in a group."""
        columns, colors = self.groups[group]
        return float((columns @ weight - _rest(colors, table)).square().mean())

    def choose(self, known: Sequence[int], strengths: Sequence[float]) -> float:
        """The strength with the least error on known groups, each held out from head and table."""
        errors = dict.fromkeys(strengths, 0.0)
        for group in known:
            rest = [k for k in known if k != group]
            colors = torch.cat([self.groups[k][1] for k in rest])
            table = LightnessTable(colors[:, 0], colors[:, 1:])
            moments = self._moments(rest, table)
            for strength in strengths:
                errors[strength] += self.error(group, table, self._solve(moments, strength))
        return min(strengths, key=errors.__getitem__)

    def _moments(self, known: Sequence[int], table: LightnessTable) -> dict[int, Tensor]:
        return {k: _moment(self.groups[k], table) for k in known}

    def _solve(self, moments: dict[int, Tensor], strength: float) -> Tensor:
        """The head of the groups whose moments these are."""
        count = sum(len(self.groups[k][0]) for k in moments)
        gram = sum(self.grams[k] for k in moments) / count
        moment = sum(moments.values()) / count
        if self.extra is not None:
            gram = (gram + self.share * self.extra_gram) / (1 + self.share)
            moment = (moment + self.share * self.extra_moment) / (1 + self.share)
        return ridge(torch.as_tensor(gram), torch.as_tensor(moment), strength=strength)


def _rest(colors: Tensor, table: LightnessTable) -> Tensor:
    """What the table does not say: L, a, b (P, 3) -> (P, 2)."""
    return colors[:, 1:] - table(colors[:, :1].view(1, 1, -1, 1))[0, :, :, 0].T


def _moment(rows: Rows, table: LightnessTable) -> Tensor:
    return rows[0].T @ _rest(rows[1], table)
