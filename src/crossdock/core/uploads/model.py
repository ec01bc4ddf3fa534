"""Rows that were uploaded to become orders later, and the tasks in the background that make them."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from crossdock.base.ids import AccountId, CompanyId, OrderId

TaskState = Literal["queued", "running", "finished"]


class NewRow(Struct, frozen=True, kw_only=True):
    type: str
    row_key: str | None = None
    """The uploader's own name for the row."""
    fields: dict[str, Any]
    """As they were sent: they are read when the row is converted."""


class UploadedRow(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    company_id: CompanyId
    dialect: str
    type: str
    row_key: str | None
    fields: dict[str, Any]
    actor: str
    order_id: OrderId | None
    """What it became."""
    created_at: datetime


class Task(Struct, frozen=True, kw_only=True):
    id: int
    account_id: AccountId
    company_id: CompanyId
    dialect: str
    kind: str
    state: TaskState
    actor: str
    total: int
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    """When the last of its rows was done with."""
    finished_at: datetime | None


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one row in one task."""

    row_id: int
    order_id: OrderId | None
    failure: str | None
    """For the uploader to read; None when it became an order."""
