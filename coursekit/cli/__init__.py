"""The command line: what is typed after `coursekit`, and how its mistakes are answered.

Heavy modules are imported by the command that needs them, so that help and lists come at once.
What a person did wrong is told in one line, with the nearest valid names, and nothing is started.
"""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from coursekit import config
from coursekit.cli import data, grading, handin, init, lessons, marks, report, site
from coursekit.cli.names import OPTIONS
from coursekit.config import Variable
from coursekit.errors import CourseError, nearest, printable

STOPPED = "stopped; what was finished is kept"

app = typer.Typer(help="A reproducible notebook course on generative deep learning.", **OPTIONS)
app.command()(init.init)
app.command("list")(lessons.list_)
app.command()(lessons.run)
app.command()(report.report)
app.command()(lessons.refresh)
app.command()(handin.handin)
app.command()(marks.marks)
app.command()(grading.assign)
app.command()(grading.grade)
app.command()(site.site)
app.add_typer(data.app, name="data")


@app.command()
def doctor() -> None:
    """Check this installation: what is there, what is missing, and how to get it."""
    from coursekit.doctor import main as check

    raise typer.Exit(check())


@app.command("bench")
def measure_speed(
    json: Annotated[
        Path | None, typer.Option(help="Write the figures to this file too.", show_default=False)
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A rough answer in a tenth of the time.")
    ] = False,
    scale: Annotated[
        bool, typer.Option("--scale", help="Instead: 1,000 pictures beside 60,000.")
    ] = False,
) -> None:
    """Measure how fast the lessons' models train on this machine."""
    from coursekit import bench, bench_scale

    if scale:
        bench_scale.main(quick=quick)
    else:
        bench.main(json_path=json, quick=quick)


def main() -> None:
    """Entry point: run the command line and leave with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name in no encoding can be shown
    sys.exit(guarded(sys.argv[1:]))


def guarded(arguments: list[str]) -> int:
    """Run a command; an error that a person can act on becomes one line on stderr and a code."""
    try:
        with config.without_warnings():
            code = app(arguments, standalone_mode=False)
        if sys.stdout is not None:  # None where the shell closed it
            sys.stdout.flush()
        return _fail(STOPPED, 130) if code == 130 else code or 0
    except CourseError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:
        return _fail(_advice(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):  # typer itself turns most of them into code 130
        return _fail(STOPPED, 130)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # or Python complains while it shuts down
        return 1
    except Exception as error:
        if config.debugging():
            raise
        what = f"{type(error).__name__}: {error}"
        return _fail(f"unexpected {what} ({Variable.DEBUG}=1 shows where)", 1)


def _fail(message: str, code: int) -> int:
    print("coursekit: " + printable(" ".join(message.split())), file=sys.stderr)
    return code


def _advice(error: typer.TyperException) -> str:
    """typer's message in our words: an unknown option with the nearest valid ones."""
    context, wrong = getattr(error, "ctx", None), getattr(error, "option_name", None)
    if context is not None and wrong is not None and hasattr(error, "possibilities"):
        names = [name for option in context.command.params for name in option.opts]
        valid = [name for name in (*names, "--help") if name.startswith("--")]
        return f"unknown option {wrong!r}: {nearest(wrong, valid)}"
    message = error.format_message()
    return message[:1].lower() + message[1:]
