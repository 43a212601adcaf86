"""The heart: counters, limits, reservations, orders, the catalogue, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "artifacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("name_key", sa.Text(), server_default="", nullable=False),
        sa.Column("blob_key", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("media_type", sa.Text(), server_default="", nullable=False),
        sa.Column("width", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("height", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("thumbnail_key", sa.Text(), server_default="", nullable=False),
        sa.Column("thumbnail_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default="kept", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("temporary", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("order_index", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source_artifact", sa.Text(), server_default="", nullable=False),
        sa.Column("prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("negative_prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("style", sa.Text(), server_default="", nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("parameters", sa.Text(), server_default="{}", nullable=False),
        sa.Column("millicredits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "name_key", name="artifacts_name"),
        sa.UniqueConstraint("blob_key", name="artifacts_blob"),
        sa.UniqueConstraint("order_id", "order_index", name="artifacts_order"),
    )
    op.create_index(
        "artifacts_expiring",
        "artifacts",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index("artifacts_newest", "artifacts", ["account", "created_at", "id"], unique=False)
    op.create_index(
        "artifacts_removing",
        "artifacts",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'removing'"),
        postgresql_where=sa.text("state = 'removing'"),
    )
    op.create_index(
        "artifacts_thumbnail_due",
        "artifacts",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("thumbnail_key = '' AND thumbnail_bytes > 0"),
        postgresql_where=sa.text("thumbnail_key = '' AND thumbnail_bytes > 0"),
    )
    op.create_table(
        "counters",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("resets", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("used >= 0", name="counters_never_negative"),
        sa.PrimaryKeyConstraint("account", "meter"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("deliveries_of_order", "deliveries", ["order_id"], unique=False)
    op.create_table(
        "limits",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account", "meter"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("request", sa.Text(), server_default="{}", nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("source_key", sa.Text(), server_default="", nullable=False),
        sa.Column("source_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source_artifact", sa.Text(), server_default="", nullable=False),
        sa.Column("pictures", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("millicredits_each", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_each", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts_max", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("calls_started", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancel_requested", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("percent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("notes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("error_code", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("maybe_billed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("orders_of_account", "orders", ["account", "created_at"], unique=False)
    op.create_index(
        "orders_running",
        "orders",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "orders_timed",
        "orders",
        ["provider", "kind", "finished_at"],
        unique=False,
        sqlite_where=sa.text("state = 'done'"),
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(
        "orders_waiting",
        "orders",
        ["account", "created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("holds", sa.Text(), server_default="[]", nullable=False),
        sa.Column("blob_key", sa.Text(), server_default="", nullable=False),
        sa.Column("blob_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reservations_expiring", "reservations", ["expires_at"], unique=False)
    op.create_table(
        "turns",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("served", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_index("turns_served", "turns", ["served"], unique=False)
