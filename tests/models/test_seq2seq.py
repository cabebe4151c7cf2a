import pytest
import torch
from torch.nn import functional as F

from coursekit.datasets.sequences import reversed_prefix
from coursekit.models.ops import count_parameters
from coursekit.models.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq


def build(decoder, units=16, cardinality=11):
    torch.manual_seed(0)
    return Seq2Seq(Encoder(cardinality, units), decoder(cardinality, units))


def sequences(samples=8):
    return reversed_prefix(samples, cardinality=11, generator=torch.Generator().manual_seed(0))


def test_parameters_are_kerass_and_one_more_bias_for_each_lstm():
    encoder, decoder = Encoder(), Decoder()
    assert count_parameters(encoder) == 92_160 + 512 and count_parameters(decoder.dense) == 6_579
    assert count_parameters(Seq2Seq(encoder, decoder)) == 190_899 + 2 * 512 == 191_923
    assert count_parameters(AttentionDecoder()) - count_parameters(decoder) == 128 * 128 + (
        256 * 128 + 128
    )


@pytest.mark.parametrize("decoder", [Decoder, AttentionDecoder])
def test_teacher_forcing_equals_decoding_step_by_step(decoder):
    model, (source, shifted, _) = build(decoder), sequences()
    memory, state = model.encoder(source)
    steps = []
    for t in range(shifted.shape[1]):
        logits, state, _ = model.decoder(shifted[:, t : t + 1], state, memory)
        steps.append(logits)
    torch.testing.assert_close(torch.cat(steps, 1), model(source, shifted))


@pytest.mark.parametrize("decoder", [Decoder, AttentionDecoder])
def test_free_running_follows_its_own_symbols(decoder):
    model, (source, _, _) = build(decoder), sequences()
    tokens, _ = model.predict_sequence(source, steps=3)
    fed = torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], 1)
    assert torch.equal(model(source, fed).argmax(-1), tokens)


def test_attention_rows_are_shares_of_the_source():
    model, (source, _, _) = build(AttentionDecoder), sequences()
    _, alignment = model.predict_sequence(source, steps=3)
    assert alignment.shape == (8, 3, 6) and (alignment >= 0).all()
    torch.testing.assert_close(alignment.sum(-1), torch.ones(8, 3))
    assert build(Decoder).predict_sequence(source, steps=3)[1] is None


def test_attention_looks_up_what_it_is_asked_for():
    decoder = AttentionDecoder(5, 4)
    memory = torch.eye(4)[None]  # four source steps that share no direction
    with torch.no_grad():
        decoder.score.weight.copy_(torch.eye(4))
    _, (hidden, _), alignment = decoder(torch.tensor([[1]]), 2 * (torch.zeros(1, 1, 4),), memory)
    torch.testing.assert_close(alignment[0, 0], (hidden[0, 0] / 2).softmax(0))


def test_forget_gates_start_open_and_gates_recur_orthogonally():
    lstm = Encoder(11, 16).lstm
    bias = (lstm.bias_ih_l0 + lstm.bias_hh_l0).detach()
    assert bias.tolist() == [0] * 16 + [1] * 16 + [0] * 32
    for gate in lstm.weight_hh_l0.detach().chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(16), atol=1e-5, rtol=0)


@pytest.mark.parametrize("decoder", [Decoder, AttentionDecoder])
def test_one_batch_can_be_learned_by_heart(decoder):
    model, (source, shifted, target) = build(decoder, units=32), sequences(16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(model(source, shifted).flatten(0, 1), target.flatten()).backward()
        optimizer.step()
    assert torch.equal(model.predict_sequence(source, steps=3)[0], target)
