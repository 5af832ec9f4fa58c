"""Errors for the user: one line that says what, where and what to do, and the exit status that goes with it."""

# ruff: noqa: PLC0415  # imported where it is needed: it is heavy and seldom

from collections.abc import Iterable

from grader.text import _

PASSED, NOT_PASSED, USAGE, OWN_FAILURE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141


class KitError(Exception):
    """Something that the user can put right. Shown as "error: what: where. remedy"; ends with exit status 2."""

    status = USAGE

    def __init__(self, what: str, where: object = "", remedy: str = "") -> None:
        """What went wrong, where, and what to do about it, which is a sentence of its own."""
        super().__init__(what)
        self.what, self.where, self.remedy = what, str(where), remedy

    def __str__(self) -> str:
        """Give the line."""
        line = _("{what}: {where}").format(what=self.what, where=self.where) if self.where else self.what
        return _("{sentence}. {remedy}").format(sentence=line, remedy=self.remedy) if self.remedy else line


class OwnFailure(KitError):  # whose failure it is says more than "error"
    """The kit's own failure, never the user's: exit status 3."""

    status = OWN_FAILURE


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    """The remedy for a name that does not exist: the nearest one that does, else `otherwise`."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), list(names), n=1, cutoff=0.5)
    return _("Did you mean {name}?").format(name=near[0]) if near else otherwise
