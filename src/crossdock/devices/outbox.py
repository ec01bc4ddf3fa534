"""A cabinet's reports: in the order they happened, kept until the server has them on disk."""

import secrets
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from crossdock.devices.payloads import Receipt, Report
from crossdock.devices.topics import Up

REPORTS_MAX: Final = 1_000
"""A cabinet that is cut off for longer forgets its oldest reports."""


class Kept(Struct, kw_only=True):
    channel: Up
    report: Report
    sent: bool = False


class Outbox:
    def __init__(self, *, reports_max: int = REPORTS_MAX) -> None:
        self.boot = secrets.token_hex(4)
        self._reports_max = reports_max
        self._next = 1
        self._kept: dict[str, Kept] = {}
        """By key, oldest first."""

    def __len__(self) -> int:
        """Reports without a receipt."""
        return len(self._kept)

    def add(self, channel: Up, kind: type[Report], **facts: Any) -> Report:
        """Make the next report and keep it. Beyond the bound the oldest one is forgotten."""
        number, self._next = self._next, self._next + 1
        report = kind(boot=self.boot, sequence=number, **facts)
        self._kept[report.key] = Kept(channel=channel, report=report)
        if len(self._kept) > self._reports_max:
            del self._kept[next(iter(self._kept))]
        return report

    def unsent(self) -> Iterator[Kept]:
        """Oldest first; reports that are added meanwhile come last."""
        while (kept := next((kept for kept in self._kept.values() if not kept.sent), None)) is not None:
            yield kept

    def heard(self, receipt: Receipt) -> None:
        self._kept.pop(receipt.key, None)

    def restart(self) -> None:
        """The power was cut: what is kept is on a disk, the counter was not."""
        self.boot, self._next = secrets.token_hex(4), 1

    def rewind(self) -> None:
        """Everything without a receipt is to be said again, from the oldest on."""
        for kept in self._kept.values():
            kept.sent = False
