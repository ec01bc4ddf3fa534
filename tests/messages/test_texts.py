"""Every notice in both languages, and an SMS that fits into one."""

import string
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import pytest
from msgspec import structs

from crossdock.base.ids import AccountId, HandoverId, NoticeId
from crossdock.core.notices.model import About, Due, Kind, Language, Notice, Place
from crossdock.messages import words
from crossdock.messages.texts import CUT, FIELD_CHARS_MAX, SMS_UNITS_MAX, cut, message, plain, units

NOW = datetime(2024, 8, 1, 23, 10, 41, tzinfo=UTC)
MAP = "https://map.example/?{lat}/{lng}"
PLACES: tuple[Place, ...] = get_args(Place)
KINDS: tuple[Kind, ...] = get_args(Kind)
LANGUAGES: tuple[Language, ...] = get_args(Language)


def due(
    place: Place = "shop", kind: Kind = "ready", language: Language = "en", *, resends: int = 0, **about: Any
) -> Due:
    usual: dict[str, Any] = {
        "place": place,
        "state": "unused" if place == "shop" else "stored",
        "number": "3096201701031645115932861",
        "key": "012934",
        "token": "t" * 40,
        "site_name": "静安店",
        "zone": "Asia/Shanghai",
        "address": {"address": "示例路 1 号", "location": "121.459384,31.247105", "business_hours": "10:00-22:00"},
        "cabinet_name": None,
        "box_name": None,
        "prepared_at": NOW,
        "stored_at": None,
        "expires_at": NOW,
        "reminded_at": None,
        "recalled_at": None,
    }
    locker: dict[str, Any] = {
        "address": {
            "province": "Henan",
            "city": "Luoyang",
            "address": "Anzhuang",
            "longitude": "112.4",
            "latitude": 34.6,
            "tel": "0379-1",
            "service_from": "06:00",
            "service_until": "23:00",
        },
        "cabinet_name": "Test2",
        "box_name": "05",
        "expires_at": None,
    }
    return Due(
        notice=Notice(
            id=NoticeId(4711),
            account_id=AccountId(47),
            handover_id=HandoverId(1),
            number=usual["number"],
            kind=kind,
            occasion=NOW,
            channel="sms",
            recipient="13800000001",
            language=language,
            state="waiting",
            attempts=0,
            resends=resends,
            due_at=NOW,
            claimed_until=None,
            created_at=NOW,
            done_at=None,
            refusal=None,
        ),
        about=About(**{**usual, **(locker if place == "locker" else {}), **about}),
    )


def short(*given: Any, **about: Any) -> str:
    return message(due(*given, **about), public_url="", map_url="").short


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("shop", "ready", "en"), "Order ..2861 is ready at 静安店. Code 012934."),
        (("shop", "ready", "zh"), "您的订单（尾号2861）已在静安店备好，提货码012934。"),
        (("shop", "reminder", "en"), "Order ..2861 waits at 静安店 until 08-02 07:10. Code 012934."),
        (("shop", "reminder", "zh"), "您的订单（尾号2861）在静安店保留至08-02 07:10，提货码012934。"),
        (("locker", "ready", "en"), "Order ..2861: locker Test2, box 05. Code 012934."),
        (("locker", "ready", "zh"), "您的订单（尾号2861）已存入Test205号柜，取件码012934。"),
        (("locker", "reminder", "en"), "Order ..2861: locker Test2, box 05, until 08-02 07:10. Code 012934."),
        (("locker", "reminder", "zh"), "您的订单（尾号2861）在Test205号柜保留至08-02 07:10，取件码012934。"),
    ],
)
def test_an_sms(given: Any, said: str) -> None:
    assert short(*given) == said


@pytest.mark.parametrize(
    ("language", "said", "subject"),
    [
        ("en", "Order ..2861 still waits at 静安店. Code 012934.", "Your order 3096 still waits: 静安店"),
        ("zh", "您的订单（尾号2861）仍在静安店等您提货，提货码012934。", "您的订单 3096 仍在等您提货：静安店"),
    ],
)
def test_a_reminder_of_what_waits_without_end(language: Language, said: str, subject: str) -> None:
    found = message(due("shop", "reminder", language, expires_at=None), public_url="", map_url="")
    assert (found.short, found.subject.replace("201701031645115932861", "")) == (said, subject)
    assert "2024" not in found.text


@pytest.mark.parametrize(("place", "kind", "language"), [*product(PLACES, KINDS, LANGUAGES)])
def test_an_sms_is_one_part_however_long_the_names_are(place: Place, kind: Kind, language: Language) -> None:
    empty = short(place, kind, language, site_name="", cabinet_name="", box_name="05")
    for sign in ("x", "店", "🏬"):
        for count in range(SMS_UNITS_MAX + 2):
            name = sign * count
            said = short(place, kind, language, site_name=name, cabinet_name=name or "", box_name="05")
            assert units(said) <= SMS_UNITS_MAX
            assert "012934" in said
            if units(name) <= SMS_UNITS_MAX - units(empty):
                assert name in said, "a name that fits is not cut"
            else:
                assert CUT in said
    longest = short(
        place, kind, language, site_name="店" * 200, cabinet_name="店" * 200, box_name="号" * 64, number="九" * 64
    )
    assert units(longest) <= SMS_UNITS_MAX


def test_every_text_is_translated_and_names_the_same_facts() -> None:
    chinese = words.translations("zh")
    assert [text for text in words.TEXTS if chinese.gettext(text) == text] == []
    for text in words.TEXTS:
        assert fields(chinese.gettext(text)) == fields(text)
    assert set(product(PLACES, KINDS)) == set(words.HEADINGS) == set(words.SHORT) - {("shop", "endless")}
    assert set(words.SUBJECTS) == {*KINDS, "endless"}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("place", "kind", "language"), [*product(PLACES, KINDS, LANGUAGES)])
def test_an_email_has_all_that_is_known(place: Place, kind: Kind, language: Language) -> None:
    said = message(due(place, kind, language), public_url="https://b.example", map_url=MAP)
    wanted = ["012934", "https://b.example/t/" + "t" * 40, "3096201701031645115932861"]
    wanted += (
        ["静安店", "示例路 1 号", "10:00-22:00", "https://map.example/?31.247105/121.459384"]
        if place == "shop"
        else ["Test2", "05", "Henan Luoyang Anzhuang", "06:00-23:00", "0379-1", "https://map.example/?34.6/112.4"]
    )
    if kind == "reminder":
        wanted.append("2024-08-02 07:10")
    for one in wanted:
        assert one in said.text, one
        assert one in said.html, one
    assert ("提货码" in said.text) == (language == "zh")
    assert ("Pick-up code" in said.text) == (language == "en")
    assert said.secrets == ("012934", "t" * 40)
    assert "012934" not in repr(said)


@pytest.mark.parametrize(
    "location", ["", "x", "121.4", "181,31", "121,91", "121.4,31.2,9", "121.4;31.2", "１２１,31", "javascript:,1"]
)
def test_a_place_that_is_nowhere_has_no_map(location: str) -> None:
    said = message(due(address={"location": location}), public_url="", map_url=MAP)
    assert "map.example" not in said.text


def test_what_is_not_known_is_left_out() -> None:
    said = message(due(address={}, token=None, expires_at=None), public_url="https://b.example", map_url=MAP)
    assert [line.split(": ")[0] for line in said.text.splitlines()[2:] if ": " in line][:-1] == [
        "Pick-up code",
        "Shop",
    ]
    assert "https://" not in said.html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" a\r\n b\tc ", "a b c"),
        ("a\u2028b\u202ec\x00d\u3000e", "a b c d e"),
        (None, ""),
        (12, "12"),
        ("x" * (FIELD_CHARS_MAX - 1), "x" * (FIELD_CHARS_MAX - 1)),
        ("x" * FIELD_CHARS_MAX, "x" * FIELD_CHARS_MAX),
        ("x" * (FIELD_CHARS_MAX + 1), "x" * (FIELD_CHARS_MAX - 1) + CUT),
    ],
)
def test_a_name_is_one_line_of_plain_signs(text: Any, said: str) -> None:
    assert plain(text) == said


@pytest.mark.parametrize(("most", "said"), [(0, ""), (1, CUT), (2, "a" + CUT), (3, "abc"), (4, "abc")])
def test_cut(most: int, said: str) -> None:
    assert cut("abc", most) == said


def test_a_resend_is_another_message() -> None:
    first = due()
    again = structs.replace(first, notice=structs.replace(first.notice, resends=2))
    ids = [message(one, public_url="", map_url="").id for one in (first, again)]
    assert ids == ["4711", "4711-2"]
