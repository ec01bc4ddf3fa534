"""One POST to a partner: to an address that was checked, no redirects, no more of the answer than is judged."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crossdock.delivery.model import ANSWER_BYTES_MAX, Answer
from crossdock.delivery.networks import Networks
from crossdock.edge.callback import Outgoing

SCHEMES: Final = ("http", "https")
ADDRESSES_TRIED_MAX: Final = 3
"""Of one name; the timeout is shared among them."""
LOOKUPS_MAX: Final = 32
"""Names being looked up at a time: a name server that hangs must not hold up the others' names."""
LOOKUP_KEPT_S: Final = 1
"""What a name stands for, so that a burst to one receiver asks the name server once."""
IDLE_S_MAX: Final = 3.0
"""A connection that rests longer is closed: many servers hang up after five seconds, in the middle of a request."""
RESTED_MAX: Final = 3
"""Connections that had rested and were gone when they were used, for one POST; then it has failed."""
REACH_S_MAX: Final = 5.0
"""For a first look whether somebody listens."""
USER_AGENT: Final = "Crossdock"

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port -> addresses, best first. Errors: OSError."""


class AddressForbidden(Exception):
    """None of the addresses behind a name may be sent to."""


class Poster:
    """Connections that both sides keep open serve one callback after the other to the same name."""

    def __init__(self, networks: Networks, *, resolve: Resolve | None = None) -> None:
        self._networks = networks
        self._resolver = CheckedResolver(networks, resolve or Names())
        self._session: aiohttp.ClientSession | None = None

    async def post(self, outgoing: Outgoing, *, timeout_s: float) -> Answer:
        """Never raises for what the partner or the network does; `timeout_s` covers everything."""
        answer = Answer()
        try:
            async with asyncio.timeout(timeout_s):
                await self._exchange(self._place(outgoing.url), outgoing, timeout_s, answer)
        except TimeoutError:
            answer.outcome, answer.failure = "unreachable", f"no whole answer within {timeout_s:g} s"
        except AddressForbidden as error:
            answer.outcome, answer.failure = "forbidden", str(error)
        except aiohttp.InvalidURL as error:
            answer.outcome, answer.failure = "forbidden", f"not an address: {error}"
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            answer.outcome, answer.failure = "unreachable", f"{type(error).__name__}: {error}"
        return answer

    async def reach(self, address: str, *, timeout_s: float = REACH_S_MAX) -> str | None:
        """Why nothing can be sent there; None when somebody listens. Nothing is said."""
        try:
            url = self._place(address)
            host, port = url.raw_host or "", url.port or 0
            if _is_address(host):
                self._networks_allow(host)
                addresses = [host]
            else:
                addresses = [found["host"] for found in await self._resolver.resolve(host, port)]
            trust = ssl.create_default_context() if url.scheme == "https" else None
            async with asyncio.timeout(timeout_s):
                _, writer = await asyncio.open_connection(
                    addresses[0], port, ssl=trust, server_hostname=host if trust else None
                )
                writer.close()
        except TimeoutError:
            return f"no answer within {timeout_s:g} s"
        except (AddressForbidden, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    async def close(self) -> None:
        """End the connections that rest."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _place(self, address: str) -> URL:
        """Errors: AddressForbidden."""
        try:
            url = URL(address)
            port = url.port
        except ValueError as error:
            raise AddressForbidden(f"not an address: {error}") from error
        if url.scheme not in SCHEMES or not url.raw_host:
            raise AddressForbidden("only http and https addresses with a host are sent to")
        if not port:
            raise AddressForbidden(f"no port: {port}")
        return url

    async def _exchange(self, url: URL, outgoing: Outgoing, timeout_s: float, answer: Answer) -> None:
        if _is_address(url.raw_host or ""):  # no name, so the resolver is not asked
            self._networks_allow(url.raw_host or "")
        for _ in range(RESTED_MAX):
            connection = SimpleNamespace(rested=False)
            try:
                await self._once(url, outgoing, timeout_s, answer, connection)
                return
            except aiohttp.ServerDisconnectedError:
                if not connection.rested or answer.status is not None:
                    raise
        await self._once(url, outgoing, timeout_s, answer, SimpleNamespace(rested=False))

    async def _once(
        self, url: URL, outgoing: Outgoing, timeout_s: float, answer: Answer, connection: SimpleNamespace
    ) -> None:
        session = self._session = self._session or _session(self._resolver)
        timeout = aiohttp.ClientTimeout(sock_connect=timeout_s / ADDRESSES_TRIED_MAX)
        async with session.post(
            url,
            data=outgoing.body,
            headers=outgoing.headers,
            allow_redirects=False,
            timeout=timeout,
            trace_request_ctx=connection,
        ) as response:
            answer.status = response.status
            async for chunk in response.content.iter_any():
                answer.head += chunk[: ANSWER_BYTES_MAX - len(answer.head)]
                if len(answer.head) >= ANSWER_BYTES_MAX:
                    response.close()
                    return

    def _networks_allow(self, address: str) -> None:
        """Errors: AddressForbidden."""
        refusal = self._networks.refusal(address)
        if refusal is not None:
            raise AddressForbidden(refusal)


class CheckedResolver(AbstractResolver):
    """Names only the addresses that may be sent to, so that a connection goes to one that was checked."""

    def __init__(self, networks: Networks, resolve: Resolve) -> None:
        self._networks = networks
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Errors: AddressForbidden, OSError."""
        refusals = {address: self._networks.refusal(address) for address in await self._resolve(host, port)}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if not allowed:
            raise AddressForbidden(next(iter(refusals.values()), None) or "the name has no address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in allowed[:ADDRESSES_TRIED_MAX]
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Names:
    """What the system's resolver says; it is asked in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=LOOKUPS_MAX, thread_name_prefix="callback-names")

    async def __call__(self, host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)


def _session(resolver: AbstractResolver) -> aiohttp.ClientSession:
    """No proxy of the environment, no cookies, no limit of its own: the worker counts what is in flight."""
    trace = aiohttp.TraceConfig(trace_config_ctx_factory=_as_given)  # type: ignore[arg-type]
    trace.on_connection_reuseconn.append(_mark_rested)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=resolver,
            ttl_dns_cache=LOOKUP_KEPT_S,
            limit=0,
            keepalive_timeout=IDLE_S_MAX,
            ssl=ssl.create_default_context(),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
        trace_configs=[trace],
    )


def _as_given(trace_request_ctx: SimpleNamespace) -> SimpleNamespace:
    return trace_request_ctx


async def _mark_rested(session: aiohttp.ClientSession, connection: SimpleNamespace, params: Any) -> None:
    connection.rested = True


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
