"""Whether the server lives and can do its work, for those who restart and balance servers; what it is doing, for Prometheus on the same machine."""

from __future__ import annotations

from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import select

from kit.classroom.metrics import CONTENT_TYPE
from kit.classroom.parts import parts_of
from kit.classroom.problems import nothing_here
from kit.classroom.schema import Classroom
from kit.errors import KitError

__all__ = ["router"]

PROXIED = frozenset({"forwarded", "x-real-ip", "via"})  # what proxies add, beside X-Forwarded-…

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> Response:
    """The database answers, and there is somebody to judge. 503 when not; which of the two, and nothing else."""
    here = parts_of(request)
    try:
        with here.room.store.reading() as session:
            database = session.scalar(select(Classroom.id)) is not None
    except KitError:
        database = False
    grading = any(worker.fine for worker in here.grader.executor.describe())
    said = {"database": "ok" if database else "away", "grading": "ok" if grading else "away"}
    return JSONResponse(said, 200 if database and grading else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The figures; for this machine only, and not through a proxy. Raises Refused (404) for others."""
    if any(name in PROXIED or name.startswith("x-forwarded-") for name in request.headers) or not _is_here(request):
        raise nothing_here()
    return Response(parts_of(request).metrics.text(), media_type=CONTENT_TYPE)


def _is_here(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
