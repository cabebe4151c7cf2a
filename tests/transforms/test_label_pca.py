"""PCA of palette labels against plain PCA of one-hot vectors."""

import torch
from torch.nn import functional as F

from coursekit import runtime
from coursekit.transforms.label_pca import LabelPCA, equal_pixels, labels_of, snap

PALETTE = torch.tensor([[0, 0, 0], [255, 0, 0], [0, 0, 255]], dtype=torch.uint8)


def drawings(count=30):
    rng = runtime.generator(0, "labels")
    return torch.randint(3, (count, 4, 4), generator=rng).to(torch.uint8)


def test_the_nearest_palette_color_is_chosen():
    pictures = torch.tensor([0.9, 0.1, 0.2]).view(1, 3, 1, 1)
    assert labels_of(pictures, PALETTE).item() == 1
    assert snap(pictures, PALETTE).flatten().tolist() == [1, 0, 0]


def test_equal_pixels_counts_them():
    a, b = drawings(5), drawings(7)
    exact = (a[:, None] == b[None]).flatten(2).sum(2)
    assert torch.equal(equal_pixels(a, b, 3), exact.float())


def test_it_is_pca_of_one_hot_vectors():
    labels = drawings()
    pca = LabelPCA(labels, PALETTE, 6)
    flat = F.one_hot(labels.long(), 3).permute(0, 3, 1, 2).flatten(1).double()
    _, scales, axes = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
    assert torch.allclose(pca.scales.flip(0).double(), scales[:6].square() / 30, atol=1e-4)
    plane = flat.mean(0) + (flat - flat.mean(0)) @ axes[:6].T @ axes[:6]
    scores = torch.cat([pca.scores(pca.codes, color) for color in range(3)], 1)
    assert torch.allclose(scores.double(), plane, atol=1e-4)
    assert torch.allclose(pca.encode(labels), pca.codes, atol=1e-3)
    assert torch.allclose(pca.codes.square().mean(0), torch.ones(6), atol=1e-4)


def test_it_shows_the_largest_color():
    labels = drawings()
    pca = LabelPCA(labels, PALETTE, 29)  # as many axes as there can be: nothing is lost
    assert torch.equal(pca.labels(pca.codes), labels)
    assert pca.decode(pca.codes[:2]).shape == (2, 3, 4, 4)
