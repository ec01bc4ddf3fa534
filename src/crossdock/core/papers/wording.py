"""How goods, moments and weights are put on paper."""

from datetime import date, datetime

from crossdock.core.papers.words import captioned


def goods(sku: str, name: str, lot: str, expires_on: date | None) -> str:
    """One text: what it is, and what tells it from its like."""
    said = [sku, *([name] if name != sku else [])]
    said += [captioned("lot", lot)] if lot else []
    said += [captioned("expires", expires_on.isoformat())] if expires_on else []
    return "  ".join(said)


def moment(at: datetime) -> str:
    """To the minute, with its offset."""
    return at.isoformat(sep=" ", timespec="minutes")


def weight(grams: int) -> str:
    return f"{grams / 1000:.3f} kg"
