"""One line of progress: in a terminal, in Jupyter, and nowhere when a notebook runs headless."""

import sys
import time

from coursekit import config


class Progress:
    """Context manager that shows `say(text)` up to five times a second and wipes it at the end."""

    def __init__(self):
        self.handle, self.last, self.width = None, 0.0, 0
        self.kind = _kind()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception) -> None:
        if self.kind == "terminal" and self.width:
            print("\r" + " " * self.width, end="\r", file=sys.stderr, flush=True)
        elif self.handle is not None:
            self.handle.update({}, raw=True)  # an empty output: nothing stays in the notebook

    def say(self, text: str) -> None:
        """Replace the line by this text, unless the last one is less than 0.2 s old."""
        if self.kind == "none" or time.monotonic() - self.last < 0.2:
            return
        self.last = time.monotonic()
        if self.kind == "terminal":
            self.width = max(self.width, len(text))
            print("\r" + text.ljust(self.width), end="", file=sys.stderr, flush=True)
        else:
            self._display({"text/plain": text})

    def _display(self, bundle: dict) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


def _kind() -> str:
    """Where to show it: "none" if the runners asked for silence, "jupyter", or "terminal"."""
    if config.quiet():
        return "none"
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return "jupyter"
    return "terminal" if sys.stderr.isatty() else "none"
