"""Lab: there and back, sizes, the palette's reach, hues."""

import torch

from coursekit.transforms import lab


def test_there_and_back():
    pictures = torch.randint(0, 256, (2, 5, 7, 3), generator=torch.Generator().manual_seed(0))
    pictures = pictures.to(torch.uint8)
    back = lab.join(*lab.split(pictures))
    assert ((255 * back).round().movedim(1, -1) - pictures).abs().max() <= 1


def test_shrunk_pictures_keep_area_and_proportions():
    for high, wide in ((360, 507), (664, 351), (300, 300)):
        small = lab.shrink(torch.zeros(high, wide, 3, dtype=torch.uint8), side=160)
        h, w = small.shape[:2]
        assert h % 8 == w % 8 == 0 and abs(h * w / 160**2 - 1) < 0.06
        assert abs((h / w) / (high / wide) - 1) < 0.06


def test_the_palette_holds_the_screens_colors_and_no_others():
    colors = lab.palette(15)
    assert len(colors.unique(dim=0)) == len(colors) and (colors == 0).all(1).any()
    rgb = torch.randint(0, 256, (1, 100, 100, 3), generator=torch.Generator().manual_seed(0))
    _, ab = lab.split(rgb.to(torch.uint8))
    nearest = torch.cdist(ab[0].flatten(1).T, colors).amin(1)
    assert (nearest < 0.15 / 2**0.5).float().mean() > 0.9  # half a diagonal of a cell
    reds = colors[colors[:, 0] > 0.5]
    assert len(reds) and not ((colors[:, 0] < -0.6) & (colors[:, 1] < -0.6)).any()


def test_a_turn_of_hue_keeps_the_chroma():
    ab = torch.randn(3, 2, 4, 4)
    turned = lab.rotate(ab, degrees=90)
    torch.testing.assert_close(turned[:, 0], -ab[:, 1], atol=1e-6, rtol=0)
    torch.testing.assert_close(turned[:, 1], ab[:, 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(turned.square().sum(1), ab.square().sum(1))
    torch.testing.assert_close(lab.rotate(turned, degrees=-90), ab, atol=1e-6, rtol=0)
