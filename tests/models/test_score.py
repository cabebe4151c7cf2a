"""Scores against gradients of log densities, Tweedie's formula, and Gaussians in closed form."""

import math

import pytest
import torch

from coursekit.models import score


def rng():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_ring_score_is_the_gradient_of_its_log_density(sigma):
    ring, y = score.Ring(), 2 * torch.randn((50, 2), generator=rng(), dtype=torch.float64)
    y.requires_grad_()
    variance = ring.spread**2 + sigma**2
    distances = (ring.centers.double() - y[:, None]).square().sum(-1)
    log_density = torch.logsumexp(-distances / (2 * variance), 1)  # up to a constant
    (expected,) = torch.autograd.grad(log_density.sum(), y)
    torch.testing.assert_close(ring.score(y.detach(), sigma), expected)


def test_ring_samples_have_the_variance_that_its_formula_says():
    ring = score.Ring(radius=2.0, spread=0.25)
    points = ring.sample(20_000, generator=rng())
    assert points.mean(0).abs().max() < 0.05
    assert points.var(0).tolist() == pytest.approx([2.0 + 0.0625] * 2, rel=0.03)


def test_added_noise_has_the_strength_that_comes_back():
    x = torch.zeros(2000, 1, 5, 5)
    y, sigma = score.add_noise(x, sigmas=(0.1, 10.0), generator=rng())
    assert sigma.shape == (2000, 1, 1, 1) and sigma.min() >= 0.1 and sigma.max() <= 10
    assert sigma.log10().mean().item() == pytest.approx(0, abs=0.05)  # log-uniform
    assert (y / sigma).std().item() == pytest.approx(1, abs=0.02)


def test_gaussian_denoiser_obeys_tweedie_for_a_gaussian_in_closed_form():
    mixing = torch.tensor([[0.5, 0.2], [0.0, 0.3]])
    x = 1 + torch.randn((100_000, 2), generator=rng()) @ mixing
    covariance, sigma, y = mixing.T @ mixing, 0.4, torch.tensor([[1.5, 0.2], [0.0, 2.0]])
    true_score = -torch.linalg.solve(covariance + sigma**2 * torch.eye(2), (y - 1).T).T
    answer = score.GaussianDenoiser(x)(y, sigma)
    torch.testing.assert_close((answer - y) / sigma**2, true_score, rtol=0.03, atol=0.03)


def test_generate_with_the_true_denoiser_ends_on_the_ring():
    ring = score.Ring()

    def denoise(y, sigma):
        return y + sigma[0] ** 2 * ring.score(y, float(sigma[0]))

    start = 4 * torch.randn((500, 2), generator=rng())
    sigmas = torch.exp(torch.linspace(math.log(4), math.log(0.02), 60))
    points = score.generate(denoise, start, sigmas)
    assert len(points) == 60 and torch.equal(points[0], start)
    offsets = (points[-1][:, None] - ring.centers).norm(dim=-1).amin(1)
    assert offsets.square().mean().div(2).sqrt().item() == pytest.approx(ring.spread, rel=0.15)


def test_point_denoiser_with_no_noise_predicted_returns_its_input():
    model, y = score.PointDenoiser(hidden=8), torch.randn(3, 2)
    with torch.no_grad():
        for weight in model.noise[-1].parameters():
            weight.zero_()
        assert torch.equal(model(y, torch.ones(3, 1)), y)
        model.noise[-1].bias.fill_(1.0)
        torch.testing.assert_close(model(y, torch.full((3, 1), 0.5)), y - 0.5)
