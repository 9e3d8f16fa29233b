"""Who asks, and how often: the client's address behind trusted proxies only, and a budget for each address."""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable

from sanic import Request

from handover.channels.connection import Bucket
from handover.settings import Network


def client_address(request: Request, trusted: Iterable[Network]) -> str:
    """The peer, or, if the peer is a trusted proxy, the last forwarded address that is not one itself."""
    trusted = list(trusted)
    address = request.ip or "unknown"
    forwarded = [part.strip() for part in ",".join(request.headers.getall("x-forwarded-for", [])).split(",") if part.strip()]
    while forwarded and _within(address, trusted):
        address = forwarded.pop()
    return address


def _within(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class Budget:
    """A bucket for each address. This machine itself (a proxy that nobody named, a benchmark) has no budget of its own."""

    AT_MOST = 50_000  # addresses remembered

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> bool:
        if _is_loopback(address):
            return True
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self._burst, self._per_second)
            if len(self._buckets) > self.AT_MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(address)
        return bucket.take()
