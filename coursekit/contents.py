"""Lessons as JupyterLab gets them: opening one must not mark it as changed.

JupyterLab writes the kernel's name and the exact version of Python into a notebook as soon as its
kernel is up, so a lesson that was stored on any other machine counts as changed, asks to be saved,
and stands in git's list. This contents manager hands it out with the words of this machine. The
file stays as it is until somebody saves it. `make lab` names it by the configuration in `jupyter/`.
"""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import get_kernel_dict
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


def localize(metadata: dict[str, Any]) -> None:
    """Give a notebook's metadata the kernel and language of this machine, if it is Python's."""
    kernel = metadata.get("kernelspec", {})
    if kernel.get("name") == "python3":
        spec = get_kernel_dict()
        kernel |= {"display_name": spec["display_name"], "language": spec["language"]}
        metadata["language_info"] = dict(IPythonKernel.language_info)


class LessonContents(AsyncLargeFileManager):
    """Jupyter's own contents manager, but notebooks come with this machine's metadata."""

    async def get(
        self, path: str, content=True, type=None, format=None, require_hash=False
    ) -> dict[str, Any]:
        model = await super().get(path, content, type, format, require_hash)
        if content and model["type"] == "notebook":
            localize(model["content"]["metadata"])
        return model
