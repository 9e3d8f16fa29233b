"""Who asks, and how often: the client's address behind trusted proxies only, and a budget for each address."""

import contextlib
import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator

from sanic import Request

from handover.bus import Alone, Bus
from handover.channels.connection import Bucket
from handover.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: Request, trusted: Iterable[Network]) -> str:
    """The peer, or, if the peer is a trusted proxy, the last forwarded address that is not one itself.

    What is no address (a proxy may pass on anything) ends the search: then the proxy itself is the client.
    """
    trusted = list(trusted)
    address = _address(request.ip)
    forwarded = [_address(part) for part in ",".join(request.headers.getall("x-forwarded-for", [])).split(",")]
    while forwarded and forwarded[-1] and address and any(address in network for network in trusted):
        address = forwarded.pop()
    return str(address) if address else "unknown"


def _address(text: str | None) -> Address | None:
    try:
        parsed = ipaddress.ip_address((text or "").strip())
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _is_loopback(address: str) -> bool:
    parsed = _address(address)
    return bool(parsed and parsed.is_loopback)


class Budget:
    """A bucket for each address, over all processes as long as they reach each other.

    This machine itself (a proxy that nobody named, a benchmark) has no budget of its own.
    """

    AT_MOST = 50_000  # addresses remembered

    def __init__(self, name: str, burst: float, per_second: float, bus: Bus | None = None) -> None:
        self._name, self._burst, self._per_second, self._bus = name, burst, per_second, bus or Alone()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def take(self, address: str) -> bool:
        if _is_loopback(address):
            return True
        together = await self._bus.take(self._name, address, self._burst, self._per_second)
        return self._take_here(address) if together is None else together

    def _take_here(self, address: str) -> bool:
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self._burst, self._per_second)
            if len(self._buckets) > self.AT_MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return bucket.take()


class OpenSockets:
    """How many sockets each address has open on this process (SEC-7). A household or an office shares one address."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._open: Counter[str] = Counter()

    @contextlib.contextmanager
    def one(self, address: str) -> Iterator[bool]:
        """Holds a place while the socket is open; False if there is none left."""
        if _is_loopback(address):
            yield True
            return
        if self._open[address] >= self._at_most:
            yield False
            return
        self._open[address] += 1
        try:
            yield True
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
