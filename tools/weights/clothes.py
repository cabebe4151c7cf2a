"""Clothes of lessons 01 and 02: ten numbers a picture, and one network for four noises."""

import torch
from recipe import Recipe
from torch import Tensor, nn
from torch.nn import functional as F
from workplace import Workplace

from coursekit import datasets, metrics
from coursekit.models.denoiser import denoising_loss
from coursekit.runtime import Runtime
from coursekit.training import prepare
from coursekit.transforms import noise
from coursekit.weights import networks

HELD, TESTED, TRAINED = 2_000, 1_000, 9_000
CODE_EPOCHS, CODE_BATCH = 150, 128
NOISE_EPOCHS, NOISE_BATCH = 50, 16


def train_autoencoder(place: Workplace) -> nn.Module:
    """The lesson's 8,000 training pictures, half of them mirrored each time they come."""
    run = place.runtime
    pictures = datasets.load("fashion-mnist", full=False).train.images
    order = torch.randperm(len(pictures), generator=run.generator("split"))
    known = pictures[order[HELD:]].flatten(1)
    mirror = run.generator("mirror")

    def change(x: Tensor) -> Tensor:
        flipped = x.view(-1, 28, 28).flip(-1).flatten(1)
        return torch.where(torch.rand(len(x), 1, generator=mirror) < 0.5, flipped, x)

    torch.manual_seed(run.seed)
    network = prepare(networks.autoencoder(datasets.to_float(known)), run)
    batches = datasets.Batches(
        known, batch_size=CODE_BATCH, generator=run.generator("order"), transform=change
    )
    return place.train(network, batches, _rebuild, epochs=CODE_EPOCHS, rate=1.5e-3, rng=mirror)


def train_denoiser(place: Workplace) -> nn.Module:
    """The lesson's training pictures, new noise each time they come."""
    run = place.runtime
    pictures = datasets.load("fashion-mnist", full=False).train.images
    order = torch.randperm(len(pictures), generator=run.generator("split"))
    rng = run.generator("noise")
    torch.manual_seed(run.seed)
    network = prepare(networks.denoiser(), run)
    batches = datasets.Batches(
        pictures[order[:TRAINED]][:, None],
        batch_size=NOISE_BATCH,
        generator=run.generator("order"),
        transform=lambda x: (noise.mixed(x, generator=rng), x),
    )
    return place.train(network, batches, denoising_loss, epochs=NOISE_EPOCHS, rate=4e-3, rng=rng)


@torch.no_grad()
def measure_autoencoder(network: nn.Module, run: Runtime) -> dict[str, float]:
    """Mean squared error of the lesson's validation pictures and of test pictures."""
    known = datasets.load("fashion-mnist", full=False)
    order = torch.randperm(len(known.train.images), generator=run.generator("split"))
    parts = {"validation": known.train.images[order[:HELD]], "test": known.test.images}
    flat = {name: datasets.to_float(part.flatten(1)) for name, part in parts.items()}
    return {f"{name}_mse": float(metrics.mse(network(x), x).mean()) for name, x in flat.items()}


@torch.no_grad()
def measure_denoiser(network: nn.Module, run: Runtime) -> dict[str, float]:
    """PSNR in dB and SSIM of each noise on the lesson's test pictures."""
    pictures = datasets.load("fashion-mnist", full=False).test.images[:TESTED, None]
    test, figures = datasets.to_float(pictures), {}
    for kind, add in noise.NOISES.items():
        spoiled = add(test, generator=run.generator("test", kind))
        found = torch.cat([network(part) for part in spoiled.split(250)]).clamp(0, 1)
        word = kind.replace(" and ", "_")
        figures[f"{word}_psnr_db"] = float(metrics.psnr(found, test).mean())
        figures[f"{word}_ssim"] = float(metrics.ssim(found, test).mean())
    return figures


def _rebuild(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[0])


DATA = ("fashion-mnist",)
RECIPES = [
    Recipe(
        "autoencoder",
        "01",
        "Ten numbers for a picture of clothes",
        DATA,
        train_autoencoder,
        measure_autoencoder,
    ),
    Recipe("denoiser", "02", "One network for four noises", DATA, train_denoiser, measure_denoiser),
]
