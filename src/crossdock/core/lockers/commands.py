"""What is done at a locker, in one place: booking, asking for doors, and what cabinets say."""

from crossdock.core.lockers.answering import answered, claim_commands, expire, expire_overdue
from crossdock.core.lockers.asking import (
    COMMAND_TTL,
    COMMANDS_TOPIC,
    DoorBusy,
    TryNotCounted,
    answer_topic,
    ask_move,
    ask_open,
    ask_state,
    ask_store,
    ask_take,
    ask_take_by_number,
    keep_parcel,
    look,
    set_screen,
)
from crossdock.core.lockers.booking import book, delete_parcel
from crossdock.core.lockers.offline import changed, code_list, used
from crossdock.core.lockers.reports import SILENCE_MAX, cabinet_seen, door_reported, door_seen, lapse, pulse_sent

__all__ = [
    "used",
    "code_list",
    "changed",
    "COMMANDS_TOPIC",
    "COMMAND_TTL",
    "SILENCE_MAX",
    "DoorBusy",
    "TryNotCounted",
    "answer_topic",
    "answered",
    "ask_move",
    "ask_open",
    "ask_state",
    "ask_store",
    "ask_take",
    "ask_take_by_number",
    "book",
    "cabinet_seen",
    "claim_commands",
    "delete_parcel",
    "door_reported",
    "door_seen",
    "expire",
    "expire_overdue",
    "keep_parcel",
    "lapse",
    "look",
    "pulse_sent",
    "set_screen",
]
