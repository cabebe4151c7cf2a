"""One training step of every model and loss on the meta device: a tensor left on the CPU is found.

Nothing is computed there, so no GPU is needed and big networks cost nothing. A mode watches every
operation: on a GPU, tensors of two devices may meet in a copy or an index only, or as a lone
number.
"""

import importlib
import inspect
import pkgutil
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from coursekit import models
from coursekit.models import (
    autoencoder,
    colorization,
    colorization_lab,
    conditional_vae,
    dcgan,
    denoiser,
    features,
    gan,
    hypercolumns,
    layered_vae,
    layered_vqvae,
    ops,
    pix2pix,
    place_regression,
    placed_unet,
    prior,
    quantizers,
    residual_autoencoder,
    resize_unet,
    ring,
    score,
    seq2seq,
    vae,
    vqvae,
)
from coursekit.models.denoiser import denoising_loss
from coursekit.models.ppca import PPCA
from coursekit.runtime import Runtime, generator
from coursekit.training import (
    Adversaries,
    Averaging,
    ClipGradients,
    ELBOLoss,
    GANLoss,
    HingeLoss,
    NegativeELBO,
    NonSaturatingLoss,
    Schedule,
    Trainer,
    prepare,
)
from coursekit.training import gan as gan_training
from coursekit.training.classifier import classification_loss
from coursekit.training.gan import AdversarialRun
from coursekit.training.trainer import OneNetwork
from coursekit.transforms.filters import switching_median

META = Runtime(seed=0, device=torch.device("meta"), threads=1)
MAY_CROSS = ("aten._to_copy", "aten.copy_", "aten.index", "aten.set_", "aten.detach")


class OneDevice(TorchDispatchMode):
    """Refuses operations on tensors of two devices, as a GPU would."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        devices = {tensor.device.type for tensor in tensors if tensor.ndim}
        if len(devices) > 1 and not str(function).startswith(MAY_CROSS):
            raise RuntimeError(f"{function} got tensors on {' and '.join(sorted(devices))}")
        return function(*args, **(kwargs or {}))


def floats(*shape):
    return torch.zeros(*shape, device="meta")


def whole(*shape):
    return torch.zeros(*shape, dtype=torch.int64, device="meta")


def sgd(model):
    return torch.optim.SGD([w for w in model.parameters() if w.requires_grad], 0.1, momentum=0.9)


def step(model, loss, batch):
    """One step with what usually goes along, and one more that finds the momentum's buffers."""
    model = prepare(model, META).train()
    optimizer = sgd(model)
    hooks = [ClipGradients(0.1), Schedule(torch.optim.lr_scheduler.LinearLR(optimizer))]
    trainer = Trainer(OneNetwork(model, optimizer, loss), [batch], META, hooks)
    with OneDevice():
        trainer.step(batch)
        record = trainer.step(batch)
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    assert any(weight.grad is not None for weight in learning)
    assert {part.device.type for part in (*model.parameters(), *model.buffers())} == {"meta"}
    assert record["loss"].device.type == "meta"


def adversarial_step(networks, loss, batch):
    networks = [prepare(network, META).train() for network in networks]
    average = AveragedModel(networks[0], use_buffers=True)
    adversaries = Adversaries(*networks, *map(sgd, networks))
    trainer = Trainer(AdversarialRun(adversaries, loss), [batch], META, [Averaging(average)])
    with OneDevice():
        trainer.step(batch)
        record = trainer.step(batch)
    assert {value.device.type for value in record.values()} == {"meta"}
    assert {"generator_loss", "discriminator_loss"} <= set(record)


def reconstruction(model, batch):
    return F.mse_loss(model(batch[0]), batch[-1])


def color_classes(model, batch):
    return F.cross_entropy(model(batch[0]), batch[1])


def next_tokens(model, batch):
    return F.cross_entropy(model(*batch[:2]).flatten(0, 1), batch[2].flatten())


def quantized(model, batch):
    picture, *codes = model(batch[0])
    return F.mse_loss(picture, batch[0]) + sum(code.loss for code in codes)


def code_nats(model, batch):
    return model.nats(batch[0]).mean()


def rng():
    return generator(0, "meta")


def book(kind):
    return kind(8, 8, revive_below=0.5, generator=rng())


def seq(decoder):
    return seq2seq.Seq2Seq(seq2seq.Encoder(11, 8), decoder(11, 8))


PIXELS, LIGHT, FACES = (floats(4, 1, 28, 28),), (floats(2, 1, 16, 16),), (floats(4, 3, 32, 32),)
LAB = (*LIGHT, floats(2, 2, 16, 16))
LARGE_LAB = (floats(2, 1, 64, 64), floats(2, 2, 64, 64))
CLASSES = (*LIGHT, whole(2, 16, 16))
TOKENS = (whole(4, 6), whole(4, 3), whole(4, 3))
LABELED = (floats(4, 3, 16, 16), whole(4))


def hypercolumn_colorizer():
    table = hypercolumns.LightnessTable(torch.rand(9), torch.rand(9, 2))
    columns = hypercolumns.Hypercolumns(features.Lite0Features())
    return hypercolumns.HypercolumnColorizer(columns, table, torch.zeros(432, 2))


STEPS = {
    "DenseAutoencoder": (autoencoder.DenseAutoencoder, reconstruction, (floats(4, 784),)),
    "ResidualAutoencoder": (
        lambda: residual_autoencoder.ResidualAutoencoder(torch.rand(20, 784), (8, 6), 4),
        reconstruction,
        (floats(4, 784),),
    ),
    "StackedAutoencoder": (autoencoder.StackedAutoencoder, reconstruction, (floats(4, 1024),)),
    "Denoiser": (denoiser.Denoiser, reconstruction, PIXELS),
    "BlindDenoiser": (
        lambda: denoiser.BlindDenoiser(switching_median, width=4, deep=4),
        denoising_loss,
        PIXELS * 2,
    ),
    "PointDenoiser": (
        lambda: score.PointDenoiser(hidden=8),
        lambda model, batch: model(*batch).mean(),
        (floats(4, 2), floats(4, 1)),
    ),
    "BaseModel": (lambda: colorization.BaseModel(3, 4), color_classes, CLASSES),
    "CustomUNet": (lambda: colorization.CustomUNet(3, 4), color_classes, CLASSES),
    "ResidualUNet": (lambda: colorization.ResidualUNet(3, 4), color_classes, CLASSES),
    "InLevels": (
        lambda: colorization.InLevels(colorization.CustomUNet(3, 4)),
        color_classes,
        CLASSES,
    ),
    "TableUNet": (
        lambda: colorization.TableUNet(torch.zeros(256, 24), width=4),
        color_classes,
        CLASSES,
    ),
    "ColorizationNet": (colorization_lab.ColorizationNet, reconstruction, LAB),
    "DeepColorizationNet": (colorization_lab.DeepColorizationNet, reconstruction, LAB),
    "Rectified": (
        lambda: colorization_lab.Rectified(colorization_lab.ColorizationNet()),
        reconstruction,
        LAB,
    ),
    "ResNet18Encoder": (
        lambda: colorization_lab.EncoderColorizer(colorization_lab.ResNet18Encoder()),
        reconstruction,
        LAB,
    ),
    "Lite0Encoder": (
        lambda: colorization_lab.EncoderColorizer(colorization_lab.Lite0Encoder()),
        reconstruction,
        LAB,
    ),
    "EncoderColorizer": (
        lambda: colorization_lab.EncoderColorizer(colorization_lab.ResNet18Encoder()).freeze(),
        reconstruction,
        LAB,
    ),
    "HypercolumnColorizer": (
        lambda: nn.Sequential(hypercolumn_colorizer(), nn.Conv2d(2, 2, 1)),
        reconstruction,
        LARGE_LAB,
    ),
    "ClassColorizer": (
        lambda: hypercolumns.ClassColorizer(
            hypercolumns.Hypercolumns(features.Lite0Features()),
            hypercolumns.ColorHead(432, 5),
            torch.zeros(5, 2),
        ),
        reconstruction,
        LARGE_LAB,
    ),
    "SmallClassifier": (
        lambda: features.SmallClassifier(channels=3, size=16),
        classification_loss,
        LABELED,
    ),
    "Lite0Features": (
        lambda: nn.Sequential(features.Lite0Features(), nn.Linear(1280, 2)),
        lambda model, batch: model(batch[0]).mean(),
        FACES,
    ),
    "Linear": (
        lambda: ops.products_by_convolution(nn.Sequential(nn.Linear(8, 8))),
        reconstruction,
        (floats(256, 8),),
    ),
    "PixelCNN": (
        lambda: prior.PixelCNN(8, size=4, width=8, blocks=1),
        code_nats,
        (whole(2, 4, 4),),
    ),
    "Decoder": (lambda: seq(seq2seq.Decoder), next_tokens, TOKENS),
    "AttentionDecoder": (lambda: seq(seq2seq.AttentionDecoder), next_tokens, TOKENS),
    "FruitVAE": (
        lambda: vae.FruitVAE(side=16, latent=8),
        ELBOLoss(sigma=0.1, rng=rng()),
        (floats(4, 3, 16, 16),),
    ),
    "GaussianVAE": (
        lambda: layered_vae.GaussianVAE(
            PPCA(torch.zeros(3 * 32 * 32), torch.ones(3 * 32 * 32, 4), 0.1), side=32
        ),
        NegativeELBO(rng=rng()),
        FACES,
    ),
    "LayeredVAE": (
        lambda: layered_vae.LayeredVAE(
            PPCA(torch.zeros(3 * 32 * 32), torch.ones(3 * 32 * 32, 4), 0.1),
            torch.zeros(5, 3),
            side=32,
            layers=2,
        ),
        NegativeELBO(rng=rng()),
        (*FACES, whole(FACES[0].shape[0], 32, 32)),
    ),
    "ConditionalLayeredVAE": (
        lambda: conditional_vae.ConditionalLayeredVAE(
            PPCA(torch.zeros(3 * 32 * 32), torch.ones(3 * 32 * 32, 4), 0.1),
            torch.zeros(2, 3 * 32 * 32),
            torch.zeros(5, 3),
            side=32,
            layers=2,
        ),
        NegativeELBO(rng=rng()),
        (FACES[0], torch.arange(len(FACES[0])) % 2, whole(FACES[0].shape[0], 32, 32)),
    ),
    "LayeredVQVAE": (
        lambda: layered_vqvae.LayeredVQVAE(
            PPCA(torch.zeros(3 * 32 * 32), torch.ones(3 * 32 * 32, 4), 0.1),
            torch.zeros(5, 3),
            quantizers.EMAQuantizer(8, 2, revive_below=0.5, generator=rng()),
            side=32,
            layers=2,
        ),
        lambda model, batch: (lambda nats, quantized: nats.mean() + quantized.loss)(*model(*batch)),
        (*FACES, whole(FACES[0].shape[0], 32, 32)),
    ),
    "ResizeUNet": (lambda: resize_unet.ResizeUNet((4, 8, 8)), reconstruction, FACES),
    "PlacedUNet": (
        lambda: placed_unet.PlacedUNet(place_regression.PlaceRegression(), (4, 8, 8)),
        reconstruction,
        FACES,
    ),
    "PlaneGenerator": (
        lambda: nn.Sequential(ring.PlaneGenerator(width=8), ring.PlaneDiscriminator(width=8)),
        lambda model, batch: model(batch[0]).mean(),
        (floats(4, 2),),
    ),
    "VectorQuantizer": (
        lambda: vqvae.VQVAE(book(quantizers.VectorQuantizer), width=8, blocks=1),
        quantized,
        FACES,
    ),
    "EMAQuantizer": (
        lambda: vqvae.VQVAE(book(quantizers.EMAQuantizer), width=8, blocks=1),
        quantized,
        FACES,
    ),
    "VQVAE2": (
        lambda: vqvae.VQVAE2(
            book(quantizers.EMAQuantizer), book(quantizers.VectorQuantizer), width=8, blocks=1
        ),
        quantized,
        FACES,
    ),
}

PAIRS = {
    "Generator": lambda: (gan.Generator(width=4), gan.Discriminator(width=4)),
    "DenseGenerator": lambda: (
        gan.DenseGenerator(hidden=(8,)),
        gan.DenseDiscriminator(hidden=(8,)),
    ),
    "SmallGenerator": lambda: (
        dcgan.SmallGenerator(channels=4, width=4),
        dcgan.LocalDiscriminator(width=4),
    ),
    "WholeDiscriminator": lambda: (
        dcgan.SmallGenerator(channels=4, width=4),
        dcgan.WholeDiscriminator(width=4, hidden=8),
    ),
    "BatchDiscriminator": lambda: (
        dcgan.SmallGenerator(channels=4, width=4, refine=1),
        dcgan.BatchDiscriminator(width=4, hidden=8),
    ),
}
NOISE_LOSSES = {
    "NonSaturatingLoss": NonSaturatingLoss(100, rng(), discriminator_labels=0.1, input_noise=0.1),
    "HingeLoss": HingeLoss(100, rng()),
}
TRANSLATORS = {
    "Generator": (pix2pix.Generator, pix2pix.PatchDiscriminator),
    "EncoderDecoder": (pix2pix.EncoderDecoder, pix2pix.PatchDiscriminator),
    "PixelDiscriminator": (pix2pix.Generator, pix2pix.PixelDiscriminator),
}


@pytest.fixture(autouse=True)
def no_autocast(monkeypatch):
    """The meta device knows no autocast: where a model turns it off, there is nothing to do."""
    known = torch.autocast
    monkeypatch.setattr(
        torch,
        "autocast",
        lambda kind, *args, **options: (
            nullcontext() if kind == "meta" else known(kind, *args, **options)
        ),
    )


@pytest.mark.parametrize("name", STEPS)
def test_a_step_stays_on_its_device(name):
    build, loss, batch = STEPS[name]
    step(build(), loss, batch)


@pytest.mark.parametrize("loss", NOISE_LOSSES)
@pytest.mark.parametrize("pair", PAIRS)
def test_an_adversarial_step_stays_on_its_device(pair, loss):
    adversarial_step(PAIRS[pair](), NOISE_LOSSES[loss], PIXELS)


def translation_loss():
    def discriminator_loss(judge, batch, fake):
        return pix2pix.discriminator_loss(judge(*batch), judge(batch[0], fake))

    def generator_loss(judge, batch, fake):
        return pix2pix.generator_loss(judge(batch[0], fake), fake, batch[1])

    return GANLoss(lambda network, batch: network(batch[0]), discriminator_loss, generator_loss)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_translators_step_stays_on_its_device(name):
    build, judge = TRANSLATORS[name]
    adversarial_step((build(levels=4, width=4), judge(width=4)), translation_loss(), FACES * 2)


def public_networks():
    """Names of all networks of coursekit.models that are not parts of the file's others."""
    for module in pkgutil.iter_modules(models.__path__):
        room = importlib.import_module(f"coursekit.models.{module.name}")
        for name, kind in inspect.getmembers(room, inspect.isclass):
            mine = kind.__module__ == room.__name__ and issubclass(kind, nn.Module)
            if mine and not name.startswith("_"):
                yield kind


def test_no_network_is_left_out():
    """Each public network takes part in a step above, alone or within another."""
    built = [build() for build, *_ in STEPS.values()]
    built += [network for build in PAIRS.values() for network in build()]
    built += [build(levels=4, width=4) for build, _ in TRANSLATORS.values()]
    built += [judge(width=4) for _, judge in TRANSLATORS.values()]
    used = {base for model in built for part in model.modules() for base in type(part).__mro__}
    assert [kind.__name__ for kind in public_networks() if kind not in used] == []


def test_no_loss_is_left_out():
    kinds = inspect.getmembers(gan_training, inspect.isclass)
    noise = {name for name, kind in kinds if issubclass(kind, gan_training.NoiseLoss)}
    assert noise - {"NoiseLoss"} == set(NOISE_LOSSES)


class Forgetful(nn.Module):
    """What this file is for: a tensor that is no buffer stays behind when the model moves."""

    def __init__(self, scale):
        super().__init__()
        self.inner, self.scale = nn.Linear(4, 4), scale

    def forward(self, x):
        return self.inner(x) * self.scale


def test_the_check_can_fail():
    with pytest.raises(RuntimeError, match="cpu and meta"):
        step(Forgetful(torch.ones(4)), reconstruction, (floats(2, 4),))


@pytest.mark.parametrize("name, part", [("BaseModel", "merge"), ("PixelCNN", "mask")])
def test_a_buffer_of_a_model_left_behind_is_found(monkeypatch, name, part):
    """Every model that registers this buffer keeps a plain tensor instead, as one would forget."""
    register = nn.Module.register_buffer

    def forget(module, buffer, tensor, persistent=True):
        if buffer == part:
            setattr(module, buffer, tensor)
        else:
            register(module, buffer, tensor, persistent)

    monkeypatch.setattr(nn.Module, "register_buffer", forget)
    build, loss, batch = STEPS[name]
    with pytest.raises(RuntimeError, match="cpu and meta"):
        step(build(), loss, batch)


def test_noise_left_on_the_cpu_is_found():
    class Careless(NonSaturatingLoss):
        def normal(self, like):
            return torch.randn(like.shape, generator=self.rng)

    with pytest.raises(RuntimeError, match="cpu and meta"):
        adversarial_step(PAIRS["Generator"](), Careless(100, rng(), input_noise=0.1), PIXELS)
