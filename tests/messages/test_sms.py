"""What an SMS provider is posted, and how it knows that it was us."""

import hashlib
import hmac
from datetime import timedelta

from msgspec import structs

from crossdock.base.config import Config
from crossdock.core.notices.model import PAUSES_S
from crossdock.messages.channels import channels
from tests.core.notices.conftest import Told
from tests.delivery.receiver import Partner, Reply
from tests.messages.conftest import SECRET, Make


async def test_what_is_posted_and_signed(told: Told, make: Make, provider: Partner) -> None:
    await told.open("sms")
    pick_up = await told.ready("N-4711", telephone="+86 138-0000-0001")
    await make().drain()

    [heard] = provider.heard
    [notice] = await told.notices()
    assert heard.said == {
        "id": str(notice.id),
        "to": "+8613800000001",
        "text": f"您的订单（尾号4711）已在静安店备好，提货码{pick_up.key}。",
        "kind": "ready",
        "language": "zh",
    }
    timestamp = heard.headers["x-crossdock-timestamp"]
    assert int(timestamp) == int(told.world.clock.now().timestamp())
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-crossdock-signature"] == f"sha256={expected}"
    assert heard.headers["idempotency-key"] == str(notice.id)
    assert heard.headers["content-type"] == "application/json"


async def test_a_try_again_has_the_same_key_and_a_resend_another(told: Told, make: Make, provider: Partner) -> None:
    await told.open("sms")
    await told.ready()
    provider.script.append(Reply(status=500))
    await make().drain()
    told.world.clock.advance(timedelta(seconds=PAUSES_S[0]))
    await make().drain()
    [notice] = await told.notices()
    await told.resend([notice.id])
    await make().drain()
    keys = [(heard.headers["idempotency-key"], heard.said["id"]) for heard in provider.heard]
    assert keys == [(str(notice.id),) * 2, (str(notice.id),) * 2, (f"{notice.id}-1",) * 2]
    stamps = [heard.headers["x-crossdock-timestamp"] for heard in provider.heard]
    assert stamps[0] != stamps[1], "each try is signed with its own time"


async def test_whether_it_can_be_reached(told: Told, config: Config, provider: Partner) -> None:
    carrier = channels(config, told.world.clock)["sms"]
    assert await carrier.reach() is None
    await provider.__aexit__()
    failure = await carrier.reach()
    assert failure is not None
    assert failure.startswith("ConnectionRefusedError")
    assert provider.heard == []
    await provider.__aenter__()


async def test_what_may_not_be_sent_to_is_not_even_connected_to(told: Told, config: Config) -> None:
    here = structs.replace(config, callback_networks=())
    failure = await channels(here, told.world.clock)["sms"].reach()
    assert failure == "AddressForbidden: 127.0.0.1 is loopback; CROSSDOCK_CALLBACK_NETWORKS does not list it"
