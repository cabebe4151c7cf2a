"""Every lesson's settings: sound in every profile, and refused by name where they cannot work."""

import json

import pytest
import torch

from coursekit import config, display
from coursekit.errors import UsageError
from coursekit.lesson import Lesson

SOUND = [("average", "0"), ("l1_epochs", "0")]  # no averaging, no head start: worth asking
LESSONS = sorted(config.NOTEBOOKS.glob("*.ipynb"))


def begin(path, profile):
    """The lesson after its parameters and its settings: (lesson, settings)."""
    cells = [
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    scope: dict = {}
    exec(cells[0], scope)
    scope["profile"] = profile
    for cell in cells[1:5]:
        if "settings" not in scope:
            exec(cell, scope)
    return scope["lesson"], scope["settings"]


def asked_for(path, profile, monkeypatch):
    """ask(changes) -> the lesson's own call of `settings`, with these changes."""
    calls = []
    settings = Lesson.settings
    with monkeypatch.context() as patch:
        patch.setattr(
            Lesson,
            "settings",
            lambda lesson, **given: calls.append(given) or settings(lesson, **given),
        )
        lesson, _ = begin(path, profile)

    def ask(changes):
        monkeypatch.setenv("COURSEKIT_SET", json.dumps(changes))
        return lesson.settings(**calls[0])

    return ask


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    for name in ("COURSEKIT_PROFILE", "COURSEKIT_SET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSEKIT_OUT", str(tmp_path))
    monkeypatch.setattr(display, "display", lambda *_, **__: None)
    exact = torch.are_deterministic_algorithms_enabled()
    yield
    torch.use_deterministic_algorithms(exact)


def unsound(value):
    """Values of no sense for a setting like this one, as they are typed."""
    if isinstance(value, str):
        return ["no such thing"]
    if isinstance(value, dict):
        return ["{'no such option': 3}", "3", "{"]
    if isinstance(value, tuple):
        numbers = not isinstance(value[0], str)
        return ["()", "3", "many", "('a', 1)", *(["(-1, 1)", "(1e999,)"] if numbers else [])]
    return ["0", "-1", "many", "", "None", "(1, 2)", "True", "1e999", "nan"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_settings_that_cannot_work_are_refused_by_name(path, monkeypatch):
    ask = asked_for(path, "smoke", monkeypatch)
    passed = []
    for name, value in vars(ask({})).items():
        for text in unsound(value):
            try:
                ask({name: text})
                passed.append((name, text))
            except UsageError as error:
                assert name in str(error) and "\n" not in str(error)
    assert [pair for pair in passed if pair not in SOUND] == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", config.PROFILES)
def test_each_profile_is_within_its_bounds_and_the_lesson_has_its_file_s_name(path, profile):
    lesson, _ = begin(path, profile)
    assert (lesson.name, lesson.profile) == (path.stem, profile)


@pytest.mark.parametrize(
    ("number", "changes", "words"),
    [
        ("02", {"images": "10000"}, "'images . validation' cannot be 10,500.*from 48 to 10,000"),
        ("09", {"rate": "1"}, "'rate' cannot be 1: it must be a number from 1e-06 to 0.03"),
        ("09", {"rate": "0"}, "'rate' cannot be 0"),
        ("09", {"rate": "-1"}, "'rate' cannot be -1"),
        ("06", {"images": "1801"}, "'images' cannot be 1,801"),
        ("06", {"batch": "900"}, "beta_images - batch"),
        ("06", {"betas": "(0.1,)"}, r"'len\(betas\)' cannot be 1: it must be "),
        ("10", {"shown": "(1,)"}, r"'len\(.*shown.*\)' cannot be 1"),
        ("11", {"swept": "(0, 4)"}, "its 4 cannot be 4: .*Valid: 0, 1, 2, 3, 5"),
        ("03", {"batch": "33"}, "samples // parts % batch"),
        ("01", {"epoch": "3"}, "no setting 'epoch': did you mean epochs"),
    ],
)
def test_at_quick_bounds_are_told(number, changes, words, monkeypatch):
    (path,) = (path for path in LESSONS if path.name.startswith(number))
    ask = asked_for(path, "quick", monkeypatch)
    with pytest.raises(UsageError, match=words):
        ask(changes)
