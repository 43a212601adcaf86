"""The log: standard-library loggers in, one clean line each on standard error out.

Modules log with ``logging.getLogger(__name__)``; only this file knows how lines look. structlog renders
them and is loaded with the first line, so that commands that log nothing do not wait for it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, TextIO, cast

from abby_core.security.redaction import redact

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

OWN_LOGGERS = ("abby_core", "abby_adapters")
PREFIX = "[🐰] "
"""Starts the message of each of Abby's own lines; the founding documents fix it."""
VALUE_CHARACTERS_MAX = 4000
"""Longest value in a line, and longest line of a traceback, in characters."""
TRACEBACK_LINES_MAX = 200
LEFT_BY_OTHERS = ("message", "asctime")
"""What another handler's formatter leaves in a record; ``extra`` cannot hold them."""


def configure_logging(
    level: str = "INFO", *, json: bool = False, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Send Abby's lines from ``level`` up to ``stream`` (standard error), other libraries' from WARNING up.

    ``secrets`` appear in no line. May be called again: the newest configuration replaces the former one.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Formatter(json=json, secrets=tuple(secrets)))
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)


class _Handler(logging.StreamHandler[TextIO]):
    """Escapes what the stream cannot print: a Windows console of another code page knows no rabbit."""

    def format(self, record: logging.LogRecord) -> str:
        encoding = self.stream.encoding or "utf-8"
        return super().format(record).encode(encoding, "backslashreplace").decode(encoding)


class _Formatter(logging.Formatter):
    def __init__(self, *, json: bool, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._json = json
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return self._structlog.format(record)

    @cached_property
    def _structlog(self) -> logging.Formatter:
        import structlog

        before: list[Processor] = [
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            structlog.processors.StackInfoRenderer(),
        ]
        render: list[Processor] = (
            [structlog.processors.JSONRenderer()]
            if self._json
            else [
                _prefix,
                structlog.dev.ConsoleRenderer(
                    colors=False,
                    pad_level=False,
                    pad_event_to=0,
                    timestamp_key="at",
                    exception_formatter=structlog.dev.plain_traceback,  # the default shows variables' values
                ),
            ]
        )
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, self._clean, *render],
        )

    def _clean(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """No value holds a secret or forges a line of its own; tracebacks stay several lines, indented."""
        return {
            name: self._traceback(str(value)) if name in {"exception", "stack"} else self._value(value)
            for name, value in event.items()
            if name not in LEFT_BY_OTHERS
        }

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        return redact(str(value), self._secrets, characters_max=VALUE_CHARACTERS_MAX)

    def _traceback(self, text: str) -> str:
        lines = text.splitlines()
        if len(lines) > TRACEBACK_LINES_MAX:
            half = TRACEBACK_LINES_MAX // 2
            lines = [*lines[:half], "…", *lines[-half:]]
        indents = (len(line) - len(line.lstrip(" ")) for line in lines)
        return "\n".join(
            "    " + " " * indent + str(self._value(line)) for indent, line in zip(indents, lines, strict=True)
        )


def _prefix(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    message, logger = cast("str", event["event"]), cast("str", event["logger"])
    if logger.partition(".")[0] in OWN_LOGGERS and not message.startswith(PREFIX):
        event["event"] = PREFIX + message
    return event
