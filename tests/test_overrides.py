"""Settings changed from outside: read exactly, or refused by name."""

import pytest

from coursekit import overrides
from coursekit.errors import UsageError

SETTINGS = {
    "epochs": 8,
    "rate": 1e-3,
    "hidden": (320, 320),
    "faces": "manga-faces",
    "options": {"views": 5},
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epochs", "20", 20),
        ("rate", "0.01", 0.01),
        ("rate", "1", 1.0),
        ("hidden", "(64,)", (64,)),
        ("faces", "anime-faces", "anime-faces"),
        ("options", "{}", {}),
        ("options", "{'views': 2}", {"views": 2}),
    ],
)
def test_a_value_is_of_the_kind_of_the_old_one(name, text, value):
    changed = overrides.apply(SETTINGS, overrides.from_pairs([f" {name} = {text} "]))
    assert changed == {name: value} and type(changed[name]) is type(SETTINGS[name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("epochs", "many"),
        ("epochs", "2.5"),
        ("epochs", "True"),
        ("rate", "None"),
        ("hidden", "64"),
        ("options", "x("),
        ("epochs", "__import__('os')"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_old_one(name, text):
    with pytest.raises(UsageError) as caught:
        overrides.apply(SETTINGS, {name: text})
    assert repr(name) in str(caught.value) and repr(SETTINGS[name]) in str(caught.value)


def test_an_unknown_setting_is_named_with_the_nearest():
    with pytest.raises(UsageError, match="no setting 'epoch': did you mean epochs"):
        overrides.apply(SETTINGS, {"epoch": "3"})


@pytest.mark.parametrize(
    ("pair", "lacks"), [("epochs", "value"), ("=3", "name"), ("epochs=", "value"), (" = ", "name")]
)
def test_pairs_need_name_and_value(pair, lacks):
    with pytest.raises(UsageError, match=f"--set '{pair}' has no {lacks}: write it as NAME=VALUE"):
        overrides.from_pairs([pair])


def test_the_environment_is_read(monkeypatch):
    monkeypatch.delenv("COURSEKIT_SET", raising=False)
    assert overrides.asked() == {}
    monkeypatch.setenv("COURSEKIT_SET", '{"epochs": "3", "rate": 0.5}')
    assert overrides.asked() == {"epochs": "3", "rate": "0.5"}


@pytest.mark.parametrize("text", ["epochs=3", "[1]", "3"])
def test_an_environment_that_cannot_be_read_is_refused(monkeypatch, text):
    monkeypatch.setenv("COURSEKIT_SET", text)
    with pytest.raises(UsageError, match="COURSEKIT_SET"):
        overrides.asked()


@pytest.mark.parametrize(
    "value, words",
    [
        ({"views": 2, "parts": (1, 2)}, "views = 2, parts = 1, 2"),
        ({}, "none"),
        ((0.1, "a"), "0.1, a"),
        (None, "none"),
        (0.001, "0.001"),
        (True, "True"),
    ],
)
def test_a_setting_is_shown_without_the_brackets_of_python(value, words):
    assert overrides.shown(value) == words
