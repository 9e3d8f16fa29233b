"""/klantinteracties/api/v1: contact moments in the Dutch standard, as Open Klant serves them; read, and recorded by other channels."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Row, func, select

from handover.channels.api.asked import Field, Parameter, Query
from handover.channels.api.problems import Problem, Wrong
from handover.channels.api.shapes import BASE, BOT, Json, Shapes, named_actor, team_actor
from handover.content.library import Library
from handover.conversation.conversation import Conversation, Insert, Recorded, Step
from handover.conversation.events import Identity
from handover.conversation.privacy import passes_eleven_test, without_contact_details
from handover.history import tables
from handover.history.klantcontacten import (
    HAS_BETROKKENE,
    HAS_TURNS,
    TALEN,
    Filters,
    Found,
    Klantcontacten,
    Where,
    a,
    c,
    derived,
    i,
    objects_by_id,
    person,
    s,
)  # fmt: skip
from handover.history.people import People
from handover.history.store import Conflict, Store
from handover.history.vault import Scheme
from handover.ids import new_reference, uuid7

OUTCOMES = ("resolved", "referred", "callback", "abandoned", "abuse", "answered", "unanswered")
BOOLEANS = {"vertrouwelijk", "indicatieContactGelukt", "leiddeTotInterneTaken", "hadBetrokkene__wasPartij", "indicatieActief",
            "indicatieGeheimhouding", "isGeverifieerd", "isStandaardAdres"}  # fmt: skip
MOMENTS = {"plaatsgevondenOp", "toegewezenOp"}
AMONG = {
    "soortPartij": ("contactpersoon", "organisatie", "persoon"),
    "verstrektDoorPartij__soortPartij": ("contactpersoon", "organisatie", "persoon"),
    "soortActor": ("geautomatiseerde_actor", "medewerker", "organisatorische_eenheid"), "status": ("te_verwerken", "verwerkt"),
    "soortDigitaalAdres": ("email", "overig", "telefoonnummer"), "verstrektDoorBetrokkene__rol": ("klant", "vertegenwoordiger"),
    "partijIdentificatorCodeObjecttype": ("natuurlijk_persoon", "niet_natuurlijk_persoon", "vestiging"),
    "partijIdentificatorCodeRegister": ("brp", "hr"),
    "partijIdentificatorCodeSoortObjectId": ("bsn", "kvk_nummer", "rsin", "vestigingsnummer"),
}  # fmt: skip


Show = Callable[[Connection, Sequence[Row[Any]], frozenset[str]], list[Json]]


class Find(Protocol):
    def __call__(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found: ...


@dataclass(frozen=True)
class Resource:
    """One kind of record: how a list is found and shown, and the condition that finds the one with an id."""

    path: str
    filters: Filters
    find: Find
    show: Show
    by_id: Callable[[UUID], Where]
    whose: Callable[[Row[Any]], UUID | None]
    always: tuple[Where, ...] = ()
    expand: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Parameter]:
        """As read from the query: what the filters have, and `…__url` beside each `…__uuid`."""
        found = {name: _parameter(name) for name in self.filters}
        return found | {f"{name.removesuffix('uuid')}url": Parameter("uri") for name in self.filters if name.endswith("__uuid")}

    def where(self, query: Query) -> list[Where]:
        """A text that is empty filters nothing, as in other servers of this standard."""
        named = {name.removesuffix("__url") + "__uuid" if name.endswith("__url") else name: value for name, value in query.values.items()}
        return [*self.always, *(self.filters[name](value) for name, value in named.items() if value != "")]


def _person(row: Row[Any]) -> UUID | None:
    found: UUID | None = row.person_id
    return found


def _each(shape: Callable[[Row[Any]], Json]) -> Show:
    return lambda connection, rows, expand: [shape(row) for row in rows]


def _parameter(name: str) -> Parameter:
    if name.endswith("__uuid"):
        return Parameter("uuid")
    kind = (
        "boolean" if name in BOOLEANS else "date-time" if name in MOMENTS else "date" if name.startswith("verificatieDatum") else "string"
    )
    return Parameter(kind, AMONG.get(name, ()))


ACTOR_PARAMETERS = {
    name: _parameter(name)
    for name in ("naam", "soortActor", "indicatieActief", "actoridentificatorObjectId", "actoridentificatorCodeObjecttype",
                 "actoridentificatorCodeRegister", "actoridentificatorCodeSoortObjectId")
}  # fmt: skip


class Klantinteracties:
    """The resources by path, and the ways to record. No HTTP in here."""

    def __init__(self, store: Store, library: Library, people: People, base: str, prefix: str) -> None:
        self._store, self._library, self._people, self._base, self._prefix = store, library, people, base, prefix
        self.lists = lists = Klantcontacten(store)
        self.shapes = Shapes(base, library, store.vault)
        address_expand = tuple(".".join(("verstrektDoorBetrokkene", "hadKlantcontact", "leiddeTotInterneTaken")[:n]) for n in (1, 2, 3))
        team_of = func.coalesce(c.team, library.facts.default_team)
        tasks: Filters = {
            **lists.internetaken,
            "toegewezenAanActor__uuid": lambda v: team_of.in_([team for team in self._teams() if team_actor(team) == v]),
            "actoren__naam": lambda v: team_of.in_([team for team in self._teams() if library.facts.team_name(team) == v]),
        }
        shapes = self.shapes
        found = (
            Resource(
                "klantcontacten", lists.klantcontacten, lists.segments, self._klantcontacten, lambda id: s.id == id, _person,
                expand=("gingOverOnderwerpobjecten", "hadBetrokkenen", "hadBetrokkenen.digitaleAdressen", "hadBetrokkenen.wasPartij",
                        "leiddeTotInterneTaken", "omvatteBijlagen"),
            ),
            Resource(
                "betrokkenen", lists.betrokkenen, lists.segments, self._betrokkenen, lambda id: s.id == derived(id, "betrokkene"), _person,
                always=(HAS_BETROKKENE,), expand=("digitaleAdressen", "hadKlantcontact", "wasPartij"),
            ),
            Resource(
                "bijlagen", lists.bijlagen, lists.segments, _each(shapes.bijlage), lambda id: s.id == derived(id, "bijlage"), _person,
                always=(HAS_TURNS,),
            ),
            Resource(
                "onderwerpobjecten", lists.onderwerpobjecten, lists.objects, _each(shapes.onderwerpobject), objects_by_id,
                lambda row: row.owner,
            ),
            Resource("internetaken", tasks, lists.tasks, _each(shapes.internetaak), lambda id: c.id == id, _person),
            Resource(
                "partijen", lists.partijen, lists.people, self._partijen, lambda id: person.id == id, lambda row: row.id,
                expand=("betrokkenen", "betrokkenen.hadKlantcontact", "categorieRelaties", "digitaleAdressen"),
            ),
            Resource(
                "partij-identificatoren", lists.partij_identificatoren, lists.identifiers, _each(shapes.identifier), lambda id: i.id == id,
                _person,
            ),
            Resource(
                "digitaleadressen", lists.digitaleadressen, lists.addresses, self._addresses, lambda id: a.id == id, lambda row: row.owner,
                expand=address_expand,
            ),
        )  # fmt: skip
        self.resources: dict[str, Resource] = {one.path: one for one in found}

    # Reading

    async def page(self, resource: Resource, query: Query, only: UUID | None) -> tuple[Json, set[UUID]]:
        """{"count", "next", "previous", "results"}, and whose records they are. Raises Problem and Unavailable."""

        def read(connection: Connection) -> tuple[Found, list[Json]]:
            found = resource.find(connection, resource.where(query), query.page, query.size, only)
            return found, resource.show(connection, found.rows, query.expand)

        found, shown = await self._store.read(read)
        return self.listed(resource.path, query, found.count, shown), {who for row in found.rows if (who := resource.whose(row))}

    async def one(self, resource: Resource, id: UUID, expand: frozenset[str], only: UUID | None) -> tuple[Json, set[UUID]]:
        """Raises Problem and Unavailable."""

        def read(connection: Connection) -> tuple[Sequence[Row[Any]], list[Json]]:
            rows = resource.find(connection, [*resource.always, resource.by_id(id)], 1, 1, only).rows
            return rows, resource.show(connection, rows, expand)

        rows, shown = await self._store.read(read)
        if not shown:
            raise Problem(404)
        return shown[0], {who for row in rows if (who := resource.whose(row))}

    def listed(self, path: str, query: Query, count: int, shown: list[Json], base: str = BASE) -> Json:
        """A page of a list, with the addresses of the pages beside it. Raises Problem (404) beyond the end."""
        if query.page > 1 and (query.page - 1) * query.size >= count:
            raise Problem(404, "Ongeldige pagina.")
        more = query.page * query.size < count
        return {
            "count": count,
            "next": self._at(path, query, query.page + 1, base) if more else None,
            "previous": self._at(path, query, query.page - 1, base) if query.page > 1 else None,
            "results": shown,
        }

    def _at(self, path: str, query: Query, page: int, base: str) -> str:
        asked = {name: _as_text(value) for name, value in query.values.items()}
        asked |= {"expand": ",".join(sorted(query.expand))} if query.expand else {}
        return f"{self._base}{base}/{path}?{urlencode({**asked, 'page': page, 'pageSize': query.size})}"

    async def actors(self) -> list[Json]:
        """The bot, the teams, the staff, and who answered on other channels; newest record first."""
        bot = {
            "id": BOT,
            "kind": "geautomatiseerde_actor",
            "name": self._library.text("name.bot", "nl"),
            "active": True,
            "object": REGISTER_BOT,
        }
        teams = [
            {"id": team_actor(team), "kind": "organisatorische_eenheid", "name": self._library.facts.team_name(team), "active": True,
             "object": team} for team in self._teams()
        ]  # fmt: skip
        staff = [
            {"id": row["id"], "kind": "medewerker", "name": row["name"], "active": row["disabled_at"] is None, "at": row["created_at"]}
            for row in await self._store.all_staff()
        ]
        others = await self._store.rows(select(tables.actor))
        named = [{"id": row["id"], "kind": "medewerker", "name": row["name"], "active": True, "at": row["created_at"]} for row in others]
        return [*sorted((*staff, *named), key=lambda row: (row["at"], row["id"]), reverse=True), *teams, bot]

    def _teams(self) -> list[str]:
        return [team.id for team in self._library.facts.teams]

    # Showing

    def _klantcontacten(self, connection: Connection, rows: Sequence[Row[Any]], expand: frozenset[str]) -> list[Json]:
        around = self.lists.around(connection, rows)
        inside = frozenset(name.removeprefix("hadBetrokkenen.") for name in expand if name.startswith("hadBetrokkenen."))
        parties = self._parties(connection, rows) if "wasPartij" in inside else {}
        shown = []
        for row in rows:
            one = self.shapes.klantcontact(row, around)
            more: Json = {}
            if "hadBetrokkenen" in expand or inside:
                more["hadBetrokkenen"] = [self._betrokkene(row, around, parties, inside)] if one["hadBetrokkenen"] else []
            if "gingOverOnderwerpobjecten" in expand:
                more["gingOverOnderwerpobjecten"] = self.shapes.objects(row, around)
            if "leiddeTotInterneTaken" in expand:
                more["leiddeTotInterneTaken"] = [self.shapes.internetaak(task) for task in around.callbacks.get(row.id, [])]
            if "omvatteBijlagen" in expand:
                more["omvatteBijlagen"] = [self.shapes.bijlage(row)] if one["omvatteBijlagen"] else []
            shown.append({**one, "_expand": more} if expand else one)
        return shown

    def _betrokkenen(self, connection: Connection, rows: Sequence[Row[Any]], expand: frozenset[str]) -> list[Json]:
        around = self.lists.around(connection, rows)
        parties = self._parties(connection, rows) if "wasPartij" in expand else {}
        return [self._betrokkene(row, around, parties, expand) for row in rows]

    def _betrokkene(self, row: Row[Any], around: Any, parties: Mapping[UUID, Json], expand: frozenset[str]) -> Json:
        shown = self.shapes.betrokkene(row, around)
        more: Json = {}
        if "digitaleAdressen" in expand:
            more["digitaleAdressen"] = [self.shapes.digitaaladres(one) for one in around.addresses.get(row.id, [])]
        if "wasPartij" in expand:
            more["wasPartij"] = parties.get(row.person_id)
        if "hadKlantcontact" in expand:
            more["hadKlantcontact"] = self.shapes.klantcontact(row, around)
        return {**shown, "_expand": more} if expand else shown

    def _parties(self, connection: Connection, rows: Sequence[Row[Any]]) -> dict[UUID, Json]:
        ids = list({row.person_id for row in rows if row.person_id})
        people = connection.execute(select(tables.person).where(person.id.in_(ids))).all()
        return {row.id: one for row, one in zip(people, self._partijen(connection, people, frozenset()), strict=True)}

    def _partijen(self, connection: Connection, rows: Sequence[Row[Any]], expand: frozenset[str]) -> list[Json]:
        ids = [row.id for row in rows]
        identities, segments = self.lists.of_people(connection, ids)
        shown = [self.shapes.partij(row, identities.get(row.id, []), segments.get(row.id, [])) for row in rows]
        if not expand:
            return shown
        wants = "betrokkenen" in expand or "betrokkenen.hadKlantcontact" in expand
        theirs = [one.id for found in segments.values() for one in found] if wants else []
        full = self.lists.segments(connection, [s.id.in_(theirs)], 1, max(len(theirs), 1), None).rows if theirs else []
        inside = frozenset({"hadKlantcontact"}) if "betrokkenen.hadKlantcontact" in expand else frozenset()
        by_id = dict(zip((row.id for row in full), self._betrokkenen(connection, full, inside), strict=True))
        addresses = self.lists.addresses(connection, [a.person_id.in_(ids)], 1, 10_000, None).rows if "digitaleAdressen" in expand else []
        for row, one in zip(rows, shown, strict=True):
            more: Json = {"categorieRelaties": []} if "categorieRelaties" in expand else {}
            if wants:
                more["betrokkenen"] = [by_id[found.id] for found in segments.get(row.id, [])]
            if "digitaleAdressen" in expand:
                more["digitaleAdressen"] = [self.shapes.digitaaladres(found) for found in addresses if found.person_id == row.id]
            one["_expand"] = more
        return shown

    def _addresses(self, connection: Connection, rows: Sequence[Row[Any]], expand: frozenset[str]) -> list[Json]:
        shown = [self.shapes.digitaaladres(row) for row in rows]
        if not expand:
            return shown
        deep = any("." in name for name in expand)
        ids = [row.segment_id for row in rows if row.segment_id]
        segments = connection.execute(select(tables.segment).where(s.id.in_(ids))).all()
        found = dict(zip((row.id for row in segments), self._betrokkenen(connection, segments, frozenset()), strict=True))
        moments: dict[UUID, Json] = {}
        if deep:
            tasks = frozenset({"leiddeTotInterneTaken"}) if any(name.endswith("Taken") for name in expand) else frozenset()
            moments = dict(zip((row.id for row in segments), self._klantcontacten(connection, segments, tasks), strict=True))
        for row, one in zip(rows, shown, strict=True):
            betrokkene = found.get(row.segment_id)
            if betrokkene and deep:
                betrokkene = {**betrokkene, "_expand": {"hadKlantcontact": moments[row.segment_id]}}
            one["_expand"] = {"verstrektDoorBetrokkene": betrokkene}
        return shown

    # Recording

    async def recorded(self, klantcontact: Json, betrokkene: Json | None, subject: Json | None, now: datetime) -> "Recording":
        """What is to be stored for a contact moment of another channel. Raises Problem with everything that is wrong."""
        party = ((betrokkene or {}).get("wasPartij") or {}).get("uuid")
        reference = klantcontact.get("referentienummer")
        wrong = []
        if reference and (reference.startswith(self._prefix) and len(reference) == 10):
            wrong.append(Wrong("klantcontact.referentienummer", "invalid", f"Nummers die met {self._prefix} beginnen, geven wij zelf uit."))
        if reference and await self._store.rows(select(s.id).where(s.reference == reference)):
            wrong.append(Wrong("klantcontact.referentienummer", "unique", "Er is al een klantcontact met dit referentienummer."))
        if party and not await self._store.rows(select(person.id).where(person.id == party)):
            wrong.append(Wrong("betrokkene.wasPartij.uuid", "does_not_exist", "Deze partij bestaat niet."))
        if wrong:
            raise Problem(400, "", "invalid", wrong)
        metadata = dict(klantcontact.get("metadata", {}))
        by = (metadata.pop("medewerker", "") or "")[:200].strip()
        if by:
            await self._actor(by, now)
        at = klantcontact.get("plaatsgevondenOp") or now
        language = next((own for own, code in TALEN.items() if code == klantcontact["taal"]), klantcontact["taal"])
        conversation = Conversation(
            id=uuid7(now), reference=new_reference(), channel=klantcontact["kanaal"], language=language, created_at=at, last_at=at,
            identity=Identity(party, "registratie", now) if party else None,
        )  # fmt: skip
        uri = klantcontact.get("hoofdOnderwerpType") or None
        topic = next((id for id, known in self._library.topics.items() if uri and known.upl_uri == uri), None)
        reached = klantcontact.get("indicatieContactGelukt")
        told = metadata.get("uitkomst", "")
        what = Recorded(
            subject=without_contact_details(klantcontact["onderwerp"]), topic=topic, upl_uri=uri, report=klantcontact.get("inhoud", ""),
            answer=klantcontact.get("reactie", ""), by=by or None,
            outcome=told if told in OUTCOMES else "abandoned" if reached is False else "answered",
        )  # fmt: skip
        extra = {"vertrouwelijk": klantcontact["vertrouwelijk"], "metadata": metadata}
        return Recording(conversation, what, reference, extra, by, _name((betrokkene or {}).get("contactnaam")), subject, now)

    async def _actor(self, name: str, now: datetime) -> None:
        """Whoever answered elsewhere is an actor here, once."""
        id = named_actor(name)
        if not await self._store.rows(select(tables.actor.c.id).where(tables.actor.c.id == id)):
            with contextlib.suppress(Conflict):
                await self._store.write(Insert("actor", {"id": id, "name": name, "created_at": now}))

    async def party(self, body: Json, now: datetime) -> UUID:
        """A person who is known by a number, made. Raises Problem."""
        wrong, numbers = [], []
        for index, given in enumerate(body.get("partijIdentificatoren", [])):
            number = given["partijIdentificator"]
            path = f"partijIdentificatoren.{index}.partijIdentificator"
            kind = (number["codeRegister"], number["codeObjecttype"], number["codeSoortObjectId"])
            if kind not in NUMBERS:
                wrong.append(Wrong(path, "invalid", "Deze combinatie van codes kennen wij niet."))
            elif kind[2] == "bsn" and not passes_eleven_test(number["objectId"].zfill(9)):
                wrong.append(Wrong(f"{path}.objectId", "invalid", "Voer een geldig BSN in."))
            else:
                numbers.append((NUMBERS[kind], number["objectId"]))
        if wrong:
            raise Problem(400, "", "invalid", wrong)
        try:
            return await self._people.register(numbers, now)
        except Conflict:
            raise Problem(400, "", "invalid", [Wrong("__all__", "invalid", "Er is al een partij met dit nummer.")]) from None


REGISTER_BOT = "wegwijs-assistent"
NUMBERS: dict[tuple[str, str, str], Scheme] = {
    ("brp", "natuurlijk_persoon", "bsn"): "bsn", ("hr", "niet_natuurlijk_persoon", "kvk_nummer"): "kvk",
}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    conversation: Conversation
    what: Recorded
    reference: str | None
    extra: Json
    by: str
    name: str
    subject: Json | None
    now: datetime

    def beside(self, step: Step) -> list[Insert]:
        """What is stored with the contact moment: who answered, who came, what it was about outside."""
        [segment] = [record for record in step.records if isinstance(record, Insert) and record.table == "segment"]
        segment.values["data"] = self.extra
        if self.reference:
            segment.values["reference"] = self.reference
            step.segments = [msgspec.structs.replace(one, reference=self.reference) for one in step.segments]
        of = {"conversation_id": self.conversation.id}
        found = []
        if self.by:
            values = {"kind": "staff", "staff_id": named_actor(self.by), "name": self.by, "joined_at": self.conversation.created_at}
            found.append(Insert("participant", {"id": uuid7(self.now), **of, **values, "left_at": self.conversation.created_at}))
        if self.name:
            person = self.conversation.identity.person if self.conversation.identity else None
            detail = {
                "person_id": person,
                "kind": "name",
                "value": self.name,
                "source": "typed",
                "verified_at": None,
                "reuse_consent": False,
            }
            found.append(Insert("contact_detail", {"id": uuid7(self.now), **of, **detail}))
        if identified := (self.subject or {}).get("onderwerpobjectidentificator"):
            columns = {"object_id": "objectId", "code_objecttype": "codeObjecttype", "code_register": "codeRegister",
                       "code_soort_object_id": "codeSoortObjectId"}  # fmt: skip
            values = {column: identified.get(name, "") for column, name in columns.items()}
            found.append(Insert("subject_object", {"id": uuid7(self.now), "segment_id": segment.values["id"], **values}))
        return found


def _name(contact: Json | None) -> str:
    parts = ((contact or {}).get(name, "").strip() for name in ("voorletters", "voornaam", "voorvoegselAchternaam", "achternaam"))
    return " ".join(part for part in parts if part)[:200]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# Bodies, as the standard has them

_CONTACT_NAME = {"voorletters": Field(at_most=10), "voornaam": Field(at_most=200), "voorvoegselAchternaam": Field(at_most=10),
                 "achternaam": Field(at_most=200)}  # fmt: skip
KLANTCONTACT = {
    "referentienummer": Field(at_most=10, nullable=True, pattern="[0-9]{1,10}"),
    "kanaal": Field(at_most=50, required=True),
    "onderwerp": Field(at_most=200, required=True),
    "inhoud": Field(at_most=1000),
    "reactie": Field(at_most=4000),
    "indicatieContactGelukt": Field("boolean", nullable=True),
    "hoofdOnderwerpType": Field(at_most=200),
    "taal": Field(at_most=3, required=True),
    "vertrouwelijk": Field("boolean", required=True),
    "plaatsgevondenOp": Field("date-time"),
    "metadata": Field("strings", at_most=255),
}
BETROKKENE = {
    "rol": Field(among=("klant", "vertegenwoordiger"), required=True),
    "initiator": Field("boolean", required=True),
    "wasPartij": Field("object", nullable=True, fields={"uuid": Field("uuid", required=True)}),
    "contactnaam": Field("object", nullable=True, fields=_CONTACT_NAME),
    "organisatienaam": Field(at_most=200),
}
_IDENTIFIED = {name: Field(at_most=200) for name in ("objectId", "codeObjecttype", "codeRegister", "codeSoortObjectId")}
SUBJECT = {"onderwerpobjectidentificator": Field("object", nullable=True, fields=_IDENTIFIED)}
MAAK_KLANTCONTACT = {
    "klantcontact": Field("object", required=True, fields=KLANTCONTACT),
    "betrokkene": Field("object", nullable=True, fields=BETROKKENE),
    "onderwerpobject": Field("object", nullable=True, fields=SUBJECT),
}
_NUMBER = {
    "codeObjecttype": Field(among=("natuurlijk_persoon", "niet_natuurlijk_persoon"), required=True),
    "codeSoortObjectId": Field(among=("bsn", "kvk_nummer"), required=True),
    "objectId": Field(at_most=200, required=True, pattern="[0-9]{1,12}"),
    "codeRegister": Field(among=("brp", "hr"), required=True),
}
PARTIJ = {
    "soortPartij": Field(among=("persoon",), required=True),
    "indicatieActief": Field("boolean", required=True),
    "partijIdentificatoren": Field("list", fields={"partijIdentificator": Field("object", required=True, fields=_NUMBER)}, required=True),
}
