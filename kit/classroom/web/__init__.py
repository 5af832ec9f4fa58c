"""The pages: everything of the classroom that a browser shows. app.py includes `routers` and mounts `static` at /static."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from kit.classroom.web import boards_pages, desk_routers, door, pages

__all__ = ["mount", "routers"]

routers: list[APIRouter] = [door.router, pages.router, boards_pages.router, *desk_routers.routers]


class _Static(StaticFiles):
    """Files that pages name with a digest of what is in them, so that a browser need not ask again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
        return response


def mount(app: FastAPI) -> None:
    """Put the pages and their static files into an application whose state has `room` (a Room) and `limits` (Limits)."""
    for router in routers:
        app.include_router(router)
    app.mount("/static", _Static(directory=Path(__file__).parent / "static"), name="static")
