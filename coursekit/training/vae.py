"""The loss of the variational autoencoders for `fit`, its two parts remembered for the curves."""

import torch
from torch import Tensor, nn

from coursekit.models.vae import negative_elbo


class ELBOLoss:
    """(model, (x, ...)) -> mean negative ELBO of the batch in nats (lessons 06 and 07).

    What follows x, a label, goes to the model too. Call `parts` after each epoch for the means
    since the last call: `OnEpochEnd(loss.parts)`. rng draws the noise, on the CPU; name it to the
    run's Checkpoint as well.
    """

    def __init__(self, *, sigma: float, beta: float = 1.0, rng: torch.Generator | None = None):
        self.sigma, self.beta, self.rng = sigma, beta, rng
        self.sums: list[Tensor] = []
        self.count = 0

    def __call__(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        coded = model(*batch, generator=self.rng)
        total, *parts = negative_elbo(batch[0], coded, sigma=self.sigma, beta=self.beta)
        self.sums.append(torch.stack([part.detach().sum() for part in parts]))
        self.count += len(batch[0])
        return total.mean()

    def parts(self, model: nn.Module | None = None, epoch: int = 0) -> dict[str, float]:
        """Means of reconstruction and KL since the last call, in nats."""
        reconstruction, kl = (torch.stack(self.sums).double().sum(0) / self.count).tolist()
        self.sums, self.count = [], 0
        return {"reconstruction": reconstruction, "kl": kl}


class NegativeELBO(ELBOLoss):
    """(model, batch) -> mean negative ELBO in nats of a model that gives its terms (lesson 06).

    loss = reconstruction + beta KL (Higgins et al. 2017). The model answers with the two terms of
    each picture, so that it alone knows its p(x|z).
    """

    def __init__(self, *, beta: float = 1.0, rng: torch.Generator | None = None):
        super().__init__(sigma=1.0, beta=beta, rng=rng)

    def __call__(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        reconstruction, kl = model(*batch, generator=self.rng)
        self.sums.append(torch.stack([reconstruction.detach().sum(), kl.detach().sum()]))
        self.count += len(kl)
        return (reconstruction + self.beta * kl).mean()
