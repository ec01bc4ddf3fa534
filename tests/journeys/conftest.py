"""Houses of real processes. Their data lies where the test databases lie, and is durable all the same."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossdock.db import version
from crossdock.db.embedded import EmbeddedPostgres
from crossdock.journey import samples
from crossdock.journey.samples import Samples
from tests.journeys.processes import ROOT, Place, copied
from tests.postgres import RUN, apply_demo, locked

MakePlace = Callable[..., Place]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def data_parent() -> Path:
    parent = Path(os.environ[RUN]) / "journeys"
    parent.mkdir(exist_ok=True)
    parent.chmod(0o755)  # as root PostgreSQL runs as nobody, who must be able to pass
    return parent


@pytest.fixture(scope="session")
def demo_data(data_parent: Path) -> Path:
    """Data of a house with examples/demo.toml applied, made once a run and copied."""
    made = data_parent / "demo"
    with locked(data_parent / "demo.lock"):
        if not made.exists():
            making = data_parent / "demo.new"
            shutil.rmtree(making, ignore_errors=True)
            with EmbeddedPostgres(making) as postgres:
                version.upgrade(postgres.url)
                asyncio.run(apply_demo(postgres.url))
            making.rename(made)
    return made


@pytest.fixture
def make_place(tmp_path: Path, data_parent: Path) -> Iterator[MakePlace]:
    """`make_place(data=..., **settings)`; without data the place is empty."""
    places: list[Place] = []

    def make(*, data: Path | None = None, **settings: str) -> Place:
        var = data_parent / f"{os.getpid()}-{next(_numbers)}"
        if data is not None:
            copied(data, var)
        logs = tmp_path / f"said-{len(places)}"
        logs.mkdir()
        places.append(Place(var, logs, **settings))
        return places[-1]

    yield make
    for place in reversed(places):
        place.close()
        shutil.rmtree(place.var, ignore_errors=True)


@pytest.fixture
def place(make_place: MakePlace, demo_data: Path) -> Place:
    """A house with the demo's data; nothing runs yet."""
    return make_place(data=demo_data)


@pytest.fixture(scope="session")
def sample() -> Samples:
    return samples.load(ROOT / "examples" / "journey.toml")
