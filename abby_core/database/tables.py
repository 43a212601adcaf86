"""All tables in one place, as SQLAlchemy metadata: what the migrations lead to (a test compares the two).

Only the migrations import this module: SQLAlchemy takes half a second to import, so the short SQL that
runs every day does without (docs/decisions/0002). Times are epoch milliseconds, truth is 0 or 1, money is
thousandths of a provider's credit, JSON is text.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()


def _text(name: str, *, default: str | None = "", **options: Any) -> Column[str]:
    return Column(name, Text, nullable=default is None, server_default=default, **options)


def _count(name: str, *, default: int | None = 0) -> Column[int]:
    default_text = None if default is None else text(str(default))
    return Column(name, BigInteger, nullable=default is None, server_default=default_text)


counters = Table(
    "counters",
    metadata,
    # What is used of a meter in its current period: one row per account and meter, so that a status is a few
    # rows whatever is stored. The account "" is the whole house.
    Column("account", Text, primary_key=True),
    Column("meter", Text, primary_key=True),
    _count("period"),
    _count("resets"),  # how often an administrator set it back: older reservations give nothing back
    _count("used"),
    CheckConstraint("used >= 0", name="counters_never_negative"),
)

limits = Table(
    "limits",
    metadata,
    # Overrides by an administrator. The account "" overrides the house's own limit.
    Column("account", Text, primary_key=True),
    Column("meter", Text, primary_key=True),
    _count("amount"),
)

reservations = Table(
    "reservations",
    metadata,
    # Open ones only: what is set aside until it is settled or released, once.
    Column("id", Text, primary_key=True),
    _text("account"),
    _text("holds", default="[]"),  # JSON: [[account, meter, period, resets, amount], …]
    _text("blob_key"),  # of a save without an order: the blob that would appear
    _text("blob_sha256"),
    _count("created_at"),
    _count("expires_at"),
)
Index("reservations_expiring", reservations.c.expires_at)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),  # chosen by the adapter: the idempotency key
    _text("account"),
    _text("kind"),
    _text("request", default="{}"),  # JSON: the planned request, without picture bytes
    _text("fingerprint"),  # of what was asked, to tell a repeated order from a conflicting one
    _text("source_key"),  # blob of an uploaded picture to work on
    _count("source_bytes"),
    _text("source_artifact"),
    _count("pictures", default=1),
    _text("provider"),
    _text("model"),
    _count("millicredits_each"),
    _count("bytes_each"),
    _text("state", default="waiting"),
    _count("priority"),
    _count("attempt"),
    _count("fence"),  # grows whenever somebody takes the order over: writes of earlier holders no longer count
    _count("attempts_max", default=1),
    _count("calls_started"),  # calls to the provider that may have been made in this attempt
    _text("lease_owner"),
    _count("lease_until"),
    _count("cancel_requested"),
    _count("percent"),
    _text("notes", default="[]"),  # JSON: sentences for the member
    _text("prompts", default="[]"),  # JSON: one prompt for each picture, where they differ
    _text("failures", default="[]"),  # JSON: [{index, code, error}] of the pictures that could not be made
    _count("images_each", default=1),  # what one picture counts on the meters of images: its model's weight
    _count("running_max", default=1),  # how many of the account's orders may run at once
    _text("tier"),  # whose rules it was accepted under
    _count("pictures_kept"),
    _count("bytes_kept"),
    _text("error_code"),
    _text("error"),
    _text("error_words"),  # JSON: what the error was made of, for other languages (abby_core.sentence)
    _count("maybe_billed"),
    _count("created_at"),
    _count("not_before"),
    _count("started_at"),
    _count("finished_at"),
)
Index("orders_waiting", orders.c.account, orders.c.created_at,
      sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"))  # fmt: skip
Index("orders_running", orders.c.lease_until,
      sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"))  # fmt: skip
Index("orders_of_account", orders.c.account, orders.c.created_at)
Index("orders_timed", orders.c.provider, orders.c.kind, orders.c.finished_at,
      sqlite_where=text("state = 'done'"), postgresql_where=text("state = 'done'"))  # fmt: skip
Index("orders_ended", orders.c.finished_at,
      sqlite_where=text("finished_at > 0"), postgresql_where=text("finished_at > 0"))  # fmt: skip

turns = Table(
    "turns",
    metadata,
    # When each account was last served: the longest unserved goes first.
    Column("account", Text, primary_key=True),
    _count("served"),
)
Index("turns_served", turns.c.served)

artifacts = Table(
    "artifacts",
    metadata,
    # The catalogue: every picture Abby keeps.
    Column("id", Text, primary_key=True),
    _text("account"),
    _text("name"),
    _text("name_key"),  # folded: on a case-insensitive disk two names may be one
    _text("blob_key"),
    _count("size_bytes"),
    _text("sha256"),
    _text("media_type"),
    _count("width"),
    _count("height"),
    _text("thumbnail_key"),
    _count("thumbnail_bytes"),  # charged: what the thumbnail takes, or may take while it is not made
    _text("state", default="kept"),  # kept | archived (bytes in the archive) | trashed | removing
    _count("state_at"),  # since when it is archived, in the trash or back from there
    _text("kind"),
    _count("temporary"),
    _count("expires_at", default=None),
    _text("order_id", default=None),
    _count("order_index"),
    _text("source_artifact"),
    _text("prompt"),
    _text("negative_prompt"),
    _text("style"),
    Column("seed", BigInteger, nullable=True),
    _text("provider"),
    _text("model"),
    _text("parameters", default="{}"),
    _count("millicredits"),
    _count("favourite"),
    _text("visibility", default="private"),  # private | server | public
    _text("guild"),  # the server whose members may see it, where it is visible to a server
    _text("alt_text"),  # as its owner wrote it; empty: made from the prompt
    _text("import_sha256"),  # of the file it was imported from
    _count("created_at"),
    UniqueConstraint("blob_key", name="artifacts_blob"),
    UniqueConstraint("account", "name_key", name="artifacts_name"),
    UniqueConstraint("order_id", "order_index", name="artifacts_order"),
)
Index("artifacts_newest", artifacts.c.account, artifacts.c.created_at, artifacts.c.id)
Index("artifacts_thumbnail_due", artifacts.c.created_at,
      sqlite_where=text("thumbnail_key = '' AND thumbnail_bytes > 0"),
      postgresql_where=text("thumbnail_key = '' AND thumbnail_bytes > 0"))  # fmt: skip
Index("artifacts_expiring", artifacts.c.expires_at,
      sqlite_where=text("expires_at IS NOT NULL"), postgresql_where=text("expires_at IS NOT NULL"))  # fmt: skip
Index("artifacts_removing", artifacts.c.created_at,
      sqlite_where=text("state = 'removing'"), postgresql_where=text("state = 'removing'"))  # fmt: skip
Index("artifacts_trashed", artifacts.c.state_at,
      sqlite_where=text("state = 'trashed'"), postgresql_where=text("state = 'trashed'"))  # fmt: skip
Index("artifacts_favourite", artifacts.c.account, artifacts.c.created_at, artifacts.c.id,
      sqlite_where=text("favourite = 1"), postgresql_where=text("favourite = 1"))  # fmt: skip
Index("artifacts_shown", artifacts.c.visibility, artifacts.c.guild, artifacts.c.created_at, artifacts.c.id,
      sqlite_where=text("visibility <> 'private'"), postgresql_where=text("visibility <> 'private'"))  # fmt: skip
Index("artifacts_made_from", artifacts.c.source_artifact,
      sqlite_where=text("source_artifact <> ''"), postgresql_where=text("source_artifact <> ''"))  # fmt: skip
Index("artifacts_imported", artifacts.c.account, artifacts.c.import_sha256, unique=True,
      sqlite_where=text("import_sha256 <> ''"), postgresql_where=text("import_sha256 <> ''"))  # fmt: skip

retired_blobs = Table(
    "retired_blobs",
    metadata,
    # Bytes no picture is made of any more (an original that was compressed, a picture that was archived): they
    # count against the house alone until their time is over and they are deleted.
    Column("blob_key", Text, primary_key=True),
    _text("artifact_id"),
    _text("account"),
    _text("reason"),  # compressed: may be undone | leftover: nobody needs it
    _text("name"),  # what the picture was called with these bytes
    _text("media_type"),
    _text("sha256"),
    _count("size_bytes"),
    _count("width"),
    _count("height"),
    _count("expires_at"),
)
Index("retired_blobs_expiring", retired_blobs.c.expires_at)
Index("retired_blobs_of", retired_blobs.c.artifact_id)

albums = Table(
    "albums",
    metadata,
    Column("id", Text, primary_key=True),
    _text("account"),
    _text("name"),
    _text("name_key"),
    _count("created_at"),
    UniqueConstraint("account", "name_key", name="albums_name"),
)

album_pictures = Table(
    "album_pictures",
    metadata,
    Column("album_id", Text, primary_key=True),
    Column("artifact_id", Text, primary_key=True),
    _count("added_at"),
)
Index("album_pictures_in_order", album_pictures.c.album_id, album_pictures.c.added_at, album_pictures.c.artifact_id)
Index("album_pictures_of", album_pictures.c.artifact_id)

shares = Table(
    "shares",
    metadata,
    # Links to one picture or one album. The token itself is nowhere: whoever reads this table can open none.
    Column("id", Text, primary_key=True),
    _text("token_sha256"),
    _text("account"),
    _text("artifact_id"),
    _text("album_id"),
    _text("metadata"),  # none | prompt | full
    _text("password"),  # salted hash with its parameters; empty: none is asked for
    _count("views"),
    _count("views_max"),  # 0: no cap
    _count("expires_at"),
    _count("revoked_at"),
    _count("created_at"),
    UniqueConstraint("token_sha256", name="shares_token"),
)
Index("shares_of", shares.c.account, shares.c.created_at)

presets = Table(
    "presets",
    metadata,
    # Named settings of an account, or of a server ("guild:<platform>:<id>"). The name "" is what applies unasked.
    Column("owner", Text, primary_key=True),
    Column("name_key", Text, primary_key=True),
    _text("name"),
    _text("choices", default="{}"),  # JSON
    _count("updated_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    # Keys for programs that act for an account. The token itself is nowhere: whoever reads this table can use none.
    Column("id", Text, primary_key=True),
    _text("token_sha256"),
    _text("account"),
    _text("name"),
    _text("scopes", default="[]"),  # JSON: what it may be used for
    _count("images_per_day"),  # the token's own cap, within its account's; 0: none
    _count("created_at"),
    _count("expires_at"),  # 0: never
    _count("last_used_at"),
    _count("revoked_at"),
    UniqueConstraint("token_sha256", name="api_tokens_token"),
)
Index("api_tokens_of", api_tokens.c.account, api_tokens.c.created_at)

sessions = Table(
    "sessions",
    metadata,
    # Who is signed in to the web pages. As with tokens, the secret in the browser's cookie is nowhere here.
    Column("id", Text, primary_key=True),
    _text("token_sha256"),
    _text("account"),
    _text("device"),  # what the browser called itself when it signed in, cut
    _count("created_at"),
    _count("last_used_at"),
    _count("expires_at"),
    _count("revoked_at"),
    UniqueConstraint("token_sha256", name="sessions_token"),
)
Index("sessions_of", sessions.c.account, sessions.c.created_at)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    # Links that sign somebody in, once.
    Column("token_sha256", Text, primary_key=True),
    _text("account"),
    _count("created_at"),
    _count("expires_at"),
    _count("used_at"),
)
Index("sign_in_links_of", sign_in_links.c.account)

guilds = Table(
    "guilds",
    metadata,
    # What a server's managers decided for it ("discord:<id>").
    Column("guild", Text, primary_key=True),
    _text("settings", default="{}"),  # JSON
    _count("updated_at"),
)

bans = Table(
    "bans",
    metadata,
    # Who may ask for nothing in a server. The guild "" is all of Abby.
    Column("guild", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    _text("reason"),
    _count("created_at"),
    _count("ends_at"),  # 0: when somebody lifts it
)
Index("bans_of", bans.c.account)

posts = Table(
    "posts",
    metadata,
    # Messages that hold an account's pictures, so that forgetting can take them back.
    Column("kind", Text, primary_key=True),  # who posted it, as in deliveries
    Column("address", Text, primary_key=True),  # opaque to the core
    _text("account"),
    _text("order_id"),
    _count("created_at"),
)
Index("posts_of", posts.c.account)
Index("posts_of_order", posts.c.order_id)

standings = Table(
    "standings",
    metadata,
    # What an adapter last knew of a person: roles, level and so on. Tiers follow from it.
    Column("account", Text, primary_key=True),
    _text("standing", default="{}"),  # JSON
    _text("tier"),  # that an administrator gave by hand; adapters do not touch it
    _count("updated_at"),
)

journal = Table(
    "journal",
    metadata,
    # What happened and left no row elsewhere: refusals, bytes that were removed, how full the house was each day.
    Column("id", Integer, primary_key=True, autoincrement=True),
    _count("at"),
    _text("account"),
    _text("tier"),
    _text("event"),  # refused | removed | measured
    # refused: the meter or the error's name; removed: deleted, compressed, archived, expired; measured: the meter
    _text("reason"),
    _text("kind"),
    _text("provider"),
    _text("model"),
    _count("pictures"),
    _count("size_bytes"),
    _count("millicredits"),
)
Index("journal_newest", journal.c.at)
Index("journal_of", journal.c.account, journal.c.at)

erasures = Table(
    "erasures",
    metadata,
    # Accounts that are being forgotten: whatever a crash cut off is taken up again until nothing is left.
    Column("account", Text, primary_key=True),
    _text("counts", default="{}"),  # JSON: how much of what is gone already, for the receipt
    _count("started_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    # The promise to tell somebody how an order ended.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("order_id", Text, nullable=False),
    _text("kind"),
    _text("address"),  # opaque to the core; whoever delivers understands it
    _text("state", default="pending"),  # pending | delivered | given_up
    _count("attempts"),
    _count("due_at"),
    _text("error"),
    _count("created_at"),
)
Index("deliveries_due", deliveries.c.due_at,
      sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"))  # fmt: skip
Index("deliveries_of_order", deliveries.c.order_id)
