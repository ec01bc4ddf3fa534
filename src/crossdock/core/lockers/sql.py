"""Statements on cabinets, boxes and the parcels in them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import to_builtins

from crossdock.base.ids import AccountId, BoxId, CabinetId, HandoverId, OrderId, SiteId
from crossdock.core.lockers.model import Box, Cabinet, Device, DoorPlace, Parcel, ParcelCounts, Screen, Try
from crossdock.db.tx import Tx, columns

CABINET = columns(Cabinet, of="c")
BOX = columns(Box, of="b")
_PARCEL = (
    "h.id, h.account_id, h.site_id, h.order_id, h.order_number, h.state, h.box_size, h.cabinet_id, h.box_id,"
    " b.name AS box_name, b.lock_address, h.save_code, h.key, h.claimed_by, h.created_at, h.stored_at, h.used_at,"
    " h.recalled_at"
)
PARCELS = f"SELECT {_PARCEL} FROM handover h LEFT JOIN box b ON b.id = h.box_id WHERE h.place = 'locker'"


async def cabinet(tx: Tx, *, account_id: AccountId, number: str) -> Cabinet | None:
    return await tx.one_or_none(
        Cabinet,
        f"SELECT {CABINET} FROM cabinet c WHERE c.account_id = %(account_id)s AND c.number = %(number)s",
        account_id=account_id,
        number=number,
    )


async def lock_cabinet(tx: Tx, *, account_id: AccountId, number: str) -> Cabinet | None:
    """The cabinet, held for this transaction."""
    return await tx.one_or_none(
        Cabinet,
        f"SELECT {CABINET} FROM cabinet c WHERE c.account_id = %(account_id)s AND c.number = %(number)s"
        " FOR NO KEY UPDATE",
        account_id=account_id,
        number=number,
    )


async def cabinet_of_device(tx: Tx, number: str) -> Cabinet | None:
    """For the device itself, which knows no account. Index: cabinet_number_key."""
    return await tx.one_or_none(
        Cabinet, f"SELECT {CABINET} FROM cabinet c WHERE c.number = %(number)s", number=number
    )


async def device(tx: Tx, *, number: str) -> Device | None:
    """Index: cabinet_number_key."""
    return await tx.one_or_none(
        Device, f"SELECT {columns(Device)} FROM cabinet WHERE number = %(number)s", number=number
    )


async def devices(tx: Tx, *, numbers: Sequence[str] | None) -> list[Device]:
    return await tx.many(
        Device,
        f"SELECT {columns(Device)} FROM cabinet"
        " WHERE %(numbers)s::text[] IS NULL OR number = ANY (%(numbers)s::text[]) ORDER BY number",
        numbers=None if numbers is None else list(numbers),
    )


async def locked_until(tx: Tx, *, cabinet_id: CabinetId, tries_max: int, locked_s: int) -> datetime | None:
    until: datetime | None = await tx.value(
        "SELECT wrong_at + %(locked_s)s * interval '1 second' FROM cabinet"
        " WHERE id = %(id)s AND wrong_codes >= %(tries_max)s"
        " AND wrong_at > %(now)s - %(locked_s)s * interval '1 second'",
        id=cabinet_id,
        tries_max=tries_max,
        locked_s=locked_s,
        now=tx.now,
    )
    return until


async def door_place(tx: Tx, *, number: str, lock_address: str) -> DoorPlace | None:
    """None for an unknown cabinet. Indexes: cabinet_number_key, box_cabinet_id_lock_address_key."""
    return await tx.one_or_none(
        DoorPlace,
        """
SELECT c.account_id, c.id AS cabinet_id, c.number AS cabinet_number, b.id AS box_id, b.name AS box_name,
       lower(%(lock_address)s) AS lock_address,
       EXISTS (SELECT 1 FROM alarm a WHERE a.cabinet_id = c.id AND a.box_id = b.id AND a.cleared_at IS NULL
                                       AND a.kind IN ('not opened', 'left open')) AS alarmed
  FROM cabinet c LEFT JOIN box b ON b.cabinet_id = c.id AND b.lock_address = lower(%(lock_address)s)
 WHERE c.number = %(number)s
""",
        number=number,
        lock_address=lock_address,
    )


async def cabinet_by_id(tx: Tx, cabinet_id: CabinetId) -> Cabinet:
    return await tx.one(Cabinet, f"SELECT {CABINET} FROM cabinet c WHERE c.id = %(id)s", id=cabinet_id)


async def cabinets(tx: Tx, *, account_id: AccountId) -> list[Cabinet]:
    return await tx.many(
        Cabinet,
        f"SELECT {CABINET} FROM cabinet c WHERE c.account_id = %(account_id)s ORDER BY c.id",
        account_id=account_id,
    )


async def cabinets_at(tx: Tx, *, account_id: AccountId, site_id: SiteId) -> list[Cabinet]:
    """In service, at one station."""
    return await tx.many(
        Cabinet,
        f"SELECT {CABINET} FROM cabinet c"
        " WHERE c.account_id = %(account_id)s AND c.site_id = %(site_id)s AND c.in_service ORDER BY c.id",
        account_id=account_id,
        site_id=site_id,
    )


async def boxes(tx: Tx, *, cabinet_id: CabinetId) -> list[Box]:
    return await tx.many(
        Box, f"SELECT {BOX} FROM box b WHERE b.cabinet_id = %(cabinet_id)s ORDER BY b.id", cabinet_id=cabinet_id
    )


async def box_named(tx: Tx, *, cabinet_id: CabinetId, name: str) -> Box | None:
    return await tx.one_or_none(
        Box,
        f"SELECT {BOX} FROM box b WHERE b.cabinet_id = %(cabinet_id)s AND b.name = %(name)s",
        cabinet_id=cabinet_id,
        name=name,
    )


async def box_at(tx: Tx, *, cabinet_id: CabinetId, lock_address: str) -> Box | None:
    return await tx.one_or_none(
        Box,
        f"SELECT {BOX} FROM box b WHERE b.cabinet_id = %(cabinet_id)s AND b.lock_address = lower(%(lock_address)s)",
        cabinet_id=cabinet_id,
        lock_address=lock_address,
    )


async def box_by_id(tx: Tx, box_id: BoxId) -> Box:
    return await tx.one(Box, f"SELECT {BOX} FROM box b WHERE b.id = %(id)s", id=box_id)


async def lock_box(tx: Tx, box_id: BoxId) -> Box:
    """The box, held for this transaction."""
    return await tx.one(Box, f"SELECT {BOX} FROM box b WHERE b.id = %(id)s FOR NO KEY UPDATE", id=box_id)


async def lock_box_of(tx: Tx, *, cabinet_id: CabinetId, box_id: BoxId) -> Box | None:
    """A box of this cabinet, held for this transaction."""
    return await tx.one_or_none(
        Box,
        f"SELECT {BOX} FROM box b WHERE b.id = %(id)s AND b.cabinet_id = %(cabinet_id)s FOR NO KEY UPDATE",
        id=box_id,
        cabinet_id=cabinet_id,
    )


async def free_boxes(tx: Tx, *, cabinet_id: CabinetId, size: str) -> list[Box]:
    return await tx.many(
        Box,
        f"SELECT {BOX} FROM box b WHERE b.cabinet_id = %(cabinet_id)s AND b.size = %(size)s AND b.enabled"
        ' AND b.closed_for IS NULL AND NOT b."full" ORDER BY b.id',
        cabinet_id=cabinet_id,
        size=size,
    )


async def lock_free_box(
    tx: Tx, *, cabinet_id: CabinetId, sizes: Sequence[str], not_box: BoxId | None = None
) -> Box | None:
    """The first free box, of the first of these sizes that has one, that no other courier is being shown; held, as
    its cabinet must be.

    A box that is just being written to is waited for: skipping it would call the last one taken.
    """
    return await tx.one_or_none(
        Box,
        f"""
SELECT {BOX} FROM box b
 WHERE b.cabinet_id = %(cabinet_id)s AND b.size = ANY (%(sizes)s::text[]) AND b.enabled AND b.closed_for IS NULL
   AND NOT b."full" AND b.id <> %(not_box)s
   AND NOT EXISTS (SELECT 1 FROM door_command d
                    WHERE d.box_id = b.id AND d.purpose IN ('store', 'move') AND d.state IN ('waiting', 'sent'))
 ORDER BY array_position(%(sizes)s::text[], b.size), b.id LIMIT 1
   FOR NO KEY UPDATE
""",
        cabinet_id=cabinet_id,
        sizes=list(sizes),
        not_box=not_box or 0,
    )


async def fill_box(tx: Tx, *, box_id: BoxId, order_number: str, stored_at: datetime) -> None:
    await tx.execute(
        """
UPDATE box SET "full" = true, last_order_number = %(order_number)s, last_stored_at = %(stored_at)s,
               updated_at = %(now)s
 WHERE id = %(box_id)s
""",
        box_id=box_id,
        order_number=order_number,
        stored_at=stored_at,
        now=tx.now,
    )


async def empty_box(tx: Tx, *, box_id: BoxId, clear: bool) -> None:
    """`clear`: it forgets what lay in it."""
    await tx.execute(
        """
UPDATE box SET "full" = false, updated_at = %(now)s,
               last_order_number = CASE WHEN %(clear)s THEN NULL ELSE last_order_number END,
               last_stored_at = CASE WHEN %(clear)s THEN NULL ELSE last_stored_at END
 WHERE id = %(box_id)s
""",
        box_id=box_id,
        clear=clear,
        now=tx.now,
    )


async def close_box(tx: Tx, *, box_id: BoxId, reason: str | None) -> None:
    """Nothing is put into it until somebody has looked; None opens it to couriers again."""
    await tx.execute(
        "UPDATE box SET closed_for = %(reason)s, updated_at = %(now)s WHERE id = %(id)s",
        id=box_id,
        reason=reason,
        now=tx.now,
    )


async def set_screen(tx: Tx, *, account_id: AccountId, number: str, screen: Screen) -> Cabinet | None:
    return await tx.one_or_none(
        Cabinet,
        f"""
UPDATE cabinet c SET screen = %(screen)s, updated_at = %(now)s
 WHERE c.account_id = %(account_id)s AND c.number = %(number)s
RETURNING {CABINET}
""",
        account_id=account_id,
        number=number,
        screen=to_builtins(screen),
        now=tx.now,
    )


async def set_seen(tx: Tx, *, number: str, online: bool, at: datetime) -> Cabinet | None:
    """The cabinet, if it was not so before. An older word than the newest one changes nothing."""
    before = await tx.value(
        """
WITH before AS (SELECT id, online FROM cabinet WHERE number = %(number)s),
     seen AS (
    UPDATE cabinet SET online = %(online)s, seen_at = %(at)s, updated_at = %(now)s
     WHERE number = %(number)s AND (seen_at IS NULL OR seen_at <= %(at)s)
    RETURNING id)
SELECT before.id FROM before JOIN seen USING (id) WHERE before.online <> %(online)s
""",
        number=number,
        online=online,
        at=at,
        now=tx.now,
    )
    return None if before is None else await cabinet_by_id(tx, CabinetId(before))


async def set_offline_before(tx: Tx, *, before: datetime) -> int:
    """Cabinets that call themselves online and have not been heard since `before`."""
    return await tx.execute(
        "UPDATE cabinet SET online = false, updated_at = %(now)s WHERE online AND seen_at < %(before)s",
        before=before,
        now=tx.now,
    )


# Parcels ------------------------------------------------------------------------


async def insert_parcel(
    tx: Tx,
    *,
    cabinet: Cabinet,
    order_number: str,
    box_size: str,
    save_code: str,
    key: str,
    claimed_by: str | None,
) -> HandoverId | None:
    """None when the order has a parcel already or one of the codes is in use at this cabinet."""
    id_ = await tx.value(
        """
INSERT INTO handover (account_id, site_id, place, order_id, order_number, state, box_size, cabinet_id, save_code,
                      key, claimed_by, created_at, updated_at)
SELECT %(account_id)s, %(site_id)s, 'locker',
       (SELECT id FROM orders WHERE account_id = %(account_id)s AND kind = 'outbound' AND number = %(number)s),
       %(number)s, 'booked', %(box_size)s, %(cabinet_id)s, %(save_code)s, %(key)s, %(claimed_by)s, %(now)s, %(now)s
 WHERE NOT EXISTS (SELECT 1 FROM handover h
                    WHERE h.site_id = %(site_id)s AND h.state IN ('booked', 'stored')
                      AND (h.key = %(save_code)s OR h.save_code = %(key)s))
ON CONFLICT DO NOTHING
RETURNING id
""",
        account_id=cabinet.account_id,
        site_id=cabinet.site_id,
        cabinet_id=cabinet.id,
        number=order_number,
        box_size=box_size,
        save_code=save_code,
        key=key,
        claimed_by=claimed_by,
        now=tx.now,
    )
    return None if id_ is None else HandoverId(id_)


async def parcel(tx: Tx, *, account_id: AccountId, handover_id: int) -> Parcel | None:
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.account_id = %(account_id)s AND h.id = %(id)s",
        account_id=account_id,
        id=handover_id,
    )


async def lock_parcel(tx: Tx, *, account_id: AccountId, handover_id: int) -> Parcel | None:
    """The parcel, held for this transaction."""
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.account_id = %(account_id)s AND h.id = %(id)s FOR NO KEY UPDATE OF h",
        account_id=account_id,
        id=handover_id,
    )


async def parcel_numbered(tx: Tx, *, account_id: AccountId, number: str) -> Parcel | None:
    """The one that is not deleted. Index: handover_locker_order_key."""
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.account_id = %(account_id)s AND h.order_number = %(number)s AND h.state <> 'deleted'",
        account_id=account_id,
        number=number,
    )


async def parcel_of_number(tx: Tx, *, account_id: AccountId, number: str) -> Parcel | None:
    """As parcel_numbered; held for this transaction."""
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.account_id = %(account_id)s AND h.order_number = %(number)s AND h.state <> 'deleted'"
        " FOR NO KEY UPDATE OF h",
        account_id=account_id,
        number=number,
    )


async def parcel_of_save_code(tx: Tx, *, cabinet: Cabinet, save_code: str) -> Parcel | None:
    """A live one, else the newest that was taken; held for this transaction.

    Index: handover_cabinet_save_code_idx.
    """
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.cabinet_id = %(cabinet_id)s AND h.save_code = %(save_code)s AND h.state <> 'deleted'"
        " ORDER BY h.state IN ('booked', 'stored') DESC, h.id DESC LIMIT 1 FOR NO KEY UPDATE OF h",
        cabinet_id=cabinet.id,
        save_code=save_code,
    )


async def parcel_of_key(tx: Tx, *, cabinet: Cabinet, key: str) -> Parcel | None:
    """A live one, else the newest that was taken; held for this transaction. Index: handover_site_key_idx."""
    return await tx.one_or_none(
        Parcel,
        f"{PARCELS} AND h.cabinet_id = %(cabinet_id)s AND h.site_id = %(site_id)s AND h.key = %(key)s"
        " AND h.state <> 'deleted'"
        " ORDER BY h.state IN ('booked', 'stored') DESC, h.id DESC LIMIT 1 FOR NO KEY UPDATE OF h",
        cabinet_id=cabinet.id,
        site_id=cabinet.site_id,
        key=key,
    )


async def claim_parcel(tx: Tx, *, account_id: AccountId, number: str, claimed_by: str, cabinet_id: CabinetId) -> bool:
    """Whether a booking of our own was waiting for its first caller."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET claimed_by = %(claimed_by)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND place = 'locker' AND order_number = %(number)s AND state = 'booked'
   AND cabinet_id = %(cabinet_id)s AND claimed_by IS NULL
""",
            account_id=account_id,
            number=number,
            claimed_by=claimed_by,
            cabinet_id=cabinet_id,
            now=tx.now,
        )
    )


async def link_order(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, order_id: OrderId) -> None:
    """The parcel was booked before its order was known."""
    await tx.execute(
        "UPDATE handover SET order_id = %(order_id)s, updated_at = %(now)s"
        " WHERE account_id = %(account_id)s AND id = %(id)s AND order_id IS NULL",
        account_id=account_id,
        id=handover_id,
        order_id=order_id,
        now=tx.now,
    )


async def store(
    tx: Tx, *, account_id: AccountId, handover_id: HandoverId, box_id: BoxId, box_size: str, at: datetime
) -> bool:
    """booked -> stored; False when it is in another state."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET state = 'stored', box_id = %(box_id)s, box_size = %(box_size)s, stored_at = %(at)s,
                    updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'booked'
""",
            account_id=account_id,
            id=handover_id,
            box_id=box_id,
            box_size=box_size,
            at=at,
            now=tx.now,
        )
    )


async def move(
    tx: Tx, *, account_id: AccountId, handover_id: HandoverId, from_box: BoxId, box_id: BoxId, box_size: str
) -> bool:
    """Into another box; False when it does not lie in that one any more."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET box_id = %(box_id)s, box_size = %(box_size)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'stored' AND box_id = %(from_box)s
""",
            account_id=account_id,
            id=handover_id,
            from_box=from_box,
            box_id=box_id,
            box_size=box_size,
            now=tx.now,
        )
    )


async def keep(tx: Tx, *, account_id: AccountId, handover_id: HandoverId) -> None:
    """stored -> booked: the courier has it."""
    await tx.execute(
        """
UPDATE handover SET state = 'booked', box_id = NULL, stored_at = NULL, reminded_at = NULL, extensions = 0,
                    updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'stored'
""",
        account_id=account_id,
        id=handover_id,
        now=tx.now,
    )


async def take(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, box_id: BoxId, at: datetime) -> bool:
    """stored -> taken; False when it is in another state, or in another box."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET state = 'taken', used_at = %(at)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = 'stored' AND box_id = %(box_id)s
""",
            account_id=account_id,
            id=handover_id,
            box_id=box_id,
            at=at,
            now=tx.now,
        )
    )


async def delete(tx: Tx, *, account_id: AccountId, handover_id: HandoverId, state: str) -> bool:
    """`state` -> deleted; False when it is in another state or its door is just being opened."""
    return bool(
        await tx.execute(
            """
UPDATE handover SET state = 'deleted', canceled_at = %(now)s, updated_at = %(now)s
 WHERE account_id = %(account_id)s AND id = %(id)s AND state = %(state)s AND state IN ('booked', 'taken')
   AND NOT EXISTS (SELECT 1 FROM door_command d
                    WHERE d.handover_id = handover.id AND d.state IN ('waiting', 'sent'))
""",
            account_id=account_id,
            id=handover_id,
            state=state,
            now=tx.now,
        )
    )


async def counts(tx: Tx, *, cabinet_id: CabinetId) -> ParcelCounts:
    """Index: handover_cabinet_save_code_idx."""
    return await tx.one(
        ParcelCounts,
        """
SELECT count(*) FILTER (WHERE state = 'booked') AS booked, count(*) FILTER (WHERE state = 'stored') AS stored,
       count(*) FILTER (WHERE state = 'taken') AS taken
  FROM handover WHERE place = 'locker' AND cabinet_id = %(cabinet_id)s
""",
        cabinet_id=cabinet_id,
    )


# Wrong codes ----------------------------------------------------------------------


async def count_try(tx: Tx, *, account_id: AccountId, number: str, tries_max: int, locked_s: int) -> Try | None:
    """One more try at this cabinet; None when it is locked, and nothing is counted."""
    return await tx.one_or_none(
        Try,
        """
WITH former AS (
    SELECT id, wrong_codes, wrong_at, wrong_at > %(now)s - %(locked_s)s * interval '1 second' AS fresh FROM cabinet
     WHERE account_id = %(account_id)s AND number = %(number)s FOR NO KEY UPDATE
)
UPDATE cabinet SET wrong_at = %(now)s, wrong_codes = CASE WHEN fresh THEN former.wrong_codes + 1 ELSE 1 END
  FROM former
 WHERE cabinet.id = former.id AND NOT (former.wrong_codes >= %(tries_max)s AND fresh)
RETURNING cabinet.wrong_codes AS count, cabinet.wrong_at AS at, former.wrong_at AS former_at
""",
        account_id=account_id,
        number=number,
        tries_max=tries_max,
        locked_s=locked_s,
        now=tx.now,
    )


async def forget_tries(tx: Tx, *, account_id: AccountId, number: str) -> None:
    """A good code came: the count begins anew."""
    await tx.execute(
        "UPDATE cabinet SET wrong_codes = 0, wrong_at = NULL"
        " WHERE account_id = %(account_id)s AND number = %(number)s AND wrong_codes > 0",
        account_id=account_id,
        number=number,
    )


async def uncount_try(tx: Tx, *, account_id: AccountId, number: str, counted: Try) -> None:
    """One less; the moment goes back as well, unless another try came since."""
    await tx.execute(
        """
UPDATE cabinet SET wrong_codes = greatest(0, wrong_codes - 1),
       wrong_at = CASE WHEN (wrong_codes, wrong_at) = (%(count)s, %(at)s) THEN %(former_at)s ELSE wrong_at END
 WHERE account_id = %(account_id)s AND number = %(number)s
""",
        account_id=account_id,
        number=number,
        count=counted.count,
        at=counted.at,
        former_at=counted.former_at,
    )


async def tries(tx: Tx, *, account_id: AccountId, number: str) -> int:
    found = await tx.value(
        "SELECT wrong_codes FROM cabinet WHERE account_id = %(account_id)s AND number = %(number)s",
        account_id=account_id,
        number=number,
    )
    return int(found or 0)
