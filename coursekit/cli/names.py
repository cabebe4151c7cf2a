"""Unknown commands are answered with the nearest ones, on every level of the command line."""

from typer.core import TyperGroup

from coursekit.errors import UsageError, nearest


class Group(TyperGroup):
    """Commands whose unknown names are answered with the nearest ones."""

    def resolve_command(self, ctx, args):
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise UsageError(f"unknown command {args[0]!r}: {nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


OPTIONS = dict(
    cls=Group, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True
)
