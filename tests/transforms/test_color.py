"""Colors as classes: the palette against brute force and a planted answer, labels, gray, weights
and the annealed mean."""

import pytest
import torch

from coursekit.runtime import generator
from coursekit.transforms import color


def pixels(*values):
    return torch.tensor(values, dtype=torch.uint8).reshape(-1, 1, 1, 3)


def random_pictures(seed=0, count=20):
    return torch.randint(
        0, 256, (count, 8, 8, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )


def test_gray_is_luma_and_keeps_grays():
    assert color.gray(pixels([255, 0, 0], [0, 255, 0], [0, 0, 255])).flatten().tolist() == [
        76,
        150,
        29,
    ]
    grays = torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 1, 3)
    assert torch.equal(color.gray(grays).flatten(), torch.arange(256, dtype=torch.uint8))
    assert color.gray(random_pictures()).shape == (20, 1, 8, 8)


def test_labels_are_the_nearest_colors_by_brute_force():
    pictures, palette = random_pictures(), random_pictures(1, 1)[0, :3].reshape(-1, 3)
    distances = ((pictures[..., None, :].long() - palette.long()) ** 2).sum(-1)
    labels = color.label(pictures, palette)
    assert labels.dtype == torch.uint8 and torch.equal(labels.long(), distances.argmin(-1))


def test_more_pixels_than_a_chunk(monkeypatch):
    pictures, palette = random_pictures(), random_pictures(1, 1)[0, 0]
    whole = color.label(pictures, palette)
    monkeypatch.setattr(color, "CHUNK", 7)
    assert torch.equal(color.label(pictures, palette), whole)


def test_planted_colors_are_found_and_sorted_from_dark_to_light():
    centers = torch.tensor([[250, 240, 230], [20, 30, 10], [200, 30, 40], [30, 60, 220]])
    draws = torch.Generator().manual_seed(2)
    noise = torch.randint(-5, 6, (400, 4, 4, 3), generator=draws)
    which = torch.randint(0, 4, (400, 4, 4), generator=draws)
    pictures = (centers[which] + noise).clamp(0, 255).to(torch.uint8)
    palette = color.fit_palette(pictures, colors=4, generator=generator(0, "palette"))
    assert palette.dtype == torch.uint8
    assert (palette.long() - centers[[1, 3, 2, 0]]).abs().max() <= 1
    assert torch.equal(color.label(pictures, palette).long(), torch.tensor([3, 0, 2, 1])[which])


def test_the_palette_hangs_on_the_generator_alone_and_beats_its_start():
    pictures = random_pictures(count=60)

    def error(palette):
        return (
            (pictures.long() - palette[color.label(pictures, palette).long()].long())
            .square()
            .sum(-1)
            .double()
            .mean()
        )

    fitted = [
        color.fit_palette(pictures, colors=8, generator=generator(seed, "palette"))
        for seed in (0, 0, 1)
    ]
    assert torch.equal(fitted[0], fitted[1]) and not torch.equal(fitted[0], fitted[2])
    assert error(fitted[0]) < 0.9 * error(
        color.fit_palette(pictures, colors=8, generator=generator(0, "palette"), rounds=0)
    )
    assert (color.gray(fitted[0][:, None, None]).flatten().long().diff() >= 0).all()


def test_too_few_colors_are_refused():
    with pytest.raises(ValueError, match="fewer than 3 different colors"):
        color.fit_palette(
            pixels([0, 0, 0], [9, 9, 9]).expand(-1, 4, 4, -1), colors=3, generator=generator(0)
        )


def test_paint_and_label_are_inverse_for_the_palettes_own_colors():
    palette = torch.tensor([[0, 0, 0], [255, 0, 0], [255, 255, 255]], dtype=torch.uint8)
    labels = torch.tensor([[[0, 1], [2, 1]]], dtype=torch.uint8)
    picture = color.paint(labels, palette)
    assert picture.shape == (1, 3, 2, 2) and picture[0, :, 0, 1].tolist() == [1, 0, 0]
    assert torch.equal(color.label((picture * 255).to(torch.uint8).movedim(1, -1), palette), labels)


def test_shares_and_balance():
    labels = torch.tensor([0, 0, 0, 1], dtype=torch.uint8)
    shares = color.shares(labels, 3)
    assert shares.tolist() == [0.75, 0.25, 0]
    weights = color.balance(shares)  # 1 / (share/2 + 1/6) = 24/13, 24/7, 6, then scaled
    mean = 0.75 * 24 / 13 + 0.25 * 24 / 7
    torch.testing.assert_close(weights, torch.tensor([24 / 13, 24 / 7, 6]) / mean)
    torch.testing.assert_close(color.balance(shares, uniform=1), torch.ones(3))


def test_the_annealed_mean_goes_from_the_mean_to_the_mode():
    palette = torch.tensor([[0, 0, 0], [255, 255, 255]], dtype=torch.uint8)
    scores = torch.tensor([0.2, 0.8]).log().reshape(1, 2, 1, 1)
    mean, half, cold = (
        float(color.annealed_mean(scores, palette, temperature=t)[0, 0]) for t in (1, 0.5, 0.01)
    )
    assert (
        mean == pytest.approx(0.8)
        and half == pytest.approx(0.64 / 0.68)
        and cold == pytest.approx(1)
    )


# Classes of a and b


def test_planted_hues_are_found_and_sorted_from_gray_to_vivid():
    centers = torch.tensor([[0.4, 0.3], [0.0, 0.01], [-0.2, 0.1]])
    which = torch.randint(0, 3, (30, 4, 4), generator=generator(0, "which"))
    noise = 0.01 * torch.randn(30, 4, 4, 2, generator=generator(0, "noise"))
    ab = (centers[which] + noise).movedim(-1, 1)
    hues = color.fit_hues(ab, colors=3, generator=generator(0, "hues"))
    torch.testing.assert_close(hues, centers[[1, 2, 0]], rtol=0, atol=0.005)
    assert torch.equal(color.label_hues(ab, hues).long(), torch.tensor([2, 0, 1])[which])


def test_annealed_hues_go_from_the_mean_to_the_most_probable():
    hues = torch.tensor([[0.0, 0.0], [0.2, 0.4]])
    scores = torch.tensor([0.6, 0.4]).log().view(1, 2, 1, 1)
    mean = color.annealed_hues(scores, hues, temperature=1.0).flatten()
    torch.testing.assert_close(mean, torch.tensor([0.08, 0.16]))
    assert color.annealed_hues(scores, hues, temperature=0.01).abs().max() < 1e-6


def test_a_palette_finds_colors_that_the_drawn_pixels_leave_out():
    picture = torch.zeros(1, 50, 50, 3, dtype=torch.uint8)
    picture[0, 0, 0], picture[0, 0, 1] = 255, 100
    for seed in range(5):
        rng = generator(seed, "rare")
        found = color.fit_palette(picture, colors=3, pixels=10, generator=rng)
        assert found[:, 0].tolist() == [0, 100, 255]
