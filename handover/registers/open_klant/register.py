"""Open Klant as a register of contacts: the calls of one contact, each of which may be repeated without harm.

Before the first try of a call its link is kept as TRYING. A link that is still TRYING later means that the answer never
came: then what may have been made is looked for first, by what is unique about it. So every call may be cut off anywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from hashlib import blake2s
from typing import Any, Protocol
from uuid import UUID

import structlog

from handover.registers.open_klant import mapping
from handover.registers.open_klant.client import Client
from handover.registers.open_klant.mapping import Body
from handover.registers.open_klant.rules import Rules
from handover.registers.register import About, Callback, Contact, Link, Links, RegisterError

log = structlog.get_logger()

TRYING, OPEN, FINAL, SENT, REMOVED = "trying", "open", "final", "sent", "removed"  # of a link
NUMBERS_AT_MOST = 5  # of a klantcontact, should others have used ours


class Slot(Protocol):
    """The remote id of one actor, while nobody else can look for it or make it."""

    remote: UUID | None

    async def keep(self, remote: UUID | None) -> None: ...


class Actors(Protocol):
    """Open Klant does not mind two actors with one identifier, so we make each under a lock."""

    def alone(self, key: str) -> AbstractAsyncContextManager[Slot]: ...


class OpenKlant:
    name = "open_klant"

    def __init__(
        self,
        client: Client,
        rules: Rules,
        links: Links,
        actors: Actors,
        new_reference: Callable[[], Awaitable[str]],
        bsn_of: Callable[[UUID], Awaitable[str | None]],
    ) -> None:
        """`new_reference`: ten digits that were never given out. `bsn_of`: of a person, for the one look-up that needs it."""
        self._client, self._rules, self._links, self._actors = client, rules, links, actors
        self._new_reference, self._bsn_of = new_reference, bsn_of
        self._finding = asyncio.Lock()  # a person of two conversations at once is looked for once

    async def probe(self) -> None:
        await self._client.probe()

    async def send(self, contact: Contact, *, corrected: bool = False) -> None:
        if not mapping.registered(contact, self._rules):
            return
        link = await self._klantcontact(contact)
        if link.remote is None or link.state == REMOVED:
            return
        try:
            await self._complete(contact, link.remote, link, corrected=corrected)
        except RegisterError as error:
            if not error.permanent or await self._client.get("klantcontacten", link.remote):
                raise
            await self._was_removed(contact, link)  # what we tried to add something to was removed on purpose meanwhile

    async def _complete(self, contact: Contact, uuid: UUID, link: Link, *, corrected: bool) -> None:
        if contact.final and (corrected or link.state != FINAL) and not await self._finish(contact, uuid, link):
            return
        for actor in mapping.actors(contact, self._rules):
            await self._took_part(contact, uuid, actor)
        if mapping.has_betrokkene(contact):
            betrokkene = await self._betrokkene(contact, uuid)
            for kind, adres in mapping.addresses(contact):
                await self._digitaaladres(contact, betrokkene, kind, adres)
        for number, about in enumerate(contact.about, 1):
            await self._onderwerpobject(contact, uuid, number, about)
        for callback in contact.callbacks:
            await self._internetaak(contact, uuid, callback)
        if contact.final and mapping.full(contact, self._rules):
            await self._bijlage(contact, uuid)

    # The klantcontact itself

    async def _klantcontact(self, contact: Contact) -> Link:
        link = await self._links.get("klantcontact", str(contact.id))
        if link and link.state != TRYING:
            return link
        reference = link.reference if link and link.reference else contact.reference
        if link and (found := await self._adopted(contact, reference)):
            return found
        for _ in range(NUMBERS_AT_MOST):
            await self._links.put("klantcontact", str(contact.id), remote=None, state=TRYING, reference=reference)
            try:
                return await self._made(contact, reference)
            except RegisterError as error:
                if not error.has("unique", "referentienummer"):
                    raise
                if found := await self._adopted(contact, reference):  # the answer of an earlier try was lost
                    return found
                log.warning("register.number_taken", register=self.name, segment=str(contact.id))
                reference = await self._new_reference()
        raise RegisterError("refused", "POST maak-klantcontact", 400, (("klantcontact.referentienummer", "unique"),))

    async def _made(self, contact: Contact, reference: str) -> Link:
        limits = mapping.limits_of(self._client.version)
        body: Body = {
            "klantcontact": mapping.klantcontact(contact, reference, self._rules, limits),
            "onderwerpobject": mapping.onderwerpobject(contact, self._rules),
        }
        if mapping.has_betrokkene(contact):
            body["betrokkene"] = mapping.betrokkene(contact, await self._partij(contact))
        made = await self._client.post("maak-klantcontact", body)
        if "betrokkene" in body:
            await self._keep("betrokkene", contact, _uuid(made.get("betrokkene"), "maak-klantcontact"))
        return await self._keep("klantcontact", contact, _uuid(made.get("klantcontact"), "maak-klantcontact"), contact.final, reference)

    async def _adopted(self, contact: Contact, reference: str) -> Link | None:
        """The klantcontact with this number, if it is the one that we made of this segment."""
        for found in await self._client.page("klantcontacten", referentienummer=reference):
            if mapping.is_ours(found, contact.conversation, contact.number):
                betrokkenen = found.get("hadBetrokkenen")
                if isinstance(betrokkenen, list) and betrokkenen:
                    await self._keep("betrokkene", contact, _uuid(betrokkenen[0], "klantcontacten"))
                # how much of the report it has is unknown, so it is not final yet
                return await self._keep("klantcontact", contact, _uuid(found, "klantcontacten"), False, reference)
        return None

    async def _keep(self, kind: str, contact: Contact, uuid: UUID, final: bool | None = None, reference: str | None = None) -> Link:
        state = SENT if final is None else FINAL if final else OPEN
        await self._links.put(kind, str(contact.id), remote=uuid, state=state, reference=reference)
        return Link(uuid, reference, state)

    async def _finish(self, contact: Contact, uuid: UUID, link: Link) -> bool:
        """The one PATCH, or a correction. False if it was removed on purpose: then it is not made anew."""
        body = mapping.correction(contact, self._rules, mapping.limits_of(self._client.version))
        if not await self._client.patch("klantcontacten", uuid, body):
            await self._was_removed(contact, link)
            return False
        await self._links.put("klantcontact", str(contact.id), remote=uuid, state=FINAL, reference=link.reference)
        return True

    async def _was_removed(self, contact: Contact, link: Link) -> None:
        log.info("register.removed_there", register=self.name, segment=str(contact.id))
        await self._links.put("klantcontact", str(contact.id), remote=link.remote, state=REMOVED, reference=link.reference)

    # What hangs on it

    async def _once(
        self, kind: str, id: str, look: Callable[[], Awaitable[UUID | None]], make: Callable[[], Awaitable[UUID | None]]
    ) -> UUID | None:
        """Makes it unless it is there. `look` is only asked after a try of which no answer came."""
        link = await self._links.get(kind, id)
        if link and link.state != TRYING:
            return link.remote
        found = await look() if link else None
        if found is None:
            await self._links.put(kind, id, remote=None, state=TRYING)
            found = await make()
        await self._links.put(kind, id, remote=found, state=SENT)
        return found

    async def _took_part(self, contact: Contact, uuid: UUID, actor: Body) -> None:
        async def make() -> None:
            try:
                await self._join(uuid, await self._actor(actor))
            except RegisterError as error:
                if not error.about("actor"):
                    raise
                await self._join(uuid, await self._actor(actor, forget=True))  # it was removed there since

        async def look() -> None:
            return None  # the pair is unique there: trying again tells

        await self._once("actorklantcontact", f"{contact.id}/{_short(mapping.actor_key(actor))}", look, make)

    async def _join(self, uuid: UUID, actor: UUID) -> None:
        try:
            await self._client.post("actorklantcontacten", {"actor": {"uuid": str(actor)}, "klantcontact": {"uuid": str(uuid)}})
        except RegisterError as error:
            if not error.has("unique"):
                raise

    async def _actor(self, actor: Body, *, forget: bool = False) -> UUID:
        """Looked for by its identifier, else made; the first one found wins."""
        async with self._actors.alone(mapping.actor_key(actor)) as slot:
            if slot.remote and not forget:
                return slot.remote
            found = await self._client.page("actoren", **mapping.actor_query(actor))
            # newest first, as every list: the last is the one that was there first
            uuid = _uuid(found[-1], "actoren") if found else _uuid(await self._client.post("actoren", actor), "actoren")
            await slot.keep(uuid)
            return uuid

    async def _partij(self, contact: Contact) -> UUID | None:
        """Of a person whose BSN is certain. It is looked up once; after that the BSN is in no request."""
        if not contact.person:
            return None
        async with self._finding:
            link = await self._links.get("partij", str(contact.person))
            return link.remote if link and link.remote else await self._find_partij(contact.person)

    async def _find_partij(self, person: UUID) -> UUID | None:
        bsn = await self._bsn_of(person)
        if not bsn:
            return None
        found = await self._client.page("partijen", **mapping.partij_query(bsn))
        if not found:
            try:
                found = [await self._client.post("partijen", mapping.partij(bsn))]
            except RegisterError as error:
                if not error.has("invalid", "__all__"):  # somebody else was first
                    raise
                found = await self._client.page("partijen", **mapping.partij_query(bsn))
        uuid = _uuid(found[0] if found else None, "partijen")
        await self._links.put("partij", str(person), remote=uuid, state=SENT)
        return uuid

    async def _betrokkene(self, contact: Contact, uuid: UUID) -> UUID:
        """Made with the klantcontact, or later, when somebody left a number after all."""

        async def look() -> UUID | None:
            found = await self._client.page("betrokkenen", hadKlantcontact__uuid=str(uuid))
            return _uuid(found[-1], "betrokkenen") if found else None

        async def make() -> UUID:
            body = {"hadKlantcontact": {"uuid": str(uuid)}, **mapping.betrokkene(contact, await self._partij(contact))}
            return _uuid(await self._client.post("betrokkenen", body), "betrokkenen")

        found = await self._once("betrokkene", str(contact.id), look, make)
        assert found is not None  # noqa: S101  both ways end in one
        return found

    async def _digitaaladres(self, contact: Contact, betrokkene: UUID, kind: str, adres: str) -> None:
        async def look() -> UUID | None:
            found = await self._client.all("digitaleadressen", verstrektDoorBetrokkene__uuid=str(betrokkene))
            return next((_uuid(row, "digitaleadressen") for row in found if row.get("adres") == adres), None)

        async def make() -> UUID:
            body = mapping.digitaaladres(kind, adres, betrokkene)
            return _uuid(await self._client.post("digitaleadressen", body), "digitaleadressen")

        # numbered, since the id of a link is no place for a telephone number
        place = mapping.addresses(contact).index((kind, adres)) + 1
        await self._once("digitaaladres", f"{contact.id}/{place}", look, make)

    async def _onderwerpobject(self, contact: Contact, uuid: UUID, number: int, about: About) -> None:
        async def look() -> UUID | None:
            found = await self._client.page(
                "onderwerpobjecten", klantcontact__uuid=str(uuid), onderwerpobjectidentificatorObjectId=about.object_id
            )
            return _uuid(found[-1], "onderwerpobjecten") if found else None

        async def make() -> UUID:
            return _uuid(await self._client.post("onderwerpobjecten", mapping.also_about(about, uuid)), "onderwerpobjecten")

        await self._once("onderwerpobject", f"{contact.id}/{number}", look, make)

    async def _internetaak(self, contact: Contact, uuid: UUID, callback: Callback) -> None:
        link = await self._links.get("internetaak", str(callback.id))
        if (link and link.state == REMOVED) or not (link or callback.wanted):
            return
        if link and link.remote:
            await self._bring_up_to_date(callback, link)
            return
        reference = link.reference if link and link.reference else await self._new_reference()
        found = await self._task_of(uuid, reference) if link else None
        while found is None:
            await self._links.put("internetaak", str(callback.id), remote=None, state=TRYING, reference=reference)
            team = callback.team or contact.team or next(iter(self._rules.team_names), None)
            actors = [await self._actor(mapping.department(team, self._rules))] if team else []
            try:
                found = _uuid(
                    await self._client.post("internetaken", mapping.internetaak(callback, uuid, actors, reference)), "internetaken"
                )
            except RegisterError as error:
                if not error.has("unique", "referentienummer"):
                    raise
                found = await self._task_of(uuid, reference)
                if found is None:
                    reference = await self._new_reference()
        await self._links.put("internetaak", str(callback.id), remote=found, state=mapping.status(callback), reference=reference)

    async def _task_of(self, uuid: UUID, reference: str) -> UUID | None:
        """The internetaak with this number, if it belongs to this klantcontact."""
        for found in await self._client.page("internetaken", referentienummer=reference):
            if (found.get("aanleidinggevendKlantcontact") or {}).get("uuid") == str(uuid):
                return _uuid(found, "internetaken")
        return None

    async def _bring_up_to_date(self, callback: Callback, link: Link) -> None:
        """Done with us is done there. The other way round, see `done_elsewhere`."""
        state = mapping.status(callback)
        if state == link.state or link.state == "verwerkt" or link.remote is None:
            return
        there = await self._client.patch("internetaken", link.remote, {"status": state})
        kept = state if there else REMOVED
        await self._links.put("internetaak", str(callback.id), remote=link.remote, state=kept, reference=link.reference)

    async def _bijlage(self, contact: Contact, uuid: UUID) -> None:
        async def look() -> UUID | None:
            found = await self._client.page(
                "bijlagen", klantcontact__uuid=str(uuid), bijlageidentificatorObjectId=str(contact.conversation)
            )
            return _uuid(found[-1], "bijlagen") if found else None

        async def make() -> UUID:
            return _uuid(await self._client.post("bijlagen", mapping.bijlage(contact, uuid, self._rules)), "bijlagen")

        await self._once("bijlage", str(contact.id), look, make)

    # Call-backs that were done there

    async def done_elsewhere(self, callback: UUID) -> bool:
        """Whether its internetaak was set to `verwerkt` there."""
        link = await self._links.get("internetaak", str(callback))
        if link is None or link.remote is None or link.state == REMOVED:
            return False
        found = await self._client.get("internetaken", link.remote)
        state = found.get("status") if found else REMOVED
        if state in ("verwerkt", REMOVED):
            await self._links.put("internetaak", str(callback), remote=link.remote, state=state, reference=link.reference)
        return state == "verwerkt"

    # Removing

    async def remove(self, conversation: UUID, number: int, segment: UUID) -> None:
        """Addresses first: a klantcontact that is deleted leaves them behind. Then tasks, then the klantcontact with the rest."""
        link = await self._links.get("klantcontact", str(segment))
        if link is None or (link.state == REMOVED and link.remote is None):
            return
        uuid = link.remote or await self._lost(conversation, number, link)
        if uuid:
            there = await self._client.get("klantcontacten", uuid, expand="hadBetrokkenen,hadBetrokkenen.digitaleAdressen")
            for adres in dict.fromkeys([*_addresses_of(there or {}), *await self._kept_addresses(segment)]):
                await self._client.delete("digitaleadressen", adres)
            for task in (there or {}).get("leiddeTotInterneTaken") or []:
                await self._client.delete("internetaken", _uuid(task, "klantcontacten"))
            await self._client.delete("klantcontacten", uuid)
        await self._links.put("klantcontact", str(segment), remote=None, state=REMOVED, reference=link.reference)
        for kind in ("betrokkene", "bijlage", "actorklantcontact", "digitaaladres", "onderwerpobject"):
            for id in await self._links.like(kind, str(segment)):
                await self._links.drop(kind, id)

    async def _kept_addresses(self, segment: UUID) -> list[UUID]:
        """Those that we know of: they are still there when somebody removed the klantcontact by hand."""
        links = await self._links.like("digitaaladres", str(segment))
        return [link.remote for link in links.values() if link.remote]

    async def _lost(self, conversation: UUID, number: int, link: Link) -> UUID | None:
        """What was made of it, though its answer never came."""
        for found in await self._client.page("klantcontacten", referentienummer=link.reference) if link.reference else []:
            if mapping.is_ours(found, conversation, number):
                return _uuid(found, "klantcontacten")
        return None

    # Looking back

    async def missing(self, segment: UUID) -> bool:
        """Whether what was sent of this segment is not there any more; kept as removed if so."""
        link = await self._links.get("klantcontact", str(segment))
        if link is None or link.remote is None or link.state == REMOVED:
            return False
        if await self._client.get("klantcontacten", link.remote):
            return False
        await self._links.put("klantcontact", str(segment), remote=link.remote, state=REMOVED, reference=link.reference)
        return True


def _short(key: str) -> str:
    return blake2s(key.encode(), digest_size=16).hexdigest()


def _uuid(found: Any, where: str) -> UUID:
    """The `uuid` of an answer. Raises RegisterError("nonsense")."""
    try:
        return UUID(found["uuid"])
    except (TypeError, KeyError, ValueError, AttributeError):
        raise RegisterError("nonsense", where, 200, (("uuid", "missing"),)) from None


def _addresses_of(found: dict[str, Any]) -> list[UUID]:
    """Of every betrokkene of an expanded klantcontact."""
    betrokkenen = (found.get("_expand") or {}).get("hadBetrokkenen") or []
    given = [adres for one in betrokkenen for adres in one.get("digitaleAdressen") or []]
    return [_uuid(adres, "klantcontacten") for adres in given]
