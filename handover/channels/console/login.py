"""Logging in and out over HTTP. The cookie is the session; the database only knows its hash."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog
from sanic import HTTPResponse, Request, json

from handover.channels.console.socket import me as shown
from handover.conversation.conversation import Insert
from handover.history.store import Store
from handover.hub import Hub
from handover.staff.accounts import ABSOLUTE, Accounts, Member, Throttle

log = structlog.get_logger()


class Credentials(msgspec.Struct):
    name: str
    password: str


class Gate:
    """Who a request is, by its cookie; and the ways to get and to give back that cookie."""

    def __init__(
        self, accounts: Accounts, store: Store, hub: Hub, now: Callable[[], datetime],
        address: Callable[[Request], str], *, secure: bool,
    ) -> None:  # fmt: skip
        self._accounts, self._store, self._hub, self._now, self._address = accounts, store, hub, now, address
        self._secure = secure
        self.cookie = "__Host-wegwijs" if secure else "wegwijs"
        self._by_name = Throttle(most=8, window=300)
        self._by_address = Throttle(most=40, window=300)

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
        if not (self._by_name.allows(key) and self._by_address.allows(address)):
            await self._audit(request, "-", "login", "throttled")
            return json({"error": "too many tries"}, status=429, headers={"Retry-After": "300"})
        self._by_name.tried(key)  # before it is checked: many at once must not all get through
        self._by_address.tried(address)
        token = await self._accounts.log_in(given.name[:200], given.password[:500], self._now())
        if token is None:
            await self._audit(request, "-", "login", "refused")
            return json({"error": "wrong name or password"}, status=401)
        self._by_name.succeeded(key)
        self._by_address.succeeded(address)
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
            for console in self._hub.consoles_of(member.staff):
                console.drop(1008, "logged out")
        response = HTTPResponse(status=204)
        response.add_cookie(self.cookie, "", path="/", secure=self._secure, httponly=True, samesite="Strict", max_age=0)
        return response

    async def me(self, request: Request) -> HTTPResponse:
        member = await self.member(request)
        return json({**shown(member), "language": member.language}) if member else json({"error": "log in first"}, status=401)

    async def _audit(self, request: Request, actor: str, action: str, result: str) -> None:
        values = {"at": self._now(), "actor": actor, "action": action, "object": "console", "result": result,
                  "origin": self._address(request), "request_id": str(request.id)}  # fmt: skip
        await self._store.write(Insert("audit", values))
