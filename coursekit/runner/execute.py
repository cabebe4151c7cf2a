"""Runs one notebook with papermill, in a kernel of this interpreter, whichever are registered."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from weakref import WeakSet

import nbformat
import papermill
import zmq
from filelock import FileLock, Timeout
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors
from traitlets import default

from coursekit import files
from coursekit.config import Variable
from coursekit.errors import CourseError
from coursekit.files import disk_errors
from coursekit.runner import cover, record
from coursekit.runner.record import Job, Outcome

QUIET = {Variable.PROGRESS.value: "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
DIED = "the kernel died here (out of memory, or a crash in a library)"
OnCell = Callable[[str, int, int], None]  # lesson, cell reached, cells in all

logging.getLogger("papermill").setLevel(logging.ERROR)
_running: WeakSet = WeakSet()
_stopping = False


def execute(job: Job, on_cell: OnCell, *, anew: bool = False) -> Outcome:
    """Run a job and keep its notebook, results and record.

    Never raises for what a notebook or the disk does: the next lesson may have more luck.
    anew: in an emptied folder, so that nothing of an earlier run is gone on with.
    """
    folder = Path(job.folder)
    try:
        with disk_errors("its run", folder / "run.json"):
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock", timeout=0):
                if anew:
                    _empty(folder)
                return _execute(job, on_cell)
    except Timeout:
        error = "another coursekit is running it right now: wait for that one"
    except (CourseError, OSError) as problem:
        error = _line(str(problem))
    return Outcome(job.lesson, "failed", error=error)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != ".lock":
            path.unlink()


def stop_kernels() -> None:
    """Kill every kernel this process runs: their lessons end as stopped."""
    global _stopping
    _stopping = True
    for client in list(_running):
        provisioner = getattr(client.km, "provisioner", None)
        if process := getattr(provisioner, "process", None):
            process.kill()


def _execute(job: Job, on_cell: OnCell) -> Outcome:
    start = time.perf_counter()
    record.forget(job)
    error = _papermill(job, on_cell)
    results = record.results(job.folder)
    if not error and not results:
        error = "it ended without writing results.json: call lesson.finish() in the last cell"
    state = "stopped" if _stopping and error else "failed" if error else "ran"
    kept = None if error else results
    outcome = Outcome(job.lesson, state, time.perf_counter() - start, error, kept)
    try:
        record.save(job, outcome)
    except CourseError as problem:  # without a record it counts as not run
        return replace(outcome, state="failed", error=error or _line(str(problem)), results=None)
    return outcome


def _papermill(job: Job, on_cell: OnCell) -> str:
    """Execute the notebook into the job's folder; the error in one line, or nothing."""
    output, log = Path(job.folder) / "notebook.ipynb", Path(job.folder) / "kernel.log"
    try:
        with disk_errors(output.name, output), log.open("wb") as stream:
            _in_kernel(job, output, stream, on_cell)
            _with_cover(output)
    except PapermillExecutionError as error:
        return _line(f"{error.ename}: {error.evalue}")
    except DeadKernelError as error:
        _mark(output)
        return _line(str(error))
    except CourseError as error:  # a full disk
        return _line(str(error))
    except Exception as error:  # no kernel, a damaged notebook
        return _line(f"{type(error).__name__}: {error}")
    log.unlink()  # the kernel's own words matter only when something broke
    return ""


def _in_kernel(job: Job, output: Path, log: BinaryIO, on_cell: OnCell) -> None:
    """papermill's part: the job's notebook, its parameters put in, cell by cell into `output`."""
    papermill.execute_notebook(
        job.source,
        output,
        parameters=dict(job.parameters),
        engine_name="coursekit",
        kernel_name="python3",
        language="python",
        progress_bar=False,
        kernel_env={**QUIET, Variable.OUT.value: str(Path(job.folder).resolve())},
        kernel_log=log,
        on_cell=lambda index, total: on_cell(job.lesson, index, total),
    )


class _Kernel(AsyncKernelManager):
    """A kernel of this interpreter: a "python3" registered elsewhere would not find coursekit."""

    env: dict = {}

    @default("transport_encryption")
    def _encrypted_where_it_can_be(self) -> str:
        return "auto" if zmq.has("curve") else "disabled"

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(env=self.env, **get_kernel_dict())


class _Client(PapermillNotebookClient):
    """papermill's client that tells which cell it has reached and notes a kernel's death."""

    on_cell = staticmethod(lambda index, total: None)

    def execute(self, **options):
        _running.add(self)
        try:
            return super().execute(**options)
        finally:
            _running.discard(self)

    def execute_cell(self, cell, index, **options):
        if _stopping:
            raise DeadKernelError("stopped")
        self.on_cell(index + 1, len(self.nb.cells))
        try:
            return super().execute_cell(cell, index, **options)
        except DeadKernelError:
            cause = "stopped by Ctrl-C" if _stopping else DIED
            note = {"ename": "DeadKernel", "evalue": cause, "traceback": [cause]}
            cell.outputs.append(nbformat.v4.new_output("error", **note))
            self.nb_man.cell_exception(cell, cell_index=index)
            raise DeadKernelError(cause) from None


class _Engine(NBClientEngine):
    """papermill's engine with the kernel and client above."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, kernel_env, kernel_log, on_cell, **options
    ):
        options = {name: options[name] for name in ("log_output",) if name in options}
        kernel = type("Kernel", (_Kernel,), {"env": kernel_env})
        client = _Client(
            nb_man, kernel_name=kernel_name, kernel_manager_class=kernel, timeout=None, **options
        )
        client.on_cell = on_cell
        return client.execute(stdout=kernel_log, stderr=kernel_log)


papermill_engines.register("coursekit", _Engine)


def _with_cover(output: Path) -> None:
    """Put the picture that the lesson marked as its cover into its first cell."""
    notebook = nbformat.read(output, as_version=4)
    if cover.put(notebook):
        files.write_text(output, nbformat.writes(notebook))


def _mark(output: Path) -> None:
    """Put papermill's own error banner into a notebook whose kernel died."""
    with contextlib.suppress(PapermillExecutionError, OSError, ValueError):
        raise_for_execution_errors(nbformat.read(output, as_version=4), str(output))


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
