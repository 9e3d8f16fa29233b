"""The screen pop: a telephone rings at the contact centre, and its screen asks whom the call is about."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, unquote

from sanic import HTTPResponse, Request, json, redirect

from handover.channels.console.login import Gate
from handover.channels.console.socket import may_read
from handover.channels.wire import moment
from handover.conversation import phones
from handover.conversation.conversation import CODE_LETTERS, Insert
from handover.conversation.states import HANDOVER_OPEN
from handover.history.store import Store
from handover.staff.accounts import MAY_TALK

CODE = re.compile(f"[{CODE_LETTERS}]{{4,10}}")


class ScreenPop:
    """GET /console/handovers/{code}: by the code of the SIP header, or by the caller's number if that is fresh."""

    def __init__(self, gate: Gate, store: Store, now: Callable[[], datetime], address: Callable[[Request], str]) -> None:
        self._gate, self._store, self._now, self._address = gate, store, now, address

    async def show(self, request: Request, given: str) -> HTTPResponse:
        """JSON for the console; a browser that a telephone's software opens here is taken to the console."""
        asked = unquote(given).strip()
        if "text/html" in request.headers.get("accept", ""):
            return redirect(f"/console#handover={quote(asked[:40], safe='')}")
        member = await self._gate.member(request)
        if member is None:
            return json({"error": "log in first"}, status=401)
        code = asked.upper() if CODE.fullmatch(asked.upper()) else None
        number = phones.known(asked)
        found = await self._store.ringing(code, number, self._now(), HANDOVER_OPEN) if code or number else None
        loaded = await self._store.load(found["conversation_id"]) if found else None
        if found is None or loaded is None:
            return json({"error": "no such handover"}, status=404)
        c = loaded[0]
        allowed = member.role in MAY_TALK and await may_read(self._store, c, member)
        await self._audit(request, str(member.staff), str(found["id"]), "read" if allowed else "denied")
        if not allowed:
            return json({"error": "not allowed"}, status=403)
        shown = {
            "handover": str(found["id"]), "code": found["code"], "conversation": str(c.id), "state": c.state.value, "team": found["team"],
            "reason": found["reason"], "asked_at": moment(found["asked_at"]), "open": found["ended_at"] is None,
        }  # fmt: skip
        return json(shown, headers={"Cache-Control": "no-store"})

    async def _audit(self, request: Request, actor: str, object: str, result: str) -> None:
        values = {"at": self._now(), "actor": actor, "action": "handover.look", "object": object, "result": result,
                  "origin": self._address(request), "request_id": str(request.id)}  # fmt: skip
        await self._store.write(Insert("audit", values))
