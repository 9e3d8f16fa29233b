"""Logging in and out over HTTP. The cookie is the session; the database only knows its hash."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog
from sanic import HTTPResponse, Request, json

from handover.bus import Alone, Bus
from handover.channels.console.socket import me as shown
from handover.conversation.conversation import Insert
from handover.history.store import Store
from handover.hub import Hub
from handover.staff.accounts import ABSOLUTE, Accounts, Member, Throttle

log = structlog.get_logger()
WINDOW = 300.0  # seconds within which failed tries add up


class Credentials(msgspec.Struct):
    name: str
    password: str


class Gate:
    """Who a request is, by its cookie; and the ways to get and to give back that cookie."""

    def __init__(
        self, accounts: Accounts, store: Store, hub: Hub, now: Callable[[], datetime],
        address: Callable[[Request], str], *, secure: bool, bus: Bus | None = None,
    ) -> None:  # fmt: skip
        self._accounts, self._store, self._hub, self._now, self._address = accounts, store, hub, now, address
        self._secure = secure
        self.cookie = "__Host-wegwijs" if secure else "wegwijs"
        self._by_name = _Tries("name", 8, bus or Alone())
        self._by_address = _Tries("address", 40, bus or Alone())

    async def member(self, request: Request) -> Member | None:
        token = request.cookies.get(self.cookie)
        return await self._accounts.member(token, self._now()) if token else None

    async def log_in(self, request: Request) -> HTTPResponse:
        if "application/json" not in request.headers.get("content-type", ""):
            return json({"error": "application/json expected"}, status=415)
        try:
            given = msgspec.json.decode(request.body, type=Credentials)
        except msgspec.MsgspecError:
            return json({"error": "name and password expected"}, status=400)
        address = self._address(request)
        key = given.name.strip().casefold()[:100]
        if not (await self._by_address.allow(address) and await self._by_name.allow(key)):
            await self._audit(request, "-", "login", "throttled")
            return json({"error": "too many tries"}, status=429, headers={"Retry-After": "300"})
        token = await self._accounts.log_in(given.name[:200], given.password[:500], self._now())
        if token is None:
            await self._audit(request, "-", "login", "refused")
            return json({"error": "wrong name or password"}, status=401)
        await self._by_name.succeeded(key)
        await self._by_address.succeeded(address)
        member = await self._accounts.member(token, self._now())
        await self._audit(request, str(member.staff) if member else "-", "login", "ok")
        response = HTTPResponse(status=204)
        response.add_cookie(self.cookie, token, path="/", secure=self._secure, httponly=True, samesite="Strict",
                            max_age=int(ABSOLUTE.total_seconds()))  # fmt: skip
        return response

    async def log_out(self, request: Request) -> HTTPResponse:
        member = await self.member(request)
        if member:
            await self._accounts.log_out(member.session, self._now())
            await self._audit(request, str(member.staff), "logout", "ok")
            self._hub.log_out(member.staff)
        response = HTTPResponse(status=204)
        response.add_cookie(self.cookie, "", path="/", secure=self._secure, httponly=True, samesite="Strict", max_age=0)
        return response

    async def me(self, request: Request) -> HTTPResponse:
        member = await self.member(request)
        return json({**shown(member), "language": member.language}) if member else json({"error": "log in first"}, status=401)

    async def _audit(self, request: Request, actor: str, action: str, result: str) -> None:
        values = {"at": self._now(), "actor": actor, "action": action, "object": "console", "result": result,
                  "origin": self._address(request), "request_id": str(request.id)[:40]}  # fmt: skip
        await self._store.write(Insert("audit", values))


class _Tries:
    """Failed tries under a key, over all processes as long as they reach each other."""

    def __init__(self, name: str, most: int, bus: Bus) -> None:
        self._name, self._most, self._bus = f"login-{name}", most, bus
        self._here = Throttle(most, WINDOW)

    async def allow(self, key: str) -> bool:
        """Counts the try before it is checked: many at once must not all get through."""
        before = await self._bus.tried(self._name, key, WINDOW)
        if before is not None:
            if before >= self._most:
                await self._bus.untried(self._name, key)
            return before < self._most
        if not self._here.allows(key):
            return False
        self._here.tried(key)
        return True

    async def succeeded(self, key: str) -> None:
        self._here.succeeded(key)
        await self._bus.untried(self._name, key)
