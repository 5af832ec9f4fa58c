"""Typer's commands and groups, with our help pages, one-line errors, and no detour through pydantic for what was typed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from typer import Context, TyperException
from typer.core import TyperCommand, TyperGroup

from grader.text import _
from kit.cli.help import Page, Row
from kit.errors import KitError, did_you_mean


class _AsTyped:
    """What was typed, as text. Every argument of the kit is one, and building a pydantic validator for it takes 0.1 s of each start."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002  # typer's own signature
        """Nothing at all becomes an empty tuple where several are allowed."""
        several = param.multiple or param.nargs == -1
        return () if several and value is None else value


def _spare_pydantic(parameters: Iterable[object]) -> None:
    for parameter in parameters:
        if "_runtime_param" in vars(parameter):
            vars(parameter)["_runtime_param"] = _AsTyped()


class KitCommand(TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # typer's own signature
        """Take every argument as typed."""
        _spare_pydantic(self.get_params(ctx))
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            if getattr(error, "ctx", None) is None:
                vars(error)["ctx"] = ctx  # an option without its value forgets whose it is
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:  # typer's own signature
        """Our page."""
        formatter.write(_page(self, ctx).text())


class KitGroup(TyperGroup):
    """A group of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # typer's own signature
        """Our page, with the commands."""
        page = _page(self, ctx)
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                page.add(panel if isinstance(panel, str) else _("Commands"), Row(name, command.help or ""))
        formatter.write(page.text())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # typer's own signature
        """Take every argument as typed; a group alone shows its page."""
        _spare_pydantic(self.get_params(ctx))
        return super().parse_args(ctx, args or ["-h"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # typer's own signature
        """An unknown command is told with the nearest one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise _unknown_command(args[0], ctx.command_path, self.commands)
        return super().resolve_command(ctx, args)


def _unknown_command(name: str, path: str, commands: Mapping[str, object]) -> KitError:
    what = _("no command is called {name}").format(name=f"{path} {name}")
    return KitError(what, remedy=did_you_mean(name, commands, _("Run: {command}").format(command=f"{path} -h")))


def _bare(piece: str) -> str:
    """An argument as everybody writes it: FILE is needed, [FILE] is not; typer says {FILE} and [[FILE]]."""
    return re.sub(r"\[\[(.*)\]\]", r"[\1]", re.sub(r"\{(.*)\}", r"\1", piece))


def _page(command: TyperCommand | TyperGroup, ctx: Context) -> Page:
    page = Page(" ".join(map(_bare, command.collect_usage_pieces(ctx))), ctx.command_path, command.help or "")
    own = {  # what typer says in English only
        "help": _("Show this page."),
        "install_completion": _("Let the shell complete what is typed for kit."),
        "show_completion": _("Print what --install-completion would install."),
    }
    for parameter in command.get_params(ctx):
        text = own.get(parameter.name, str(getattr(parameter, "help", None) or ""))
        if getattr(parameter, "hidden", False):
            continue
        if parameter.param_type_name == "argument":
            page.add(_("Arguments"), Row(str(parameter.metavar or parameter.name), text))
        else:
            metavar = f" {parameter.metavar}" if getattr(parameter, "metavar", None) else ""
            page.add(_("Options"), Row(", ".join(sorted(parameter.opts, key=len)) + metavar, text))
    return page


def explained(error: TyperException) -> KitError:
    """What typer objects to, as one line of ours."""
    ctx: Any = getattr(error, "ctx", None)
    command = ctx.command_path if ctx is not None else "kit"
    remedy = _("Run: {command}").format(command=f"{command} -h")
    option = getattr(error, "option_name", None)
    match type(error).__name__:
        case "NoSuchOption":
            known = [name for parameter in ctx.command.get_params(ctx) for name in parameter.opts] if ctx is not None else []
            return KitError(_("no option is called {name}").format(name=option), command, did_you_mean(str(option), known, remedy))
        case "BadOptionUsage":
            return KitError(_("{option} lacks its value, or has one too many").format(option=option), command, remedy)
        case "MissingParameter":
            parameter: Any = getattr(error, "param", None)
            return KitError(_("{name} is missing").format(name=parameter.metavar or parameter.name), command, remedy)
        case _:
            return KitError(error.format_message().rstrip("."), command, remedy)
