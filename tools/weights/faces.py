"""Faces of lessons 06 and 08: the layered VAE, and the VQ-VAE with sixteen whole numbers."""

from typing import NamedTuple

import torch
from recipe import Recipe
from torch import Tensor, nn
from workplace import Workplace

from coursekit import datasets, metrics
from coursekit.metrics.generation import FrechetTo
from coursekit.models.features import in_batches
from coursekit.models.ppca import fit_ppca
from coursekit.runtime import Runtime
from coursekit.training import NegativeELBO
from coursekit.transforms.color import fit_palette, label
from coursekit.transforms.resize import to_input
from coursekit.weights import networks

BATCH, TESTED, COLORS = 16, 200, networks.PALETTE
EPOCHS = {"faces-vae": 150, "faces-vqvae": 120}


class Faces(NamedTuple):
    """Training pictures, uint8 (N, 64, 64, 3), their palette, its number at each pixel."""

    pictures: Tensor
    palette: Tensor
    numbers: Tensor


def faces(name: str, generator: torch.Generator) -> Faces:
    """All training faces as the loss wants them."""
    pictures = datasets.load("manga-faces", full=False).train.images
    here, above, left = pictures[:, 1:, 1:], pictures[:, :-1, 1:], pictures[:, 1:, :-1]
    flat = here[((here == above) & (here == left)).all(-1)][None, :, None]
    palette = fit_palette(flat, colors=COLORS[name], generator=generator)
    numbers = [label(part, palette).to(torch.int16) for part in pictures.split(500)]
    return Faces(pictures, palette.float() / 255, torch.cat(numbers))


def test_faces() -> Tensor:
    """(N, 3, 64, 64) in [0, 1]."""
    return to_input(datasets.load("manga-faces", full=False).test.images[:TESTED])


def train(place: Workplace, network: nn.Module, loss, known: Faces, rng) -> nn.Module:
    """Shuffled batches of all training faces, over the epochs of this network."""
    batches = datasets.Batches(
        known.pictures,
        known.numbers,
        batch_size=BATCH,
        generator=place.runtime.generator("order"),
        drop_last=True,
        transform=lambda x, *rest: (x.movedim(-1, 1), *rest),
    )
    return place.train(network, batches, loss, epochs=EPOCHS[place.name], rate=3e-3, rng=rng)


def train_vae(place: Workplace) -> nn.Module:
    known = faces(place.name, place.runtime.generator("palette"))
    start = fit_ppca(to_input(known.pictures), networks.LATENT)
    noise = place.runtime.generator("noise")
    network = networks.faces_vae(start, known.palette)
    return train(place, network, NegativeELBO(rng=noise), known, noise)


def train_vqvae(place: Workplace) -> nn.Module:
    known = faces(place.name, place.runtime.generator("palette"))
    start = fit_ppca(to_input(known.pictures), networks.LATENT)
    revive = place.runtime.generator("revive")
    network = networks.faces_vqvae(start, known.palette, revive)

    def loss(model, batch):
        nats, quantized = model(*batch)
        return nats.mean() + 300 * quantized.loss

    return train(place, network, loss, known, revive)


@torch.no_grad()
def measure_vae(network: nn.Module, run: Runtime) -> dict[str, float]:
    """Fréchet distance of samples, squared error of reconstructions, both of test faces."""
    test = test_faces()
    codes = torch.randn(len(test), networks.LATENT, generator=run.generator("samples"))
    samples = in_batches(network.decode, codes).clamp(0, 1)
    rebuilt = in_batches(lambda x: network.decode(network.encode(x)[0]), test).clamp(0, 1)
    return {
        "frechet": FrechetTo(test)(samples),
        "squared_error": float(metrics.mse(rebuilt, test).mean()),
    }


@torch.no_grad()
def measure_vqvae(network: nn.Module, run: Runtime) -> dict[str, float]:
    """The same; each code of a sample is that of a training face chosen at random."""
    test, known = test_faces(), datasets.load("manga-faces", full=False).train.images

    def to_codes(x):
        return network.encode(x).indices[..., 0]

    found = in_batches(lambda part: to_codes(to_input(part)), known)
    rows = torch.randint(len(found), (len(test), found.shape[1]), generator=run.generator("prior"))
    samples = in_batches(network.decode_codes, found.gather(0, rows)).clamp(0, 1)
    rebuilt = in_batches(lambda x: network.decode_codes(to_codes(x)), test).clamp(0, 1)
    distance = FrechetTo(test)
    return {
        "frechet": distance(samples),
        "frechet_reconstructions": distance(rebuilt),
        "squared_error": float(metrics.mse(rebuilt, test).mean()),
    }


DATA = ("manga-faces",)
RECIPES = [
    Recipe("faces-vae", "06", "A layered VAE that generates faces", DATA, train_vae, measure_vae),
    Recipe(
        "faces-vqvae",
        "08",
        "A VQ-VAE that keeps a face in sixteen bytes",
        DATA,
        train_vqvae,
        measure_vqvae,
    ),
]
