"""The networks whose trained weights come with the course, still untrained: name -> network.

The recipes of `tools/weights` train them; `store.load` fills them from weights/NAME.
"""

from collections.abc import Callable

import torch
from torch import nn

from coursekit.models.dcgan import BatchDiscriminator, SmallGenerator
from coursekit.models.denoiser import BlindDenoiser
from coursekit.models.hypercolumns import ColorHead
from coursekit.models.layered_vae import LayeredVAE
from coursekit.models.layered_vqvae import LayeredVQVAE
from coursekit.models.ppca import PPCA
from coursekit.models.quantizers import EMAQuantizer
from coursekit.models.residual_autoencoder import ResidualAutoencoder
from coursekit.models.resize_unet import ResizeUNet
from coursekit.transforms import filters

FACE, LATENT, HIDDEN = 3 * 64 * 64, 32, 128  # of the two networks for faces
PALETTE = {"faces-vae": 32, "faces-vqvae": 26}  # colors
WIDTHS = (12, 24, 48, 96, 96)  # of the translators, as in lesson 11
RAW, CLASSES = 1456, 99  # numbers of a raw hypercolumn, color classes of lesson 05


def autoencoder(images: torch.Tensor | None = None) -> ResidualAutoencoder:
    """Ten numbers for 784 pixels (lesson 01)."""
    if images is None:
        images = torch.eye(784)[:20].repeat(2, 1)
    return ResidualAutoencoder(images, latent=10)


def denoiser() -> BlindDenoiser:
    """One network for four noises (lesson 02)."""
    return BlindDenoiser(filters.switching_median)


def colorizer() -> ColorHead:
    """Scores of color classes from raw hypercolumns (lesson 05)."""
    return ColorHead(RAW, CLASSES)


def faces_vae(start: PPCA | None = None, palette: torch.Tensor | None = None) -> LayeredVAE:
    """Faces from 32 numbers (lesson 06)."""
    if palette is None:
        palette = torch.zeros(PALETTE["faces-vae"], 3)
    return LayeredVAE(start or _blank(), palette, hidden=HIDDEN)


def faces_vqvae(
    start: PPCA | None = None,
    palette: torch.Tensor | None = None,
    generator: torch.Generator | None = None,
) -> LayeredVQVAE:
    """Faces from 16 whole numbers (lesson 08). generator: for codes that are revived."""
    if palette is None:
        palette = torch.zeros(PALETTE["faces-vqvae"], 3)
    book = EMAQuantizer(256, 2, commitment=1.0, decay=0.97, revive_below=0.3, generator=generator)
    return LayeredVQVAE(start or _blank(), palette, book, hidden=HIDDEN)


def digits_dcgan() -> nn.ModuleDict:
    """Digits from noise, and the discriminator that judged them (lesson 10)."""
    generator = SmallGenerator(latent=100, channels=64, width=32, refine=2)
    judge = BatchDiscriminator(width=32, hidden=128)
    return nn.ModuleDict({"generator": generator, "discriminator": judge})


def translator() -> ResizeUNet:
    """From one kind of drawing to another (lesson 11)."""
    return ResizeUNet(WIDTHS)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "autoencoder": autoencoder,
    "denoiser": denoiser,
    "colorizer": colorizer,
    "faces-vae": faces_vae,
    "faces-vqvae": faces_vqvae,
    "digits-dcgan": digits_dcgan,
    "emoji-shading": translator,
    "emoji-coloring": translator,
}


def _blank() -> PPCA:
    return PPCA(torch.zeros(FACE), torch.ones(FACE, LATENT), 1.0)
