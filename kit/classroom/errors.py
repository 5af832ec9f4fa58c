"""What a classroom refuses, and with which HTTP status."""

from grader.text import _
from kit.errors import KitError

__all__ = ["Refused", "nul"]


class Refused(KitError):
    """A request that cannot be granted. code: one word for programs. http: the status. retry_after: seconds, where waiting helps."""

    def __init__(self, code: str, what: str, where: object = "", remedy: str = "", *, http: int = 400, retry_after: int | None = None) -> None:
        super().__init__(what, where, remedy)
        self.code, self.http, self.retry_after = code, http, retry_after


def nul() -> Refused:
    """For a text with the character NUL in it: nothing that is kept here has one, and PostgreSQL takes none."""
    return Refused("bad-text", _("a text has the character NUL in it"), remedy=_("Leave it out."), http=422)
