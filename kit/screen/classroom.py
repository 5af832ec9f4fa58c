"""What a teacher sees when a classroom opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.text import _
from kit.screen.console import Screen, styled

if TYPE_CHECKING:
    from kit.classroom.serve import Opening

__all__ = ["show_opening"]


def show_opening(screen: Screen, opening: Opening, *, wanted: str | None = None) -> None:
    """Where it is, how the teacher comes in, how students do. wanted: the name that was asked for, which only a new classroom gets."""
    screen.result(
        styled(_("{classroom} is open at {address}").format(classroom=opening.classroom, address=opening.address), "strong"),
        "",
        _("The teacher signs in, once within 24 hours, at:"),
        f"  {opening.link}",
        _("Students run:"),
        f"  kit join {opening.address} {opening.join_code}",
        _("or join in a browser: {address}").format(address=f"{opening.address}/join"),
    )
    if wanted is not None and wanted != opening.classroom:
        screen.talk(
            "",
            _("This classroom was called {classroom} when it was made; rename it at the desk under “Settings”.").format(classroom=opening.classroom),
        )
    if opening.exposed:
        screen.talk(
            "",
            styled(_("This address is not encrypted: use it in a network that you trust, or put a proxy with https in front (--url)."), "todo"),
        )
    screen.talk("", styled(_("Stop it with Ctrl-C: what is being judged is finished first."), "quiet"))
    screen.out.file.flush()
