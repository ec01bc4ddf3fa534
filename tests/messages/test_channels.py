"""Which carriers a configuration means, and what it must not say."""

from typing import Any

import pytest

from crossdock.app import check_settings
from crossdock.base.clock import SystemClock
from crossdock.base.config import Config, SettingInvalid
from crossdock.base.errors import SetupFailed
from crossdock.messages.channels import (
    NAME_CHARS_MAX,
    SenderMissing,
    SmsSecretMissing,
    SmsUrlUnusable,
    channels,
    public_url,
    sender,
)
from crossdock.messages.log import hidden
from crossdock.messages.mail import LoginInClear, SmtpUrlMalformed

MAIL = {"smtp_url": "smtp://mail.example", "notice_from": "shop@example.com"}
SMS = {"sms_url": "https://sms.example/send", "sms_secret": "s"}


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, {"log"}),
        (MAIL, {"log", "email"}),
        (SMS, {"log", "sms"}),
        ({**MAIL, **SMS}, {"log", "email", "sms"}),
        ({"sms_url": "http://127.0.0.1:8090/sms", "sms_secret": "s"}, {"log", "sms"}),
        ({"sms_url": "http://[::1]:8090/sms", "sms_secret": "s"}, {"log", "sms"}),
        ({"sms_url": "http://localhost/sms", "sms_secret": "s"}, {"log", "sms"}),
        ({"notice_from": "nonsense", "sms_secret": "s"}, {"log"}),
    ],
)
def test_what_is_set_up(settings: dict[str, str], names: set[str]) -> None:
    assert set(channels(Config(**settings), SystemClock())) == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"smtp_url": "smtp://mail.example"}, SenderMissing),
        ({**MAIL, "smtp_url": "nonsense:SESAME"}, SmtpUrlMalformed),
        ({**MAIL, "smtp_url": "smtp+plain://u:SESAME@mail.example"}, LoginInClear),
        ({**MAIL, "notice_from": "nobody"}, SettingInvalid),
        ({**MAIL, "notice_from": "a@b.example, c@d.example"}, SettingInvalid),
        ({**MAIL, "notice_from": "x\r\nBcc: y <a@b.example>"}, SettingInvalid),
        ({**MAIL, "notice_from": "n" * (NAME_CHARS_MAX + 1) + " <a@b.example>"}, SettingInvalid),
        ({"sms_url": "https://sms.example/"}, SmsSecretMissing),
        ({**SMS, "sms_url": "http://sms.example/?key=SESAME"}, SmsUrlUnusable),
        ({**SMS, "sms_url": "http://10.0.0.1/"}, SmsUrlUnusable),
        ({**SMS, "sms_url": "https:///send"}, SmsUrlUnusable),
        ({**SMS, "sms_url": "https://sms.example:0/"}, SmsUrlUnusable),
        ({**SMS, "sms_url": "https://sms.example:x/?key=SESAME"}, SmsUrlUnusable),
        ({"public_url": "shop.example"}, SettingInvalid),
        ({"public_url": "https://"}, SettingInvalid),
        ({"public_url": "https://shop.example/?x=1"}, SettingInvalid),
        ({"public_url": "https://u:p@shop.example/"}, SettingInvalid),
        ({"public_url": "https://shop.example:x/"}, SettingInvalid),
        ({"public_url": "https://shop.example/\r\nX: y"}, SettingInvalid),
    ],
)
def test_what_the_server_does_not_start_with(settings: dict[str, Any], error: type[SetupFailed]) -> None:
    with pytest.raises(error) as refused:
        check_settings(Config(**settings))
    assert "SESAME" not in refused.value.sentence


def test_a_sender_of_the_longest_name() -> None:
    name = "店" * NAME_CHARS_MAX
    assert sender(Config(notice_from=f"{name} <a@b.example>")).display_name == name


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (None, ""),
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("http://shop.example:8080/crossdock/", "http://shop.example:8080/crossdock"),
    ],
)
def test_the_address_of_the_buyers_pages(given: str | None, used: str) -> None:
    assert public_url(Config(public_url=given)) == used


@pytest.mark.parametrize(
    ("address", "shown"),
    [("", ""), ("13800000001", "…001"), ("buyer@example.com", "…@example.com"), ("12", "…12")],
)
def test_an_address_as_the_log_shows_it(address: str, shown: str) -> None:
    assert hidden(address) == shown


def test_settings_come_from_the_environment() -> None:
    given = {
        "CROSSDOCK_PUBLIC_URL": "https://b.example",
        "CROSSDOCK_SMTP_URL": "smtp://m.example",
        "CROSSDOCK_NOTICE_FROM": "a@b.example",
        "CROSSDOCK_SMS_URL": "https://s.example",
        "CROSSDOCK_SMS_SECRET": "s",
    }
    config = Config.from_environment(given)
    assert (config.public_url, config.smtp_url, config.notice_from, config.sms_url, config.sms_secret) == tuple(
        given.values()
    )
