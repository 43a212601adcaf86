"""Keeping the tokens of interactions out of the log: discord.py names whole addresses in its warnings."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?'\"]+")
_LOGGERS = ("discord.http", "discord.webhook.async_", "discord.webhook.sync", "discord.client", "aiohttp.client")


def without_tokens(text: str) -> str:
    """The text with ``[redacted]`` where addresses of Discord hold a token."""
    return _TOKEN.sub(r"\1[redacted]", text)


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_tokens(record.getMessage()), ()
        return True


def guard_logs() -> None:
    """Let no token through what discord.py logs from now on. May be called again."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Redacting) for each in logger.filters):
            logger.addFilter(_Redacting())
