"""Unknown commands are answered with the nearest ones, on every level of the command line."""

from typing import Any

from typer.core import TyperGroup

from coursekit.errors import UsageError, nearest

RENAMED = {"store": "refresh"}


class Group(TyperGroup):
    """Commands whose unknown names are answered with the nearest ones."""

    def resolve_command(self, ctx, args):
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise UsageError(f"unknown command {args[0]!r}: {self._advice(args[0])}")
        return super().resolve_command(ctx, args)

    def _advice(self, name: str) -> str:
        """The new name of a command that was renamed, else the nearest ones."""
        if RENAMED.get(name) in self.commands:
            return f"it is called {RENAMED[name]} now."
        return nearest(name, self.commands)


OPTIONS: dict[str, Any] = {
    "cls": Group,
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "no_args_is_help": True,
}
