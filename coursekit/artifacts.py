"""What one lesson leaves for another: pictures or weights in the folder of its run."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from coursekit import config, files
from coursekit.errors import CourseError
from coursekit.lesson import Lesson


def write(lesson: Lesson, name: str, **tensors: Tensor) -> Path:
    """Leave tensors as `name` in the folder of this lesson's run, whole or not at all.

    They are marked with lesson, profile and seed. CourseError where the disk is full or closed.
    """
    mark = {"lesson": lesson.name, "profile": lesson.profile, "seed": str(lesson.runtime.seed)}
    content = save(
        {key: value.detach().cpu().contiguous() for key, value in tensors.items()}, metadata=mark
    )
    target = lesson.out / f"{name}.safetensors"
    files.write_bytes(target, content)
    return target


def read(lesson: Lesson, of: str, name: str) -> dict[str, Tensor] | None:
    """What lesson `of` (as "06_vae") left as `name` in its last run of the same profile.

    None where there is nothing whole. CourseError then in a run whose outputs are stored: what a
    notebook keeps must not depend on what was run before.
    """
    path = find(lesson, of, name)
    if path is None:
        if lesson.out.parent.name == config.STORED:
            raise CourseError(
                f"{of} has left no {name!r}, and stored outputs show it; first: "
                f"coursekit run {of} --profile {lesson.profile}"
            )
        return None
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)


def find(lesson: Lesson, of: str, name: str) -> Path | None:
    """Where that is: beside this run, else in the runner's folder of the profile, or None."""
    folders = (lesson.out.parent / of, config.runs() / lesson.profile / of)
    places = (folder / f"{name}.safetensors" for folder in folders)
    return next(
        (
            path
            for path in places
            if _mark(path).items() >= {"lesson": of, "profile": lesson.profile}.items()
        ),
        None,
    )


def _mark(path: Path) -> dict[str, str]:
    """Lesson, profile and seed that left it; nothing where no such file is, or a damaged one."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}
