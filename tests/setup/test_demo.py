"""examples/demo.toml: the world of the demo and of the tests."""

from pathlib import Path

from crossdock.core.accounts.book import AccountBook
from tests.setup.conftest import Bench

DEMO = Path(__file__).parents[2] / "examples" / "demo.toml"


async def test_applying_it_twice_changes_nothing(bench: Bench) -> None:
    first = await bench.apply(DEMO)

    assert "+ account demo" in first
    assert "+ box 2100013075/25" in first
    assert await bench.apply(DEMO) == []


async def test_a_dry_run_says_the_same_and_writes_nothing(bench: Bench) -> None:
    empty = await bench.counts()

    said = await bench.apply(DEMO, dry_run=True)

    assert await bench.counts() == empty
    assert await bench.apply(DEMO) == said
    assert await bench.apply(DEMO, dry_run=True) == []


async def test_callers_are_known_by_their_keys(bench: Bench) -> None:
    await bench.apply(DEMO)
    book = AccountBook(bench.database, bench.seal)

    erp = await book.caller("hongxun", "HXDEMO&DEMO_ERP")
    agent = await book.organisation(1)

    assert erp is not None
    assert (erp.account.code, erp.credential.secret) == ("demo", "c8f1e2d3b4a59687")
    assert agent is not None
    assert agent.enterprise_ids == [1]
    assert (await book.service(erp.account.id, 5867)).site_id == 90
    assert (await book.first_sub_inventory(erp.account.id)).code == "OWN-A"


async def test_no_secret_and_no_bare_key_is_printed(bench: Bench) -> None:
    said = "\n".join(await bench.apply(DEMO))

    for secret in ("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "c8f1e2d3b4a59687", "3f9c2a7d5e10b8846c1d", "clerk1pw"):
        assert secret not in said


async def test_the_receiver_comes_from_the_environment(bench: Bench) -> None:
    await bench.apply(DEMO, environ={"CROSSDOCK_DEMO_RECEIVER": "https://erp.example/in"})

    ((url, kinds),) = await bench.rows("SELECT url, kinds FROM receiver")

    assert url == "https://erp.example/in"
    assert kinds == ["inbound.closed", "inbound.received", "outbound.closed", "outbound.shipped"]
    assert await bench.apply(DEMO) == [
        '~ receiver hongxun erp url: "https://erp.example/in" -> "http://127.0.0.1:8090/hongxun"'
    ]
