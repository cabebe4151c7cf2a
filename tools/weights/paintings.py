"""Paintings of lesson 05: the head that finds color classes, from many more places and photos."""

import torch
from recipe import Recipe
from torch import Tensor, nn
from torch.nn import functional as F
from workplace import CPUSeconds, Workplace

from coursekit import datasets
from coursekit.metrics.color import color_scores, warm_cold_accuracy
from coursekit.models import hypercolumns as hyper
from coursekit.models.features import Lite0Features
from coursekit.runtime import Runtime
from coursekit.training import Schedule, fit, one_cycle
from coursekit.transforms import color, lab
from coursekit.weights import networks

SIDE, FOLDS = 160, 6  # as in the lesson; paintings of fold 0 are never trained on
PATCHES, PHOTO_PLACES, PLACES = 10, 60, 1_200  # a photo, a patch, a painting (and its mirror image)
EPOCHS, BATCH, RATE = 12, 512, 3e-3

Pair = tuple[Tensor, Tensor]  # L (1, 1, H, W) and a, b (1, 2, H, W)


def paintings(run: Runtime) -> tuple[list[Pair], list[Pair]]:
    """Those to learn from, and those of the lesson's fold 0."""
    found = datasets.load("paintings", full=False)
    pictures = [*found.train.images, *found.test.images]
    every = [lab.split(lab.shrink(one, side=SIDE)[None]) for one in pictures]
    order = torch.randperm(len(every), generator=run.generator("folds")).tolist()
    held = order[::FOLDS]
    return [pair for i, pair in enumerate(every) if i not in held], [every[i] for i in held]


def photos(run: Runtime) -> list[Pair]:
    """Several patches of each bundled photo."""
    options = {"size": SIDE, "patches_per_photo": PATCHES, "seed": run.seed}
    found = datasets.load("photos", full=False, **options)
    pictures = torch.cat([found.train.images, found.test.images])
    return [lab.split(one[None]) for one in pictures]


@torch.no_grad()
def rows(columns: hyper.Hypercolumns, pairs: list[Pair], count: int, rng) -> Pair:
    """Raw columns (P, channels) and the class (P,) at random places of pictures."""
    palette, found = lab.palette(), []
    for lightness, ab in pairs:
        raw = columns.raw(lightness)[0].flatten(1).T
        squares = F.avg_pool2d(ab, hyper.STRIDE)[0].flatten(1).T
        places = torch.randperm(len(raw), generator=rng)[:count]
        classes = torch.cdist(squares[places], palette).argmin(1)
        found.append((raw[places].half(), classes))  # half: some 200,000 of 1,456 numbers
    raw, classes = (torch.cat(part) for part in zip(*found, strict=True))
    return raw, classes


def train(place: Workplace) -> nn.Module:
    """The lesson's head, then folded with the columns' mean and components into one layer."""
    run = place.runtime
    columns, rng = hyper.Hypercolumns(Lite0Features()), run.generator("places")
    known, _ = paintings(run)
    mirrored = [(one.flip(-1), two.flip(-1)) for one, two in known]
    found = [rows(columns, photos(run), PHOTO_PLACES, rng)]
    columns.calibrate(found[0][0][::4].float())
    found.append(rows(columns, known + mirrored, PLACES, rng))
    x = torch.cat([columns.reduce(part.float()) for raw, _ in found for part in raw.split(20_000)])
    y = torch.cat([classes for _, classes in found])
    weight = color.balance(torch.bincount(y, minlength=networks.CLASSES) / len(y))
    torch.manual_seed(run.seed)
    head = hyper.ColorHead(columns.width, networks.CLASSES)
    batches = datasets.Batches(x, y, batch_size=BATCH, generator=run.generator("order"))
    epochs = place.epochs(EPOCHS)
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=0.01)
    history = fit(
        head,
        batches,
        lambda model, batch: F.cross_entropy(model(batch[0]), batch[1], weight=weight),
        epochs=epochs,
        optimizer=optimizer,
        runtime=run,
        callbacks=[CPUSeconds(), Schedule(one_cycle(optimizer, steps=epochs * len(batches)))],
        checkpoint=place.checkpoint("head"),
    )
    place.took(history)
    return folded(head, columns)


@torch.no_grad()
def folded(head: hyper.ColorHead, columns: hyper.Hypercolumns) -> nn.Module:
    """A head of reduced columns -> one of raw columns that gives the same scores."""
    whole = networks.colorizer()
    whole.load_state_dict(head.state_dict() | {"layers.1.weight": whole.layers[1].weight})
    old = head.layers[1]
    whole.layers[1].weight.copy_(old.weight @ columns.basis.T)
    whole.layers[1].bias.copy_(old.bias - whole.layers[1].weight @ columns.mean)
    return whole


@torch.no_grad()
def measure(network: nn.Module, run: Runtime) -> dict[str, float]:
    """On the paintings of fold 0, which it never saw."""
    columns = hyper.Hypercolumns(Lite0Features())
    model = hyper.ClassColorizer(columns.raw, network, lab.palette()).eval()
    scores, found, truth = [], [], []
    for lightness, ab in paintings(run)[1]:
        colors = model(lightness)
        scores.append(color_scores(lab.join(lightness, colors), lab.join(lightness, ab)))
        found.append(colors[0].flatten(1).T)
        truth.append(ab[0].flatten(1).T)
    names = {"PSNR, dB": "psnr_db", "CIEDE2000": "ciede", "colorfulness gap": "gap"}
    figures = {
        key: float(torch.cat([one[name] for one in scores]).mean()) for name, key in names.items()
    }
    return figures | {"warm_cold": 100 * warm_cold_accuracy(torch.cat(found), torch.cat(truth))}


WHAT = "Color classes of paintings from a pretrained network"
RECIPES = [Recipe("colorizer", "05", WHAT, ("paintings", "photos"), train, measure)]
