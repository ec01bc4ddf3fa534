"""What a check of the books says."""

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that does not agree with what the ledger or the timeline says of it."""

    check: str
    subject: str
    says: str


class Checked(Struct, frozen=True, kw_only=True):
    """How much one check looked at, and what it found."""

    check: str
    rows: int
    findings: list[Finding]
