"""The OpenAPI files of both APIs, made from the same tables that requests are read by. Served at openapi.json of each."""

from typing import TYPE_CHECKING, Any

from handover.channels.api.asked import PAGE_AT_MOST, PAGE_SIZE, PAGE_SIZE_AT_MOST, Field, Parameter, object_schema
from handover.staff.tokens import READ, SCOPES, TURNS, WRITE

if TYPE_CHECKING:
    from handover.channels.api.klantinteracties import Klantinteracties

Json = dict[str, Any]
API_VERSION, TURNS_VERSION = "0.9.0", "1.0.0"  # of the standard that we keep to; of our own API
CONTACT = {"name": "Wegwijs", "url": "https://www.example.org/"}
LICENSE = {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"}


def _text(at_most: int | None = None, **more: Any) -> Json:
    return {"type": "string", **({"maxLength": at_most} if at_most else {}), **more}


def _object(*, nullable: bool = False, optional: tuple[str, ...] = (), **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties, "required": [name for name in properties if name not in optional]}
    return found | ({"nullable": True} if nullable else {})


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


UUID, URI = _text(format="uuid"), _text(format="uri")
BOOLEAN: Json = {"type": "boolean"}
MOMENT = _text(format="date-time")
MOMENT_OR_NULL = MOMENT | {"nullable": True}
LINK = _object(uuid=UUID, url=URI)
LINK_OR_NULL = LINK | {"nullable": True}
NOTHING: Json = {"type": "object", "nullable": True}
IDENTIFIED = _object(objectId=_text(200), codeObjecttype=_text(200), codeRegister=_text(200), codeSoortObjectId=_text(200))
EXPANDED: Json = {"type": "object", "description": "Wat met `expand` is gevraagd, onder de naam ervan."}
NUMBER_OR_NULL = _text(10, nullable=True)

SCHEMAS: dict[str, Json] = {
    "Actor": _object(
        uuid=UUID, url=URI, naam=_text(200), soortActor=_text(enum=["medewerker", "geautomatiseerde_actor", "organisatorische_eenheid"]),
        indicatieActief=BOOLEAN, actoridentificator=IDENTIFIED, actorIdentificatie=_object(functie=_text(40), omschrijving=_text(200)),
        optional=("actorIdentificatie",),
    ),
    "Klantcontact": _object(
        uuid=UUID, url=URI, gingOverOnderwerpobjecten=_list(_ref("Link")), hadBetrokkenActoren=_list(_ref("Actor")),
        omvatteBijlagen=_list(_ref("Link")), hadBetrokkenen=_list(_ref("Link")), leiddeTotInterneTaken=_list(_ref("Link")),
        nummer=NUMBER_OR_NULL, referentienummer=NUMBER_OR_NULL, kanaal=_text(50), onderwerp=_text(200), inhoud=_text(1000),
        reactie=_text(4000), indicatieContactGelukt=BOOLEAN | {"nullable": True}, verdereActieOndernomen=BOOLEAN,
        hoofdOnderwerpType=_text(200), taal=_text(3), vertrouwelijk=BOOLEAN, plaatsgevondenOp=MOMENT,
        metadata={"type": "object", "additionalProperties": _text(255)}, _expand=EXPANDED, optional=("_expand",),
    ),
    "Betrokkene": _object(
        uuid=UUID, url=URI, wasPartij=LINK_OR_NULL, hadKlantcontact=LINK, digitaleAdressen=_list(_ref("Link")), bezoekadres=NOTHING,
        correspondentieadres=NOTHING, contactnaam=NOTHING, volledigeNaam=_text(), rol=_text(enum=["klant", "vertegenwoordiger"]),
        organisatienaam=_text(200), initiator=BOOLEAN, _expand=EXPANDED, optional=("_expand",),
    ),
    "Bijlage": _object(uuid=UUID, url=URI, wasBijlageVanKlantcontact=LINK, bijlageidentificator=IDENTIFIED),
    "Onderwerpobject": _object(
        uuid=UUID, url=URI, klantcontact=LINK, wasKlantcontact=LINK_OR_NULL, onderwerpobjectidentificator=IDENTIFIED
    ),
    "InterneTaak": _object(
        uuid=UUID, url=URI, nummer=NUMBER_OR_NULL, referentienummer=NUMBER_OR_NULL, gevraagdeHandeling=_text(200),
        aanleidinggevendKlantcontact=LINK, toegewezenAanActor=LINK, toegewezenAanActoren=_list(_ref("Link")), toelichting=_text(1000),
        status=_text(enum=["te_verwerken", "verwerkt"]), toegewezenOp=MOMENT, afgehandeldOp=MOMENT_OR_NULL,
    ),
    "PartijIdentificator": _object(
        uuid=UUID, url=URI, identificeerdePartij=LINK, anderePartijIdentificator=_text(200), partijIdentificator=IDENTIFIED,
        subIdentificatorVan=LINK_OR_NULL,
    ),
    "Partij": _object(
        uuid=UUID, url=URI, nummer=NUMBER_OR_NULL, interneNotitie=_text(1000), betrokkenen=_list(_ref("Link")),
        categorieRelaties=_list(_ref("Link")), digitaleAdressen=_list(_ref("Link")), voorkeursDigitaalAdres=LINK_OR_NULL,
        vertegenwoordigden=_list(_ref("Link")), rekeningnummers=_list(_ref("Link")), voorkeursRekeningnummer=LINK_OR_NULL,
        partijIdentificatoren=_list(_ref("PartijIdentificator")), soortPartij=_text(enum=["persoon", "organisatie", "contactpersoon"]),
        indicatieGeheimhouding=BOOLEAN | {"nullable": True}, voorkeurstaal=_text(3), indicatieActief=BOOLEAN, bezoekadres=NOTHING,
        correspondentieadres=NOTHING, partijIdentificatie=_object(contactnaam=NOTHING, volledigeNaam=_text()), _expand=EXPANDED,
        optional=("_expand",),
    ),
    "DigitaalAdres": _object(
        uuid=UUID, url=URI, verstrektDoorBetrokkene=LINK_OR_NULL, verstrektDoorPartij=LINK_OR_NULL, adres=_text(80),
        soortDigitaalAdres=_text(enum=["email", "telefoonnummer", "overig"]), isStandaardAdres=BOOLEAN, omschrijving=_text(40),
        referentie=_text(50), verificatieDatum=_text(format="date", nullable=True), _expand=EXPANDED, optional=("_expand",),
    ),
    "Link": LINK,
    "Fout": _object(
        type=_text(), code=_text(), title=_text(), status={"type": "integer"}, detail=_text(), instance=_text(),
        invalidParams=_list(_object(name=_text(), code=_text(), reason=_text())), optional=("invalidParams",),
    ),
}  # fmt: skip
NAMES = {
    "klantcontacten": "Klantcontact", "betrokkenen": "Betrokkene", "bijlagen": "Bijlage", "onderwerpobjecten": "Onderwerpobject",
    "internetaken": "InterneTaak", "partijen": "Partij", "partij-identificatoren": "PartijIdentificator",
    "digitaleadressen": "DigitaalAdres", "actoren": "Actor",
}  # fmt: skip
TURN = _object(
    pos={"type": "integer", "minimum": 1}, seq={"type": "integer", "minimum": 1, "nullable": True}, name=_text(), text=_text(), at=MOMENT,
    language=_text(), note=BOOLEAN, suppressed=BOOLEAN, kind=_text(), topic=_text(), aspect=_text(), id=_text(),
    optional=("pos", "seq", "note", "suppressed", "kind", "topic", "aspect", "id"),
)  # fmt: skip
TURN["properties"]["from"] = _text(enum=["resident", "bot", "staff", "system"])
PARTICIPANT = _object(
    soort=_text(enum=["inwoner", "assistent", "medewerker"]), naam=_text(), begonnenOp=MOMENT, geeindigdOp=MOMENT_OR_NULL
)  # fmt: skip
TALK = _object(
    uuid=UUID, referentie=_text(10), kanaal=_text(50), taal=_text(3), status=_text(enum=["bot", "waiting", "staff", "closed"]),
    begonnenOp=MOMENT, geslotenOp=MOMENT_OR_NULL, eindReden=_text(nullable=True), aantalBeurten={"type": "integer"},
    deelnemers=_list(PARTICIPANT), klantcontacten=_list(_ref("Link")),
)  # fmt: skip
ABOUT = (
    "Contactmomenten van inwoners over alle kanalen, volgens Klantinteracties zoals Open Klant die aanbiedt. `inhoud` en `onderwerp` "
    "zijn geschreven om door de inwoner gelezen te worden; BSN, IBAN, telefoonnummers, e-mailadressen en adressen worden eruit "
    "verwijderd. Adressen zijn versleuteld: filters erop vinden alleen het hele adres. `metadata.medewerker` bij het vastleggen is wie "
    "het contact had."
)
TOKEN = (
    f"`Token <40 tekens>`, gemaakt met `wegwijs token add`; rechten: {', '.join(SCOPES)}. Of `Bearer <JWT>` van de eigen omgeving van een "
    "inwoner: die ziet alleen het eigen dossier, en gebruikt elke keer een nieuw token."
)


def klantinteracties_api(moments: "Klantinteracties") -> Json:
    from handover.channels.api.klantinteracties import ACTOR_PARAMETERS, KLANTCONTACT, MAAK_KLANTCONTACT, PARTIJ

    paths: Json = {}
    for path, resource in moments.resources.items():
        expand = _expand(resource.expand)
        paths[f"/{path}"] = {
            "get": _get(f"{path}_list", _page(NAMES[path]), READ, [*expand, *_query(resource.parameters), *_PAGING], 400, 404)
        }
        paths[f"/{path}/{{uuid}}"] = {"get": _get(f"{path}_one", _ref(NAMES[path]), READ, [_ID, *expand], 400, 404)}
    paths["/actoren"] = {"get": _get("actoren_list", _page("Actor"), READ, [*_query(ACTOR_PARAMETERS), *_PAGING], 400, 404)}
    paths["/actoren/{uuid}"] = {"get": _get("actoren_one", _ref("Actor"), READ, [_ID], 400, 404)}
    made = _object(klantcontact=_ref("Klantcontact"), betrokkene=_null("Betrokkene"), onderwerpobject=_null("Onderwerpobject"))
    paths["/klantcontacten"]["post"] = _post("klantcontacten_new", KLANTCONTACT, _ref("Klantcontact"))
    paths["/maak-klantcontact"] = {"post": _post("maak_klantcontact", MAAK_KLANTCONTACT, made)}
    paths["/partijen"]["post"] = _post("partijen_new", PARTIJ, _ref("Partij"))
    return _api("Klantinteracties van Wegwijs", API_VERSION, ABOUT, "/klantinteracties/api/v1", paths, SCHEMAS)


def gesprekken_api() -> Json:
    schemas = {name: SCHEMAS[name] for name in ("Link", "Fout")} | {"Beurt": TURN, "Gesprek": TALK}
    paths = {
        "/{uuid}": {"get": _get("gesprekken_one", _ref("Gesprek"), TURNS, [_ID], 400, 404)},
        "/{uuid}/beurten": {"get": _get("beurten_list", _page("Beurt"), TURNS, [_ID, *_PAGING], 400, 404)},
    }
    text = "Hele gesprekken, beurt voor beurt. Een klantcontact verwijst ernaar met `metadata.gesprekId` en met zijn bijlage."
    return _api("Gesprekken van Wegwijs", TURNS_VERSION, text, "/gesprekken/v1", paths, schemas)


def _api(title: str, version: str, text: str, base: str, paths: Json, schemas: Json) -> Json:
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": version, "description": text, "contact": CONTACT, "license": LICENSE},
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {
                "type": "apiKey", "in": "header", "name": "Authorization",
                "description": TOKEN,
            }},
        },
    }  # fmt: skip


_ID: Json = {"name": "uuid", "in": "path", "required": True, "schema": UUID}
_PAGING: list[Json] = [
    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_AT_MOST, "default": 1}},
    {"name": "pageSize", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_AT_MOST, "default": PAGE_SIZE}},
]
_HEADERS: Json = {"API-version": {"schema": {"type": "string"}, "description": "De versie van deze API."}}
_WORDS = {400: "De aanvraag klopt niet; alles wat er niet klopt staat in `invalidParams`.", 401: "Geen geldig token.",
          403: "Het token heeft dit recht niet.", 404: "Dit is er niet, of het is van een ander.", 405: "Deze methode is er hier niet.",
          413: "Te groot.", 415: "Geen application/json.", 503: "Nu niet beschikbaar."}  # fmt: skip


def _expand(names: tuple[str, ...]) -> list[Json]:
    if not names:
        return []
    items = {"type": "string", "enum": sorted(names)}
    return [{"name": "expand", "in": "query", "style": "form", "explode": False, "schema": {"type": "array", "items": items}}]


def _query(parameters: dict[str, Parameter]) -> list[Json]:
    return [{"name": name, "in": "query", "schema": one.schema()} for name, one in sorted(parameters.items())]


def _page(name: str) -> Json:
    address = _text(format="uri", nullable=True)
    return _object(count={"type": "integer"}, next=address, previous=address, results=_list(_ref(name)))


def _null(name: str) -> Json:
    return {"allOf": [_ref(name)], "nullable": True}


def _answers(status: int, schema: Json, *wrong: int) -> Json:
    problem = {"content": {"application/problem+json": {"schema": _ref("Fout")}}, "headers": _HEADERS}
    found: Json = {str(status): {"description": "Gelukt.", "headers": _HEADERS, "content": {"application/json": {"schema": schema}}}}
    return found | {str(code): {"description": _WORDS[code], **problem} for code in sorted({401, 403, 413, 503, *wrong})}


def _get(name: str, schema: Json, scope: str, parameters: list[Json], *wrong: int) -> Json:
    return {"operationId": name, "description": f"Recht: {scope}.", "parameters": parameters, "responses": _answers(200, schema, *wrong)}


def _post(name: str, fields: dict[str, Field], schema: Json) -> Json:
    body = {"required": True, "content": {"application/json": {"schema": object_schema(fields)}}}
    return {"operationId": name, "description": f"Recht: {WRITE}.", "requestBody": body, "responses": _answers(201, schema, 400, 415)}
