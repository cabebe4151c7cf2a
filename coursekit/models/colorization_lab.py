"""Networks of lesson 05: lightness L in, color a and b out, all divided by 100 (CIE 1976 Lab)."""

import io
import socket
from contextlib import redirect_stderr
from typing import Any

import torch
from torch import Tensor, nn

CACHED = "resnet18-f37072fd.pth"  # as torchvision names the file of its ImageNet weights
PATIENCE = 20.0  # seconds that a silent connection is waited for


class ColorizationNet(nn.Module):
    """Three convolutions up to 64 channels and three back, all at full size (lesson 05).

    L (B, 1, H, W) -> ab (B, 2, H, W). A padding of 2 grows the maps by 2 pixels at each
    convolution, and takes them away again at each transposed one. 44,558 weights. The source ends
    with a ReLU: that is `Rectified(ColorizationNet())`.
    """

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            *_block(nn.Conv2d, 1, 12, 3),
            *_block(nn.Conv2d, 12, 32, 3),
            *_block(nn.Conv2d, 32, 64, 3),
        )
        self.decoder = nn.Sequential(
            *_block(nn.ConvTranspose2d, 64, 32, 3),
            *_block(nn.ConvTranspose2d, 32, 12, 3),
            nn.ConvTranspose2d(12, 2, 3, padding=2),
        )

    def forward(self, lightness: Tensor) -> Tensor:
        return self.decoder(self.encoder(lightness))  # (B, 64, H + 6, W + 6) between them


class DeepColorizationNet(nn.Module):
    """Eight 5x5 convolutions that keep the size (lesson 05).

    L (B, 1, H, W) -> ab (B, 2, H, W). 174,350 weights.
    """

    def __init__(self):
        super().__init__()
        self.encoder = _convolutions(1, 12, 32, 32, 64)
        self.decoder = nn.Sequential(*_convolutions(64, 32, 32, 12), nn.Conv2d(12, 2, 5, padding=2))

    def forward(self, lightness: Tensor) -> Tensor:
        return self.decoder(self.encoder(lightness))  # (B, 64, H, W) between them


class EncoderColorizer(nn.Module):
    """A pretrained encoder and a head that draws color from its features.

    L (B, 1, H, W) -> ab (B, 2, H, W), H, W in eights. The encoder gives features (B,
    encoder.channels, H/8, W/8). After Melas-Kyriazi 2018; the sizes are of lesson 05.
    """

    def __init__(self, encoder: "ResNet18Encoder | Lite0Encoder"):
        super().__init__()
        self.encoder, self.frozen = encoder, False
        self.head = nn.Sequential(
            *_block(nn.Conv2d, encoder.channels, 128, 3, padding=1),
            nn.Upsample(scale_factor=2),  # (B, 128, H/4, W/4)
            *_block(nn.Conv2d, 128, 64, 3, padding=1),
            *_block(nn.Conv2d, 64, 64, 3, padding=1),
            nn.Upsample(scale_factor=2),  # (B, 64, H/2, W/2)
            *_block(nn.Conv2d, 64, 32, 3, padding=1),
            nn.Conv2d(32, 2, 3, padding=1),
            nn.Upsample(scale_factor=2),
        )

    def freeze(self) -> "EncoderColorizer":
        """From now on only the head learns; the encoder's batch statistics stay ImageNet's too."""
        self.frozen = True
        self.encoder.eval().requires_grad_(False)
        return self

    def train(self, mode: bool = True) -> "EncoderColorizer":
        super().train(mode)
        self.encoder.train(mode and not self.frozen)
        return self

    def forward(self, lightness: Tensor) -> Tensor:
        return self.head(self.encoder(lightness))


class Rectified(nn.Module):
    """Any of them with the ReLU that the source puts last: no a and no b below the floor.

    L (B, 1, H, W) -> ab (B, 2, H, W). floor -1.28 and scale 2.55 are those of programs that train
    on (ab + 128) / 255.
    """

    def __init__(self, network: nn.Module, *, floor: float = 0.0, scale: float = 1.0):
        super().__init__()
        self.network, self.floor, self.scale = network, floor, scale

    def forward(self, lightness: Tensor) -> Tensor:
        return torch.relu(self.network(lightness)) * self.scale + self.floor


class ResNet18Encoder(nn.Module):
    """ResNet-18 up to layer2 (He et al. 2016), as in the source.

    L (B, 1, H, W) -> (B, 128, H/8, W/8). 676,800 weights.
    """

    name, channels = "ResNet-18", 128

    def __init__(self, weights: dict[str, Tensor] | None = None):
        """weights: the state of torchvision's resnet18; None leaves them random."""
        from torchvision.models import resnet18

        super().__init__()
        network = resnet18()
        if weights is not None:
            network.load_state_dict(weights)
        self.layers = nn.Sequential(
            one_channel(network.conv1),
            network.bn1,
            network.relu,
            network.maxpool,
            network.layer1,
            network.layer2,
        )

    def forward(self, lightness: Tensor) -> Tensor:
        return self.layers(
            (lightness - 0.449) / 0.226
        )  # ImageNet's mean and deviation, averaged over its channels


class Lite0Encoder(nn.Module):
    """EfficientNet-Lite0 up to stride 8 (Tan & Le 2019), from the installed package.

    L (B, 1, H, W) -> (B, 40, H/8, W/8).
    """

    name, channels = "EfficientNet-Lite0", 40

    def __init__(self):
        from coursekit.models.features import Lite0Features

        super().__init__()
        network: Any = Lite0Features().network.requires_grad_(True)
        self.layers = nn.Sequential(
            one_channel(network._conv_stem), network._bn0, network._swish, *network._blocks[:5]
        )
        for layer in self.layers.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 0.1  # the package's 0.01 suits a training of weeks, not minutes

    def forward(self, lightness: Tensor) -> Tensor:
        return self.layers((255 * lightness - 127) / 128)


def pretrained_encoder(*, look_for_resnet: bool) -> ResNet18Encoder | Lite0Encoder:
    """ResNet-18 where its ImageNet weights can be had, else EfficientNet-Lite0.

    The weights are those of torchvision's cache, or of a download. look_for_resnet False takes
    EfficientNet-Lite0 at once: the same on every machine.
    """
    weights = _resnet_weights() if look_for_resnet else None
    return Lite0Encoder() if weights is None else ResNet18Encoder(weights)


def one_channel(stem: nn.Conv2d) -> nn.Conv2d:
    """A first convolution for color becomes one for gray, which it was given three times."""
    stem.weight = nn.Parameter(
        stem.weight.detach().sum(1, keepdim=True)
    )  # (K, 3, k, k) -> (K, 1, k, k)
    stem.in_channels = 1
    return stem


def _resnet_weights() -> dict[str, Tensor] | None:
    """ImageNet's weights from torchvision's cache or address; None where neither gives them."""
    from torchvision.models import ResNet18_Weights

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        with redirect_stderr(io.StringIO()):  # torch says there where it downloads to
            return torch.hub.load_state_dict_from_url(
                ResNet18_Weights.IMAGENET1K_V1.url,
                file_name=CACHED,
                map_location="cpu",
                progress=False,
                check_hash=True,
                weights_only=True,
            )
    except (OSError, RuntimeError):  # no connection, no such address; a file that is damaged
        return None
    finally:
        socket.setdefaulttimeout(before)


def _block(
    kind: type[nn.Module], width: int, new: int, kernel: int, padding: int = 2
) -> list[nn.Module]:
    """Convolution, batch normalization, ReLU."""
    return [kind(width, new, kernel, padding=padding), nn.BatchNorm2d(new), nn.ReLU()]


def _convolutions(*widths: int) -> nn.Sequential:
    """A 5x5 block for each step between neighboring widths."""
    return nn.Sequential(
        *(layer for pair in zip(widths, widths[1:]) for layer in _block(nn.Conv2d, *pair, 5))
    )
