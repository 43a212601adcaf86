"""What programs get to see (``--json``): pictures, orders, albums, simulations and errors as values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abby_adapters.cli.presenter import changed_replays, command_for, iso, made_by_demo
from abby_core.errors import AbbyError, ProviderError, QuotaExceeded, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from abby_core.gallery.albums import Album
    from abby_core.gallery.lineage import Lineage
    from abby_core.studio import AccountReplay, Artifact, Creation, OrderView, Simulation


def picture_json(artifact: Artifact, path: Path | None) -> dict[str, Any]:
    """A kept picture for programs."""
    return {
        "id": artifact.id,
        "name": artifact.name,
        "path": None if path is None else str(path),
        "kind": artifact.kind,
        "width": artifact.width,
        "height": artifact.height,
        "size_bytes": artifact.size_bytes,
        "media_type": artifact.media_type,
        "prompt": artifact.prompt,
        "negative_prompt": artifact.negative_prompt,
        "style": artifact.style,
        "seed": artifact.seed,
        "provider": artifact.provider,
        "model": artifact.model,
        "demo": made_by_demo(artifact),
        "parameters": artifact.parameters,
        "order": artifact.order_id,
        "temporary": artifact.temporary,
        "account": artifact.account,
        "state": artifact.state,
        "state_at": iso(artifact.state_at_ms),
        "favourite": artifact.favourite,
        "visibility": artifact.visibility,
        "server": artifact.guild,
        "made_from": artifact.source_artifact or None,
        "created_at": iso(artifact.created_at_ms),
        "expires_at": iso(artifact.expires_at_ms or 0),
    }


def order_json(order: OrderView) -> dict[str, Any]:
    """An order for programs."""
    return {
        "id": order.id,
        "account": order.account,
        "state": order.state,
        "kind": order.kind,
        "prompt": order.prompt,
        "pictures": order.pictures,
        "provider": order.provider,
        "model": order.model,
        "percent": order.percent,
        "notes": list(order.notes),
        "error": {"kind": order.error_code, "message": order.error} if order.error else None,
        "maybe_billed": order.maybe_billed,
        "created_at": iso(order.created_at_ms),
        "started_at": iso(order.started_at_ms),
        "finished_at": iso(order.finished_at_ms),
    }


def creation_json(creation: Creation, paths: list[Path | None]) -> dict[str, Any]:
    """What an order brought, for programs."""
    pairs = zip(creation.artifacts, paths, strict=True)
    return {
        "order": creation.order.id,
        "demo": creation.demo,
        "notes": list(creation.notes),
        "pictures": [picture_json(artifact, path) for artifact, path in pairs],
    }


def simulation_json(simulation: Simulation) -> dict[str, Any]:
    """What other rules would have meant, for programs: the total, and every account for which anything differs."""

    def replay_json(replay: AccountReplay) -> dict[str, Any]:
        return {**vars(replay), "refused_by": dict(replay.refused_by)}

    return {
        "days": simulation.days,
        "assumptions": simulation.assumptions,
        "total": replay_json(simulation.total),
        "accounts": [replay_json(replay) for replay in changed_replays(simulation)],
    }


def error_json(error: AbbyError) -> dict[str, Any]:
    """An error for programs; amounts are in the meter's unit."""
    answer: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, QuotaExceeded):
        answer |= {"meter": error.meter, "limit": error.limit, "used": error.used, "requested": error.requested}
    if isinstance(error, Refused):
        answer["choices"] = [{**vars(choice), "command": command_for(choice)} for choice in error.choices]
    if isinstance(error, ProviderError):
        answer |= {"transient": error.transient, "maybe_billed": error.maybe_billed}
    if isinstance(error, QuotaExceeded | ProviderError):
        answer["retry_after_seconds"] = error.retry_after_seconds
    return {"error": answer}


def lineage_json(lineage: Lineage) -> dict[str, Any]:
    """Where a picture comes from, the nearest first, and what was made from it, for programs."""
    return {
        "ancestors": [
            {"id": each.id, "name": each.artifact.name if each.artifact else None, "removed": each.artifact is None}
            for each in lineage.ancestors
        ],
        "descendants": [{"id": each.id, "name": each.name, "kind": each.kind} for each in lineage.descendants],
    }


def album_json(album: Album) -> dict[str, Any]:
    """An album for programs."""
    return {
        "id": album.id,
        "name": album.name,
        "pictures": album.pictures,
        "newest": None if album.newest is None else album.newest.name,
        "created_at": iso(album.created_at_ms),
    }
