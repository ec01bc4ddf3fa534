"""A house that tells its buyers by a real mail server and a real webhook."""

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from crossdock.base.config import Config
from crossdock.messages.channels import channels, public_url
from crossdock.messages.worker import Notifier
from tests.core.notices.conftest import Told
from tests.delivery.receiver import Partner
from tests.delivery.test_addresses import certificate_of
from tests.messages.mailbox import Mailbox
from tests.world import World

SECRET = "shared with the provider"
SENDER = "静安店 <shop@example.com>"
PUBLIC = "https://shop.example.com"

Make = Callable[..., Notifier]


@pytest.fixture
def told(quiet_world: World) -> Told:
    return Told(quiet_world)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
async def provider() -> AsyncIterator[Partner]:
    """Sends SMS, as it says."""
    async with Partner() as provider:
        yield provider


@pytest.fixture
def config(quiet_world: World, mailbox: Mailbox, provider: Partner) -> Config:
    return structs.replace(
        quiet_world.desk.config,
        smtp_url=f"smtp+plain://{mailbox.address}",
        notice_from=SENDER,
        sms_url=provider.url,
        sms_secret=SECRET,
        public_url=PUBLIC,
    )


@pytest.fixture
def make(quiet_world: World, config: Config) -> Make:
    """A notifier; arguments replace settings of the house."""

    def make(*, trust: ssl.SSLContext | None = None, **settings: Any) -> Notifier:
        desk, here = quiet_world.desk, structs.replace(config, **settings)
        return Notifier(
            database=desk.database,
            signals=desk.signals,
            channels=channels(here, desk.clock, trust=trust),
            clock=desk.clock,
            public_url=public_url(here),
            map_url=here.map_url,
        )

    return make


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """And its key: of localhost."""
    path = tmp_path / "localhost.pem"
    path.write_bytes(certificate_of("localhost"))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """Of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    """Of a client that knows this server."""
    return ssl.create_default_context(cafile=str(certificate))
