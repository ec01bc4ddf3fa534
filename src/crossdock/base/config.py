"""Everything an operator can set by environment, in one place, with its default and its reason."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from crossdock.base.errors import SetupFailed

PORTS = range(1, 65_536)
CONNECTIONS = range(1, 1_001)
STATUSES = range(200, 600)
OVOPARK_WINDOW_S = range(1, 1_801)
"""A nonce is kept for twice as long, at most an hour."""
FREE_MB = range(10_000_001)
"""What may be kept free for others, up to ten terabytes."""
CALLS = range(1, 1_000_001)
"""What a limit of calls may be."""


class SettingInvalid(SetupFailed):
    """An environment variable holds a value that cannot be used."""


class Config(Struct, frozen=True, kw_only=True):
    database_url: str | None = None
    """`CROSSDOCK_DATABASE_URL`; without it an embedded PostgreSQL lives in `var`."""
    var: Path = Path("var")
    """`CROSSDOCK_VAR`: the embedded database, the secret key, logs."""
    host: str = "127.0.0.1"
    """`CROSSDOCK_HOST`: loopback until an operator puts a proxy before it."""
    port: int = 8080
    """`CROSSDOCK_PORT`."""
    mqtt_url: str | None = None
    """`CROSSDOCK_MQTT_URL` as `mqtt://user:password@host:port`; without it a broker is embedded."""
    mqtt_port: int = 1883
    """`CROSSDOCK_MQTT_PORT` of the embedded broker."""
    secret_key: str | None = None
    """`CROSSDOCK_SECRET_KEY`: 32 bytes in URL-safe base64; without it one is made in `var`."""
    pool_connections: int = 8
    """`CROSSDOCK_POOL`: connections of one process to PostgreSQL; 64 are slower than 8 everywhere."""
    callback_networks: tuple[str, ...] = ()
    """`CROSSDOCK_CALLBACK_NETWORKS`: private networks that callbacks may go to, as `10.0.0.0/8,127.0.0.0/8`."""
    storage_url: str | None = None
    """`CROSSDOCK_STORAGE_URL` as `s3://bucket/prefix`, for pictures and film; without it they lie in `var/objects`.
    Keys and endpoint come from the usual `AWS_*` variables."""
    film_free_mb: int = 1_024
    """`CROSSDOCK_FILM_FREE_MB`: cameras are not recorded while the disk has less than this left; everything else goes
    on. Only where files lie in `var`."""
    aliases: tuple[tuple[str, str], ...] = ()
    """`CROSSDOCK_ALIASES`: further paths of calls, as `/their/path=/our/path,...`. Some of Hongxun's pages give no
    path: there it is agreed with each partner."""
    birdsystem_failure_status: int = 500
    """`CROSSDOCK_BIRDSYSTEM_FAILURE_STATUS`: HTTP status of a BirdSystem refusal; the vendor's page says 500."""
    ovopark_window_s: int = 600
    """`CROSSDOCK_OVOPARK_WINDOW_S`: how far an Ovopark `_timestamp` may be from our clock; the pages say nothing."""
    public_url: str | None = None
    """`CROSSDOCK_PUBLIC_URL` as `https://host`: where buyers reach this server; without it notices name no page."""
    smtp_url: str | None = None
    """`CROSSDOCK_SMTP_URL` as `smtp://user:password@host:587`; without it buyers get no e-mail."""
    notice_from: str | None = None
    """`CROSSDOCK_NOTICE_FROM` as `Name <name@host>`: whom that e-mail is from."""
    sms_url: str | None = None
    """`CROSSDOCK_SMS_URL`: a provider's webhook that sends SMS; without it buyers get none."""
    sms_secret: str | None = None
    """`CROSSDOCK_SMS_SECRET`: what is posted there is signed with it."""

    heidian_logins_a_minute: int = 10
    """`CROSSDOCK_HEIDIAN_LOGINS_A_MINUTE`: of one user name, and from one address, in one web process."""
    heidian_fetches_a_minute: int = 60
    """`CROSSDOCK_HEIDIAN_FETCHES_A_MINUTE`: of buyers, from one address."""
    heidian_keys_a_minute: int = 120
    """`CROSSDOCK_HEIDIAN_KEYS_A_MINUTE`: check, consume and rollback by one token."""
    heidian_wrong_keys: int = 20
    """`CROSSDOCK_HEIDIAN_WRONG_KEYS`: by one token in ten minutes; then it rests for a minute."""

    buyer_pages_a_minute: int = 120
    """`CROSSDOCK_BUYER_PAGES_A_MINUTE`: looks at buyers' pages from one address, in one web process. An open page
    looks three times a minute, and all who wait in a shop may share its address."""
    map_url: str = "https://www.openstreetmap.org/?mlat={lat}&mlon={lng}#map=17/{lat}/{lng}"
    """`CROSSDOCK_MAP_URL`: where a buyer's page links to for the way to a shop."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Config":
        """Read `CROSSDOCK_*`; an empty variable counts as not set. Errors: SettingInvalid."""
        given = {name: environ[key] for name, key in _VARIABLES.items() if environ.get(key)}
        values: dict[str, object] = dict(given)
        for name in _RANGES:
            if name in given:
                try:
                    values[name] = int(given[name])
                except ValueError as error:
                    raise SettingInvalid(
                        variable=_VARIABLES[name], value=given[name], wanted="a whole number"
                    ) from error
        for name, allowed in _RANGES.items():
            if name in given and values[name] not in allowed:
                raise SettingInvalid(
                    variable=_VARIABLES[name], value=given[name], wanted=f"{allowed.start} to {allowed.stop - 1}"
                )
        if "var" in given:
            values["var"] = Path(given["var"])
        if "callback_networks" in given:
            values["callback_networks"] = tuple(part.strip() for part in given["callback_networks"].split(","))
        if "aliases" in given:
            values["aliases"] = tuple(_alias(part.strip()) for part in given["aliases"].split(","))
        if "map_url" in given:
            values["map_url"] = _map_url(given["map_url"])
        return cls(**values)  # type: ignore[arg-type]


_VARIABLES = {
    "database_url": "CROSSDOCK_DATABASE_URL",
    "var": "CROSSDOCK_VAR",
    "host": "CROSSDOCK_HOST",
    "port": "CROSSDOCK_PORT",
    "mqtt_url": "CROSSDOCK_MQTT_URL",
    "mqtt_port": "CROSSDOCK_MQTT_PORT",
    "secret_key": "CROSSDOCK_SECRET_KEY",
    "pool_connections": "CROSSDOCK_POOL",
    "callback_networks": "CROSSDOCK_CALLBACK_NETWORKS",
    "storage_url": "CROSSDOCK_STORAGE_URL",
    "film_free_mb": "CROSSDOCK_FILM_FREE_MB",
    "aliases": "CROSSDOCK_ALIASES",
    "birdsystem_failure_status": "CROSSDOCK_BIRDSYSTEM_FAILURE_STATUS",
    "ovopark_window_s": "CROSSDOCK_OVOPARK_WINDOW_S",
    "public_url": "CROSSDOCK_PUBLIC_URL",
    "smtp_url": "CROSSDOCK_SMTP_URL",
    "notice_from": "CROSSDOCK_NOTICE_FROM",
    "sms_url": "CROSSDOCK_SMS_URL",
    "sms_secret": "CROSSDOCK_SMS_SECRET",
    "heidian_logins_a_minute": "CROSSDOCK_HEIDIAN_LOGINS_A_MINUTE",
    "heidian_fetches_a_minute": "CROSSDOCK_HEIDIAN_FETCHES_A_MINUTE",
    "heidian_keys_a_minute": "CROSSDOCK_HEIDIAN_KEYS_A_MINUTE",
    "heidian_wrong_keys": "CROSSDOCK_HEIDIAN_WRONG_KEYS",
    "buyer_pages_a_minute": "CROSSDOCK_BUYER_PAGES_A_MINUTE",
    "map_url": "CROSSDOCK_MAP_URL",
}
_RANGES = {
    "film_free_mb": FREE_MB,
    "port": PORTS,
    "mqtt_port": PORTS,
    "pool_connections": CONNECTIONS,
    "birdsystem_failure_status": STATUSES,
    "ovopark_window_s": OVOPARK_WINDOW_S,
    "heidian_logins_a_minute": CALLS,
    "heidian_fetches_a_minute": CALLS,
    "heidian_keys_a_minute": CALLS,
    "heidian_wrong_keys": CALLS,
    "buyer_pages_a_minute": CALLS,
}


class Setting(Struct, frozen=True, kw_only=True):
    """One variable, as the server runs with it; what must not be seen is left out of both texts."""

    variable: str
    value: str
    default: str
    given: bool
    """It is not what it is without the variable."""


_SECRETS = frozenset({"secret_key", "sms_secret"})
_HOSTS = frozenset({"sms_url"})
"""Addresses that may have a secret anywhere: only the host is shown."""
_URLS = frozenset({"database_url", "mqtt_url", "smtp_url"})


def effective(config: Config) -> list[Setting]:
    """By variable. Passwords and keys are not in it."""
    defaults = Config()
    return [
        Setting(
            variable=variable,
            value=_shown(name, getattr(config, name)),
            default=_shown(name, getattr(defaults, name)),
            given=getattr(config, name) != getattr(defaults, name),
        )
        for name, variable in sorted(_VARIABLES.items(), key=lambda item: item[1])
    ]


def _shown(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    if name in _SECRETS:
        return "***"
    if name in _URLS or name in _HOSTS:
        return _without_secrets(str(value), host_only=name in _HOSTS)
    if name == "aliases":
        return ", ".join(f"{theirs}={ours}" for theirs, ours in value)  # type: ignore[attr-defined]
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _without_secrets(address: str, *, host_only: bool) -> str:
    """`scheme://user:***@host:port/path`; what may be read in two ways, as a password with `/`, is hidden whole."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "***"
    if not parts.scheme or "@" in parts.path + parts.query + parts.fragment:
        return "***"
    place = host if port is None else f"{host}:{port}"
    if host_only:
        return f"{parts.scheme}://{place}"
    login = f"{parts.username}:***@" if parts.username else ""
    return f"{parts.scheme}://{login}{place}{parts.path}"


def _alias(said: str) -> tuple[str, str]:
    """Errors: SettingInvalid."""
    theirs, _, ours = said.partition("=")
    if not (theirs.startswith("/") and ours.startswith("/")):
        raise SettingInvalid(variable=_VARIABLES["aliases"], value=said, wanted="/their/path=/our/path,...")
    return theirs, ours


def _map_url(said: str) -> str:
    """Errors: SettingInvalid."""
    if not (said.startswith("https://") and "{lat}" in said and "{lng}" in said):
        raise SettingInvalid(variable=_VARIABLES["map_url"], value=said, wanted="https://... with {lat} and {lng}")
    return said
