"""The log: a line of JSON for each thing that happened, without what people wrote and without what lets somebody in."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.stdlib import BoundLogger

__all__ = ["configure", "open_log"]

SECRET = frozenset({"source", "token", "code", "authorization", "cookie", "secret", "password", "csrf", "email", "name"})
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")  # as kit.classroom.tokens makes them
_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")  # in a database's URL
_PARAMETERS = re.compile(r"\[parameters: .*?\]$", re.DOTALL | re.MULTILINE)  # SQLAlchemy tells what it wanted to write: somebody's source
LIBRARIES = ("uvicorn", "sqlalchemy", "alembic", "httpx", "ray")


def open_log(stream: TextIO, level: int = logging.INFO) -> BoundLogger:
    """A log that writes lines of JSON to stream: time in UTC, level, event and facts."""
    return structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            without_messages,
            without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def configure(stream: TextIO, level: int = logging.INFO) -> BoundLogger:
    """Open the process's log, and have what our modules say written into it, and of libraries what is a warning or worse."""
    log = open_log(stream, level)
    for name in ("kit", *LIBRARIES):
        logger = logging.getLogger(name)
        logger.handlers = [_Forwarding(log)]
        logger.propagate = False
        logger.setLevel(level if name == "kit" else max(level, logging.WARNING))
    return log


def without_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: facts that are somebody's secret or work are left out, tokens and passwords inside of a text are struck out."""
    return {key: _struck(value) for key, value in event.items() if key not in SECRET}


def without_messages(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: of an exception its kind and where it was; its message may quote what a student wrote."""
    raised = event.pop("exc_info", None)
    if raised:
        error = raised if isinstance(raised, BaseException) else sys.exc_info()[1]
        frames = traceback.extract_tb(error.__traceback__ if error else None)
        event["exception"] = type(error).__name__
        event["traceback"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _struck(value: Any) -> Any:
    if isinstance(value, str):
        return _PASSWORD.sub(r"\1:…@", _TOKEN.sub("…", _PARAMETERS.sub("", value)))
    if isinstance(value, dict):
        return {key: _struck(each) for key, each in value.items() if key not in SECRET}
    if isinstance(value, (list, tuple)):
        return [_struck(each) for each in value]
    return value


class _Forwarding(logging.Handler):
    """From the standard library's logging into ours."""

    def __init__(self, log: BoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on."""
        self._log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info[1] if record.exc_info else None)
