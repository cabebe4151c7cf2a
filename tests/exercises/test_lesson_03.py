import pytest
from torch.nn import functional as F

from coursekit.datasets.sequences import Sequences
from coursekit.exercises.checks import exercises, fault

CHECKS = exercises("03_seq2seq")


def lstm_step(x, h, c, W, U, b):
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def gates_in_another_order(x, h, c, W, U, b):
    i, f, o, g = (x @ W.T + h @ U.T + b).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def attention(query, memory, W):
    alignment = (query @ W @ memory.transpose(1, 2) * query.shape[-1] ** -0.5).softmax(-1)
    return alignment @ memory, alignment


def softmax_over_the_outputs(query, memory, W):
    alignment = (query @ W @ memory.transpose(1, 2) * query.shape[-1] ** -0.5).softmax(1)
    return alignment @ memory, alignment


def unscaled(query, memory, W):
    alignment = (query @ W @ memory.transpose(1, 2)).softmax(-1)
    return alignment @ memory, alignment


def masked_loss(scores, target, skip):
    kept = target != skip
    return F.cross_entropy(scores[kept], target[kept])


def mean_over_all_steps(scores, target, skip):
    losses = F.cross_entropy(scores.movedim(-1, 1), target, reduction="none")
    return (losses * (target != skip)).mean()


def detached_loss(scores, target, skip):
    return masked_loss(scores.detach(), target, skip)


def reversed_source(batch):
    return Sequences(batch.source.flip(1), batch.shifted, batch.target)


def all_reversed(batch):
    return Sequences(*(part.flip(1) for part in batch))


RIGHT = {
    "lstm_step": lstm_step,
    "attention": attention,
    "masked_loss": masked_loss,
    "reversed_source": reversed_source,
}
WRONG = [
    ("lstm_step", gates_in_another_order, "the new c, beside that of nn.LSTMCell"),
    ("lstm_step", lambda *_: lstm_step(*_)[0], "a pair of tensors"),
    ("lstm_step", None, "should be a function"),
    ("attention", softmax_over_the_outputs, "the sum of each row"),
    ("attention", unscaled, "the context is"),
    ("attention", lambda *_: attention(*_)[::-1], "the alignment has the shape"),
    ("masked_loss", mean_over_all_steps, "the loss is"),
    ("masked_loss", detached_loss, "no gradient"),
    ("masked_loss", lambda *_: None, "None: is there a return?"),
    ("reversed_source", all_reversed, "target should stay"),
    ("reversed_source", lambda batch: batch, "does not start at its end"),
    ("reversed_source", lambda batch: batch.source, "should return a Sequences"),
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_right_on_any_inputs(name, seed):
    assert fault(CHECKS[name], RIGHT[name], seed=seed) == ""


@pytest.mark.parametrize(("name", "answer", "said"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(name, answer, said):
    assert said in fault(CHECKS[name], answer)


def test_every_exercise_is_tried_here():
    assert set(CHECKS) == set(RIGHT)
