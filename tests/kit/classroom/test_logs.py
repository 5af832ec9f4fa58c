"""The log: JSON lines, and nothing in them that lets somebody in or that somebody wrote."""

import io
import json
import logging

from sqlalchemy.exc import OperationalError

from kit.classroom import tokens
from kit.classroom.logs import LIBRARIES, configure, open_log


def test_a_line_is_json_with_time_and_level():
    out = io.StringIO()
    open_log(out).info("request", method="GET", status=200, ms=1.5)
    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["method"], line["status"], line["ms"]) == ("request", "info", "GET", 200, 1.5)
    assert line["at"].endswith("Z")


def test_secrets_and_sources_never_reach_it():
    out, token = io.StringIO(), tokens.new()
    log = open_log(out)
    log.info("join", code="k7wd-m3xp", token=token, source="def double(x): return x", name="Ada", email="ada@example.org")
    log.info(f"opened /sign-in/{token}", detail={"cookie": "kit_session=1", "path": f"/sign-in/{token}?x=1"}, seen=[token])
    log.error("no database", url="postgresql+psycopg://kit:hunter2@db/kit")
    said = out.getvalue()
    for secret in (token, "k7wd-m3xp", "def double", "Ada", "ada@example.org", "kit_session", "hunter2"):
        assert secret not in said
    assert "postgresql+psycopg://kit:…@db/kit" in said


def test_what_a_database_did_not_take_is_not_quoted():
    out = io.StringIO()
    error = OperationalError("INSERT INTO submissions VALUES (?, ?)", ("def double(x):\n    return [x]", 7), Exception("disk I/O error"))
    open_log(out).warning(f"it was not taken: {error}")
    assert "disk I/O error" in out.getvalue()
    assert "double" not in out.getvalue()


def test_levels_below_are_left_out():
    out = io.StringIO()
    log = open_log(out, logging.WARNING)
    log.info("request")
    log.warning("slow")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["slow"]


def test_libraries_speak_through_it_without_their_tracebacks():
    out = io.StringIO()
    configure(out)
    try:
        logging.getLogger("uvicorn.error").info("started")
        try:
            int("def double(x): return x")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("it broke")
    finally:
        for name in ("kit", *LIBRARIES):
            library = logging.getLogger(name)
            library.handlers, library.propagate = [], True
            library.setLevel(logging.NOTSET)
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["exception"] == "ValueError"
    assert "test_logs.py" in json.loads(line)["traceback"][0]
    assert "double" not in line
