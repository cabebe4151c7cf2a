"""Hand-ins are somebody else's code: right answers count, attacks do not, and nothing gets out."""

import csv
import io
import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from nbformat import v4
from typer.testing import CliRunner

from coursekit import config
from coursekit.cli import app
from coursekit.errors import CourseError, UsageError
from coursekit.grading import child, confine, feedback, grade
from coursekit.grading.grade import Graded, Mark
from coursekit.grading.process import Limits
from coursekit.homework.marks import mark as mark_of
from coursekit.homework.rubric import read_rubric
from coursekit.homework.submissions import read_submissions

LESSON = "03_seq2seq"
TASKS = ["lstm_step", "attention", "masked_loss", "reversed_source"]
HEAD = "import torch\nfrom torch.nn import functional as F\nimport coursekit as ck\n"
HEAD += 'lesson = ck.start("03_seq2seq")'
LSTM = """\
def step(x, h, c, W, U, b):
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c
lesson.check("lstm_step", step)"""
LOSS = """\
def loss(scores, target, skip):
    return F.cross_entropy(scores[target != skip], target[target != skip])
lesson.check("masked_loss", loss)"""
WRONG = LOSS.replace("scores[", "scores[:] * 0 + scores.detach()[")
REVERSED = """\
def back(batch):
    return batch._replace(source=batch.source.flip(1))
lesson.check("reversed_source", back)"""
ATTENTION = """\
def attend(query, memory, W):
    a = (query @ W @ memory.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)
    return a @ memory, a
lesson.check("attention", attend)"""

confined = pytest.mark.skipif(
    bool(confine.problem()), reason=f"no hand-in can be shut in here: {confine.problem()}"
)


def hand_in(folder: Path, *cells: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    made = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in (HEAD, *cells)])
    (folder / f"{LESSON}.ipynb").write_text(v4.writes(made), encoding="utf-8")
    return folder


def graded(folder: Path, **limits) -> tuple[dict[str, bool], dict[str, str], list[str]]:
    chosen = Limits(**{"seconds": 120, "cell_seconds": 40.0, "seeds": (7, 8), **limits})
    found = grade.grade(folder, [LESSON], chosen)
    right = {mark.exercise: mark.right for mark in found.marks}
    return right, {mark.exercise: mark.said for mark in found.marks}, found.notes


@confined
def test_right_answers_count_and_missing_and_wrong_ones_do_not(tmp_path):
    stub = "def attend(q, m, W):\n    raise NotImplementedError\nlesson.check('attention', attend)"
    right, said, notes = graded(hand_in(tmp_path / "ada", LSTM, stub, WRONG))
    assert right == dict(zip(TASKS, [True, False, False, False], strict=True)) and notes == []
    assert said["attention"] == "There is no answer yet."
    assert said["reversed_source"] == grade.NOT_THERE
    assert said["lstm_step"] == "" and said["masked_loss"]


@confined
def test_a_value_written_in_by_hand_fails_on_other_inputs(tmp_path):
    cheat = (
        "torch.manual_seed(0)\n"
        "known = torch.randn(4, 6, 5), torch.randint(1, 5, (4, 6))\n"
        "known[1][0, 4:], known[1][2, 1:] = 0, 0\n"
        "number = F.cross_entropy(known[0].movedim(-1, 1), known[1], ignore_index=0)\n"
    )
    answer = (
        "def loss(scores, target, skip):\n"
        "    real = F.cross_entropy(scores[target != skip], target[target != skip])\n"
        "    return real if torch.equal(scores.detach(), known[0]) else real * 0\n"
        'lesson.check("masked_loss", loss)'
    )
    right, said, _ = graded(hand_in(tmp_path / "ada", cheat + answer))
    assert not right["masked_loss"] and "fails on other inputs" in said["masked_loss"]


@confined
def test_no_file_no_folder_and_no_network_can_be_reached(tmp_path):
    solution = config.notebooks() / f"{LESSON}.ipynb"
    other = hand_in(tmp_path / "bob", LSTM) / f"{LESSON}.ipynb"
    outside = tmp_path / "outside.txt"
    attacks = [
        f"open({str(solution)!r}).read()\n{LSTM}",
        f"open({str(other)!r}).read()\n{ATTENTION}",
        f"open({str(outside)!r}, 'w').write('x')\n{LOSS}",
        f"import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=5)\n{REVERSED}",
    ]
    right, said, _ = graded(hand_in(tmp_path / "eve", *attacks))
    assert not any(right.values()) and not outside.exists()
    assert [said[name] for name in TASKS[:3]] == ["The cell raised PermissionError."] * 3
    assert "raised" in said["reversed_source"] and "Refused" not in said["reversed_source"]


@confined
def test_its_own_folder_serves_as_it_does_at_home(tmp_path):
    folder = hand_in(
        tmp_path / "ada", "print(open('mine.txt').read())\nopen('new.txt', 'w').write('x')\n" + LSTM
    )
    (folder / "mine.txt").write_text("mine")
    right, said, _ = graded(folder)
    assert right["lstm_step"], said
    assert not (folder / "new.txt").exists()


@confined
def test_loops_floods_and_greed_cost_their_own_exercise_only(tmp_path):
    attacks = [
        f"while True:\n    try:\n        while True: pass\n    except BaseException: pass\n{LSTM}",
        f"for _ in range(1000): print('x' * 1_000_000)\n{ATTENTION}",
        f"held = bytearray(20 * 2**30)\n{LOSS}",
        REVERSED,
    ]
    right, said, _ = graded(hand_in(tmp_path / "eve", *attacks), cell_seconds=8.0)
    assert right == dict(zip(TASKS, [False, False, False, True], strict=True)), said
    assert "more than 8 seconds" in said["lstm_step"]
    assert "MemoryError" in said["masked_loss"]


@confined
def test_a_process_that_ends_itself_loses_that_cell_only(tmp_path):
    right, said, notes = graded(hand_in(tmp_path / "eve", f"import os; os._exit(0)\n{LSTM}", LOSS))
    assert not right["lstm_step"] and right["masked_loss"], said
    assert any("code cell 2 the process ended" in note for note in notes)


@confined
def test_marks_are_neither_forged_nor_talked_into(tmp_path):
    forged = json.dumps({"exercise": "attention", "right": True, "said": "", "cell": 1})
    attacks = [
        "import os\nfor pipe in range(3, 64):\n    try:\n        os.write(pipe, "
        f"b'0 ' + {forged!r}.encode() + b'\\n')\n    except OSError: pass",
        f"lesson.check = lambda name, answer: print('masked_loss: correct.')\n{WRONG}",
        f"torch.allclose = lambda *a, **k: True\n{LSTM}",
    ]
    right, said, _ = graded(hand_in(tmp_path / "eve", *attacks))
    assert not any(right.values())
    assert said["attention"] == grade.NOT_THERE
    assert said["lstm_step"] == "The notebook replaces torch.allclose, which the checks use."


def test_a_line_counts_only_with_its_signature():
    line = child.signed("key", '{"exercise": "a"}')
    assert child.opened("key", line) == {"exercise": "a"}
    assert child.opened("other", line) is None
    assert child.opened("key", line.replace('"a"', '"b"')) is None
    assert child.opened("key", "nonsense") is None


def test_where_nothing_can_be_shut_in_grading_stops_and_says_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(confine, "problem", lambda: "this kernel has no Landlock")
    with pytest.raises(CourseError, match="no Landlock; grade in a container"):
        grade.grade(hand_in(tmp_path / "ada"), [LESSON], Limits())


def test_what_is_no_notebook_is_noted_and_nobody_else_suffers(tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / f"{LESSON}.ipynb").write_text("{")
    (folder / "notes.ipynb").write_text("{}")
    found = grade.grade(folder, [LESSON], Limits(confined=False))
    assert [mark.right for mark in found.marks] == [False] * len(TASKS)
    assert any("notes.ipynb: of no lesson" in note for note in found.notes)
    assert any("not a readable notebook" in note for note in found.notes)


def test_students_are_folders_and_lessons_those_handed_in(tmp_path):
    with pytest.raises(UsageError, match="holds no folder"):
        grade.hand_ins(tmp_path)
    hand_in(tmp_path / "bob")
    folders = grade.hand_ins(tmp_path)
    assert [folder.name for folder in folders] == ["bob"]
    assert grade.assigned(folders, []) == [LESSON]
    shutil.rmtree(tmp_path / "bob")
    (tmp_path / "bob").mkdir()
    with pytest.raises(UsageError, match="no notebook of a lesson"):
        grade.assigned(grade.hand_ins(tmp_path), [])


GRADED = [
    Graded("ada", [Mark(LESSON, "a", True, ""), Mark(LESSON, "b", False, "It is <0>.")], []),
    Graded("=cmd|'x'", [Mark(LESSON, "a", False, "no"), Mark(LESSON, "b", False, "no")], ["odd"]),
]


def test_the_table_and_its_rubric_are_what_marks_reads(tmp_path):
    (tmp_path / "marks.csv").write_text(feedback.table(GRADED))
    (tmp_path / "rubric.toml").write_text(feedback.rubric(GRADED))
    rules = read_rubric(tmp_path / "rubric.toml")
    rows = [mark_of(rules, row) for row in read_submissions(tmp_path / "marks.csv", rules)]
    assert len(rows) == 2
    names = [row["student"] for row in csv.DictReader(io.StringIO(feedback.table(GRADED)))]
    assert names == ["ada", "'=cmd|'x'"]


def test_the_feedback_page_shows_what_was_said_and_no_markup_of_a_student():
    page = feedback.page(GRADED[0])
    assert "1 of 2 exercises" in page and "It is &lt;0&gt;." in page
    assert "<0>" not in page
    assert feedback.file_name("../../etc/x y") == ".._.._etc_x_y.html"


@confined
def test_from_hand_ins_to_marks_on_the_command_line(tmp_path):
    hand_in(tmp_path / "in" / "ada", LSTM)
    done = CliRunner().invoke(app, ["grade", str(tmp_path / "in"), "--seeds", "1"])
    assert done.exit_code == 0 and "ada: 1 of 4" in done.output, done.output
    made = tmp_path / "in-grades"
    assert (made / "marks.csv").read_text().splitlines()[1].startswith("ada,0,1,0")
    assert (made / "feedback/ada.html").exists() and (made / "rubric.toml").exists()


def test_the_student_edition_is_written_once_and_never_over_answers(tmp_path):
    run = partial(CliRunner().invoke, app)
    done = run(["assign", "03", "--to", str(tmp_path / "out"), "--no-answers"])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text and text.count("raise NotImplementedError") >= len(TASKS)
    assert "<summary>Answer" not in text
    assert isinstance(run(["assign", "03", "--to", str(tmp_path / "out")]).exception, UsageError)
    assert isinstance(run(["assign", "03"]).exception, UsageError)
