"""The class that this user has joined: the server's address and the token that speaks for them, in a file that only they can read."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

import msgspec
from platformdirs import user_config_path

from grader.text import _
from kit.errors import KitError
from kit.files import write_atomically

__all__ = ["Membership", "forget", "load", "membership_path", "needed", "save"]


class Membership(msgspec.Struct, frozen=True):
    """What `kit join` brought home. server: the address without a slash at its end. token: never shown, never logged."""

    server: str
    token: str
    classroom: str
    name: str
    pseudonym: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"Membership({self.server!r}, {self.pseudonym!r})"


def membership_path() -> Path:
    """Where it is kept."""
    return user_config_path("nn-practice-kit", appauthor=False) / "classroom.json"


def load() -> Membership | None:
    """The class that was joined, if any. Raises KitError when the file is damaged, or open to others."""
    path = membership_path()
    try:
        with path.open("rb") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                remedy = _("Run: {command}").format(command=f"chmod 600 {shlex.quote(str(path))}")
                raise KitError(_("others can read your class token"), path, remedy)
            return msgspec.json.decode(file.read(), type=Membership)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise KitError(
            _("your class token cannot be read"), path, _("Run: kit leave --here, then join again ({reason}).").format(reason=error)
        ) from error


def needed() -> Membership:
    """The class that was joined. Raises KitError when there is none."""
    membership = load()
    if membership is None:
        raise KitError(_("you have not joined a class"), remedy=_("Run: kit join URL CODE, as your teacher gave them."))
    return membership


def save(membership: Membership) -> Path:
    """Keep it, readable by this user alone; returns the file. Raises KitError when it cannot be written."""
    path = membership_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(membership), private=True)
    except OSError as error:
        remedy = _("Make the folder writable ({reason}).").format(reason=error.strerror)
        raise KitError(_("your class token cannot be saved"), path, remedy) from error
    return path


def forget() -> bool:
    """Remove the file; whether there was one. Raises KitError when it cannot be removed."""
    path = membership_path()
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        remedy = _("Make the folder writable ({reason}).").format(reason=error.strerror)
        raise KitError(_("your class token cannot be removed"), path, remedy) from error
    return True
