"""What a classroom refuses, and with which HTTP status."""

from kit.errors import KitError

__all__ = ["Refused"]


class Refused(KitError):
    """A request that cannot be granted. code: one word for programs. http: the status. retry_after: seconds, where waiting helps."""

    def __init__(self, code: str, what: str, where: object = "", remedy: str = "", *, http: int = 400, retry_after: int | None = None) -> None:
        super().__init__(what, where, remedy)
        self.code, self.http, self.retry_after = code, http, retry_after
