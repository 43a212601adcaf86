"""What a community needs: signing in, servers' settings, bans, posted messages, sentences in other languages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("orders", _text("error_words"))
    op.add_column("api_tokens", _count("images_per_day"))
    op.add_column("standings", _text("tier"))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        _text("token_sha256"),
        _text("account"),
        _text("device"),
        _count("created_at"),
        _count("last_used_at"),
        _count("expires_at"),
        _count("revoked_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256", name="sessions_token"),
    )
    op.create_index("sessions_of", "sessions", ["account", "created_at"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        _text("account"),
        _count("created_at"),
        _count("expires_at"),
        _count("used_at"),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("sign_in_links_of", "sign_in_links", ["account"], unique=False)
    op.create_table(
        "guilds",
        sa.Column("guild", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), server_default="{}", nullable=False),
        _count("updated_at"),
        sa.PrimaryKeyConstraint("guild"),
    )
    op.create_table(
        "bans",
        sa.Column("guild", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        _text("reason"),
        _count("created_at"),
        _count("ends_at"),
        sa.PrimaryKeyConstraint("guild", "account"),
    )
    op.create_index("bans_of", "bans", ["account"], unique=False)
    op.create_table(
        "posts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        _text("account"),
        _text("order_id"),
        _count("created_at"),
        sa.PrimaryKeyConstraint("kind", "address"),
    )
    op.create_index("posts_of", "posts", ["account"], unique=False)
    op.create_index("posts_of_order", "posts", ["order_id"], unique=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
