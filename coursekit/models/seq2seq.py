"""Encoder-decoder networks of lesson 03: LSTM to LSTM, with and without attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

State = tuple[Tensor, Tensor]  # hidden and cell state, (1, B, units) each


class Encoder(nn.Module):
    """LSTM over one-hot tokens (Sutskever et al. 2014). tokens (B, T) -> (B, T, units), state."""

    def __init__(self, cardinality: int = 51, units: int = 128):
        super().__init__()
        self.cardinality = cardinality
        self.lstm = _lstm(cardinality, units)

    def forward(self, tokens: Tensor) -> tuple[Tensor, State]:
        return self.lstm(F.one_hot(tokens, self.cardinality).float())


class Decoder(nn.Module):
    """LSTM over one-hot tokens. tokens (B, T), state -> logits (B, T, cardinality), state, None."""

    def __init__(self, cardinality: int = 51, units: int = 128):
        super().__init__()
        self.cardinality = cardinality
        self.lstm = _lstm(cardinality, units)
        self.dense = nn.Linear(units, cardinality)

    def forward(
        self, tokens: Tensor, state: State, memory: Tensor
    ) -> tuple[Tensor, State, Tensor | None]:
        hidden, state = self.lstm(F.one_hot(tokens, self.cardinality).float(), state)
        return self.dense(hidden), state, None


class AttentionDecoder(Decoder):
    """Decoder with multiplicative attention (Luong et al. 2015, "general" score).

    tokens (B, T), the encoder's outputs as memory (B, S, units) -> logits (B, T, cardinality),
    state, alignment (B, T, S) whose rows sum to 1.
    """

    def __init__(self, cardinality: int = 51, units: int = 128):
        super().__init__(cardinality, units)
        self.score = nn.Linear(units, units, bias=False)
        self.combine = nn.Linear(2 * units, units)

    def forward(self, tokens: Tensor, state: State, memory: Tensor) -> tuple[Tensor, State, Tensor]:
        hidden, state = self.lstm(
            F.one_hot(tokens, self.cardinality).float(), state
        )  # (B, T, units)
        scores = self.score(hidden) @ memory.transpose(1, 2) * hidden.shape[-1] ** -0.5  # (B, T, S)
        alignment = scores.softmax(-1)
        context = alignment @ memory  # (B, T, units)
        attended = torch.tanh(self.combine(torch.cat([context, hidden], -1)))
        return self.dense(attended), state, alignment


class Seq2Seq(nn.Module):
    """Trained with teacher forcing. source (B, S), shifted target (B, T) -> (B, T, cardinality)."""

    def __init__(self, encoder: Encoder, decoder: Decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, source: Tensor, shifted: Tensor) -> Tensor:
        memory, state = self.encoder(source)
        return self.decoder(shifted, state, memory)[0]

    @torch.no_grad()
    def predict_sequence(
        self, source: Tensor, *, steps: int, start: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Feed the last prediction back. source (B, S) -> tokens (B, steps), alignment.

        alignment: (B, steps, S), None without attention. start: the symbol that opens every decoded
        sequence.
        """
        memory, state = self.encoder(source)
        token = torch.full((len(source), 1), start, device=source.device)
        tokens, alignments = [], []
        for _ in range(steps):
            logits, state, alignment = self.decoder(token, state, memory)
            token = logits.argmax(-1)  # (B, 1)
            tokens.append(token)
            alignments.append(alignment)
        aligned = None if alignments[0] is None else torch.cat(alignments, 1)
        return torch.cat(tokens, 1), aligned


def _lstm(inputs: int, units: int) -> nn.LSTM:
    """An LSTM that starts with open forget gates and orthogonal recurrence.

    Jozefowicz et al. 2015; Saxe et al. 2014.
    """
    lstm = nn.LSTM(inputs, units, batch_first=True)
    fed, recurrent, *biases = lstm.parameters()  # the input's weights, the state's, two biases
    nn.init.xavier_uniform_(fed)
    for gate in recurrent.chunk(4):
        nn.init.orthogonal_(gate)
    for bias in biases:
        nn.init.zeros_(bias)
    with torch.no_grad():
        biases[0][units : 2 * units] = 1.0  # PyTorch's gates: input, forget, cell, output
    return lstm
