"""A catalogue of any size, filled by the database itself in one statement."""

from __future__ import annotations

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction

BUSY_MEMBER = "busy"
"""Owns every second picture, so that whatever looks at a member's rows one by one is found out."""

_FILL = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows)
INSERT INTO artifacts (id, account, name, name_key, blob_key, kind, size_bytes, sha256, media_type, width, height,
    thumbnail_key, thumbnail_bytes, order_id, prompt, style, seed, provider, model, created_at)
SELECT 'id' || (10000000 + n), CASE WHEN n % 2 = 0 THEN 'local:busy' ELSE 'local:member-' || (n % 997) END,
    'picture-' || (10000000 + n) || '.png', 'picture-' || (10000000 + n) || '.png',
    'images/users/somebody/picture-' || (10000000 + n) || '.png', 'text_to_image', 1500000,
    '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'image/png', 1024, 1024,
    'thumbnails/id/' || (10000000 + n) || '.webp', 12000, 'order-' || (10000000 + n),
    'a cute rabbit in a meadow', 'enhance', n, 'painter', 'painter', 1700000000000 + n * 1000
FROM numbers"""

_ORDER = """
INSERT INTO orders (id, account, kind, request, state, pictures, pictures_kept, bytes_kept, provider, model, attempt,
    fence, percent, created_at, started_at, finished_at)
SELECT order_id, account, kind, '{}', 'done', 1, 1, size_bytes + thumbnail_bytes, provider, model, 1, 1, 100,
    created_at, created_at, created_at + 1000
FROM artifacts"""

_COUNT = """
INSERT INTO counters (account, meter, used)
SELECT account, 'bytes', SUM(size_bytes + thumbnail_bytes) FROM artifacts GROUP BY account
UNION ALL SELECT '', 'bytes', SUM(size_bytes + thumbnail_bytes) FROM artifacts"""


def fill(database: Database, rows: int) -> None:
    """Enter ``rows`` (at least 1) pictures and the orders that made them into an empty catalogue, and count them."""
    database.write(_fill, rows)
    if database.dialect == "postgresql":
        database.write(_analyse)


def _fill(tx: Transaction, rows: int) -> None:
    tx.execute(_FILL, rows=rows)
    tx.execute(_ORDER)
    tx.execute(_COUNT)


def _analyse(tx: Transaction) -> None:
    """What PostgreSQL does by itself in the background; SQLite never does."""
    tx.execute("ANALYZE")
