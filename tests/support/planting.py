"""Things of one person, of every kind and in every state, each with a word that is found again wherever it is left."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from abby_core.bootstrap import Abby, open_abby
from abby_core.database.transaction import Transaction, Value
from abby_core.errors import ProviderError
from abby_core.generation.request import ImageToImage
from abby_core.quota import ledger
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES, NO_LIMIT, Charge
from abby_core.quota.quota_manager import Need
from abby_core.quota.standing import Standing, encode
from abby_core.storage import catalogue, retired
from abby_core.storage.archive import archive
from abby_core.storage.artifact import ARCHIVE
from abby_core.storage.blob_stores.local import LocalBlobs
from abby_core.studio.order import DeliveryAddress
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import wish

PICTURE = photograph()
ORIGINAL = photograph(128, 96)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody whose things hold ``word`` wherever people can write something; it is their user id, too.

    With an ``archive``, a picture of theirs is in it.
    """

    word: str
    archive: Path | None = None
    account: Account = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", Account.local(self.word))

    def order_id(self, number: int) -> str:
        return f"{self.word}-order-{number}"


async def plant(abby: Abby, person: Person, *, leftovers: bool = True) -> None:
    """Have everything made that there can be of a person; ``abby`` itself is not started by it.

    Through Abby's own doors where there are some, else by rows as they are written. ``leftovers``: also what crashes
    and people leave behind, which fsck would name.
    """
    word, account = person.word, person.account
    provider = FixedProvider()
    told = (DeliveryAddress(kind="webhook", address=f"https://example.org/{word}"),)
    async with open_abby(abby.settings, providers=[provider], clock=abby._clock) as making:
        await making.studio.create(wish(person.order_id(1), account, f"{word} at sea", pictures=3, deliveries=told))
        upload = ImageToImage(image=PICTURE, prompt=f"{word} in winter")
        await making.studio.create(wish(person.order_id(2), account, request=upload))
        provider.errors = (ProviderError(f"No {word} today."),)
        with contextlib.suppress(ProviderError):
            await making.studio.create(wish(person.order_id(3), account, f"{word} fails"))
        saved = await making.storage.save_image(PICTURE, word, f"{word}.png")
        temporary = await making.storage.save_image(PICTURE, word, f"{word}-temporary.png", is_temp=True)
        assert saved.success
        assert temporary.success
    # With nobody there to make it, this one waits.
    await abby.studio.submit(wish(person.order_id(4), account, request=upload))
    abby.quota.set_limit(account, BYTES, 10**9)
    abby.events.write("greeted", account=account.key)
    abby.events.write("greeted", user_id=word)
    abby.events.flush()
    abby.database.write(_plant_rows, abby, person)
    if person.archive is not None:
        _move_to_archive(abby, person, person.archive)
    if leftovers:
        abby.database.write(_plant_unfinished, abby, person)
        _plant_files(abby, person)
        if person.archive is not None:
            _plant_in_archive(abby, person, person.archive)


def _plant_rows(tx: Transaction, abby: Abby, person: Person) -> None:
    word, key = person.word, person.account.key
    pictures = tx.rows("SELECT id, blob_key FROM artifacts WHERE order_id = :id ORDER BY order_index",
                       id=person.order_id(1))  # fmt: skip
    plain, _, trashed = (str(row["id"]) for row in pictures)
    sql = "UPDATE artifacts SET alt_text = :alt, favourite = 1, guild = :guild, import_sha256 = :sha WHERE id = :id"
    tx.execute(sql, alt=f"alt of {word}", guild=f"guild-of-{word}", sha=word, id=plain)
    tx.execute("UPDATE artifacts SET state = 'trashed', state_at = 1 WHERE id = :id", id=trashed)
    _insert(tx, "albums", id=f"album-{word}", account=key, name=f"Holidays of {word}", name_key=f"holidays of {word}")
    _insert(tx, "album_pictures", album_id=f"album-{word}", artifact_id=plain)
    _insert(tx, "shares", id=f"share-{word}", token_sha256=f"token-{word}", account=key, artifact_id=plain,
            password=f"password-{word}")  # fmt: skip
    _insert(tx, "api_tokens", id=f"key-{word}", token_sha256=f"token-of-key-{word}", account=key,
            name=f"{word}'s phone", scopes='["make"]')  # fmt: skip
    _insert(tx, "presets", owner=key, name_key=word, name=word, choices=f'{{"style": "{word}"}}')
    _insert(tx, "sessions", id=f"session-{word}", token_sha256=f"token-of-session-{word}", account=key,
            device=f"browser-{word}", created_at=1)  # fmt: skip
    _insert(tx, "sign_in_links", token_sha256=f"token-of-link-{word}", account=key, created_at=1)
    _insert(tx, "posts", kind="elsewhere", address=f"post-{word}", account=key, order_id=f"order-{word}", created_at=1)
    _insert(tx, "bans", guild="discord:1", account=key, reason=f"reason-{word}", created_at=1)
    _insert(tx, "standings", account=key, standing=encode(Standing(roles=frozenset({f"role-{word}"}))))
    _insert(tx, "journal", at=abby.storage.now_ms(), account=key, event="refused", reason="images/day", pictures=1)


def _plant_unfinished(tx: Transaction, abby: Abby, person: Person) -> None:
    word, key = person.word, person.account.key
    tx.execute("UPDATE artifacts SET state = 'removing' WHERE order_id = :id", id=person.order_id(2))
    _insert(tx, "retired_blobs", blob_key=original_key(person), artifact_id=f"of-{word}", account=key,
            reason="compressed", name=f"{word}-original.png", size_bytes=len(ORIGINAL))  # fmt: skip
    house = Charge(account="", meter=BYTES, amount=len(ORIGINAL), limit=NO_LIMIT)
    ledger.take(tx, [house], abby.storage.now_ms())
    abby.quota.reserve_in(
        tx, key, f"save:{word}", Need(images=1, size_bytes=len(PICTURE)), seconds=3600,
        blob_key=unentered_key(person), blob_sha256=hashlib.sha256(PICTURE).hexdigest(),
    )  # fmt: skip


def _plant_files(abby: Abby, person: Person) -> None:
    root, word = abby.settings.storage_root, person.word
    abby.storage.blobs.put(original_key(person), ORIGINAL)
    abby.storage.blobs.put(unentered_key(person), PICTURE)
    (root / "images" / "users" / word / ".abby-0123456789abcdef.part").write_bytes(PICTURE[:100])
    (root / "images" / "users" / word / f"{word}-dropped.png").write_bytes(PICTURE)
    older = root / "users" / word / "upscale"
    older.mkdir(parents=True)
    (older / "image_1.png").write_bytes(PICTURE)


def _move_to_archive(abby: Abby, person: Person, folder: Path) -> None:
    abby.storage.archive = LocalBlobs(folder)
    second = "FROM artifacts WHERE order_id = :order AND order_index = 1"
    for artifact in abby.database.read(catalogue.select, second, order=person.order_id(1)):
        archive(abby.storage, artifact)


def _plant_in_archive(abby: Abby, person: Person, folder: Path) -> None:
    """What a restored picture has left there (a process died over deleting it), and what came there without a row."""
    restored = f"images/users/{person.word}/{person.word}-restored.png"
    LocalBlobs(folder).put(restored, ORIGINAL)
    (folder / restored).with_name(f"{person.word}-stray.png").write_bytes(PICTURE)
    (folder / restored).with_name(".abby-0123456789abcdef.part").write_bytes(PICTURE[:100])
    row: dict[str, Value] = {
        "blob_key": ARCHIVE + restored, "artifact_id": f"of-{person.word}", "account": person.account.key,
        "reason": "leftover", "name": f"{person.word}.png", "size_bytes": len(ORIGINAL),
        "expires_at": abby.storage.now_ms() + retired.CLAIM_MS,
    }  # fmt: skip
    abby.database.write(lambda tx: _insert(tx, "retired_blobs", **row))


def original_key(person: Person) -> str:
    """Where a picture lay before it was compressed."""
    return f"images/users/{person.word}/{person.word}-original.png"


def unentered_key(person: Person) -> str:
    """What a save has written that has not ended yet."""
    return f"images/users/{person.word}/{person.word}-unentered.png"


def _insert(tx: Transaction, table: str, **row: Value) -> None:
    tx.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", **row)


def places_of(word: str, *folders: Path) -> list[str]:
    """Every file and folder below these that holds the word, in its name or anywhere in its bytes."""
    needle = word.lower().encode()
    return [
        str(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if needle in path.name.lower().encode() or (path.is_file() and needle in path.read_bytes().lower())
    ]
