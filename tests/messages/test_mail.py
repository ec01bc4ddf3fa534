"""An e-mail has its headers and no others, and goes by the line the operator asked for or not at all."""

import ssl
from typing import Any

import pytest

from crossdock.base.config import Config
from crossdock.base.errors import SetupFailed
from crossdock.messages import mail as mail_module
from crossdock.messages.channels import channels
from crossdock.messages.mail import LoginInClear, Server, SmtpUrlMalformed, server_of
from tests.core.notices.conftest import Told
from tests.messages.conftest import Make
from tests.messages.mailbox import LOGIN, Mailbox

HOSTILE = "静安店\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\u202e"


async def sent(told: Told, make: Make, mailbox: Mailbox, **recipient: str) -> Any:
    await told.open("email")
    await told.ready(**recipient)
    await make().drain()
    [taken] = mailbox.taken
    return taken


async def test_what_it_says(told: Told, make: Make, mailbox: Mailbox) -> None:
    pick_up = await told.waiting("3096201701031645115932861")
    [(token,)] = await told.world.rows("SELECT token FROM orders WHERE id = %(id)s", id=pick_up.order_id)
    await told.open("email")
    await told.counter.prepare(pick_up)
    await make().drain()

    [taken] = mailbox.taken
    [notice] = await told.notices()
    assert {name: str(taken[name]) for name in ("From", "To", "Subject", "Auto-Submitted", "Content-Language")} == {
        "From": "静安店 <shop@example.com>",
        "To": "buyer@example.com",
        "Subject": "您的订单 3096201701031645115932861 已备好：静安店",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "zh",
    }
    assert str(taken["Message-ID"]) == f"<notice.{notice.id}@example.com>"
    assert taken["Date"].datetime == told.world.clock.now()
    text, html = (taken.get_body(kind).get_content() for kind in (("plain",), ("html",)))
    for body in (text, html):
        for said in (
            pick_up.key,
            "静安店",
            "上海市 静安区 示例路 1 号",
            "10:00-22:00",
            "021-55550100",
            f"https://shop.example.com/t/{token}",
        ):
            assert said in body, said
    assert "https://www.openstreetmap.org/?mlat=31.247105&mlon=121.459384#map=17/31.247105/121.459384" in text
    assert '<html lang="zh">' in html


async def test_without_an_address_of_ours_it_names_no_page(told: Told, make: Make, mailbox: Mailbox) -> None:
    await told.open("email")
    await told.ready()
    await make(public_url=None).drain()
    assert "/t/" not in mailbox.taken[0].as_string()
    assert "/t/" not in mailbox.taken[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_a_name_with_line_ends_makes_no_header_and_no_markup(told: Told, make: Make, mailbox: Mailbox) -> None:
    await told.world.rows(
        "UPDATE site SET name = %(name)s, address = jsonb_build_object('address', %(name)s::text) WHERE id = 12"
        " RETURNING 1",
        name=HOSTILE,
    )
    taken = await sent(told, make, mailbox, contact=HOSTILE)
    assert sorted(taken.keys()) == [
        "Auto-Submitted",
        "Content-Language",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ]
    assert mailbox.recipients == [["buyer@example.com"]]
    assert "\n" not in str(taken["Subject"])
    html = taken.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html


async def test_sent_again_by_an_operator_is_another_message(told: Told, make: Make, mailbox: Mailbox) -> None:
    await told.open("email")
    await told.ready()
    await make().drain()
    [notice] = await told.notices()
    await told.resend([notice.id])
    await make().drain()
    first, second = (str(taken["Message-ID"]) for taken in mailbox.taken)
    assert (first, second) == (f"<notice.{notice.id}@example.com>", f"<notice.{notice.id}-1@example.com>")


# The line -------------------------------------------------------------------------------


@pytest.mark.parametrize("starttls", [True, False])
async def test_encrypted_and_with_a_login(
    told: Told, make: Make, tls: ssl.SSLContext, trust: ssl.SSLContext, starttls: bool
) -> None:
    await told.open("email")
    await told.ready()
    async with Mailbox(tls=tls, starttls=starttls, login=True) as mailbox:
        scheme = "smtp" if starttls else "smtps"
        url = f"{scheme}://{LOGIN[0]}:{LOGIN[1].replace(' ', '%20')}@{mailbox.address}"
        await make(trust=trust, smtp_url=url).drain()
    assert [one.state for one in await told.notices()] == ["sent"]
    assert mailbox.logins == [LOGIN]
    assert len(mailbox.taken) == 1
    if starttls:
        assert mailbox.encrypted == [True]


@pytest.mark.parametrize("starttls", [True, False])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    told: Told, make: Make, tls: ssl.SSLContext, starttls: bool
) -> None:
    await told.open("email")
    await told.ready()
    async with Mailbox(tls=tls, starttls=starttls) as mailbox:
        await make(smtp_url=f"{'smtp' if starttls else 'smtps'}://{mailbox.address}").drain()
    [(failure,)] = await told.world.rows("SELECT failure FROM notice_attempt")
    assert "CERTIFICATE_VERIFY_FAILED" in failure or "certificate" in failure.lower()
    assert mailbox.taken == []


async def test_a_server_without_encryption_hears_nothing_where_it_was_asked_for(
    told: Told, make: Make, mailbox: Mailbox
) -> None:
    await told.open("email")
    await told.ready()
    await make(smtp_url=f"smtp://shop:secret@{mailbox.address}").drain()
    [(failure,)] = await told.world.rows("SELECT failure FROM notice_attempt")
    assert "STARTTLS" in failure
    assert (mailbox.taken, mailbox.logins) == ([], [])


async def test_a_wrong_login_is_a_refusal(told: Told, make: Make, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    await told.open("email")
    await told.ready()
    async with Mailbox(tls=tls, starttls=True, login=True) as mailbox:
        await make(trust=trust, smtp_url=f"smtp://shop:wrong@{mailbox.address}").drain()
    [(failure,)] = await told.world.rows("SELECT failure FROM notice_attempt")
    assert failure.startswith("SMTPAuthenticationError: 535")
    assert "wrong" not in failure


async def test_a_server_that_takes_too_long(
    told: Told, make: Make, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "SEND_S_MAX", 0.3)
    await told.open("email")
    await told.ready()
    mailbox.open.clear()
    await make().drain()
    [(failure,)] = await told.world.rows("SELECT failure FROM notice_attempt")
    assert failure == "no answer within 0.3 s"


@pytest.mark.parametrize("alive", [True, False])
async def test_whether_it_can_be_reached(told: Told, config: Config, mailbox: Mailbox, alive: bool) -> None:
    carrier = channels(config, told.world.clock)["email"]
    if not alive:
        await mailbox.__aexit__()
    failure = await carrier.reach()
    assert (failure is None) == alive
    if failure is not None:
        assert failure.startswith("SMTPConnectError")
        await mailbox.__aenter__()
    assert mailbox.taken == []


# Its address ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server(host="mail.example", port=587, encryption="starttls")),
        ("smtps://mail.example", Server(host="mail.example", port=465, encryption="tls")),
        ("smtp+plain://127.0.0.1/", Server(host="127.0.0.1", port=25, encryption="none")),
        (
            "smtp://a%40b.example:p%3Aq%2Fr@mail.example:2525",
            Server(host="mail.example", port=2525, encryption="starttls", username="a@b.example", password="p:q/r"),
        ),
    ],
)
def test_an_address_of_a_server(url: str, server: Server) -> None:
    assert server_of(url) == server
    assert "p:q" not in repr(server_of(url))


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("mail.example", SmtpUrlMalformed),
        ("http://mail.example", SmtpUrlMalformed),
        ("smtp://", SmtpUrlMalformed),
        ("smtp://mail.example:0", SmtpUrlMalformed),
        ("smtp://mail.example:70000", SmtpUrlMalformed),
        ("smtp://u:SESAME@mail.example:x", SmtpUrlMalformed),
        ("smtp://mail.example/box", SmtpUrlMalformed),
        ("smtp://mail.example?x=1", SmtpUrlMalformed),
        ("smtp://user@mail.example", SmtpUrlMalformed),
        ("smtp+plain://u:SESAME@mail.example", LoginInClear),
    ],
)
def test_what_is_no_address_of_a_server(url: str, error: type[SetupFailed]) -> None:
    with pytest.raises(error) as refused:
        server_of(url)
    assert "SESAME" not in str(refused.value)
