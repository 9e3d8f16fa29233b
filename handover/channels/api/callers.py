"""Who calls the API, what they may do, and what is written down of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sanic import Request

from handover.channels.api.problems import Problem
from handover.channels.web.identity import Identities, NotIdentified
from handover.conversation.conversation import Insert
from handover.history import processing
from handover.history.people import People, Replayed
from handover.history.processing import Trace
from handover.history.store import Store
from handover.staff.tokens import READ, TURNS, ApiTokens

CHALLENGE = {"WWW-Authenticate": 'Token realm="klantinteracties"'}
RESIDENTS_MAY = frozenset({READ, TURNS})


@dataclass(frozen=True)
class Caller:
    """`person`: a resident, who sees their own records alone; None: another system, which sees everybody's."""

    name: str
    scopes: frozenset[str]
    person: UUID | None = None


class Callers:
    def __init__(
        self, store: Store, tokens: ApiTokens, identities: Identities, people: People, now: Callable[[], datetime],
        address: Callable[[Request], str],
    ) -> None:  # fmt: skip
        self._store, self._tokens, self._identities, self._people = store, tokens, identities, people
        self.now, self._address = now, address

    async def admitted(self, request: Request, scope: str) -> Caller:
        """Raises Problem (401, 403) or Unavailable. A resident shows the signed token of the municipality's site, a new one each time."""
        caller = await self._caller(request)
        if scope not in caller.scopes:
            await self.note(request, caller, f"api.{request.method.lower()}", request.path, "denied")
            raise Problem(403, f"Het token heeft het recht '{scope}' niet.")
        return caller

    async def _caller(self, request: Request) -> Caller:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if kind.lower() not in ("token", "bearer") or not token:
            raise Problem(401, "Stuur 'Authorization: Token …' mee.", headers=CHALLENGE)
        if "." in token:
            return await self._resident(token)
        found = await self._tokens.whose(token, self.now())
        if not found:
            raise Problem(401, "Dit token is niet (meer) geldig.", "authentication_failed", headers=CHALLENGE)
        return Caller(f"token:{found.name}", found.scopes)

    async def _resident(self, token: str) -> Caller:
        try:
            known = await self._people.known(self._identities.read(token, self.now()), self.now())
        except (NotIdentified, Replayed):
            raise Problem(401, "Dit token is niet (meer) geldig.", "authentication_failed", headers=CHALLENGE) from None
        return Caller(f"person:{known.person}", RESIDENTS_MAY, known.person)

    async def note(
        self, request: Request, caller: Caller, action: str, object: str, result: str, people: Iterable[UUID] = (),
        began: datetime | None = None,
    ) -> None:  # fmt: skip
        """One line in the audit log (who), and with `began` records in the processing log (whose data). Durable. Raises Unavailable."""
        now = self.now()
        values = {"at": now, "actor": caller.name[:100], "action": action[:50], "object": object[:100], "result": result,
                  "origin": "-" if caller.person else self._address(request), "request_id": str(request.id)}  # fmt: skip
        records: list[Any] = [Insert("audit", values)]
        if began:
            trace = Trace.of(request.headers.get("traceparent"))
            records += processing.log(self._store.vault, trace, action, object[:200], people, began, now)
        await self._store.write(*records)
