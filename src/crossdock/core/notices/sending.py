"""Giving out what is due and writing down what came of it. Nothing is sent in between these transactions."""

from collections.abc import Mapping
from datetime import timedelta

from crossdock.base.ids import NoticeId
from crossdock.core.notices import sql
from crossdock.core.notices.model import Due, Notice, Tried, Verdict, verdict
from crossdock.db.tx import Tx


async def claim(tx: Tx, *, shares: Mapping[str, int], lease: timedelta) -> list[Due]:
    """Ours until the lease ends, at most so many by each channel."""
    ids = await sql.claim(tx, shares=shares, lease=lease)
    return await _due(tx, ids) if ids else []


async def skip(tx: Tx, notice: Notice, reason: str) -> bool:
    """Leave it unsent; False when it was not ours any more."""
    skipped = Verdict(state="skipped", attempts=notice.attempts, done_at=tx.now, refusal=reason)
    return await sql.close(tx, notice, None, skipped)


async def note(tx: Tx, notice: Notice, tried: Tried) -> tuple[Verdict, bool]:
    """What becomes of it after a try, and whether it was still ours to say so."""
    found = verdict(notice, tried, now=tx.now)
    return found, await sql.close(tx, notice, tried, found)


async def due_again(tx: Tx, notice_id: NoticeId) -> Due | None:
    """One notice and its parcel, whatever its state."""
    found = await _due(tx, [notice_id])
    return found[0] if found else None


async def _due(tx: Tx, ids: list[NoticeId]) -> list[Due]:
    notices = await sql.notices(tx, ids=ids)
    abouts = await sql.abouts(tx, handover_ids=[notice.handover_id for notice in notices])
    return [Due(notice=notice, about=abouts[notice.handover_id]) for notice in notices]
