"""A VQ-VAE with few codes for a picture (lesson 08): lesson 06's layers behind whole numbers."""

from torch import Tensor, nn

from coursekit.models.layered_vae import Decoder, Encoder, Layers, layered_nats, render
from coursekit.models.ppca import PPCA
from coursekit.models.quantizers import EMAQuantizer, Quantized

PAIR = 2  # numbers of the encoder that one code replaces


class LayeredVQVAE(nn.Module):
    """Pairs of numbers of lesson 06's encoder, each replaced by the nearest code of one codebook.

    x (B, 3, side, side), colors (B, side, side) -> nats of each picture (B,), Quantized. The codes
    speak for the whole picture: `latent` / 2 of them. Starts as PPCA whose coefficients are
    quantized in pairs (product quantization, Jégou et al. 2011, with one codebook for all pairs).
    """

    palette: Tensor

    def __init__(
        self,
        start: PPCA,
        palette: Tensor,
        quantizer: EMAQuantizer,
        *,
        side: int = 64,
        layers: int = 8,
        hidden: int = 384,
    ):
        super().__init__()
        latent = start.loadings.shape[1]
        self.register_buffer("palette", palette)
        self.encoder, self.quantizer = Encoder(start, side), quantizer
        self.decoder = Decoder(latent, side, outputs=layers, hidden=hidden)
        self.colors = nn.Linear(hidden, layers * len(palette))

    def encode(self, x: Tensor) -> Quantized:
        mu, _ = self.encoder(x)  # (B, latent); the spread is not used
        return self.quantize(mu)

    def quantize(self, numbers: Tensor) -> Quantized:
        """The nearest code of each pair of an encoder's numbers (B, latent)."""
        return self.quantizer(numbers.unflatten(1, (-1, PAIR)).movedim(1, 2)[..., None])

    def layers(self, z: Tensor) -> Layers:
        hidden, masks = self.decoder(z[..., 0].movedim(1, 2).flatten(1))  # (B, 2, codes, 1)
        return Layers(masks, self.colors(hidden).unflatten(1, (masks.shape[1], -1)))

    def decode_codes(self, indices: Tensor) -> Tensor:
        """Whole numbers (B, codes) -> pictures (B, 3, side, side) in [0, 1]."""
        return render(self.layers(self.quantizer.lookup(indices[..., None])), self.palette)

    def forward(self, x: Tensor, colors: Tensor) -> tuple[Tensor, Quantized]:
        quantized = self.encode(x)
        return layered_nats(self.layers(quantized.z), colors), quantized
