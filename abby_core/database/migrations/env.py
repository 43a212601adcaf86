"""Alembic's entry: runs the migrations on the connection that ``migrate.py`` hands over."""

from __future__ import annotations

from typing import cast

from alembic import context
from sqlalchemy import Connection

connection = cast("Connection", context.config.attributes["connection"])
context.configure(connection=connection, render_as_batch=True)
context.run_migrations()
