"""Contact moments as the national standard Klantinteracties has them: what a list or a detail finds, and by which filters.

A klantcontact is a row of `segment`. What the standard has as resources of their own and we do not (betrokkene, bijlage,
the onderwerpobject of the conversation) follows from that row: its id is the segment's with some bits turned, which can be
turned back. Rows only; how they look to others is in channels/api.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Subquery,
    Uuid,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)  # fmt: skip

from handover.history import tables
from handover.history.store import Store
from handover.history.vault import Scheme, Vault

REGISTER = "wegwijs"  # codeRegister of what is ours
CONVERSATION, TRANSCRIPT = "gesprek", "gesprekstranscript"
KANALEN = {"web": "Live chat", "voice": "Telefoon"}  # as KISS calls them; other channels are called what they were recorded as
TALEN = {"nl": "nld", "en": "eng"}
SCHEMES: dict[str, Scheme] = {"bsn": "bsn", "kvk_nummer": "kvk", "brp": "bsn", "hr": "kvk", "natuurlijk_persoon": "bsn",
                              "niet_natuurlijk_persoon": "kvk"}  # fmt: skip
ADDRESS_KINDS: dict[str, Scheme] = {"telefoonnummer": "phone", "email": "email"}
MASKS = {"betrokkene": 0x1D0C6A7E5B93F214, "bijlage": 0x2A81F3D94C06B7E5, CONVERSATION: 0x37E4920BD8A15C6F}  # bits of the random part

Where = ColumnElement[bool]
Filters = Mapping[str, Callable[[Any], Where]]

s, p, c, d, i, o, person = (
    tables.segment.c, tables.participant.c, tables.callback.c, tables.contact_detail.c, tables.identity.c, tables.subject_object.c,
    tables.person.c,
)  # fmt: skip
JOINED = (p.joined_at, case((p.kind == "resident", 0), (p.kind == "bot", 1), else_=2), p.id)
NEWEST = (s.started_at.desc(), s.number.desc(), s.id.desc())
HAS_BETROKKENE = or_(s.person_id.is_not(None), exists(select(d.id).where(d.conversation_id == s.conversation_id)))
HAS_TURNS = s.from_pos > 0


def derived(id: UUID, kind: str) -> UUID:
    """The id of what follows from a segment; of that again the segment's."""
    return UUID(int=id.int ^ MASKS[kind])


@dataclass(frozen=True)
class Found:
    """One page of a list, and how many there are in all."""

    count: int
    rows: Sequence[Row[Any]]


@dataclass(frozen=True)
class Around:
    """What belongs to some segments, by segment or by conversation."""

    conversations: dict[UUID, Any]  # rows: id, created_at, closed_at, language, end_reason, pos
    participants: dict[UUID, list[Row[Any]]]
    callbacks: dict[UUID, list[Row[Any]]]
    addresses: dict[UUID, list[Row[Any]]]  # by segment
    objects: dict[UUID, list[Row[Any]]]
    reachable: set[UUID]  # conversations in which somebody gave a name or an address


class Klantcontacten:
    """`only`, where a method has it: the person whose records may be seen; None: everybody's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        vault = store.vault
        self.klantcontacten: Filters = {
            "referentienummer": lambda v: s.reference == v,
            "nummer": _nothing,
            "kanaal": lambda v: s.channel.in_([v, *(own for own, shown in KANALEN.items() if shown == v)]) & s.channel.not_in(_hidden(v)),
            "onderwerp": lambda v: s.subject.icontains(v, autoescape=True),
            "inhoud": lambda v: s.summary.icontains(v, autoescape=True),
            "reactie": lambda v: s.answer.icontains(v, autoescape=True),
            "plaatsgevondenOp": lambda v: s.started_at == v,
            "vertrouwelijk": lambda v: func.coalesce(s.data["vertrouwelijk"].as_boolean(), False) == v,
            "indicatieContactGelukt": lambda v: s.outcome != "abandoned" if v else s.outcome == "abandoned",
            "leiddeTotInterneTaken": lambda v: _is(exists(select(c.id).where(c.segment_id == s.id)), v),
            "hadBetrokkene__uuid": lambda v: (s.id == derived(v, "betrokkene")) & HAS_BETROKKENE,
            "hadBetrokkene__wasPartij": lambda v: _is(s.person_id.is_not(None), v),
            "hadBetrokkene__wasPartij__uuid": lambda v: s.person_id == v,
            "hadBetrokkene__digitaaladres__adres__icontains": lambda v: or_(
                s.conversation_id.in_(select(d.conversation_id).where(d.lookup.in_(_lookups(vault, v)))),
                s.person_id.in_(select(i.person_id).where(i.lookup.in_(_lookups(vault, v)))),
            ),
            "onderwerpobject__uuid": lambda v: or_(
                s.id == derived(v, CONVERSATION), s.id.in_(select(o.segment_id).where(o.id == v))
            ),
            **_party(vault, "hadBetrokkene__wasPartij__partijIdentificator__", s.person_id),
            **_identified("onderwerpobject__onderwerpobjectidentificator"),
            **{f"wasOnderwerpobject__onderwerpobjectidentificator{part}": _nothing for part in _PARTS},
            "wasOnderwerpobject__uuid": _nothing,
        }  # fmt: skip
        self.betrokkenen: Filters = {
            "hadKlantcontact__uuid": lambda v: s.id == v,
            "hadKlantcontact__referentienummer": lambda v: s.reference == v,
            "wasPartij__uuid": lambda v: s.person_id == v,
            "verstrektedigitaalAdres__uuid": lambda v: s.id.in_(select(_ADDRESSES.c.segment_id).where(_ADDRESSES.c.id == v)),
            "verstrektedigitaalAdres__adres": lambda v: s.id.in_(
                select(_ADDRESSES.c.segment_id).where(_ADDRESSES.c.lookup.in_(_lookups(vault, v)))
            ),
            **_party(vault, "wasPartij__partijIdentificator__", s.person_id),
            **dict.fromkeys((
                "hadKlantcontact__nummer", "wasPartij__nummer", "contactnaamAchternaam", "contactnaamVoorletters", "contactnaamVoornaam",
                "contactnaamVoorvoegselAchternaam", "organisatienaam",
            ), _nothing),
        }  # fmt: skip
        self.bijlagen: Filters = {
            "klantcontact__uuid": lambda v: s.id == v,
            "bijlageidentificatorObjectId": lambda v: s.conversation_id == _uuid(v),
            "bijlageidentificatorCodeObjecttype": lambda v: _if(v == TRANSCRIPT),
            "bijlageidentificatorCodeRegister": lambda v: _if(v == REGISTER),
            "bijlageidentificatorCodeSoortObjectId": lambda v: _if(v == "uuid"),
        }
        self.onderwerpobjecten: Filters = {
            "klantcontact__uuid": lambda v: _OBJECTS.c.segment_id == v,
            "wasKlantcontact__uuid": _nothing,
            "onderwerpobjectidentificatorObjectId": lambda v: or_(
                _OBJECTS.c.object_id == v, and_(_OBJECTS.c.object_id.is_(None), _OBJECTS.c.conversation_id == _uuid(v))
            ),
            "onderwerpobjectidentificatorCodeObjecttype": lambda v: func.coalesce(_OBJECTS.c.code_objecttype, CONVERSATION) == v,
            "onderwerpobjectidentificatorCodeRegister": lambda v: func.coalesce(_OBJECTS.c.code_register, REGISTER) == v,
            "onderwerpobjectidentificatorCodeSoortObjectId": lambda v: func.coalesce(_OBJECTS.c.code_soort_object_id, "uuid") == v,
        }  # fmt: skip
        self.internetaken: Filters = {
            "status": lambda v: _is(c.status.in_(("done", "cancelled")), v == "verwerkt"),
            "toegewezenOp": lambda v: c.created_at == v,
            "klantcontact__uuid": lambda v: c.segment_id == v,
            "aanleidinggevendKlantcontact__uuid": lambda v: c.segment_id == v,
            "klantcontact__referentienummer": lambda v: c.segment_id.in_(select(s.id).where(s.reference == v)),
            **dict.fromkeys(("klantcontact__nummer", "nummer", "referentienummer"), _nothing),
        }
        self.partijen: Filters = {
            "soortPartij": lambda v: _if(v == "persoon"),
            "indicatieActief": _if,
            **_party(vault, "partijIdentificator__", person.id),
            **dict.fromkeys((
                *(f"{kind}{part}" for kind in ("bezoekadres", "correspondentieadres")
                  for part in ("Adresregel1", "Adresregel2", "Adresregel3", "Land", "NummeraanduidingId")),
                "categorierelatie__categorie__naam", "nummer", "indicatieGeheimhouding", "vertegenwoordigdePartij__uuid",
                *(f"subIdentificatorVan__{part}" for part in ("codeObjecttype", "codeRegister", "codeSoortObjectId", "objectId")),
            ), _nothing),
        }  # fmt: skip
        self.partij_identificatoren: Filters = {
            "anderePartijIdentificator": _nothing,
            "partijIdentificatorObjectId": lambda v: i.lookup.in_([vault.lookup("bsn", v), vault.lookup("kvk", v)]),
            **{f"partijIdentificator{code}": _by_scheme for code in ("CodeObjecttype", "CodeRegister", "CodeSoortObjectId")},
        }
        self.digitaleadressen: Filters = {
            "adres": lambda v: a.lookup.in_(_lookups(vault, v)),
            "adres__icontains": lambda v: a.lookup.in_(_lookups(vault, v)),
            "soortDigitaalAdres": lambda v: a.kind == ADDRESS_KINDS.get(v, ""),
            "isGeverifieerd": lambda v: _is(a.verified_at.is_not(None), v),
            "isStandaardAdres": lambda v: _if(not v),
            "verificatieDatum": lambda v: and_(a.verified_at >= _midnight(v), a.verified_at < _midnight(v, 1)),
            "verificatieDatum__gt": lambda v: a.verified_at >= _midnight(v, 1),
            "verificatieDatum__gte": lambda v: a.verified_at >= _midnight(v),
            "verificatieDatum__lt": lambda v: a.verified_at < _midnight(v),
            "verificatieDatum__lte": lambda v: a.verified_at < _midnight(v, 1),
            "verstrektDoorBetrokkene__uuid": lambda v: a.segment_id == derived(v, "betrokkene"),
            "verstrektDoorBetrokkene__rol": lambda v: _if(v == "klant") & a.segment_id.is_not(None),
            "verstrektDoorPartij__uuid": lambda v: a.person_id == v,
            "verstrektDoorPartij__soortPartij": lambda v: _if(v == "persoon") & a.person_id.is_not(None),
            **_party(vault, "verstrektDoorPartij__partijIdentificator__", a.person_id),
            **dict.fromkeys(("omschrijving", "referentie"), _nothing),
        }

    # Lists

    def segments(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        where = [*where, *([s.person_id == only] if only else [])]
        return _page(connection, select(tables.segment), select(func.count()).select_from(tables.segment), where, NEWEST, page, size)

    def objects(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        return _page_of(connection, _OBJECTS, where, (_OBJECTS.c.at.desc(), _OBJECTS.c.segment_id, _OBJECTS.c.object_id), page, size, only)

    def addresses(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        return _page_of(connection, _ADDRESSES, where, (_ADDRESSES.c.id.desc(),), page, size, only)

    def tasks(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        """Rows of `callback`, with the person whose it is."""
        joined = tables.callback.join(tables.segment, s.id == c.segment_id)
        where = [*where, *([s.person_id == only] if only else [])]
        query = select(tables.callback, s.person_id).select_from(joined)
        return _page(connection, query, select(func.count()).select_from(joined), where, (c.created_at.desc(), c.id.desc()), page, size)

    def people(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        where = [*where, *([person.id == only] if only else [])]
        return _page(
            connection, select(tables.person), select(func.count()).select_from(tables.person), where, (person.id.desc(),), page, size
        )

    def identifiers(self, connection: Connection, where: Sequence[Where], page: int, size: int, only: UUID | None) -> Found:
        where = [*where, i.scheme.in_(("bsn", "kvk")), *([i.person_id == only] if only else [])]
        return _page(
            connection, select(tables.identity), select(func.count()).select_from(tables.identity), where, (i.id.desc(),), page, size
        )

    # What belongs to what was found

    def around(self, connection: Connection, segments: Sequence[Row[Any]]) -> Around:
        ids, conversations = [row.id for row in segments], list({row.conversation_id for row in segments})
        rows = tables.conversation.c
        facts = select(
            rows.id, rows.created_at, rows.closed_at, rows.body["language"].as_string().label("language"),
            rows.body["end_reason"].as_string().label("end_reason"), rows.body["pos"].as_integer().label("pos"),
        )  # fmt: skip
        return Around(
            {row.id: row for row in connection.execute(facts.where(rows.id.in_(conversations)))},
            _by(
                "conversation_id",
                connection.execute(select(tables.participant).where(p.conversation_id.in_(conversations)).order_by(*JOINED)),
            ),
            _by("segment_id", connection.execute(select(tables.callback).where(c.segment_id.in_(ids)).order_by(c.created_at))),
            _by("segment_id", connection.execute(_addresses_of(d.conversation_id.in_(conversations)))),
            _by("segment_id", connection.execute(select(tables.subject_object).where(o.segment_id.in_(ids)).order_by(o.id))),
            set(connection.scalars(select(d.conversation_id).where(d.conversation_id.in_(conversations)))),
        )

    def of_people(self, connection: Connection, ids: Sequence[UUID]) -> tuple[dict[UUID, list[Row[Any]]], dict[UUID, list[Row[Any]]]]:
        """By person: rows of `identity`, and the ids of their newest segments."""
        identities = select(tables.identity).where(i.person_id.in_(ids)).order_by(i.id)
        segments: dict[UUID, list[Row[Any]]] = {
            id: list(connection.execute(select(s.id).where(s.person_id == id).order_by(*NEWEST).limit(100))) for id in ids
        }
        return _by("person_id", connection.execute(identities)), segments


_PARTS = ("ObjectId", "CodeObjecttype", "CodeRegister", "CodeSoortObjectId")


def _nothing(_value: Any) -> Where:
    """For what the standard has and none of ours ever has."""
    return false()


def _if(condition: bool) -> Where:
    return true() if condition else false()


def _is(condition: Where, wanted: bool) -> Where:
    return condition if wanted else ~condition


def _hidden(shown: str) -> list[str]:
    """Channels that are called something else than this outside: nobody knows them by our own word."""
    return [own for own, name in KANALEN.items() if own == shown and name != shown]


def _uuid(text: str) -> UUID:
    """No object has the id of all ones."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=2**128 - 1)


def _midnight(day: date, later: int = 0) -> datetime:
    try:
        return datetime.combine(date.fromordinal(day.toordinal() + later), time(), UTC)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def _lookups(vault: Vault, address: str) -> list[bytes]:
    """Addresses are encrypted: they are found whole, not by a part."""
    return [vault.lookup("phone", address), vault.lookup("email", address)]


def _by_scheme(code: str) -> Where:
    return i.scheme == SCHEMES[code] if code in SCHEMES else false()


def _party(vault: Vault, prefix: str, column: ColumnElement[Any]) -> dict[str, Callable[[Any], Where]]:
    """Filters on the identifiers of the person in `column`."""
    people = select(i.person_id)
    return {
        f"{prefix}objectId": lambda v: column.in_(people.where(i.lookup.in_([vault.lookup("bsn", v), vault.lookup("kvk", v)]))),
        **{f"{prefix}{code}": lambda v: column.in_(people.where(_by_scheme(v)))
           for code in ("codeObjecttype", "codeRegister", "codeSoortObjectId")},
    }  # fmt: skip


def _identified(prefix: str) -> dict[str, Callable[[Any], Where]]:
    """Filters of klantcontacten on what they were about: the conversation itself, or something outside."""
    own = {"CodeObjecttype": CONVERSATION, "CodeRegister": REGISTER, "CodeSoortObjectId": "uuid"}
    columns = {"CodeObjecttype": o.code_objecttype, "CodeRegister": o.code_register, "CodeSoortObjectId": o.code_soort_object_id}

    def by_code(part: str) -> Callable[[Any], Where]:
        return lambda v: true() if v == own[part] else s.id.in_(select(o.segment_id).where(columns[part] == v))

    return {
        f"{prefix}ObjectId": lambda v: or_(s.conversation_id == _uuid(v), s.id.in_(select(o.segment_id).where(o.object_id == v))),
        **{f"{prefix}{part}": by_code(part) for part in own},
    }


def _addresses_of(where: Where) -> Select[Any]:
    """What was given in conversations to be reached at, with the segment that it was given for."""
    asked_in = select(c.segment_id).where(c.id == d.id).scalar_subquery()
    first = select(s.id).where(s.conversation_id == d.conversation_id).order_by(s.number).limit(1).scalar_subquery()
    return select(
        d.id, d.kind, d.value, d.lookup, literal("contact_detail").label("purpose"), d.verified_at,
        func.coalesce(asked_in, first, type_=Uuid()).label("segment_id"), cast(null(), Uuid()).label("person_id"),
        d.person_id.label("owner"),
    ).where(d.kind.in_(("phone", "email")), where)  # fmt: skip


_ADDRESSES: Subquery = union_all(
    _addresses_of(true()),
    select(
        i.id, i.scheme, i.value, i.lookup, literal("identity"), i.verified_at, cast(null(), Uuid()), i.person_id,
        i.person_id,
    ).where(i.scheme.in_(("phone", "email"))),
).subquery("addresses")  # fmt: skip

_OBJECTS: Subquery = union_all(
    select(
        cast(null(), Uuid()).label("id"), s.id.label("segment_id"), s.conversation_id, s.started_at.label("at"), s.person_id.label("owner"),
        *(cast(null(), String()).label(name) for name in ("object_id", "code_objecttype", "code_register", "code_soort_object_id")),
    ),
    select(o.id, s.id, s.conversation_id, s.started_at, s.person_id, o.object_id, o.code_objecttype, o.code_register,
           o.code_soort_object_id).join(tables.segment, s.id == o.segment_id),
).subquery("objects")  # fmt: skip


a = _ADDRESSES.c


def objects_by_id(id: UUID) -> Where:
    """Of what it was about outside, or of the conversation itself, whose id follows from the segment's."""
    return or_(_OBJECTS.c.id == id, and_(_OBJECTS.c.object_id.is_(None), _OBJECTS.c.segment_id == derived(id, CONVERSATION)))


def _page(
    connection: Connection, query: Select[Any], count: Select[Any], where: Sequence[Where], order: Sequence[Any], page: int, size: int
) -> Found:
    rows = connection.execute(query.where(*where).order_by(*order).limit(size).offset((page - 1) * size)).all()
    if page == 1 and len(rows) < size:
        return Found(len(rows), rows)
    return Found(connection.scalar(count.where(*where)) or 0, rows)


def _page_of(
    connection: Connection, table: Subquery, where: Sequence[Where], order: Sequence[Any], page: int, size: int, only: UUID | None
) -> Found:
    where = [*where, *([table.c.owner == only] if only else [])]
    return _page(connection, select(table), select(func.count()).select_from(table), where, order, page, size)


def _by(column: str, rows: Any) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found
