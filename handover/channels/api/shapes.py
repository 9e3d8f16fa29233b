"""How records look to other systems: the resources of Klantinteracties, field for field, and conversations with their turns."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Row

from handover.content.library import Library
from handover.conversation.privacy import without_contact_details
from handover.conversation.segments import cut
from handover.history.klantcontacten import CONVERSATION, KANALEN, REGISTER, TALEN, TRANSCRIPT, Around, derived
from handover.history.people import PURPOSE
from handover.history.vault import Vault

Json = dict[str, Any]
BASE = "/klantinteracties/api/v1"
ACTORS = uuid5(NAMESPACE_URL, "wegwijs:actor")
BOT = uuid5(ACTORS, "bot")
SUBJECT_TYPES = {"bsn": ("natuurlijk_persoon", "bsn", "brp"), "kvk": ("niet_natuurlijk_persoon", "kvk_nummer", "hr")}
ADDRESS_TYPES = {"phone": "telefoonnummer", "email": "email"}
ADDRESS_AT_MOST = 80


def at(moment: datetime | None) -> str | None:
    """RFC 3339, UTC, to the microsecond: a filter on it finds it again."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def team_actor(team: str) -> UUID:
    return uuid5(ACTORS, f"team:{team}")


def named_actor(name: str) -> UUID:
    """Of somebody who has no account here."""
    return uuid5(ACTORS, f"name:{' '.join(name.split()).casefold()}")


class Shapes:
    """`base`: our public URL."""

    def __init__(self, base: str, library: Library, vault: Vault) -> None:
        self._base, self._library, self._vault = f"{base}{BASE}", library, vault
        self._site = base

    def link(self, path: str, id: UUID) -> Json:
        return {"uuid": str(id), "url": f"{self._base}/{path}/{id}"}

    def _link(self, path: str, id: UUID | None) -> Json | None:
        return self.link(path, id) if id else None

    # Klantcontact and what hangs on it

    def klantcontact(self, row: Row[Any], around: Around) -> Json:
        talk = around.conversations.get(row.conversation_id)
        return {
            **self.link("klantcontacten", row.id),
            "gingOverOnderwerpobjecten": [self.link("onderwerpobjecten", id) for id in _objects(row, around)],
            "hadBetrokkenActoren": [self.actor(actor) for actor in self._actors(row, around)],
            "omvatteBijlagen": [self.link("bijlagen", derived(row.id, "bijlage"))] if row.from_pos else [],
            "hadBetrokkenen": [self.link("betrokkenen", derived(row.id, "betrokkene"))] if _has_betrokkene(row, around) else [],
            "leiddeTotInterneTaken": [self.link("internetaken", task.id) for task in around.callbacks.get(row.id, [])],
            "nummer": None,
            "referentienummer": row.reference,
            "kanaal": KANALEN.get(row.channel, row.channel),
            "onderwerp": row.subject,
            "inhoud": row.summary,
            "reactie": row.answer,
            "indicatieContactGelukt": None if row.outcome is None else row.outcome != "abandoned",
            "verdereActieOndernomen": False,
            "hoofdOnderwerpType": row.upl_uri or "",
            "taal": TALEN.get(talk.language, talk.language) if talk else "nld",
            "vertrouwelijk": bool((row.data or {}).get("vertrouwelijk", False)),
            "plaatsgevondenOp": at(row.started_at),
            "metadata": _metadata(row, talk),
        }

    def _actors(self, row: Row[Any], around: Around) -> list[Json]:
        """The bot, and the staff who had the conversation while it was about this."""
        there = [
            one for one in around.participants.get(row.conversation_id, [])
            if one.kind != "resident" and (row.ended_at is None or one.joined_at <= row.ended_at)
            and (one.kind == "bot" or one.left_at is None or one.left_at >= row.started_at)
        ]  # fmt: skip
        found = {BOT if one.kind == "bot" else one.staff_id or named_actor(one.name): one for one in there}
        return [
            {"id": id, "kind": "geautomatiseerde_actor" if one.kind == "bot" else "medewerker", "name": one.name, "active": True}
            for id, one in found.items()
        ]

    def actor(self, actor: Json) -> Json:
        kinds = {"medewerker": "mdw", "organisatorische_eenheid": "afd", "geautomatiseerde_actor": "app"}
        identified = {
            "objectId": str(actor.get("object", actor["id"])), "codeObjecttype": kinds[actor["kind"]], "codeRegister": REGISTER,
            "codeSoortObjectId": "idf" if "object" in actor else "uuid",
        }  # fmt: skip
        found = {
            **self.link("actoren", actor["id"]),
            "naam": actor["name"],
            "soortActor": actor["kind"],
            "indicatieActief": actor["active"],
        }
        if actor["kind"] == "geautomatiseerde_actor":
            found["actorIdentificatie"] = {"functie": "digitale assistent", "omschrijving": ""}
        return {**found, "actoridentificator": identified}

    def betrokkene(self, row: Row[Any], around: Around) -> Json:
        return {
            **self.link("betrokkenen", derived(row.id, "betrokkene")),
            "wasPartij": self._link("partijen", row.person_id),
            "hadKlantcontact": self.link("klantcontacten", row.id),
            "digitaleAdressen": [self.link("digitaleadressen", one.id) for one in around.addresses.get(row.id, [])],
            "bezoekadres": None,
            "correspondentieadres": None,
            "contactnaam": None,
            "volledigeNaam": "",
            "rol": "klant",
            "organisatienaam": "",
            "initiator": True,
        }

    def bijlage(self, row: Row[Any]) -> Json:
        """The transcript: a reference to it, which `/gesprekken/v1/{id}/beurten` resolves."""
        identified = {
            "objectId": str(row.conversation_id),
            "codeObjecttype": TRANSCRIPT,
            "codeRegister": REGISTER,
            "codeSoortObjectId": "uuid",
        }
        return {
            **self.link("bijlagen", derived(row.id, "bijlage")), "wasBijlageVanKlantcontact": self.link("klantcontacten", row.id),
            "bijlageidentificator": identified,
        }  # fmt: skip

    def onderwerpobject(self, row: Row[Any]) -> Json:
        """A row of the conversation itself has no id of its own, and no object_id."""
        ours = row.object_id is None
        return {
            **self.link("onderwerpobjecten", derived(row.segment_id, CONVERSATION) if ours else row.id),
            "klantcontact": self.link("klantcontacten", row.segment_id),
            "wasKlantcontact": None,
            "onderwerpobjectidentificator": {
                "objectId": str(row.conversation_id) if ours else row.object_id,
                "codeObjecttype": CONVERSATION if ours else row.code_objecttype,
                "codeRegister": REGISTER if ours else row.code_register,
                "codeSoortObjectId": "uuid" if ours else row.code_soort_object_id,
            },
        }

    def objects(self, row: Row[Any], around: Around) -> list[Json]:
        own = {"objectId": str(row.conversation_id), "codeObjecttype": CONVERSATION, "codeRegister": REGISTER, "codeSoortObjectId": "uuid"}
        rest = [
            (one.id, {"objectId": one.object_id, "codeObjecttype": one.code_objecttype, "codeRegister": one.code_register,
                      "codeSoortObjectId": one.code_soort_object_id})
            for one in around.objects.get(row.id, [])
        ]  # fmt: skip
        return [
            {**self.link("onderwerpobjecten", id), "klantcontact": self.link("klantcontacten", row.id), "wasKlantcontact": None,
             "onderwerpobjectidentificator": identified}
            for id, identified in [(derived(row.id, CONVERSATION), own), *rest]
        ]  # fmt: skip

    def internetaak(self, row: Row[Any]) -> Json:
        done = row.status in ("done", "cancelled")
        actor = self.link("actoren", team_actor(row.team or self._library.facts.default_team))
        return {
            **self.link("internetaken", row.id),
            "nummer": None,
            "referentienummer": None,
            "gevraagdeHandeling": "Contact opnemen met betrokkene",
            "aanleidinggevendKlantcontact": self.link("klantcontacten", row.segment_id),
            "toegewezenAanActor": actor,
            "toegewezenAanActoren": [actor],
            "toelichting": cut(without_contact_details(row.question or ""), 1000),
            "status": "verwerkt" if done else "te_verwerken",
            "toegewezenOp": at(row.created_at),
            "afgehandeldOp": at(row.changed_at) if done else None,
        }

    # Partij

    def partij(self, row: Row[Any], identities: Sequence[Row[Any]], segments: Sequence[Row[Any]]) -> Json:
        return {
            **self.link("partijen", row.id),
            "nummer": None,
            "interneNotitie": "",
            "betrokkenen": [self.link("betrokkenen", derived(one.id, "betrokkene")) for one in segments],
            "categorieRelaties": [],
            "digitaleAdressen": [self.link("digitaleadressen", one.id) for one in identities if one.scheme in ADDRESS_TYPES],
            "voorkeursDigitaalAdres": None,
            "vertegenwoordigden": [],
            "rekeningnummers": [],
            "voorkeursRekeningnummer": None,
            "partijIdentificatoren": [self.identifier(one) for one in identities if one.scheme in SUBJECT_TYPES],
            "soortPartij": "persoon",
            "indicatieGeheimhouding": None,
            "voorkeurstaal": "",
            "indicatieActief": True,
            "bezoekadres": None,
            "correspondentieadres": None,
            "partijIdentificatie": {"contactnaam": None, "volledigeNaam": ""},
        }

    def identifier(self, row: Row[Any]) -> Json:
        object_type, kind, register = SUBJECT_TYPES[row.scheme]
        return {
            **self.link("partij-identificatoren", row.id),
            "identificeerdePartij": self.link("partijen", row.person_id),
            "anderePartijIdentificator": "",
            "partijIdentificator": {
                "codeObjecttype": object_type, "codeSoortObjectId": kind, "objectId": self._vault.decrypt(row.value, PURPOSE),
                "codeRegister": register,
            },
            "subIdentificatorVan": None,
        }  # fmt: skip

    def digitaaladres(self, row: Row[Any]) -> Json:
        """A row of the addresses: of a person (verified), or of a betrokkene."""
        kind = ADDRESS_TYPES[row.kind]
        return {
            **self.link("digitaleadressen", row.id),
            "verstrektDoorBetrokkene": self._link("betrokkenen", derived(row.segment_id, "betrokkene") if row.segment_id else None),
            "verstrektDoorPartij": self._link("partijen", row.person_id),
            "adres": self._vault.decrypt(row.value, row.purpose)[:ADDRESS_AT_MOST],
            "soortDigitaalAdres": kind,
            "isStandaardAdres": False,
            "omschrijving": kind,
            "referentie": "",
            "verificatieDatum": row.verified_at.date().isoformat() if row.verified_at else None,
        }


def _objects(row: Row[Any], around: Around) -> list[UUID]:
    return [derived(row.id, CONVERSATION), *(one.id for one in around.objects.get(row.id, []))]


def _has_betrokkene(row: Row[Any], around: Around) -> bool:
    """As HAS_BETROKKENE of the queries says it; the addresses are by segment, and any of the conversation counts."""
    return row.person_id is not None or row.conversation_id in around.reachable


def _metadata(row: Row[Any], talk: Any) -> dict[str, str]:
    """What the standard has no place for, as strings."""
    own = {
        "gesprekId": str(row.conversation_id), "segment": str(row.number), "eindTijd": at(row.ended_at), "uitkomst": row.outcome,
        "onderwerpId": row.topic, "toezegging": row.promised, "aantalBeurten": str(row.to_pos - row.from_pos + 1) if row.from_pos else None,
        "eindReden": talk.end_reason if talk else None,
    }  # fmt: skip
    return {**(row.data or {}).get("metadata", {}), **{name: value[:255] for name, value in own.items() if value}}
