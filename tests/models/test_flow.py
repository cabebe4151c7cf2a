"""The flow over codes: exact inverse, a density that adds up, a fit that beats a normal one."""

import torch

from coursekit import runtime
from coursekit.models.flow import Coupling, Flow, fit_flow


def rng(name="flow"):
    return runtime.generator(0, name)


def shaken(model):
    """Couplings start as the identity; give them weights that do something."""
    torch.manual_seed(0)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return model


def bent(count):
    """Codes on a bow, which no normal distribution fits."""
    z = torch.randn(count, 2, generator=rng("bow"))
    return torch.stack([z[:, 0], z[:, 0].square() + 0.2 * z[:, 1]], 1)


def test_the_inverse_undoes_a_coupling():
    for first in (True, False):
        coupling, z = shaken(Coupling(5, 8, first=first)), torch.randn(4, 5, generator=rng())
        there, _ = coupling(z)
        assert not torch.allclose(there, z, atol=0.1)
        assert torch.allclose(coupling.inverse(there), z, atol=1e-5)


def test_log_prob_is_the_density_of_the_samples():
    flow = shaken(Flow(bent(200), couplings=2, hidden=8, generator=rng())).double()
    z = torch.randn(3, 2, generator=rng(), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda one: flow.decode(one[None])[0], z[0])
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z[0]).sum()
    expected = expected - torch.linalg.slogdet(jacobian)[1]
    assert torch.allclose(flow.log_prob(flow.decode(z[:1]))[0], expected, atol=1e-6)


def test_untrained_it_is_the_fitted_normal_distribution():
    codes = bent(200)
    normal = torch.distributions.MultivariateNormal(codes.mean(0), torch.cov(codes.T))
    flow = Flow(codes, generator=rng())
    assert torch.allclose(flow.log_prob(codes), normal.log_prob(codes), atol=1e-3)


def test_a_fit_beats_the_normal_distribution_on_held_out_codes():
    codes = bent(600)
    flow, held_out, start = fit_flow(codes, torch.full_like(codes, 0.05), rng(), steps=300)
    assert held_out > start + 0.3
    with torch.no_grad():
        found = flow.decode(torch.randn(2_000, 2, generator=rng("new")))
    assert float(torch.corrcoef(torch.stack([found[:, 0].square(), found[:, 1]]))[0, 1]) > 0.8
