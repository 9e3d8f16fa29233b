"""/mine: what a resident reads, downloads, corrects and erases of their own contacts. The token is in a header, never in an address."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from sanic import HTTPResponse, Request, Sanic, json
from sanic.response import raw

from handover.bus import Bus
from handover.channels.api.problems import Problem, refused
from handover.channels.limits import Budget
from handover.channels.mine.access import Access, Accesses, NoAccess
from handover.channels.pages import allowed_origin
from handover.content.library import Library
from handover.conversation.conversation import Insert
from handover.history import audit, dossier, processing, retention
from handover.history.corrections import Correction, Wrong, correct
from handover.history.processing import Trace
from handover.history.store import Store, Unavailable
from handover.perform import Performer

Handler = Callable[..., Awaitable[HTTPResponse]]
BASE = "/mine"
TEXT = "text/plain"
KEPT = {"held": "De gemeente moet dit bewaren.", "callback": "Wij bellen u nog terug.", "running": "Er helpt u nu een medewerker."}


class Mine:
    """What the routes need, made once the service has started."""

    def __init__(
        self, store: Store, performer: Performer, library: Library, accesses: Accesses, address: Callable[[Request], str],
        origins: frozenset[str], bus: Bus,
    ) -> None:  # fmt: skip
        self.store, self.performer, self.library, self.accesses, self.address = store, performer, library, accesses, address
        self.origins = origins
        self.asked = Budget("mine", burst=60, per_second=0.5, bus=bus)

    async def admitted(self, request: Request) -> Access:
        """Raises Problem or Unavailable."""
        try:
            return await self.accesses.of(await self.token(request))
        except NoAccess as refusal:
            raise self.refusal(refusal) from None

    async def token(self, request: Request) -> str:
        """Raises Problem: too many requests, a foreign page, or no token."""
        origin = request.headers.get("origin")
        if origin is not None and not allowed_origin(origin, self.origins):
            raise Problem(403, "Deze pagina mag dit niet.", "origin")
        if not await self.asked.take(self.address(request)):
            raise Problem(429, headers={"Retry-After": "60"})
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Problem(401, "Stuur 'Authorization: Bearer …' mee.", headers={"WWW-Authenticate": "Bearer"})
        return token.strip()

    def refusal(self, refusal: NoAccess) -> Problem:
        return Problem(401, "Dit token is niet (meer) geldig.", refusal.code, headers={"WWW-Authenticate": "Bearer"})

    async def note(self, request: Request, access: Access, action: str, objects: list[str], result: str = "ok") -> None:
        """Before anything is shown: in the audit log who, and in the processing log whose data. Raises Unavailable.

        Not from where: the address of a resident is not kept (PRV-5).
        """
        now = self.performer.now()
        lines = [
            Insert("audit", audit.line(access.actor, action, one, result, now, origin="mine", request_id=str(request.id)))
            for one in objects
        ]
        people = [access.person] if access.person else []
        records = processing.log(self.store.vault, Trace(), action, BASE, people, now, now) if objects else []
        await self.store.write(*lines, *records)

    async def of(self, request: Request, access: Access, id: str, action: str) -> UUID:
        """Raises Problem: what is somebody else's is not there (SEC-14)."""
        found = next((one for one in access.conversations if str(one) == id), None)
        if found is None:
            await self.note(request, access, action, [id[:100]], "denied")
            raise Problem(404)
        return found

    async def dossier(self, access: Access, only: UUID | None = None) -> dossier.Dossier:
        ids = (only,) if only else access.conversations
        return await self.store.read(lambda c: dossier.collect(c, self.store.vault, ids, access.person, "resident"))


def add_mine(app: Sanic, mine: Callable[[], Mine]) -> None:
    """The routes on `app`."""

    def route(path: str, method: str, name: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            @functools.wraps(handler)
            async def answered(request: Request, **found: Any) -> HTTPResponse:
                try:
                    response = await handler(request, mine(), **found)
                except Problem as wrong:
                    response = refused(request, wrong)
                except Unavailable:
                    response = refused(request, Problem(503))
                response.headers["Cache-Control"] = "no-store"
                return response

            app.add_route(answered, BASE + path, methods=[method], name=f"mine_{name}")
            return handler

        return add

    @route("/session", "POST", "session")
    async def session(request: Request, on: Mine) -> HTTPResponse:
        """Exchanges a signed token of the municipality's site, which counts once."""
        try:
            token, until = await on.accesses.begin(await on.token(request))
        except NoAccess as refusal:
            raise on.refusal(refusal) from None
        return json({"token": token, "until": until.isoformat()})

    @route("/contacts", "GET", "contacts")
    async def contacts(request: Request, on: Mine) -> HTTPResponse:
        access = await on.admitted(request)
        await on.note(request, access, "mine.list", [access.actor] if access.person else [str(id) for id in access.conversations])
        found = await on.dossier(access)
        why = await on.store.read(lambda c: {str(id): retention.why_not(c, id) for id in access.conversations})
        listed = [{**one, "turns": len(one["turns"]), "stays": why.get(one["id"])} for one in found.conversations]
        return json({"person": found.person, "contacts": listed})

    @route("/contacts/<id:str>", "GET", "contact")
    async def contact(request: Request, on: Mine, id: str) -> HTTPResponse:
        access = await on.admitted(request)
        only = await on.of(request, access, id, "mine.read")
        await on.note(request, access, "mine.read", [id])
        found = await on.dossier(access, only)
        if not found.conversations:
            raise Problem(404)
        return json(found.conversations[0])

    @route("/contacts/<id:str>", "DELETE", "erase")
    async def erase(request: Request, on: Mine, id: str) -> HTTPResponse:
        access = await on.admitted(request)
        only = await on.of(request, access, id, "mine.erase")
        now, key = on.performer.now(), on.store.audit_key
        reason = await on.performer.erase(
            only, lambda: on.store.transact(lambda connection: retention.erase(connection, key, only, now, access.actor))
        )
        if reason:
            raise Problem(409, KEPT[reason], reason)
        await on.store.shrink()
        return HTTPResponse(status=204)

    @route("/details/<id:str>", "PATCH", "correct")
    async def change(request: Request, on: Mine, id: str) -> HTTPResponse:
        access = await on.admitted(request)
        try:
            given = msgspec.json.decode(request.body, type=Correction)
        except msgspec.MsgspecError:
            raise Problem(400, 'Stuur {"value": "…"} mee.') from None
        now, key = on.performer.now(), on.store.audit_key
        try:
            work = functools.partial(correct, vault=on.store.vault, key=key, id=id, given=given, conversations=access.conversations)
            value = await on.store.transact(lambda connection: work(connection, now=now, actor=access.actor))
        except Wrong as wrong:
            raise Problem(409 if wrong.code == "held" else 400, wrong.told, wrong.code) from None
        if value is None:
            await on.note(request, access, "mine.correct", [id[:100]], "denied")
            raise Problem(404)
        return json({"id": id, "value": value})

    @route("/export", "GET", "export")
    async def export(request: Request, on: Mine) -> HTTPResponse:
        """JSON; or, for who accepts text/plain alone, the same in words."""
        access = await on.admitted(request)
        await on.note(request, access, "mine.export", [access.actor] if access.person else [str(id) for id in access.conversations])
        found = await on.dossier(access)
        if request.headers.get("accept", "").split(",")[0].split(";")[0].strip() != TEXT:
            return raw(msgspec.json.encode(found.data(on.performer.now())), content_type="application/json", headers=_file("json"))
        language = "en" if request.headers.get("accept-language", "").lower().startswith("en") else "nl"
        text = dossier.readable(
            found, lambda name, **values: on.library.text(name, language, **values), lambda at: on.library.moment(at, language)
        )
        return raw(text.encode(), content_type=f"{TEXT}; charset=utf-8", headers=_file("txt"))


def _file(ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="contacten.{ending}"'}
