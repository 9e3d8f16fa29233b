"""Who asks, and how often: the client's address behind trusted proxies only, and a budget for each address."""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable

from sanic import Request

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


class Budget:
    """A bucket for each address. This machine itself (a proxy that nobody named, a benchmark) has no budget of its own."""

    AT_MOST = 50_000  # addresses remembered

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> bool:
        parsed = _address(address)
        if parsed and parsed.is_loopback:
            return True
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self._burst, self._per_second)
            if len(self._buckets) > self.AT_MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return bucket.take()
