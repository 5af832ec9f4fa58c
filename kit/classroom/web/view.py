"""From a template and its values to a page; from a form that was dealt with to the page that says so."""

from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.text import _, current_language, neutralise, ngettext
from kit.classroom.errors import Refused
from kit.classroom.room import Settings
from kit.classroom.schema import Classroom
from kit.classroom.web import auth
from kit.errors import KitError

__all__ = ["entered", "environment", "error_page", "first_page", "page", "redirect", "safe_path"]

HERE = Path(__file__).parent
FLASH = "kit_flash"
FLASH_SECONDS = 60
WANTED = "kit_wanted"  # the page that somebody was going to when they were asked to sign in
WANTED_SECONDS = 3600  # a link has to be asked for, perhaps
LONGEST_WANTED = 2000
FILES = (".csv", ".json", ".py")  # no pages: a browser that is led there stays where it was
Kind = Literal["good", "bad", "note"]


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from templates/, in the language in use, which kit.classroom.guard sets for each request.

    Templates see, besides the values: who, classroom, csrf, lang, path, place (path and query of the page, to come back to), now, said, and
    university: what its own sign-in is called, "" where there is none.
    """
    who = auth.visitor(request)
    html = (
        environment()
        .get_template(template)
        .render(
            who=who,
            classroom=who.classroom,
            csrf=who.csrf,
            lang=current_language(),
            path=request.url.path,
            place=_place(request),
            now=auth.room_of(request).now(),
            said=_flashed(request, who),
            university=_university(auth.room_of(request).settings),
            **values,
        )
    )
    response = HTMLResponse(html, status_code=status, headers={"Cache-Control": "private, no-store"})
    auth.remember_form(response, request, who)
    if FLASH in request.cookies:
        response.delete_cookie(FLASH, httponly=True, samesite="lax")
    return response


def _university(settings: Settings) -> str:
    return (settings.oidc_label or "OpenID Connect") if settings.oidc_issuer else ""


def redirect(request: Request, where: str, said: str = "", kind: Kind = "good") -> Response:
    """On to another page after a form was dealt with; `said` is shown there once."""
    response = RedirectResponse(where, status_code=303)
    if said:
        value = _signer(auth.visitor(request), FLASH).dumps([kind, said])
        response.set_cookie(FLASH, value, max_age=FLASH_SECONDS, httponly=True, samesite="lax", secure=auth.is_secure(request))
    return response


def entered(request: Request, classroom: Classroom, token: str, said: str, role: str) -> Response:
    """Sign this browser in by a session token; on to the page that was wanted before that, else to where somebody of that role begins."""
    wanted = _wanted(request)
    response = redirect(request, first_page(role) if wanted == "/" else wanted, said)
    auth.remember(response, request, classroom, token)
    response.delete_cookie(WANTED, httponly=True, samesite="lax")
    return response


def first_page(role: str) -> str:
    """Where somebody of that role begins: the staff at their desk."""
    return "/" if role == "student" else "/desk"


def error_page(request: Request, error: KitError) -> Response:
    """What somebody with a browser sees of an error: what, where and what to do; who is not signed in may do so right there."""
    status = error.http if isinstance(error, Refused) else 500
    stranger = isinstance(error, Refused) and error.code == "not-signed-in"
    response = page(request, "signin.html" if stranger else "error.html", status=status, error=error, token="")
    if stranger and request.method == "GET" and "hx-request" not in request.headers:
        _remember_wanted(response, request)
    if isinstance(error, Refused) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def safe_path(where: str, otherwise: str = "/") -> str:
    """A path of this server to go on to, never another site's address."""
    plain = where.startswith("/") and not where.startswith("//") and "\\" not in where and where.isprintable()
    return where if plain else otherwise


def _place(request: Request) -> str:
    """Path and query of a page, percent-encoded as the browser wrote them; of the page with the form, where this one answers a form."""
    if request.method not in {"GET", "HEAD"}:
        form = urlsplit(request.headers.get("referer", ""))
        return f"{form.path or '/'}{'?' + form.query if form.query else ''}"
    path = request.scope.get("raw_path") or quote(request.url.path).encode()
    return path.decode("latin-1") + (f"?{request.url.query}" if request.url.query else "")


def _remember_wanted(response: Response, request: Request) -> None:
    """Let the browser know, once it is signed in, what it had asked for."""
    where = _place(request)
    if safe_path(where) == where and len(where) <= LONGEST_WANTED and not request.url.path.endswith(FILES):
        value = _signer(auth.visitor(request), WANTED).dumps(where)
        response.set_cookie(WANTED, value, max_age=WANTED_SECONDS, httponly=True, samesite="lax", secure=auth.is_secure(request))


def _wanted(request: Request) -> str:
    try:
        where: Any = _signer(auth.visitor(request), WANTED).loads(request.cookies.get(WANTED, ""), max_age=WANTED_SECONDS)
    except BadSignature:
        return "/"
    return safe_path(where) if isinstance(where, str) else "/"


@cache
def environment() -> Environment:
    """The templates, read once."""
    made = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    cast("dict[str, Any]", made.globals).update(_=_, ngettext=ngettext, asset=_asset)
    made.filters.update(moment=_moment, points=_points, percent=_percent, span=_span, harmless=neutralise)
    return made


@cache
def _asset(name: str) -> str:
    """The address of a file of static/, with a digest of what is in it."""
    return f"/static/{name}?v={sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"


def _moment(when: datetime | None) -> str:
    """A moment in UTC; static/kit.js says it in the reader's own time."""
    if when is None:
        return "–"
    return Markup('<time datetime="{iso}">{text} UTC</time>').format(iso=when.isoformat(timespec="seconds"), text=when.strftime("%Y-%m-%d %H:%M"))


def _points(points: float) -> str:
    """Points without needless digits: 3, 2.5, 1.67."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _span(length: timedelta | float) -> str:
    """A length of time in its largest unit; a number is seconds."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    n = int(abs(seconds))
    if n < 60:
        return ngettext("{n} second", "{n} seconds", n).format(n=n)
    if n < 3600:
        n //= 60
        return ngettext("{n} minute", "{n} minutes", n).format(n=n)
    if n < 48 * 3600:
        n //= 3600
        return ngettext("{n} hour", "{n} hours", n).format(n=n)
    n //= 86400
    return ngettext("{n} day", "{n} days", n).format(n=n)


def _signer(who: auth.Visitor, name: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(who.classroom.secret, salt=name)


def _flashed(request: Request, who: auth.Visitor) -> tuple[str, str] | None:
    """What the form before this page had to say: its kind and the text."""
    try:
        kind, text = _signer(who, FLASH).loads(request.cookies.get(FLASH, ""), max_age=FLASH_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return kind, text
