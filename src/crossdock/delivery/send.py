"""One POST to a partner: to an address that was checked, no redirects, no more of the answer than is judged."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from msgspec import Struct

from crossdock.delivery.model import ANSWER_BYTES_MAX, Outcome
from crossdock.delivery.networks import Networks
from crossdock.edge.callback import Outgoing

DEFAULT_PORTS = {"http": 80, "https": 443}
PORT_MAX = 65_535
ADDRESSES_TRIED_MAX = 3
"""Of one name; the timeout is shared among them."""
LOOKUPS_MAX = 32
"""Names being looked up at a time: a name server that hangs must not hold up the others' names."""
USER_AGENT = "Crossdock"

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port -> addresses, best first. Errors: OSError."""


class Answer(Struct, kw_only=True):
    """What came back. `failure` is None when an answer came at all: whether it is a yes, the dialect decides."""

    status: int | None = None
    head: bytes = b""
    """Its first ANSWER_BYTES_MAX bytes, as they came."""
    failure: str | None = None
    outcome: Outcome = "delivered"


class AddressForbidden(Exception):
    """None of the addresses behind a name may be sent to."""


class Poster:
    """Each POST has a client of its own: no connection, cookie or session of one partner serves another."""

    def __init__(self, networks: Networks, *, resolve: Resolve | None = None) -> None:
        self._networks = networks
        self._lookups = ThreadPoolExecutor(max_workers=LOOKUPS_MAX, thread_name_prefix="callback-names")
        self._resolve = resolve or self._look_up
        self._trust = httpx.create_ssl_context()

    async def post(self, outgoing: Outgoing, *, timeout_s: float) -> Answer:
        """Never raises for what the partner or the network does; `timeout_s` covers everything."""
        answer = Answer()
        try:
            async with asyncio.timeout(timeout_s):
                await self._exchange(outgoing, timeout_s, answer)
        except TimeoutError:
            answer.outcome, answer.failure = "unreachable", f"no whole answer within {timeout_s:g} s"
        except AddressForbidden as error:
            answer.outcome, answer.failure = "forbidden", str(error)
        except httpx.InvalidURL as error:
            answer.outcome, answer.failure = "forbidden", f"not an address: {error}"
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            answer.outcome, answer.failure = "unreachable", f"{type(error).__name__}: {error}"
        return answer

    async def _exchange(self, outgoing: Outgoing, timeout_s: float, answer: Answer) -> None:
        url = httpx.URL(outgoing.url)
        if url.scheme not in DEFAULT_PORTS or not url.host:
            raise AddressForbidden("only http and https addresses with a host are sent to")
        port = url.port if url.port is not None else DEFAULT_PORTS[url.scheme]
        if not 0 < port <= PORT_MAX:
            raise AddressForbidden(f"no port: {port}")
        addresses = await self._addresses(url.host, port)
        timeout = httpx.Timeout(timeout_s, connect=timeout_s / len(addresses))
        async with httpx.AsyncClient(
            verify=self._trust,
            trust_env=False,  # a proxy from the environment would connect to where it likes
            timeout=timeout,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
        ) as client:
            response = await self._first_that_connects(client, url, addresses, outgoing)
            answer.status = response.status_code
            try:
                async for chunk in response.aiter_raw():
                    answer.head += chunk[: ANSWER_BYTES_MAX - len(answer.head)]
                    if len(answer.head) >= ANSWER_BYTES_MAX:
                        break
            finally:
                await response.aclose()

    async def _addresses(self, host: str, port: int) -> list[str]:
        found = await self._resolve(host, port)
        refusals = {address: self._networks.refusal(address) for address in found}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if not allowed:
            raise AddressForbidden(next(iter(refusals.values()), None) or "the name has no address")
        return allowed[:ADDRESSES_TRIED_MAX]

    async def _first_that_connects(
        self, client: httpx.AsyncClient, url: httpx.URL, addresses: list[str], outgoing: Outgoing
    ) -> httpx.Response:
        """The connection goes to the checked address; the Host header and the certificate are the name's."""
        for address in addresses:
            request = client.build_request("POST", url, content=outgoing.body, headers=outgoing.headers)
            request.url = url.copy_with(host=address)
            request.extensions["sni_hostname"] = url.raw_host.decode("ascii")
            try:
                return await client.send(request, stream=True, follow_redirects=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == addresses[-1]:
                    raise
        raise AssertionError("there is always an address")

    async def _look_up(self, host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._lookups, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))
