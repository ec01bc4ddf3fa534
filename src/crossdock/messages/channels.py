"""Which carriers there are, by the configuration."""

import ssl
from email.headerregistry import Address
from email.utils import getaddresses
from ipaddress import ip_address
from urllib.parse import urlsplit

from crossdock.base.clock import Clock
from crossdock.base.config import Config, SettingInvalid
from crossdock.base.errors import SetupFailed
from crossdock.core.notices.model import Channel, email_of
from crossdock.delivery.networks import Networks
from crossdock.delivery.send import Poster
from crossdock.messages.log import Log
from crossdock.messages.mail import Mail, server_of
from crossdock.messages.port import NoticeChannel
from crossdock.messages.sms import Sms

NAME_CHARS_MAX = 100
"""Of the sender's name."""


class SenderMissing(SetupFailed):
    """CROSSDOCK_SMTP_URL wants CROSSDOCK_NOTICE_FROM: the address that notices come from."""


class SmsSecretMissing(SetupFailed):
    """CROSSDOCK_SMS_URL wants CROSSDOCK_SMS_SECRET: what its messages are signed with."""


class SmsUrlUnusable(SetupFailed):
    """CROSSDOCK_SMS_URL must begin with https:// and name a host; http:// is for this machine alone."""


def channels(config: Config, clock: Clock, *, trust: ssl.SSLContext | None = None) -> dict[Channel, NoticeChannel]:
    """Always the log; the others where they are set up. Errors: SetupFailed."""
    public_url(config)
    found: dict[Channel, NoticeChannel] = {"log": Log()}
    if config.smtp_url is not None:
        found["email"] = Mail(server_of(config.smtp_url), sender=sender(config), clock=clock, trust=trust)
    if config.sms_url is not None:
        if config.sms_secret is None:
            raise SmsSecretMissing()
        poster = Poster(Networks(config.callback_networks))
        found["sms"] = Sms(_sms_url(config.sms_url), secret=config.sms_secret, poster=poster, clock=clock)
    return found


def sender(config: Config) -> Address:
    """`CROSSDOCK_NOTICE_FROM`, as `Name <name@host>` or `name@host`. Errors: SenderMissing, SettingInvalid."""
    if config.notice_from is None:
        raise SenderMissing()
    [(name, address), *others] = getaddresses([config.notice_from])
    good = email_of(address) == address and len(name) <= NAME_CHARS_MAX and config.notice_from.isprintable()
    if others or not good:
        raise SettingInvalid(
            variable="CROSSDOCK_NOTICE_FROM", value=config.notice_from, wanted="name@host, or Name <name@host>"
        )
    return Address(display_name=name, addr_spec=address)


def public_url(config: Config) -> str:
    """`CROSSDOCK_PUBLIC_URL` without a slash at its end; empty when it is not set. Errors: SettingInvalid."""
    if config.public_url is None:
        return ""
    try:
        parts = urlsplit(config.public_url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username or not config.public_url.isprintable():
        raise SettingInvalid(
            variable="CROSSDOCK_PUBLIC_URL", value=config.public_url, wanted="an address as https://host"
        )
    return config.public_url.rstrip("/")


def _sms_url(url: str) -> str:
    """A key in the address is not repeated in the error. Errors: SmsUrlUnusable."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SmsUrlUnusable() from None
    if not host or port == 0 or not (parts.scheme == "https" or (parts.scheme == "http" and _here(host))):
        raise SmsUrlUnusable()
    return url


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
