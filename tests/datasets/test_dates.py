import random
from datetime import date

import pytest
import torch

from coursekit.datasets import dates
from coursekit.datasets.date_matcher import parse_templates, whole_edits
from coursekit.datasets.date_rules import edits, parse_exact, parse_nearest, parse_scanned
from coursekit.datasets.dates import (
    DAYS,
    EqualLengths,
    decode,
    encode,
    generate,
    misspell,
    run_together,
    scan,
    sequences,
    split_days,
    write_date,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("{month} {day}, {year}", "march 3, 2021"),
        ("{nth} of {month} {year}", "3rd of march 2021"),
        ("{weekday}, {day} {month} {year}", "wednesday, 3 march 2021"),
        ("the {ordinal} of {month} {year}", "the third of march 2021"),
        ("{day}-{short}-{year}", "3-mar-2021"),
    ],
)
def test_a_day_in_words(style, written):
    assert write_date(date(2021, 3, 3), style) == written


def test_suffixes_and_ordinals_of_all_days_of_a_month():
    nths = [write_date(date(2021, 1, day), "{nth}") for day in range(1, 32)]
    assert nths[:4] == ["1st", "2nd", "3rd", "4th"] and nths[10:13] == ["11th", "12th", "13th"]
    assert nths[20:23] == ["21st", "22nd", "23rd"] and nths[30] == "31st"
    ordinals = [write_date(date(2021, 1, day), "{ordinal}") for day in range(1, 32)]
    assert ordinals[12] == "thirteenth" and ordinals[20] == "twenty-first"
    assert len(set(ordinals)) == 31


def test_a_misspelt_word_is_one_edit_away_and_digits_stay():
    rng = random.Random(0)
    for _ in range(300):
        wrong = misspell("thursday, 12 september 2021", rng)
        assert sum(edits(word, wrong) for word in ("thursday", "september")) <= 1
        assert [letter for letter in wrong if letter.isdigit()] == list("122021")
    assert misspell("3-mar-2021", rng) == "3-mar-2021"  # no word of five letters


def test_spaces_are_left_out_and_nothing_else():
    rng = random.Random(0)
    text = "3rd of march 2021"
    found = {run_together(text, rng) for _ in range(200)}
    assert {wrong.replace(" ", "") for wrong in found} == {text.replace(" ", "")}
    assert text not in found and run_together("3-mar-2021", rng) == "3-mar-2021"


def test_a_scan_mistakes_only_what_looks_alike():
    rng, alike = random.Random(0), str.maketrans("0158", "olsb")
    for _ in range(100):
        wrong = scan("18 october 2015", rng)
        assert wrong != "18 october 2015"
        assert wrong.translate(alike) == "18 october 2015".translate(alike)


def test_generated_dates_say_their_day_and_hold_out_what_they_should():
    taught, held_out = split_days(generator=seeded())
    assert sorted(taught + held_out) == list(range(DAYS)) and len(held_out) == round(DAYS / 10)
    found = generate(500, held_out, ["clean"], generator=seeded(1))
    days = {date.fromordinal(dates.FIRST + day).isoformat() for day in held_out}
    assert set(found.iso) <= days and found == generate(
        500, held_out, ["clean"], generator=seeded(1)
    )
    assert [parse_exact(text) for text in found.written] == found.iso


@pytest.mark.parametrize("kind", ["misspelt", "run together", "scanned", "all at once"])
def test_every_noisy_date_carries_its_noise(kind):
    found = generate(300, range(DAYS), [kind], generator=seeded())
    for text, iso in zip(*found, strict=True):
        clean = {write_date(date.fromisoformat(iso), style) for style in dates.STYLES}
        assert text not in clean


def test_all_noises_at_once_need_room_for_each():
    rng = random.Random(0)
    assert dates.all_at_once("3-mar-2021", rng) == "3-mar-2021"
    noisy = dates.all_at_once("12 september 2021", rng)
    assert noisy.count(" ") < 2 and parse_exact(noisy) is None


def test_texts_become_symbols_and_come_back():
    texts = ["march 3, 2021", "the third ofm"]
    tokens = encode(texts)
    assert tokens.shape == (2, 13) and tokens.min() > 0 and decode(tokens) == texts
    with pytest.raises(ValueError, match="no symbol for 'ä'"):
        encode(["märz"])


def test_sequences_end_and_their_shifted_target_starts_with_the_start_symbol():
    source, shifted, target = sequences(dates.Dates(["3-mar-2021"], ["2021-03-03"]))
    assert decode(source) == ["3-mar-2021."] and decode(target) == ["2021-03-03"]
    assert shifted[0, 0] == 0 and torch.equal(shifted[:, 1:], target[:, :-1])


def test_batches_are_of_one_length_and_hold_every_date_once():
    found = generate(300, range(DAYS), generator=seeded())
    batches = EqualLengths(found, batch_size=16, generator=seeded(1))
    whole = list(batches)
    assert len(whole) == len(batches) and max(len(batch.source) for batch in whole) <= 16
    pairs = [pair for batch in whole for pair in zip(decode(batch.source), decode(batch.target))]
    assert sorted(pairs) == sorted((text + ".", iso) for text, iso in zip(*found))
    again = [tuple(decode(batch.source)) for batch in batches]
    assert again != [tuple(decode(batch.source)) for batch in whole]


def test_texts_of_any_length_are_read_in_their_order():
    texts = ["March 3, 2021", "3-mar-2021", "june 4, 1990 ", "4-jun-1990"]
    first_letters = dates.read(texts, lambda source: source[:, :2])
    assert first_letters == ["ma", "3-", "ju", "4-"]
    assert dates.read(texts, lambda source: source)[1] == "3-mar-2021."


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("march", "3 march 2021", 0),
        ("march", "3 mrach 2021", 1),
        ("march", "mach", 1),
        ("march", "marrch", 1),
        ("march", "naych", 2),
        ("may", "", 3),
    ],
)
def test_edits_to_some_part_of_a_text(name, text, number):
    assert edits(name, text) == number


def test_what_each_rule_can_read():
    assert parse_exact("Wednesday, 3 March 2021") == "2021-03-03"
    assert parse_exact("the twenty-first of june 1990") == "1990-06-21"
    assert parse_exact("3 mrach 2021") is None and parse_nearest("3 mrach 2021") == "2021-03-03"
    assert parse_nearest("mar 3, 2021") == "2021-03-03"
    assert parse_nearest("l2 march 2o2l") is None
    assert parse_scanned("l2 march 2o2l") == "2021-03-12"
    assert parse_scanned("1st of 5eptem8er 1999") == "1999-09-01"
    assert parse_exact("31 february 2021") is None and parse_nearest("soon") is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Wednesday, 3 March 2021", "2021-03-03"),
        ("l2 mrach 2o2l", "2021-03-12"),
        ("14 ooctober 1941", "1941-10-14"),
        ("1stof5eptembr 1999", "1999-09-01"),
        ("the twent-yfirst of june 1990", "1990-06-21"),
        ("29 february 2020", "2020-02-29"),
        ("some day", None),
    ],
)
def test_templates_find_the_nearest_spelling_of_any_day(text, iso):
    assert parse_templates(text) == iso


def test_templates_read_what_noise_does_to_a_date():
    for kind in dates.TESTS:
        found = generate(30, range(DAYS), [kind], generator=seeded(2))
        right = sum(parse_templates(text) == iso for text, iso in zip(*found, strict=True))
        assert right >= 29, kind


def test_edits_of_a_whole_text_to_each_spelling():
    spelled = torch.tensor([[ord(letter) for letter in word] for word in ("march", "may\0\0")])
    for text, numbers in (("march", [0, 3]), ("mrach", [1, 3]), ("may", [3, 0]), ("4may", [5, 2])):
        assert whole_edits(text, spelled.byte()).tolist() == numbers
