"""The gallery: trash, archive, albums, shares, presets, standings, the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "album_pictures",
        sa.Column("album_id", sa.Text(), nullable=False),
        sa.Column("artifact_id", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("album_id", "artifact_id"),
    )
    op.create_index("album_pictures_in_order", "album_pictures", ["album_id", "added_at", "artifact_id"], unique=False)
    op.create_index("album_pictures_of", "album_pictures", ["artifact_id"], unique=False)
    op.create_table(
        "albums",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("name_key", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "name_key", name="albums_name"),
    )
    op.create_table(
        "erasures",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("tier", sa.Text(), server_default="", nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("pictures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("millicredits", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_newest", "journal", ["at"], unique=False)
    op.create_index("journal_of", "journal", ["account", "at"], unique=False)
    op.create_table(
        "presets",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("choices", sa.Text(), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name_key"),
    )
    op.create_table(
        "retired_blobs",
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("artifact_id", sa.Text(), server_default="", nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("media_type", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("width", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("height", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("blob_key"),
    )
    op.create_index("retired_blobs_expiring", "retired_blobs", ["expires_at"], unique=False)
    op.create_index("retired_blobs_of", "retired_blobs", ["artifact_id"], unique=False)
    op.create_table(
        "shares",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("artifact_id", sa.Text(), server_default="", nullable=False),
        sa.Column("album_id", sa.Text(), server_default="", nullable=False),
        sa.Column("metadata", sa.Text(), server_default="", nullable=False),
        sa.Column("password", sa.Text(), server_default="", nullable=False),
        sa.Column("views", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("views_max", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256", name="shares_token"),
    )
    op.create_index("shares_of", "shares", ["account", "created_at"], unique=False)
    op.create_table(
        "standings",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.add_column("artifacts", sa.Column("state_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("artifacts", sa.Column("favourite", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("artifacts", sa.Column("visibility", sa.Text(), server_default="private", nullable=False))
    op.add_column("artifacts", sa.Column("guild", sa.Text(), server_default="", nullable=False))
    op.add_column("artifacts", sa.Column("alt_text", sa.Text(), server_default="", nullable=False))
    op.add_column("artifacts", sa.Column("import_sha256", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "artifacts_favourite",
        "artifacts",
        ["account", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("favourite = 1"),
        postgresql_where=sa.text("favourite = 1"),
    )
    op.create_index(
        "artifacts_imported",
        "artifacts",
        ["account", "import_sha256"],
        unique=True,
        sqlite_where=sa.text("import_sha256 <> ''"),
        postgresql_where=sa.text("import_sha256 <> ''"),
    )
    op.create_index(
        "artifacts_made_from",
        "artifacts",
        ["source_artifact"],
        unique=False,
        sqlite_where=sa.text("source_artifact <> ''"),
        postgresql_where=sa.text("source_artifact <> ''"),
    )
    op.create_index(
        "artifacts_shown",
        "artifacts",
        ["visibility", "guild", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("visibility <> 'private'"),
        postgresql_where=sa.text("visibility <> 'private'"),
    )
    op.create_index(
        "artifacts_trashed",
        "artifacts",
        ["state_at"],
        unique=False,
        sqlite_where=sa.text("state = 'trashed'"),
        postgresql_where=sa.text("state = 'trashed'"),
    )
    op.add_column("orders", sa.Column("prompts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("failures", sa.Text(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("images_each", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("orders", sa.Column("running_max", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("orders", sa.Column("tier", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("pictures_kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("orders", sa.Column("bytes_kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_index(
        "orders_ended",
        "orders",
        ["finished_at"],
        unique=False,
        sqlite_where=sa.text("finished_at > 0"),
        postgresql_where=sa.text("finished_at > 0"),
    )
