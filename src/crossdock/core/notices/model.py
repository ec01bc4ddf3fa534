"""What a buyer is told of a parcel, by which channel, and whether it still holds when it goes out."""

import re
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct, ValidationError, convert, structs

from crossdock.base.ids import AccountId, HandoverId, NoticeId

Kind = Literal["ready", "reminder"]
Channel = Literal["email", "sms", "log"]
Language = Literal["en", "zh"]
State = Literal["waiting", "sent", "parked", "skipped"]
Place = Literal["shop", "locker"]
Outcome = Literal["sent", "refused", "unreachable", "forbidden", "unusable", "fault"]
"""`refused` was heard and declined; `forbidden` is a network we do not send into; `unusable` will not do at any later
try either; `fault` is our own."""

CHINESE_ZONES: Final = frozenset(
    {
        "Asia/Shanghai",
        "Asia/Chongqing",
        "Asia/Chungking",
        "Asia/Harbin",
        "Asia/Urumqi",
        "Asia/Kashgar",
        "PRC",
    }
)
"""Places whose people are told in Chinese unless the place says otherwise."""

PAUSES_S: Final = (60, 300, 1_800, 7_200, 21_600)
"""After the n-th failed try; after the last pause it is parked."""
FAILURE_CHARS_MAX: Final = 500
ANSWER_CHARS_MAX: Final = 2_000
"""Of what the other side said, no more is kept with its try."""

EMAIL_CHARS_MAX: Final = 254
"""RFC 5321, 4.5.3.1: of a path, without its brackets."""
EMAIL_NAME_CHARS_MAX: Final = 64
MOBILE_DIGITS_MIN: Final = 5
MOBILE_DIGITS_MAX: Final = 15
"""ITU-T E.164."""
RECIPIENT_CHARS_MAX: Final = 320
"""Of an address that nothing can be sent to, no more is kept."""

NOT_AN_EMAIL: Final = "not an e-mail address that can be sent to"
NOT_A_MOBILE: Final = "not a number that can be sent to"

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?P<name>{_WORD}(?:\.{_WORD})*)@{_LABEL}(?:\.{_LABEL})+")
_MOBILE = re.compile(rf"\+?[0-9]{{{MOBILE_DIGITS_MIN},{MOBILE_DIGITS_MAX}}}")
_BETWEEN_DIGITS = re.compile(r"[ ()./-]")


class Wishes(Struct, frozen=True, kw_only=True):
    """`notices` among the settings of a place, or of an account for all of its places."""

    ready: bool | None = None
    reminder: bool | None = None
    language: Language | None = None

    @classmethod
    def of(cls, given: Any) -> "Wishes":
        """Of what is on record; nothing is no wish, and neither is nonsense that was written past the setup file."""
        try:
            return convert(given or {}, cls)
        except ValidationError:
            return cls()


class Rules(Struct, frozen=True, kw_only=True):
    """What counts for one place."""

    ready: bool
    reminder: bool
    language: Language

    @classmethod
    def of(cls, *, place: Place, zone: str, site: Wishes, account: Wishes) -> "Rules":
        """The place's own wish, else its account's. Without one a shop tells its buyers and a locker does not: the
        partner who booked the box sends a code of its own."""

        def first(of_site: bool | None, of_account: bool | None) -> bool:
            return next((wish for wish in (of_site, of_account) if wish is not None), place == "shop")

        return cls(
            ready=first(site.ready, account.ready),
            reminder=first(site.reminder, account.reminder),
            language=site.language or account.language or ("zh" if zone in CHINESE_ZONES else "en"),
        )

    def wants(self, kind: Kind) -> bool:
        return self.ready if kind == "ready" else self.reminder


class Contact(Struct, frozen=True, kw_only=True):
    """What a buyer left, and what the place of the parcel wants."""

    id: HandoverId
    account_id: AccountId
    place: Place
    zone: str
    email: str
    mobile: str
    site_wishes: Any
    account_wishes: Any
    open_channels: list[str]
    """That this house can send by, besides the log."""
    occasion: datetime | None
    """As a notice's."""

    @property
    def rules(self) -> Rules:
        site, account = Wishes.of(self.site_wishes), Wishes.of(self.account_wishes)
        return Rules.of(place=self.place, zone=self.zone, site=site, account=account)


class NewNotice(Struct, frozen=True, kw_only=True):
    account_id: AccountId
    handover_id: HandoverId
    kind: Kind
    occasion: datetime
    channel: Channel
    recipient: str
    language: Language
    state: State = "waiting"
    refusal: str | None = None


def notices_of(contact: Contact, kind: Kind) -> list[NewNotice]:
    """One for each channel that is open and that the buyer left an address for, else one for the log.

    None where the place does not want it, or has nothing to tell.
    """
    if contact.occasion is None or not contact.rules.wants(kind):
        return []
    log = NewNotice(
        account_id=contact.account_id,
        handover_id=contact.id,
        kind=kind,
        occasion=contact.occasion,
        channel="log",
        recipient="",
        language=contact.rules.language,
    )
    found = []
    if "email" in contact.open_channels and contact.email.strip():
        found.append(_addressed(log, "email", contact.email, email_of(contact.email), NOT_AN_EMAIL))
    if "sms" in contact.open_channels and contact.mobile.strip():
        found.append(_addressed(log, "sms", contact.mobile, mobile_of(contact.mobile), NOT_A_MOBILE))
    return found or [log]


def _addressed(log: NewNotice, channel: Channel, left: str, address: str | None, refusal: str) -> NewNotice:
    """One that cannot be sent to is parked, so that somebody sees it."""
    if address is not None:
        return structs.replace(log, channel=channel, recipient=address)
    kept = left.strip()[:RECIPIENT_CHARS_MAX]
    return structs.replace(log, channel=channel, recipient=kept, state="parked", refusal=refusal)


def email_of(text: str) -> str | None:
    """The address a mail server can be given; None for anything else, be it a name beside it or a quoted one."""
    found = _EMAIL.fullmatch(text.strip())
    if found is None or len(found[0]) > EMAIL_CHARS_MAX or len(found["name"]) > EMAIL_NAME_CHARS_MAX:
        return None
    return found[0]


def mobile_of(text: str) -> str | None:
    """Digits, with a `+` before them where there was one; None for what is no number."""
    bare = _BETWEEN_DIGITS.sub("", text.strip())
    return bare if _MOBILE.fullmatch(bare) else None


class Notice(Struct, frozen=True, kw_only=True):
    """One, as it is listed."""

    id: NoticeId
    account_id: AccountId
    handover_id: HandoverId
    number: str
    """Of its order."""
    kind: Kind
    occasion: datetime
    """Ready: since when; reminder: until when it waits, or since when where it waits without end."""
    channel: Channel
    recipient: str
    language: Language
    state: State
    attempts: int
    """Since it was last put back."""
    resends: int
    due_at: datetime
    claimed_until: datetime | None
    created_at: datetime
    done_at: datetime | None
    refusal: str | None


class About(Struct, frozen=True, kw_only=True):
    """The parcel a notice is about, as it is now."""

    place: Place
    state: str
    number: str
    key: str
    token: str | None
    """Of its order, where one is known."""
    site_name: str
    zone: str
    address: dict[str, Any]
    """Of the site, or of the cabinet: as the setup file has it."""
    cabinet_name: str | None
    box_name: str | None
    prepared_at: datetime | None
    stored_at: datetime | None
    expires_at: datetime | None
    reminded_at: datetime | None
    recalled_at: datetime | None


class Due(Struct, frozen=True, kw_only=True):
    """A notice that is ours until `claimed_until`, and what it is about."""

    notice: Notice
    about: About


class Tried(Struct, frozen=True, kw_only=True):
    """One try. `failure` is None when it was sent."""

    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    failure: str | None = None
    answer: str = ""


class Attempt(Struct, frozen=True, kw_only=True):
    """One try, as it is kept."""

    number: int
    started_at: datetime
    ended_at: datetime
    failure: str | None
    answer: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of a notice."""

    state: State
    attempts: int
    due_at: datetime | None = None
    """When it is tried next; None leaves it as it was."""
    done_at: datetime | None = None
    refusal: str | None = None


def verdict(notice: Notice, tried: Tried, *, now: datetime) -> Verdict:
    attempts = notice.attempts + 1
    if tried.failure is None:
        return Verdict(state="sent", attempts=attempts, done_at=now)
    if tried.outcome == "unusable" or notice.attempts >= len(PAUSES_S):
        return Verdict(state="parked", attempts=attempts, refusal=tried.failure)
    due_at = now + timedelta(seconds=PAUSES_S[notice.attempts])
    return Verdict(state="waiting", attempts=attempts, due_at=due_at, refusal=tried.failure)


def overtaken(due: Due, *, now: datetime) -> str | None:
    """Why it is not worth sending any more; None while what it says is true."""
    about, notice = due.about, due.notice
    if about.state in _ENDED:
        return _ENDED[about.state]
    if about.expires_at is not None and about.expires_at <= now:
        return _ENDED["expired"]
    if about.recalled_at is not None:
        return "it was called back, and its code is its courier's"
    if about.place == "locker" and about.state != "stored":
        return "it does not lie in a box"
    if about.place == "locker" and notice.kind == "ready" and about.stored_at != notice.occasion:
        return "it was stored anew, which is told by itself"
    if about.place == "locker" and notice.kind == "reminder" and about.reminded_at is None:
        return "it may lie for longer"
    ends_at = about.expires_at or about.prepared_at
    if about.place == "shop" and notice.kind == "reminder" and ends_at != notice.occasion:
        return "its code has another end by now"
    return None


_ENDED: Final = {
    "used": "it was handed over",
    "taken": "it was taken",
    "expired": "its code has expired",
    "canceled": "its code was canceled",
    "deleted": "its booking was deleted",
}
