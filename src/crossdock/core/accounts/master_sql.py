"""Statements on what a partner tells of its own places and of whom it sends to."""

from collections.abc import Collection
from typing import Any

from crossdock.base import json
from crossdock.base.ids import AccountId, CompanyId
from crossdock.core.accounts.model import Consignee, Site, SubInventory
from crossdock.db.tx import Tx, columns


async def put_warehouse(
    tx: Tx, *, account_id: AccountId, code: str, name: str, company_id: CompanyId, zone: str, address: dict[str, Any]
) -> Site | None:
    """New, or renamed with `address` laid over what is known; None when a shop or a station has this code."""
    return await tx.one_or_none(
        Site,
        f"""
INSERT INTO site (account_id, kind, code, name, company_id, zone, address, created_at, updated_at)
VALUES (%(account_id)s, 'warehouse', %(code)s, %(name)s, %(company_id)s, %(zone)s, %(address)s::jsonb, %(now)s,
        %(now)s)
ON CONFLICT ON CONSTRAINT site_account_id_code_key DO UPDATE
   SET name = excluded.name, address = site.address || excluded.address, updated_at = excluded.updated_at
 WHERE site.kind = 'warehouse'
RETURNING {columns(Site)}
""",
        account_id=account_id,
        code=code,
        name=name,
        company_id=company_id,
        zone=zone,
        address=json.text(address),
        now=tx.now,
    )


async def put_sub_inventory(
    tx: Tx, *, account_id: AccountId, code: str, name: str, contact: dict[str, Any]
) -> SubInventory:
    return await tx.one(
        SubInventory,
        f"""
INSERT INTO sub_inventory (account_id, code, name, contact)
VALUES (%(account_id)s, %(code)s, %(name)s, %(contact)s::jsonb)
ON CONFLICT ON CONSTRAINT sub_inventory_account_id_code_key DO UPDATE
   SET name = excluded.name, contact = sub_inventory.contact || excluded.contact
RETURNING {columns(SubInventory)}
""",
        account_id=account_id,
        code=code,
        name=name,
        contact=json.text(contact),
    )


async def put_consignee(tx: Tx, consignee: Consignee) -> None:
    await tx.execute(
        """
INSERT INTO consignee (account_id, code, name, recipient, partner_fields, created_at, updated_at)
VALUES (%(account_id)s, %(code)s, %(name)s, %(recipient)s::jsonb, %(partner_fields)s::jsonb, %(now)s, %(now)s)
ON CONFLICT ON CONSTRAINT consignee_pkey DO UPDATE
   SET name = excluded.name, recipient = excluded.recipient, partner_fields = excluded.partner_fields,
       updated_at = excluded.updated_at
""",
        account_id=consignee.account_id,
        code=consignee.code,
        name=consignee.name,
        recipient=json.text(consignee.recipient),
        partner_fields=json.text(consignee.partner_fields),
        now=tx.now,
    )


async def consignee(tx: Tx, *, account_id: AccountId, code: str) -> Consignee | None:
    """Index: consignee_pkey."""
    return await tx.one_or_none(
        Consignee,
        f"SELECT {columns(Consignee)} FROM consignee WHERE account_id = %(account_id)s AND code = %(code)s",
        account_id=account_id,
        code=code,
    )


async def recipients(tx: Tx, named: Collection[tuple[AccountId, str]]) -> dict[tuple[AccountId, str], dict[str, Any]]:
    """What is known of consignees of several accounts. Index: consignee_pkey."""
    rows = await tx.rows(
        "SELECT c.account_id, c.code, c.recipient FROM unnest(%(accounts)s::bigint[], %(codes)s::text[])"
        " AS wanted (account_id, code)"
        " JOIN consignee c ON c.account_id = wanted.account_id AND c.code = wanted.code",
        accounts=[account_id for account_id, _ in named],
        codes=[code for _, code in named],
    )
    return {(AccountId(row[0]), str(row[1])): row[2] for row in rows}
