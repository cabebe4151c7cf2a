"""Settings that cannot work are refused by name, with their value and their bounds."""

import pytest

from coursekit import bounds
from coursekit.errors import UsageError

NOWHERE = float("inf")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "cannot be 0: it must be a whole number from 1"),
        (-3, "cannot be -3"),
        (0.0, "cannot be 0: it must be a number above 0"),
        (-1e-3, "cannot be -0.001"),
        (float("nan"), "cannot be nan"),
        (NOWHERE, "cannot be inf"),
        ("", "is empty"),
        ((), "is empty"),
        ((2, 0), "(2, 0): its 0 cannot be 0"),
        ((0.1, -0.1), "its -0.1 cannot be -0.1"),
        ({"views": 0}, "option 'views' cannot be 0"),
    ],
)
def test_without_bounds_counts_start_at_one_and_other_numbers_are_positive(value, words):
    with pytest.raises(UsageError) as caught:
        bounds.check({"size": value}, {})
    assert words in str(caught.value) and "'size'" in str(caught.value)


@pytest.mark.parametrize("value", [1, 10**9, 0.5, "x", (1, 2), (0.1,), {}, {"views": 2}])
def test_without_bounds_what_is_sound_passes(value):
    bounds.check({"size": value}, {})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (99, "cannot be 99: it must be a whole number from 100 to 6,000"),
        (6_001, "cannot be 6,001"),
        ((200, 7_000), "its 7000 cannot be 7,000"),
    ],
)
def test_bounds_are_told(value, words):
    with pytest.raises(UsageError) as caught:
        bounds.check({"images": value}, {"images": (100, 6_000)})
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [100, 6_000, (100, 6_000)])
def test_bounds_belong_to_what_is_allowed(value):
    bounds.check({"images": value}, {"images": (100, 6_000)})


def test_open_bounds():
    bounds.check({"swept": (0, 9)}, {"swept": (0, None)})
    with pytest.raises(UsageError, match="whole number from 0"):
        bounds.check({"swept": (-1,)}, {"swept": (0, None)})


def test_a_word_is_one_of_the_choices_and_the_nearest_is_told():
    bounds.check({"faces": "manga"}, {"faces": ["manga", "anime"]})
    with pytest.raises(UsageError, match="'faces' cannot be 'mango': did you mean manga"):
        bounds.check({"faces": "mango"}, {"faces": ["manga", "anime"]})
    with pytest.raises(UsageError, match="its 'dog' cannot be 'dog'"):
        bounds.check({"faces": ("manga", "dog")}, {"faces": ["manga", "anime"]})


def test_bounds_may_depend_on_another_setting():
    kinds = {"photos": ["fish", "tools"], "cifar10": ["cat", "dog"]}
    limits = {"set": list(kinds), "classes": lambda settings: kinds[settings["set"]]}
    bounds.check({"set": "cifar10", "classes": ("cat",)}, limits)
    with pytest.raises(UsageError, match="its 'cat' cannot be 'cat': .*Valid: fish, tools"):
        bounds.check({"set": "photos", "classes": ("fish", "cat")}, limits)
    with pytest.raises(UsageError, match="setting 'n' cannot be 4: .*Valid: 0, 1, 5"):
        bounds.check({"n": 4}, {"n": [0, 1, 5]})


def test_options_are_named_ones_in_their_bounds():
    limits = {"options": {"views": (1, 9)}}
    for good in ({}, {"views": 9}):
        bounds.check({"options": good}, limits)
    with pytest.raises(UsageError, match="no option 'view': did you mean views"):
        bounds.check({"options": {"view": 3}}, limits)
    with pytest.raises(UsageError, match="option 'views' cannot be 10"):
        bounds.check({"options": {"views": 10}}, limits)


@pytest.mark.parametrize(
    ("formula", "bound", "words"),
    [
        ("images + test", (2, 10), "with images=8, test=4 the value of 'images + test'"),
        ("images % 3", (0, 0), "cannot be 2: it must be 0"),
        ("len(rates)", (3, 3), "with rates=(1, 2) the value"),
        ("len([r for r in rates if r < test])", (3, None), "with rates=(1, 2), test=4 the"),
        ("max(r for r in rates)", (3, None), "a whole number from 3"),
    ],
)
def test_a_formula_of_several_settings_is_told_with_their_values(formula, bound, words):
    with pytest.raises(UsageError) as caught:
        bounds.check({"images": 8, "test": 4, "rates": (1, 2)}, {formula: bound})
    assert words in str(caught.value)


def test_a_formula_that_holds_passes():
    bounds.check({"images": 8, "test": 2}, {"images + test": (2, 10), "images % 8": (0, 0)})


@pytest.mark.parametrize(
    ("value", "sound"),
    [(2, True), (0.5, False), ("many", False), ((2,), False), (None, False), (True, False)],
)
def test_a_value_of_another_kind_than_in_both_other_profiles_is_refused(value, sound):
    profiles = {"smoke": {"n": value}, "quick": {"n": 3}, "full": {"n": 9}}
    if sound:
        bounds.check_kinds(profiles, "smoke")
    else:
        with pytest.raises(UsageError, match="setting 'n' cannot be .*give a whole number"):
            bounds.check_kinds(profiles, "smoke")


def test_the_kind_of_one_other_profile_is_enough():
    options = {"smoke": {"o": (1, 2)}, "quick": {"o": ()}, "full": {"o": (1,)}}
    for profile in options:
        bounds.check_kinds(options, profile)
