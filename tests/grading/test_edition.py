"""The student edition: solutions and hidden tests gone, everything else as it was."""

import pytest
import torch
from nbformat import v4

from coursekit.errors import CourseError
from coursekit.exercises import checks
from coursekit.exercises.checks import exercise
from coursekit.grading import edition

SOLVED = '''\
def square(x):
    """The square of x."""
    ### BEGIN SOLUTION
    y = x * x
    return y
    ### END SOLUTION


lesson.check("square", square)
### BEGIN HIDDEN TESTS
assert square(3) == 9
### END HIDDEN TESTS'''


@exercise("Think.")
def square(answer):
    """a function (x (N,)) -> squares (N,)

    More words.
    """
    checks.close("square", checks.value(answer, torch.ones(2)), torch.ones(2))


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(edition, "exercises", lambda lesson: {"square": square})


def output():
    return v4.new_output("stream", text="shown\n")


def notebook():
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell(
                "# T\n\n<details><summary>Answer</summary>\n\nNine.\n\n</details>"
            ),
            v4.new_code_cell("a = 1", outputs=[output()], execution_count=1),
            v4.new_code_cell(
                SOLVED, outputs=[output()], execution_count=2, metadata={"tags": ["exercise"]}
            ),
            v4.new_code_cell("b = square(a)", outputs=[output()], execution_count=3),
            v4.new_code_cell("print(b)", outputs=[output()], execution_count=4),
            v4.new_code_cell("print(a)", outputs=[output()], execution_count=5),
        ]
    )


def has_output(made):
    return [bool(cell.outputs) for cell in made.cells if cell.cell_type == "code"]


def test_a_solution_becomes_a_stub_that_says_what_is_wanted():
    made = edition.student(notebook(), "01_x").cells[2].source
    assert "y = x * x" not in made and "HIDDEN" not in made and "== 9" not in made
    assert "    # Your answer. The check wants: a function (x (N,)) -> squares (N,)\n" in made
    assert "    raise NotImplementedError\n" in made
    assert made.startswith('def square(x):\n    """The square of x."""')
    assert 'lesson.check("square", square)' in made
    compile(made, "cell", "exec")


def test_the_solved_notebook_is_left_as_it_was():
    solved = notebook()
    edition.student(solved, "01_x")
    assert solved.cells[2].source == SOLVED and solved.cells[2].outputs


@pytest.mark.parametrize(
    "outputs, expected",
    [
        ("cleared", [True, False, False, False, True]),
        ("kept", [True, False, True, True, True]),
        ("none", [False] * 5),
    ],
)
def test_outputs_that_need_an_answer_go_or_stay(outputs, expected):
    assert has_output(edition.student(notebook(), "01_x", outputs=outputs)) == expected


def test_folded_answers_stay_or_go():
    assert "Nine." in edition.student(notebook(), "01_x").cells[0].source
    without = edition.student(notebook(), "01_x", answers=False).cells[0].source
    assert "Nine." not in without and "Your answer" in without


@pytest.mark.parametrize(
    "source, words",
    [
        ("### BEGIN SOLUTION\nx = 1", "END SOLUTION is missing"),
        ("x = 1\n### END SOLUTION", "closes nothing"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "stands within another"),
        ("### BEGIN SOLUTION\n### END HIDDEN TESTS", "closes nothing"),
    ],
)
def test_marks_that_do_not_close_are_named(source, words):
    with pytest.raises(CourseError, match=words) as caught:
        edition.stripped(source, place=7)
    assert "cell 7" in str(caught.value)


def test_checks_of_a_cell_are_found_with_their_answers():
    source = 'lesson.check("a", f)\nlesson.check("b", lambda x: x + 1)\nother.check("c", f)'
    assert edition.checks(source) == [("a", "f"), ("b", "lambda x: x + 1")]
    assert edition.checks("def broken(") == []
    assert edition.checks('%matplotlib inline\nlesson.check("a", f)') == [("a", "f")]
