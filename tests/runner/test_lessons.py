"""Lessons as files: what they say of themselves."""

from coursekit.runner.lessons import first_sentence


def test_the_first_sentence_is_found_behind_headings_lists_and_formulas():
    assert first_sentence(["# Title\n\n- a list\n\n$$x$$\n\nOne\ntwo. Three."]) == "One two."
    assert first_sentence(["# Only a title"]) == ""
