"""Results of the notebooks' own runs, compared with stored references within their tolerances.

`make test` runs the notebooks first (nbval writes their results) and then requires every
comparison. By hand, a lesson that has not been run is skipped.
"""

import json

import pytest

from coursekit import config
from coursekit.config import Variable
from coursekit.runner import record, reference
from coursekit.runner.lessons import lessons

REQUIRED = config.value(Variable.CHECK) == "required"
PROFILE = config.value(Variable.PROFILE) or "quick"
STORED = sorted(path.stem for path in (config.REFERENCE / PROFILE).glob("*.json"))


def results_of(lesson: str) -> dict:
    """The results of a lesson's run; a missing run fails where required and is skipped by hand."""
    folder = record.folder(PROFILE, lesson)
    if results := record.results(folder):
        return results
    missing = f"no results.json in {folder}: the notebook did not run to its end"
    return pytest.fail(missing) if REQUIRED else pytest.skip(missing)


@pytest.mark.parametrize(
    "lesson", STORED or [pytest.param("none", marks=pytest.mark.skip(reason="no references yet"))]
)
def test_measures_agree_with_the_reference(lesson):
    kept = json.loads(reference.file(PROFILE, lesson).read_text(encoding="utf-8"))
    problems = reference.compare(kept, results_of(lesson))
    assert not problems, f"{lesson}: " + "; ".join(problems)


@pytest.mark.parametrize("lesson", [lesson.id for lesson in lessons()])
def test_every_notebook_ran_to_its_end_and_has_a_reference(lesson):
    assert results_of(lesson)["lesson"] == lesson
    assert lesson in STORED, (
        f"no reference: python -m coursekit.runner.reference {PROFILE} {lesson}"
    )


@pytest.mark.parametrize("lesson", STORED)
def test_every_reference_has_its_notebook(lesson):
    assert lesson in [known.id for known in lessons()]
