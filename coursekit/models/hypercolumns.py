"""Color read from a pretrained network (lesson 05): hypercolumns, a table, and small heads."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from coursekit.models.features import Lite0Features

STRIDE = 4  # a hypercolumn stands for a square of 4x4 pixels
BINS = 20  # steps of lightness in the table


class Hypercolumns(nn.Module):
    """All that a frozen network saw at one place, in one column (Hariharan et al. 2015).

    L (B, 1, H, W), sides in fours -> (B, width, H/4, W/4). Its columns are centered and scaled by
    `calibrate`, and the deepest maps are reduced to their first principal components.
    """

    basis: Tensor
    mean: Tensor

    def __init__(self, network: Lite0Features, *, stages: Sequence[int] = (1, 2, 3, 4), kept=256):
        """stages: which of the network's maps; kept: components of a map with more channels."""
        super().__init__()
        self.network, self.stages = network, tuple(stages)
        self.channels = [network.channels[stage] for stage in stages]
        self.kept = [min(kept, channels) for channels in self.channels]
        self.width = sum(self.kept)
        self.register_buffer("mean", torch.zeros(sum(self.channels)))
        self.register_buffer("basis", torch.zeros(sum(self.channels), self.width))

    @torch.no_grad()
    def raw(self, lightness: Tensor) -> Tensor:
        """The chosen maps, each brought to a quarter of the side. -> (B, channels, H/4, W/4)."""
        size = (lightness.shape[2] // STRIDE, lightness.shape[3] // STRIDE)
        maps = self.network.stages(lightness.expand(-1, 3, -1, -1))
        chosen = [maps[stage] for stage in self.stages]
        return torch.cat([F.interpolate(one, size=size, mode="bilinear") for one in chosen], 1)

    def calibrate(self, columns: Tensor) -> "Hypercolumns":
        """Find mean, components and scale from raw columns (N, channels); no labels are needed."""
        self.mean.copy_(columns.mean(0))
        row = column = 0
        for channels, kept in zip(self.channels, self.kept):
            centered = (columns - self.mean)[:, row : row + channels].double()
            values, vectors = torch.linalg.eigh(centered.T @ centered / len(columns))
            scale = values[-kept:].mean().sqrt()  # one for the whole map: a variance of 1
            block = (vectors[:, -kept:].flip(1) / scale).float()
            self.basis[row : row + channels, column : column + kept] = block
            row, column = row + channels, column + kept
        return self

    def reduce(self, columns: Tensor) -> Tensor:
        """Raw columns (..., channels) -> (..., width)."""
        return (columns - self.mean) @ self.basis

    def forward(self, lightness: Tensor) -> Tensor:
        return self.reduce(self.raw(lightness).movedim(1, -1)).movedim(-1, 1)


class LightnessTable(nn.Module):
    """One color for each step of lightness. L (B, 1, H, W) -> ab (B, 2, H, W)."""

    colors: Tensor

    def __init__(self, lightness: Tensor, ab: Tensor):
        """The mean color of the training pixels in each step: lightness (N,), ab (N, 2)."""
        super().__init__()
        step = self._step(lightness)
        counts = torch.bincount(step, minlength=BINS)[:, None]
        sums = [torch.bincount(step, weights=part.double(), minlength=BINS) for part in ab.T]
        means = torch.stack(sums, 1) / counts.clamp(min=1)
        colors = torch.where(counts > 0, means, ab.double().mean(0))  # no pixel: mean of all
        self.register_buffer("colors", colors.float())

    def _step(self, lightness: Tensor) -> Tensor:
        return (BINS * lightness).long().clamp(0, BINS - 1)

    def forward(self, lightness: Tensor) -> Tensor:
        return self.colors[self._step(lightness[:, 0])].movedim(-1, 1)


class ColorHead(nn.Module):
    """Scores of color classes for each column: two 1x1 convolutions, so to speak.

    Columns (..., width) -> (..., classes).
    """

    def __init__(self, width: int, classes: int, *, hidden: int = 128, dropout: float = 0.3):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, columns: Tensor) -> Tensor:
        return self.layers(columns)


class HypercolumnColorizer(nn.Module):
    """The table's color plus what a linear head reads from the hypercolumns.

    L (B, 1, H, W), sides in fours -> ab (B, 2, H, W). After Larsson et al. 2016, with a head that
    is solved for and not trained.
    """

    weight: Tensor

    def __init__(self, columns: Hypercolumns, table: LightnessTable, weight: Tensor):
        """weight (width, 2), see `ridge`."""
        super().__init__()
        self.columns, self.table = columns, table
        self.register_buffer("weight", weight)

    def forward(self, lightness: Tensor) -> Tensor:
        columns = self.columns(lightness)  # (B, width, H/4, W/4)
        change = torch.einsum("bdhw,dc->bchw", columns, self.weight)
        return self.table(lightness) + follow_edges(enlarge(change), lightness)


class ClassColorizer(nn.Module):
    """Annealed mean of the color classes that a head finds probable (Zhang et al. 2016).

    L (B, 1, H, W), sides in fours -> ab (B, 2, H, W). Temperature 1 is the mean of all classes,
    towards 0 the most probable one.
    """

    palette: Tensor

    def __init__(
        self,
        columns: Callable[[Tensor], Tensor],  # `Hypercolumns`, or its `raw` for a head of raw ones
        head: ColorHead,
        palette: Tensor,
        temperature: float = 0.38,
    ):
        super().__init__()
        self.columns, self.head, self.temperature = columns, head, temperature
        self.register_buffer("palette", palette)  # (classes, 2)

    def forward(self, lightness: Tensor) -> Tensor:
        scores = self.head(self.columns(lightness).movedim(1, -1))  # (B, H/4, W/4, classes)
        mean = torch.softmax(scores / self.temperature, -1) @ self.palette
        return follow_edges(enlarge(mean.movedim(-1, 1)), lightness)


def ridge(gram: Tensor, moment: Tensor, *, strength: float) -> Tensor:
    """Least squares that keeps its weights small (Hoerl & Kennard 1970). -> W (D, outputs).

    gram (D, D) is the mean of x x', moment (D, outputs) that of x y'. W lowers the mean of
    |x' W - y'|^2 plus strength |W|^2.
    """
    penalty = strength * torch.eye(len(gram), dtype=torch.float64)
    return torch.linalg.solve(gram.double() + penalty, moment.double()).float()


def enlarge(coarse: Tensor) -> Tensor:
    """One value for each 4x4 square -> one for each pixel. (B, C, h, w) -> (B, C, 4h, 4w)."""
    return F.interpolate(coarse, scale_factor=STRIDE, mode="bilinear")


def follow_edges(
    ab: Tensor, lightness: Tensor, *, radius: int = 8, epsilon: float = 1e-3
) -> Tensor:
    """Guided filter (He et al. 2013): smooth ab (B, 2, H, W) but for edges of L (B, 1, H, W).

    In each window ab becomes the straight line in L that fits it best.
    """

    def mean(values: Tensor) -> Tensor:
        return mean_around(values, 2 * radius + 1)

    center, color = mean(lightness), mean(ab)
    slope = (mean(lightness * ab) - center * color) / (
        mean(lightness * lightness) - center * center + epsilon
    )
    return mean(slope) * lightness + mean(color - slope * center)


def mean_around(values: Tensor, side: int) -> Tensor:
    """The mean of values (B, C, H, W) in a square of this odd side around each place, inside the
    picture: of columns first, then of rows, which is 6 times as fast at 17 and 28 times at 65."""
    half = side // 2
    columns = F.avg_pool2d(values, (side, 1), stride=1, padding=(half, 0), count_include_pad=False)
    return F.avg_pool2d(columns, (1, side), stride=1, padding=(0, half), count_include_pad=False)
