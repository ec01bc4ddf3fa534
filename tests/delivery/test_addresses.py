"""The resolved address is checked, and the connection goes to the address that was checked."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from crossdock.delivery.send import ADDRESSES_TRIED_MAX
from tests.delivery.conftest import Make
from tests.delivery.owing import Owing
from tests.delivery.receiver import Partner

NAME = "partner.example"


class Names:
    """A name server that says what it is told, one answer after the other; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",), ("127.0.0.2/32",)])
async def test_an_address_that_is_not_listed_hears_nothing(
    make: Make, owing: Owing, partner: Partner, networks: tuple[str, ...]
) -> None:
    owing.callback(owing.receiver(partner.url))
    await make(networks=networks).drain()

    assert partner.heard == []
    assert owing.tries()[0].failure == "127.0.0.1 is loopback; CROSSDOCK_CALLBACK_NETWORKS does not list it"
    assert owing.states() == ["waiting"]


@pytest.mark.parametrize("networks", [("127.0.0.0/8",), ("10.0.0.0/8", "127.0.0.1/32")])
async def test_a_listed_one_does(make: Make, owing: Owing, partner: Partner, networks: tuple[str, ...]) -> None:
    owing.callback(owing.receiver(partner.url))
    await make(networks=networks).drain()

    assert len(partner.heard) == 1


@pytest.mark.parametrize("host", ["localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_no_spelling_of_loopback_gets_through(make: Make, owing: Owing, partner: Partner, host: str) -> None:
    owing.callback(owing.receiver(f"http://{host}:{partner.port}/"))
    await make(networks=()).drain()

    assert partner.heard == []
    [kept] = owing.tries()
    assert "loopback" in kept.failure or "not an address" in kept.failure


async def test_a_name_is_asked_for_once_and_kept_in_the_host_header(
    make: Make, owing: Owing, partner: Partner
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.9"])
    owing.callback(owing.receiver(f"http://{NAME}:{partner.port}/heard"))
    await make(resolve=names).drain()

    assert names.asked == [NAME]
    assert partner.heard[0].headers["host"] == f"{NAME}:{partner.port}"
    assert partner.heard[0].path == "/heard"


async def test_a_name_that_moves_to_a_private_address_is_refused_at_the_next_try(
    make: Make, owing: Owing, partner: Partner
) -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    receiver = owing.receiver(f"http://{NAME}:{partner.port}/")
    owing.callback(receiver)
    owing.callback(receiver)
    deliverer = make(resolve=names)
    while await deliverer.drain():
        pass

    assert len(partner.heard) == 1
    assert owing.tries()[1].failure.startswith("169.254.169.254 is link-local")


async def test_of_several_addresses_only_allowed_ones_are_used(make: Make, owing: Owing, partner: Partner) -> None:
    owing.callback(owing.receiver(f"http://{NAME}:{partner.port}/"))
    await make(resolve=Names(["10.0.0.1", "127.0.0.1"])).drain()

    assert len(partner.heard) == 1


@pytest.mark.parametrize(
    ("dead", "heard"), [(ADDRESSES_TRIED_MAX - 1, 1), (ADDRESSES_TRIED_MAX, 0)], ids=["within", "beyond"]
)
async def test_an_address_that_does_not_connect_leads_to_the_next(
    make: Make, owing: Owing, partner: Partner, dead: int, heard: int
) -> None:
    addresses = [*(f"127.0.0.{number + 2}" for number in range(dead)), "127.0.0.1"]
    owing.callback(owing.receiver(f"http://{NAME}:{partner.port}/"))
    await make(resolve=Names(addresses)).drain()

    assert len(partner.heard) == heard


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("ftp://127.0.0.1/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http:///nowhere", "only http and https"),
        ("partner", "only http and https"),
        ("http://[::1", "not an address"),
        ("http://127.0.0.1:0/", "no port"),
        ("http://127.0.0.1:65536/", "not an address"),
        ("http://127.0.0.1:65535/", "ClientConnectorError"),
    ],
)
async def test_what_is_no_address_of_ours_is_refused(make: Make, owing: Owing, url: str, failure: str) -> None:
    owing.callback(owing.receiver(url))
    await make().drain()

    assert owing.tries()[0].failure.startswith(failure)


async def test_a_name_without_an_address_is_a_failure(make: Make, owing: Owing) -> None:
    owing.callback(owing.receiver("http://partner.invalid/"))
    await make(resolve=Names([])).drain()

    assert owing.tries()[0].failure == "the name has no address"


async def test_a_proxy_of_the_environment_is_not_used(
    make: Make, owing: Owing, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    owing.callback(owing.receiver(partner.url))
    await make().drain()

    assert len(partner.heard) == 1


@pytest.mark.parametrize(("name", "heard"), [(NAME, 1), ("other.example", 0)])
async def test_a_certificate_must_be_the_names(
    make: Make, owing: Owing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, heard: int
) -> None:
    certificate = tmp_path / "partner.pem"
    certificate.write_bytes(certificate_of(NAME))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    asked = []
    server.sni_callback = lambda socket, wanted, context: asked.append(wanted)

    async with Partner(tls=server) as partner:
        owing.callback(owing.receiver(f"https://{name}:{partner.port}/"))
        await make(resolve=Names(["127.0.0.1"])).drain()

    assert asked == [name]
    assert len(partner.heard) == heard
    assert owing.states() == ["delivered" if heard else "waiting"]


def certificate_of(name: str) -> bytes:
    """Certificate and key in one PEM, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
