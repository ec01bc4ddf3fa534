"""What cannot start says why in one sentence, and what to do, and ends with exit code 1."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossdock import cli
from crossdock.base.config import Config
from tests.journeys.conftest import MakePlace
from tests.journeys.processes import Done, Place

OTHER_KEY = "o" * 42 + "g="


def assert_one_sentence(done: Done, *parts: str) -> None:
    """On standard error, with all of `parts` in it."""
    assert done.code == 1, (done.out, done.err)
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("crossdock: ")
    for part in parts:
        assert part in lines[0]


def taken(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


@pytest.fixture
def empty(make_place: MakePlace) -> Place:
    """A place where nothing was ever started."""
    return make_place()


@pytest.mark.timeout(150)
@pytest.mark.parametrize("command", [("serve",), ("serve", "--workers", "2"), ("journey", "--once")])
def test_the_port_is_taken(empty: Place, command: tuple[str, ...]) -> None:
    with closing(taken(empty.port)):
        done = empty.run(*command)
    assert_one_sentence(done, "stop it, or set CROSSDOCK_PORT to a free one", str(empty.port))
    assert not (empty.var / "postgres").exists(), "nothing was started for it"


@pytest.mark.timeout(150)
def test_the_port_of_the_broker_is_taken(place: Place) -> None:
    with closing(taken(place.mqtt_port)):
        done = place.run("serve")
    assert_one_sentence(done, "set CROSSDOCK_MQTT_PORT to a free port, or CROSSDOCK_MQTT_URL", str(place.mqtt_port))
    assert place.postgres.pid is None


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CROSSDOCK_PORT", "70000", "1 to 65535"),
        ("CROSSDOCK_CALLBACK_NETWORKS", "the-moon", "CROSSDOCK_CALLBACK_NETWORKS"),
    ],
)
def test_a_setting_cannot_be_used(empty: Place, name: str, value: str, wanted: str) -> None:
    done = empty.run("serve", **{name: value})
    assert_one_sentence(done, name, wanted)
    assert not empty.var.exists(), "nothing was started for it"


@pytest.mark.parametrize(
    "command", ["serve", "worker", "migrate", "apply some.toml", "journey", "verify", "staff list"]
)
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CROSSDOCK_PORT", "eighty", "a whole number"),
        ("CROSSDOCK_PORT", "65536", "1 to 65535"),
        ("CROSSDOCK_PORT", "0", "1 to 65535"),
        ("CROSSDOCK_MQTT_PORT", "-1", "1 to 65535"),
        ("CROSSDOCK_POOL", "0", "1 to 1000"),
        ("CROSSDOCK_POOL", "1001", "1 to 1000"),
        ("CROSSDOCK_BIRDSYSTEM_FAILURE_STATUS", "199", "200 to 599"),
        ("CROSSDOCK_BIRDSYSTEM_FAILURE_STATUS", "600", "200 to 599"),
        ("CROSSDOCK_FILM_FREE_MB", "-1", "0 to 10000000"),
        ("CROSSDOCK_FILM_FREE_MB", "10000001", "0 to 10000000"),
        ("CROSSDOCK_ALIASES", "/dps/dws=/dtc/device/dwsParcel,/dps/x", "/their/path=/our/path"),
        ("CROSSDOCK_ALIASES", "dws=/dtc/device/dwsParcel", "/their/path=/our/path"),
        ("CROSSDOCK_SECRET_KEY", "secret", "32 bytes in URL-safe base64"),
        ("CROSSDOCK_DATABASE_URL", "nonsense", "write postgresql://user:password@host:port/database"),
        ("CROSSDOCK_DATABASE_URL", "mysql://me:SESAME@db/x", "write postgresql://"),
    ],
)
def test_every_command_names_the_setting(command: str, name: str, value: str, wanted: str) -> None:
    """In this process: what is refused here starts nothing."""
    said = CliRunner().invoke(cli.app, command.split(), env={name: value})
    assert_one_sentence(Done(said.exit_code, said.stdout, said.stderr), name, wanted)
    assert "SESAME" not in said.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "journey"])
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CROSSDOCK_CALLBACK_NETWORKS", "10.0.0.0/8,the-moon", "the-moon"),
        ("CROSSDOCK_MQTT_URL", "http://127.0.0.1", "mqtt://user:password@host:port"),
    ],
)
def test_who_speaks_to_others_names_the_setting_for_it(command: str, name: str, value: str, wanted: str) -> None:
    said = CliRunner().invoke(cli.app, command.split(), env={name: value})
    assert_one_sentence(Done(said.exit_code, said.stdout, said.stderr), name, wanted)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("port", ("1", "65535")),
        ("mqtt_port", ("1", "65535")),
        ("pool", ("1", "1000")),
        ("birdsystem_failure_status", ("200", "599")),
        ("film_free_mb", ("0", "10000000")),
    ],
)
def test_the_last_values_that_can_be_used(name: str, values: tuple[str, str]) -> None:
    for value in values:
        config = Config.from_environment({f"CROSSDOCK_{name.upper()}": value})
        assert getattr(config, {"pool": "pool_connections"}.get(name, name)) == int(value)


def test_further_paths_are_pairs() -> None:
    config = Config.from_environment({"CROSSDOCK_ALIASES": "/dps/dws=/dtc/device/dwsParcel, /a=/b=c"})
    assert config.aliases == (("/dps/dws", "/dtc/device/dwsParcel"), ("/a", "/b=c"))
    assert Config.from_environment({"CROSSDOCK_ALIASES": ""}).aliases == ()


@pytest.mark.timeout(150)
@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_the_database_is_not_there(empty: Place, host: str) -> None:
    done = empty.run("verify", CROSSDOCK_DATABASE_URL=f"postgresql://me:SESAME@{host}/crossdock")
    assert_one_sentence(done, "Start it, or correct CROSSDOCK_DATABASE_URL")
    assert "SESAME" not in done.err


@pytest.mark.timeout(150)
@pytest.mark.parametrize("command", [("serve",), ("apply", "examples/demo.toml")])
def test_the_key_is_not_the_one_of_the_data(place: Place, command: tuple[str, ...]) -> None:
    done = place.run(*command, CROSSDOCK_SECRET_KEY=OTHER_KEY)
    assert_one_sentence(done, "set CROSSDOCK_SECRET_KEY to it, or bring secret.key back")


@pytest.mark.timeout(150)
def test_the_doctor_sees_that_the_key_is_another(place: Place) -> None:
    done = place.run("doctor", CROSSDOCK_SECRET_KEY=OTHER_KEY)
    assert done.code == 1
    assert "sealed with another key" in " ".join(done.out.split())
    assert "Traceback" not in done.err


@pytest.mark.timeout(150)
def test_the_examples_are_not_there(empty: Place, tmp_path: Path) -> None:
    done = empty.run("journey", "--once", cwd=tmp_path)
    assert_one_sentence(done, "examples/journey.toml", "name the folder with --examples")
    done = empty.run("apply", "examples/demo.toml", cwd=tmp_path)
    assert done.code == 1
    assert "examples/demo.toml" in done.err
    assert "Traceback" not in done.err


@pytest.mark.timeout(150)
@pytest.mark.parametrize("command", [("serve",), ("journey", "--once")])
def test_the_place_of_the_data_cannot_be_written(empty: Place, command: tuple[str, ...], closed: Path) -> None:
    done = empty.run(*command, CROSSDOCK_VAR=str(closed))
    assert_one_sentence(done, "CROSSDOCK_VAR", str(closed))


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A place that cannot be written, for root neither."""
    where = tmp_path / "closed"
    where.mkdir(mode=0o555)
    if os.geteuid() != 0:
        yield where
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(where)]
    asked = subprocess.run(mount, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        pytest.skip(f"root writes everywhere, and nothing can be mounted: {asked.stderr.strip()}")
    yield where
    subprocess.run(["umount", str(where)], check=True)
