"""A contact of ours in the words of Klantinteracties. Pure functions: bodies in, bodies out, nothing empty in them.

An empty "" in a unique field makes Open Klant answer 500, and an empty one elsewhere says nothing: so both are left out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from handover.conversation.privacy import clean, mask
from handover.conversation.privacy import without_contact_details as redact
from handover.conversation.segments import cut
from handover.registers.open_klant.rules import Rules
from handover.registers.register import About, Callback, Contact, Employee

LANGUAGES = {"nl": "nld", "en": "eng"}
CHANNELS = {
    "web": "Live chat", "voice": "Telefoon", "telefoon": "Telefoon", "whatsapp": "WhatsApp", "email": "E-mail", "balie": "Balie",
    "brief": "Post", "formulier": "Webformulier",
}  # fmt: skip
CALL = "Contact opnemen met betrokkene"  # gevraagdeHandeling, as KISS writes it
HANDED_OVER = "Doorgezet naar een medewerker."
NO_CONTACT = ("abandoned", "abuse")

Body = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Longest texts, in characters, and whether the fields of 2.18 are there."""

    reactie: int = 4000
    metadata: int = 255
    newest: bool = True


def limits_of(version: tuple[int, ...] | None) -> Limits:
    """Of Open Klant 2.18 (API 0.9) and later, else of 2.16. The smaller ones fit every version that we support."""
    return Limits() if version and version >= (0, 9) else Limits(1000, 100, newest=False)


def registered(contact: Contact, rules: Rules) -> bool:
    """Whether it is to be in the register at all."""
    return bool(contact.person) or contact.followed_up or rules.anonymous != "none"


def full(contact: Contact, rules: Rules) -> bool:
    """With report and answer, rather than only that there was a contact on this subject."""
    return bool(contact.person) or contact.followed_up or rules.anonymous == "full"


def klantcontact(contact: Contact, reference: str, rules: Rules, limits: Limits) -> Body:
    return _filled({
        "referentienummer": reference,
        "kanaal": clean(rules.channels.get(contact.channel) or CHANNELS.get(contact.channel) or contact.channel)[:50] or "Overig",
        "plaatsgevondenOp": moment(contact.started_at),
        "vertrouwelijk": contact.confidential,
        **_content(contact, rules, limits),
    })  # fmt: skip


def correction(contact: Contact, rules: Rules, limits: Limits) -> Body:
    """What the last PATCH brings up to date."""
    return _filled(_content(contact, rules, limits))


def _content(contact: Contact, rules: Rules, limits: Limits) -> Body:
    report = full(contact, rules)
    return {
        "onderwerp": cut(redact(contact.subject), 200) or "Vraag aan de gemeente",
        "inhoud": inhoud(contact) if report else None,
        "reactie": cut(mask(contact.answer or ""), limits.reactie) if report else None,  # the municipality's own number may be in it
        "indicatieContactGelukt": contact.outcome not in NO_CONTACT if contact.final else None,
        "hoofdOnderwerpType": contact.upl_uri if limits.newest and contact.upl_uri and len(contact.upl_uri) <= 200 else None,
        "taal": LANGUAGES.get(contact.language) or (contact.language if len(contact.language) == 3 else "nld"),
        "metadata": metadata(contact, limits),
    }


def inhoud(contact: Contact) -> str:
    """The report, or before there is one the question; and that it was handed over."""
    said = redact(contact.summary or contact.question or "")
    told = "medewerker" in said or "member of staff" in said
    put_through = HANDED_OVER if contact.handed_over and not told else ""
    return " ".join(part for part in (cut(said, 1000 - len(put_through) - bool(put_through)), put_through) if part)


def metadata(contact: Contact, limits: Limits) -> Body:
    values = {
        "gesprekId": str(contact.conversation),
        "segment": str(contact.number),
        "beginTijd": moment(contact.started_at),
        "eindTijd": moment(contact.ended_at) if contact.ended_at else None,
        "aantalBeurten": str(contact.turns) if contact.turns else None,
        "eindReden": contact.end_reason,
        "overgedragen": "ja" if contact.handed_over else None,
        "wachtrij": contact.team if contact.handed_over else None,
    }
    return {name: text[: limits.metadata] for name, value in values.items() if (text := clean(value or ""))}


def is_ours(found: Any, conversation: UUID, number: int) -> bool:
    """Whether a klantcontact that we found is the one that we made of this segment."""
    given = found.get("metadata") if isinstance(found, dict) else None
    return isinstance(given, dict) and (given.get("gesprekId"), given.get("segment")) == (str(conversation), str(number))


def onderwerpobject(contact: Contact, rules: Rules) -> Body:
    """By this the contacts of one conversation are found."""
    return {"wasKlantcontact": None, "onderwerpobjectidentificator": _object(str(contact.conversation), "gesprek", rules.register, "uuid")}


def also_about(about: About, contact: UUID) -> Body:
    """A further onderwerpobject: the case, say."""
    identificator = _object(about.object_id, about.objecttype, about.register, about.kind)
    return {"klantcontact": {"uuid": str(contact)}, "wasKlantcontact": None, "onderwerpobjectidentificator": identificator}


def has_betrokkene(contact: Contact) -> bool:
    return bool(contact.person) or bool(contact.name) or bool(addresses(contact))


def betrokkene(contact: Contact, partij: UUID | None) -> Body:
    name = contact.name or next((callback.name for callback in contact.callbacks if callback.name), None)
    body: Body = {"wasPartij": {"uuid": str(partij)} if partij else None, "rol": "klant", "initiator": True}
    if name:
        body["contactnaam"] = {"achternaam": cut(redact(name), 200)}  # as it was given: what is a first name is a guess
    return body


def addresses(contact: Contact) -> list[tuple[str, str]]:
    """(soortDigitaalAdres, adres), each once."""
    return list(dict.fromkeys(address for callback in contact.callbacks if callback.wanted for address in _addresses(callback)))


def _addresses(callback: Callback) -> list[tuple[str, str]]:
    given = [("telefoonnummer", telephone(callback.phone)), ("email", callback.email)]
    return [(kind, adres) for kind, adres in given if adres and len(adres) <= 80]


def telephone(number: str | None) -> str | None:
    """Digits only, with the + of an international number: the form that Open Klant accepts."""
    if not number:
        return None
    digits = "".join(char for char in number if char.isascii() and char.isdigit())
    return ("+" if number.strip().startswith("+") else "") + digits


def digitaaladres(kind: str, adres: str, betrokkene: UUID) -> Body:
    return {
        "verstrektDoorBetrokkene": {"uuid": str(betrokkene)},
        "verstrektDoorPartij": None,
        "soortDigitaalAdres": kind,
        "adres": adres,
        "omschrijving": "terugbelnummer" if kind == "telefoonnummer" else "contactadres",
    }


def internetaak(callback: Callback, contact: UUID, actors: list[UUID], reference: str) -> Body:
    said = [f"Voorkeur: {callback.window}." if callback.window else "", callback.note or ""]
    return _filled({
        "referentienummer": reference,
        "gevraagdeHandeling": CALL,
        "aanleidinggevendKlantcontact": {"uuid": str(contact)},
        "toegewezenAanActoren": [{"uuid": str(actor)} for actor in actors],
        "toelichting": cut(redact(" ".join(part for part in said if part)), 1000),
        "status": status(callback),
    })  # fmt: skip


def status(callback: Callback) -> str:
    return "verwerkt" if callback.done else "te_verwerken"


def bijlage(contact: Contact, uuid: UUID, rules: Rules) -> Body:
    """Where the transcript is: with us, under the conversation's id."""
    identificator = _object(str(contact.conversation), "gesprekstranscript", rules.register, "uuid")
    return {"wasBijlageVanKlantcontact": {"uuid": str(uuid)}, "bijlageidentificator": identificator}


def assistant(rules: Rules) -> Body:
    return {
        "naam": rules.assistant_name[:200],
        "soortActor": "geautomatiseerde_actor",
        "indicatieActief": True,
        "actoridentificator": _object(rules.assistant, "app", rules.register, "naam"),
        "actorIdentificatie": {"functie": "Digitale assistent"},
    }


def employee(who: Employee, rules: Rules) -> Body:
    """As KISS writes one, where we know an e-mail address; else by our own id, so that nobody is taken for somebody else."""
    by_mail = "@" in who.login
    mine = _object(who.login, "mdw", "msei", "email") if by_mail else _object(str(who.id), "mdw", rules.register, "uuid")
    return {"naam": who.name[:200], "soortActor": "medewerker", "indicatieActief": True, "actoridentificator": mine}


def department(team: str, rules: Rules) -> Body:
    """As KISS writes an afdeling. `departments` of the municipality's file says how it is called there."""
    return {
        "naam": rules.team_names.get(team, team)[:200],
        "soortActor": "organisatorische_eenheid",
        "indicatieActief": True,
        "actoridentificator": _object(rules.departments.get(team, team), "afd", "obj", "idf"),
    }


def actors(contact: Contact, rules: Rules) -> list[Body]:
    """Who took part, the assistant first."""
    return [*([assistant(rules)] if contact.by_bot else []), *(employee(who, rules) for who in contact.employees)]


def actor_key(actor: Body) -> str:
    given = actor["actoridentificator"]
    return "/".join(given[name] for name in ("codeRegister", "codeObjecttype", "codeSoortObjectId", "objectId"))


def actor_query(actor: Body) -> dict[str, str]:
    return {f"actoridentificator{name[0].upper()}{name[1:]}": value for name, value in actor["actoridentificator"].items()}


def partij(bsn: str) -> Body:
    """A person of whom nothing is kept there but who it is."""
    identificator = _object(bsn, "natuurlijk_persoon", "brp", "bsn")
    return {"soortPartij": "persoon", "indicatieActief": True, "partijIdentificatoren": [{"partijIdentificator": identificator}]}


def partij_query(bsn: str) -> dict[str, str]:
    return {"partijIdentificator__codeSoortObjectId": "bsn", "partijIdentificator__objectId": bsn}


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(id: str, objecttype: str, register: str, kind: str) -> dict[str, str]:
    return {"objectId": id[:200], "codeObjecttype": objecttype, "codeRegister": register, "codeSoortObjectId": kind}


def _filled(body: Body) -> Body:
    return {name: value for name, value in body.items() if value not in (None, "", {})}
