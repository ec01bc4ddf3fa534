"""What the journey sends: examples/journey.toml, typed."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.base.errors import SetupFailed


class SamplesWrong(SetupFailed):
    """The journey's samples cannot be read. Facts: file, cause."""


class HongxunKey(Struct, frozen=True):
    create_by: str
    data_source: str
    secret: str


class BirdsystemKey(Struct, frozen=True):
    api_key: str
    company_id: str


class OvoparkKey(Struct, frozen=True):
    aid: str
    akey: str
    secret: str


class BestwondKey(Struct, frozen=True):
    app_id: str
    secret: str


class HeidianLogin(Struct, frozen=True):
    username: str
    password: str
    shop: str


class Keys(Struct, frozen=True):
    hongxun: HongxunKey
    birdsystem: BirdsystemKey
    ovopark: OvoparkKey
    bestwond: BestwondKey
    heidian: HeidianLogin


class ProductSample(Struct, frozen=True):
    id: str
    quantity: str


class CabinetSample(Struct, frozen=True):
    device_number: str
    box_size: str
    delivery_reference: str


class Samples(Struct, frozen=True):
    keys: Keys
    inbound: dict[str, Any]
    outbound: dict[str, Any]
    to_locker: dict[str, str]
    to_shop: dict[str, str]
    product: ProductSample
    packing: dict[str, Any]
    cabinet: CabinetSample


def load(path: Path) -> Samples:
    """Errors: SamplesWrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Samples)
    except OSError as error:
        raise SamplesWrong(file=path, cause=f"{error.strerror}; name the folder with --examples") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise SamplesWrong(file=path, cause=error) from error
