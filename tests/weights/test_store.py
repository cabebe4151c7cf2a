"""Trained weights are loaded whole and unharmed, or not at all."""

import pickle
import shutil

import pytest
import torch
from torch import nn

from coursekit import config, files, weights
from coursekit.errors import DataError, UsageError
from coursekit.weights import networks, store

NAME = "denoiser"  # the smallest


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of one network's folder that may be harmed."""
    shutil.copytree(config.WEIGHTS / NAME, tmp_path / NAME)
    monkeypatch.setattr(config, "WEIGHTS", tmp_path)
    return tmp_path / NAME


def reseal(folder):
    """Write the file's checksum into the card, as if nothing had happened."""
    path = folder / weights.FILE
    card, old = folder / weights.CARD, weights.read_card(NAME).files[weights.FILE]
    card.write_text(card.read_text().replace(old, files.checksum(path)))


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_can_be_loaded_and_gives_finite_numbers(name):
    network, card = weights.load(name)
    assert not network.training
    assert all(value.isfinite().all() for value in network.state_dict().values())
    assert all(value.dtype != torch.float16 for value in network.state_dict().values())
    assert card.minutes >= 1


def test_loading_leaves_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    weights.load(NAME)
    assert torch.equal(torch.rand(1), expected)


def test_an_unknown_name_gets_advice():
    with pytest.raises(UsageError, match=r"unknown weights 'denoizer': did you mean denoiser"):
        weights.load("denoizer")


def test_a_flipped_byte_is_refused(copy):
    path = copy / weights.FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"model\.safetensors is not the file of its card: restore"):
        weights.load(NAME)


def test_a_missing_file_leaves_the_lesson_running_with_one_line(copy, capsys):
    (copy / weights.FILE).unlink()
    assert weights.offer(NAME) is None
    said = capsys.readouterr().out
    assert said.startswith("Left out, for want of trained weights: ") and said.count("\n") == 1
    assert "model.safetensors is missing" in said


@pytest.mark.parametrize("text", ["", "lesson = ", 'lesson = "02"'])
def test_a_card_that_cannot_be_read_is_named(copy, text, capsys):
    (copy / weights.CARD).write_text(text)
    assert weights.offer(NAME) is None
    assert "card.toml cannot be read" in capsys.readouterr().out


def test_a_pickle_is_no_weights_file(copy):
    (copy / weights.FILE).write_bytes(pickle.dumps({"a": 1}))
    reseal(copy)
    with pytest.raises(DataError, match="cannot be read"):
        weights.load(NAME)


@pytest.mark.parametrize("other", [nn.Linear(2, 2), "autoencoder"])
def test_another_network_does_not_fit(copy, other):
    store.write(networks.NETWORKS[other]() if isinstance(other, str) else other, copy)
    reseal(copy)
    with pytest.raises(DataError, match=r"does not fit the network \(.* is missing\)"):
        weights.load(NAME)


def test_another_shape_does_not_fit(copy):
    network = networks.denoiser()
    network.encode[0] = nn.Conv2d(12, 48, 1)
    store.write(network, copy)
    reseal(copy)
    with pytest.raises(DataError, match=r"encode\.0\.weight is \(48, 12, 1, 1\), not"):
        weights.load(NAME)


def test_what_is_written_comes_back_in_half_precision(tmp_path):
    torch.manual_seed(0)
    network = networks.denoiser()
    again = store.fill(NAME, store.write(network, tmp_path))
    pairs = zip(network.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(old.half().float(), new) for old, new in pairs)


def test_numbers_too_large_for_half_precision_are_not_written(tmp_path):
    layer = nn.Linear(1, 1)
    layer.weight.data.fill_(1e6)
    with pytest.raises(ValueError, match="weight has numbers that half precision cannot hold"):
        store.write(layer, tmp_path)
    assert not list(tmp_path.iterdir())
