"""What a check says: right in one line, else what is wrong, one hint more each time, no error."""

import pytest
import torch

from coursekit.errors import UsageError
from coursekit.exercises import checks
from coursekit.exercises.checks import Checks, Exercise, Wrong, exercise


@exercise("Think of squares.", "It is x * x.")
def square(answer):
    found = checks.value(answer, torch.tensor([2.0, 3.0]))
    checks.close("square([2, 3])", found, torch.tensor([4.0, 9.0]))


@pytest.fixture
def lesson(monkeypatch):
    monkeypatch.setattr(checks, "exercises", lambda name: {"square": square})
    return Checks("01_autoencoders")


def test_a_right_answer_gives_one_stable_line(lesson):
    assert lesson.check("square", lambda x: x**2) == "square: correct."
    assert lesson.check("square", torch.square) == "square: correct."


def test_a_wrong_answer_hears_what_is_wrong_and_one_hint_more_each_time(lesson):
    first, second, third = (lesson.check("square", lambda x: x + 1) for _ in range(3))
    assert "square([2, 3]) is [3, 4] and should be [4, 9]" in first
    assert "Hint 1 of 2: Think of squares." in first
    assert "Hint 2 of 2: It is x * x." in second and second == third


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "should be a function"),
        (lambda x: None, "is there a return?"),
        (lambda x: [4, 9], "returned a list"),
        (lambda x: x[:, None], "raised|shape"),
        (lambda x: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (lambda: 1, "raised TypeError"),
    ],
)
def test_no_mistake_of_a_student_is_an_error_of_the_check(lesson, answer, words):
    said = lesson.check("square", answer)
    assert said.startswith("square: not yet.")
    assert any(word in said for word in words.split("|"))


def test_an_empty_answer_is_named_as_one(lesson):
    def answer(x):
        raise NotImplementedError

    assert "no answer yet" in lesson.check("square", answer)


def test_a_stop_by_the_student_is_not_swallowed(lesson):
    def answer(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lesson.check("square", answer)


def test_an_unknown_exercise_is_a_mistake_of_the_notebook(lesson):
    with pytest.raises(UsageError, match="did you mean square"):
        lesson.check("squared", None)


def test_a_check_leaves_the_random_numbers_as_they_were(lesson):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    lesson.check("square", lambda x: x * torch.rand(2))
    assert torch.equal(torch.rand(3), expected)


def test_a_wrong_shape_is_told_with_both_shapes():
    with pytest.raises(Wrong, match=r"\(2,\) and should have \(3,\)"):
        checks.same_shape("z", torch.zeros(2), (3,))
    with pytest.raises(Wrong, match=r"\(2,\) and should have \(3,\)"):
        checks.close("z", torch.zeros(2), torch.zeros(3))


def test_a_loss_without_a_gradient_is_told():
    x = torch.ones(2, requires_grad=True)
    checks.has_gradient("the loss", (x * 2).sum(), x)
    with pytest.raises(Wrong, match="no gradient"):
        checks.has_gradient("the loss", (x * 2).sum().detach(), x)
    y = torch.ones(2, requires_grad=True)
    with pytest.raises(Wrong, match="with respect to an input"):
        checks.has_gradient("the loss", (x * 2).sum(), x, y)


def test_a_lesson_without_a_module_has_no_exercises():
    assert checks.exercises("99_none") == {}


def test_exercise_takes_the_name_of_its_check():
    assert isinstance(square, Exercise) and square.name == "square" and len(square.hints) == 2
