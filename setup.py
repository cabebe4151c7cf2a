"""The wheel takes the course along, so that `coursekit init FOLDER` works away from a checkout."""

import shutil
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

LEFT_OUT = shutil.ignore_patterns("build", "ruff.toml", "__pycache__", ".*")  # the workshop's


class BuildWithCourse(build_py):
    """Copies the course beside the modules; an editable install has it in the checkout already."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            take_along(Path(__file__).parent, Path(self.build_lib) / "coursekit" / "course")


def take_along(checkout: Path, target: Path) -> None:
    """Copy afresh what pyproject.toml lists as the course."""
    listed = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["coursekit"]["course"]
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in listed:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, target / name, ignore=LEFT_OUT)
        elif (checkout / name).exists():
            shutil.copy2(checkout / name, target)


setup(cmdclass={"build_py": BuildWithCourse})
