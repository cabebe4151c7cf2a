"""What one lesson hands to another: found beside it, of its profile only, never half written."""

import pytest
import torch

import coursekit as ck
from coursekit import artifacts
from coursekit.errors import CourseError


@pytest.fixture
def lessons(tmp_path, monkeypatch):
    """start(name, profile) -> a lesson whose run is kept where the runner keeps it."""
    monkeypatch.setenv("COURSEKIT_RUNS", str(tmp_path / "runs"))
    for name in ("COURSEKIT_OUT", "COURSEKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return lambda name, profile="quick": ck.start(name, profile=profile, device="cpu")


def faces(seed=0):
    return torch.randint(
        0, 256, (8, 3, 5, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )


def test_another_lesson_of_the_same_profile_reads_what_was_left(lessons):
    artifacts.write(lessons("06_vae"), "faces", faces=faces())
    found = artifacts.read(lessons("08_vq_vae"), "06_vae", "faces")
    assert (
        set(found) == {"faces"}
        and found["faces"].dtype == torch.uint8
        and torch.equal(found["faces"], faces())
    )


def test_nothing_is_found_of_another_profile_lesson_or_name(lessons):
    artifacts.write(lessons("06_vae", "smoke"), "faces", faces=faces())
    assert artifacts.read(lessons("08_vq_vae"), "06_vae", "faces") is None
    smoke = lessons("08_vq_vae", "smoke")
    assert (
        artifacts.read(smoke, "06_vae", "other") is None
        and artifacts.read(smoke, "07_cvae", "faces") is None
    )
    assert artifacts.read(smoke, "06_vae", "faces") is not None


def test_a_run_whose_outputs_are_stored_must_find_it(lessons, tmp_path, monkeypatch):
    artifacts.write(lessons("06_vae"), "faces", faces=faces())
    monkeypatch.setenv("COURSEKIT_OUT", str(tmp_path / "runs" / "stored" / "08_vq_vae"))
    stored = lessons("08_vq_vae")
    assert artifacts.read(stored, "06_vae", "faces") is not None
    with pytest.raises(CourseError, match="coursekit run 07_cvae --profile quick"):
        artifacts.read(stored, "07_cvae", "faces")


def test_the_last_run_counts(lessons):
    for seed in (1, 2):
        artifacts.write(lessons("06_vae"), "faces", faces=faces(seed))
    assert torch.equal(artifacts.read(lessons("08_vq_vae"), "06_vae", "faces")["faces"], faces(2))


def test_a_copy_from_another_profile_is_not_mistaken_for_ones_own(lessons):
    smoke = artifacts.write(lessons("06_vae", "smoke"), "faces", faces=faces())
    quick = lessons("06_vae").out / smoke.name
    quick.parent.mkdir(parents=True)
    quick.write_bytes(smoke.read_bytes())
    assert artifacts.find(lessons("08_vq_vae"), "06_vae", "faces") is None


@pytest.mark.parametrize(
    "damage", [lambda content: content[:60], lambda content: b"", lambda content: b"x" * 200]
)
def test_a_damaged_file_counts_as_missing(lessons, damage):
    path = artifacts.write(lessons("06_vae"), "faces", faces=faces())
    path.write_bytes(damage(path.read_bytes()))
    assert artifacts.read(lessons("08_vq_vae"), "06_vae", "faces") is None


def test_a_lesson_run_by_hand_finds_its_neighbor_first_and_the_runners_folder_next(
    lessons, monkeypatch, tmp_path
):
    artifacts.write(lessons("06_vae"), "faces", faces=faces(1))
    monkeypatch.setenv("COURSEKIT_OUT", str(tmp_path / "elsewhere" / "08_vq_vae"))
    by_hand = lessons("08_vq_vae")
    assert torch.equal(artifacts.read(by_hand, "06_vae", "faces")["faces"], faces(1))
    monkeypatch.setenv("COURSEKIT_OUT", str(tmp_path / "elsewhere" / "06_vae"))
    artifacts.write(lessons("06_vae"), "faces", faces=faces(2))
    assert torch.equal(artifacts.read(by_hand, "06_vae", "faces")["faces"], faces(2))


def test_writing_leaves_one_file_and_works_on_views_that_share_memory(lessons):
    lesson, shared = lessons("06_vae"), faces()
    path = artifacts.write(lesson, "faces", first=shared[:, :, ::2], second=shared.transpose(2, 3))
    assert [left.name for left in path.parent.iterdir()] == ["faces.safetensors"]
    found = artifacts.read(lessons("08_vq_vae"), "06_vae", "faces")
    assert torch.equal(found["first"], shared[:, :, ::2]) and torch.equal(
        found["second"], shared.mT
    )
