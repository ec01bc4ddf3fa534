"""An address of film is good for what it was made for, and for nothing else."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from msgspec import structs

from crossdock.base.seal import Seal
from crossdock.edge.request import Request
from crossdock.film.addresses import (
    GOOD_FOR,
    SPAN_MAX,
    FilmAddressUnknown,
    FilmSpanInvalid,
    Shown,
    play_address,
    shown_by,
    token,
)
from tests.served import SECRET_KEY
from tests.world import START, World

SEAL = Seal(SECRET_KEY)
SHOWN = Shown(
    kind="hls",
    camera_id=7001,
    since=datetime(2024, 1, 15, 1, 0, 0, 123_000, tzinfo=UTC),
    until=datetime(2024, 1, 15, 1, 0, 44, tzinfo=UTC),
    rate=2,
    expires=START,
)
BEFORE = START - timedelta(milliseconds=1)


def test_a_token_says_what_it_was_made_for() -> None:
    assert shown_by(SEAL, token(SEAL, SHOWN), BEFORE) == SHOWN


def test_it_is_good_until_it_expires() -> None:
    with pytest.raises(FilmAddressUnknown):
        shown_by(SEAL, token(SEAL, SHOWN), START)


def test_no_bit_of_it_can_be_changed() -> None:
    raw = urlsafe_b64decode(token(SEAL, SHOWN) + "=" * (-len(token(SEAL, SHOWN)) % 4))
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FilmAddressUnknown):
            shown_by(SEAL, urlsafe_b64encode(changed).decode().rstrip("="), BEFORE)


@pytest.mark.parametrize("change", ["", "A", "é", "=", "\0", "../../etc/passwd", "A" * 5_000])
def test_what_is_no_token_is_refused_like_a_wrong_one(change: str) -> None:
    for wrong in (change, token(SEAL, SHOWN) + change, token(SEAL, SHOWN)[:-1] + change):
        if wrong != token(SEAL, SHOWN):
            with pytest.raises(FilmAddressUnknown):
                shown_by(SEAL, wrong, BEFORE)


def test_that_of_another_server_is_refused() -> None:
    foreign = Seal(Fernet.generate_key().decode())
    with pytest.raises(FilmAddressUnknown):
        shown_by(SEAL, token(foreign, SHOWN), BEFORE)


def asked(**headers: str) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request(method="GET", path="/", query_string=b"", headers=raw, body=b"", scheme="https")


async def test_an_address_is_on_this_server_as_the_caller_knows_it(quiet_world: World) -> None:
    desk = quiet_world.desk
    film: dict[str, Any] = {"camera_id": 7001, "since": SHOWN.since, "until": SHOWN.until, "now": START}
    of_request = play_address(desk, **film, kind="mp4", request=asked(host="film.example:8443"))
    of_config = play_address(desk, **film, kind="snapshot")
    config = structs.replace(desk.config, public_url="https://crossdock.example/")
    desk = replace(desk, config=config)
    public = play_address(desk, **film, kind="hls", rate=2, request=asked(host="film.example"))

    assert of_request.startswith("https://film.example:8443/film/")
    assert of_request.endswith("/clip.mp4")
    assert of_config.startswith("http://127.0.0.1:8080/film/")
    assert of_config.endswith("/picture.jpg")
    base, _, file = public.rpartition("/")
    assert (base.rpartition("/")[0], file) == ("https://crossdock.example/film", "list.m3u8")
    meant = structs.replace(SHOWN, expires=START + GOOD_FOR)
    assert shown_by(desk.seal, base.rpartition("/")[2], START) == meant


async def test_a_span_has_limits(quiet_world: World) -> None:
    film: dict[str, Any] = {"camera_id": 7001, "kind": "mp4", "since": START, "now": START}
    play_address(quiet_world.desk, **film, until=START)
    play_address(quiet_world.desk, **film, until=START + SPAN_MAX, rate=8)
    for wrong in (
        {"until": START - timedelta(seconds=1)},
        {"until": START + SPAN_MAX + timedelta(seconds=1)},
        {"until": START, "rate": 3},
    ):
        with pytest.raises(FilmSpanInvalid):
            play_address(quiet_world.desk, **{**film, **wrong})
