"""Color and place: the formula finds a light that it can hold, and the network starts from it."""

import pytest
import torch

from coursekit.models.place_regression import PlaceRegression, page, place
from coursekit.models.placed_unet import PlacedUNet
from coursekit.transforms.pairs import to_signed


def drawings(count=12, size=16):
    """A rectangle of one color each, on white, at places of its own."""
    rng = torch.Generator().manual_seed(0)
    x = torch.ones(count, 3, size, size)
    for picture in x:
        top, left = torch.randint(0, 6, (2,), generator=rng).tolist()
        color = torch.rand(3, 1, 1, generator=rng) * 0.6 + 0.1
        picture[:, top : top + 9, left : left + 7] = color
    return x


def lit(x):
    """Brighter to the right, darker downwards, in proportion to the color."""
    right, down = place(x).unbind(1)
    return torch.where(page(x), x, x * (1 + 0.2 * right - 0.1 * down)[:, None])


def test_place_goes_from_edge_to_edge_of_the_object():
    x = torch.ones(1, 3, 8, 8)
    x[:, :, 2:5, 3:8] = 0.5
    right, down = place(x)[0]
    assert right[0].tolist() == [-1, -1, -1, -1, -0.5, 0, 0.5, 1]
    assert down[:, 0].tolist() == [-1, -1, -1, 0, 1, 1, 1, 1]
    assert place(torch.ones(2, 3, 8, 6)).abs().max() == 1  # an empty page is no error


@pytest.mark.parametrize("thin", [1, 2])
def test_a_light_by_place_and_color_is_found(thin):
    x = drawings()
    formula = PlaceRegression(2, ridge=1e-9).fit(x, lit(x), batch=5, thin=thin)
    assert formula.weight.shape == (6, 10, 3)
    assert torch.allclose(formula(x), lit(x), atol=2e-3)
    other = drawings()[:3].flip(-1) * 0.9 + 0.1
    assert torch.equal(
        formula(other)[page(other).expand_as(other)],
        torch.ones(()).expand(int(page(other).sum()) * 3),
    )


def test_untrained_the_network_gives_the_formulas_answer():
    x = drawings()
    formula = PlaceRegression(1).fit(x, lit(x))
    network = PlacedUNet(formula, (4, 8, 8))
    answer = network(to_signed(x))
    assert torch.allclose(answer, to_signed(formula(x)), atol=1e-6)
    answer.sum().backward()
    assert network.last.weight.grad.abs().sum() > 0
    assert "formula.weight" in network.state_dict()
    assert all(name != "formula.weight" for name, _ in network.named_parameters())
