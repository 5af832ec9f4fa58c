"""What every command begins with: where it runs, the bank, the workspace, the progress, the two streams."""

# ruff: noqa: PLC0415  # each command imports what it needs when it runs: that keeps the start of the others quick

import os
import shlex
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grader.text import _
from kit import config, shape
from kit.bank import Bank, find_root, own_root
from kit.errors import KitError
from kit.exercise import Exercise
from kit.language import in_use
from kit.progress import Progress, Record
from kit.workspace import Workspace

if TYPE_CHECKING:
    from kit.screen.console import Screen


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise KitError(_("this folder was deleted"), remedy=_("Change to another folder.")) from error


@dataclass(frozen=True)
class Session:
    """One run of `kit`. Everything is found when it is first asked for."""

    cwd: Path = field(default_factory=_here)

    @cached_property
    def root(self) -> Path:
        """The bank's folder, which an author may not have filled yet. Raises KitError when it is no bank."""
        return find_root(os.environ)

    @cached_property
    def bank(self) -> Bank:
        """The exercises. Raises KitError when another's bank is not complete."""
        return Bank(self.root if self.root == own_root() else shape.checked(self.root))

    def consent(self) -> None:
        """Have somebody agree, once, to running the checks of a bank that is not the kit's own: they are programs. Raises KitError."""
        if self.root == own_root() or os.environ.get("KIT_TRUST") == "1" or str(self.root) in config.load().trusted:
            return
        if not self.asks():
            remedy = _("Look at them, then run: kit config trust {bank}").format(bank=shlex.quote(str(self.root)))
            raise KitError(_("the checks of this bank are programs of its authors, and nobody has agreed yet to run them"), self.root, remedy)
        from kit.screen.exercise import ask

        what = _("The checks of {bank} are programs, written by its authors. They run with your rights, outside the sandbox.")
        self.screen.talk(what.format(bank=self.root))
        if not ask(self.screen, _("Do you trust them? This is asked once.")):
            raise KitError(_("the checks of this bank may not run"), self.root, _("To allow it later, answer yes."))
        config.trust(self.root)

    @cached_property
    def workspace(self) -> Workspace | None:
        """The workspace that this folder belongs to, if any."""
        return Workspace.find(self.cwd)

    @cached_property
    def screen(self) -> "Screen":
        """Where to print; imports rich."""
        from kit.screen.console import Screen

        return Screen()

    @property
    def lang(self) -> str:
        """The language in use."""
        return in_use()

    def home(self) -> Workspace:
        """The workspace, made here when there is none."""
        return self.workspace or Workspace.make(self.cwd)

    def progress(self) -> Progress:
        """The progress of the workspace. Raises KitError when there is none."""
        if self.workspace is None:
            raise KitError(_("this folder is no workspace"), self.cwd, _("Run: kit next"))
        return Progress(self.workspace.private)

    def records(self) -> dict[str, Record]:
        """What is known of each exercise; nothing outside a workspace."""
        return Progress(self.workspace.private).records() if self.workspace else {}

    def named_or_current(self, slug: str | None) -> Exercise:
        """The exercise of that name, else the one of this folder, else the latest one. Raises KitError when there is none."""
        if slug is not None:
            return self.bank.exercise(slug)
        current: str | None = None
        if self.workspace:
            current = self.workspace.slug_of(self.cwd)
            if current not in self.bank.by_slug:
                current = Progress(self.workspace.private).latest()
        if current is None or current not in self.bank.by_slug:
            raise KitError(_("no exercise was fetched yet"), remedy=_("Name one, or run: kit next"))
        return self.bank.exercise(current)

    def asks(self) -> bool:
        """Whether there is a person to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty()
