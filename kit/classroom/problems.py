"""How errors are answered: programs get JSON, people with a browser get a page, and neither is told what the server looks like inside."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from structlog.stdlib import BoundLogger

from grader.text import _
from kit.classroom.errors import Refused
from kit.classroom.web.view import error_page
from kit.errors import KitError

__all__ = ["answered", "install", "nothing_here", "told"]

RETRY_SECONDS = 5


def told(error: KitError) -> dict[str, Any]:
    """An error as JSON: {"error": {"code", "what", "where", "remedy"}}."""
    code = error.code if isinstance(error, Refused) else "failed"
    return {"error": {"code": code, "what": error.what, "where": error.where, "remedy": error.remedy}}


def answered(request: Request, error: Refused) -> Response:
    """The answer to a request that ended in an error."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.http == 401 and _is_program(request):
        headers["WWW-Authenticate"] = "Bearer"
    if not _is_program(request):
        try:
            return error_page(request, error)
        except KitError:  # the database is away, and the page cannot be had without it
            return Response(str(error), error.http, headers, "text/plain; charset=utf-8")
    return JSONResponse(told(error), error.http, headers)


def nothing_here() -> Refused:
    """For an address that leads nowhere, or that is nobody's business."""
    return Refused("not-found", _("there is nothing here"), remedy=_("Look at the address."), http=404)


def install(app: FastAPI, log: BoundLogger) -> None:
    """Have every error of an application answered so."""

    def refused(request: Request, error: Exception) -> Response:
        """What the service said no to; what went wrong with the database is told in general words, and logged in its own."""
        assert isinstance(error, KitError)
        if isinstance(error, Refused):
            return answered(request, error)
        log.error("unavailable", what=error.what, where=error.where)
        return answered(request, _away())

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0] if error.errors() else {}
        place = ".".join(str(part) for part in first.get("loc", ())[1:])
        said = _("the request is not of the right form ({reason})").format(reason=str(first.get("msg", "")))
        return answered(request, Refused("invalid", said, place, _("See /api/v1/openapi.json."), http=422))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = answered(request, _http(error.status_code))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        documented = request.app.openapi()["paths"].get(getattr(request.scope.get("route"), "path", ""))
        if error.status_code == 405 and documented:  # starlette names the methods of one route only, where there are several at this path
            response.headers["Allow"] = ", ".join(sorted(method.upper() for method in documented))
        return response

    def failed(request: Request, _error: Exception) -> Response:
        return answered(request, Refused("failed", _("the classroom itself failed"), remedy=_("Tell your teacher when that was."), http=500))

    app.add_exception_handler(KitError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", "")


def _away() -> Refused:
    what, remedy = _("the classroom cannot do that just now"), _("Try again in a moment; nothing that was accepted is lost.")
    return Refused("unavailable", what, remedy=remedy, http=503, retry_after=RETRY_SECONDS)


def _http(status: int) -> Refused:
    if status == 404:
        return nothing_here()
    if status == 405:
        return Refused("method-not-allowed", _("that cannot be done here"), remedy=_("See /api/v1/openapi.json."), http=405)
    return Refused("invalid", _("the request is not of the right form ({reason})").format(reason=status), http=status)
