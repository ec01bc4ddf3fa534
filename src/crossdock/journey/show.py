"""The journey and an order's timeline, as tables for a terminal."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from crossdock.core.events.model import Event
from crossdock.journey.diary import Step

SHOWN: Final = (
    *("number", "state", "from", "to", "batch", "pieces", "ordered", "received", "shipped", "tracking_number"),
    *("station", "operator", "cabinet", "box", "box_name", "door", "place", "reason"),
)
"""Facts worth a place on the screen. Codes and addresses are not."""


def journey(steps: Sequence[Step], *, out: Console) -> None:
    table = Table(title="The journey", title_justify="left")
    table.add_column("", justify="right", style="dim")
    table.add_column("step")
    table.add_column("API")
    table.add_column("call", overflow="fold")
    table.add_column("answer", overflow="fold")
    table.add_column("ms", justify="right")
    for number, step in enumerate(steps, start=1):
        answer = f"[red]{step.failure}[/red]" if step.failure else step.answer
        table.add_row(str(number), step.title, step.api, step.call, answer, f"{step.ms:.0f}")
    out.print(table)


def timeline(title: str, events: Sequence[Event], *, zone: str, out: Console) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("happened", style="dim")
    table.add_column("what")
    table.add_column("who")
    table.add_column("facts", overflow="fold")
    for event in events:
        facts = ", ".join(
            f"{name} {event.facts[name]}" for name in SHOWN if event.facts.get(name) not in (None, "", event.subject)
        )
        local = event.happened_at.astimezone(ZoneInfo(zone))
        who = " ".join(part for part in (event.dialect, event.actor) if part)
        table.add_row(f"{local:%H:%M:%S.%f}"[:-3], event.kind, who, facts)
    out.print(table)
