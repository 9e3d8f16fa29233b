"""A register that behaves as the real Open Klant 2.18 was seen to: what is unique, what it refuses and in which form.

One function from request to answer, so that it serves in the process (`FakeOpenKlant.transport`) and over a real socket
(`serving`). Its switches are `down`, `broken`, `denied`, `nonsense`, `slow`, and the hooks `before` and `after`, between which
a request is carried out: what `after` raises is an answer that was lost.
"""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx

from handover.conversation.privacy import passes_eleven_test

PATH = "/klantinteracties/api/v1"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
PHONE = re.compile(r"^(0[1-9][0-9]{8}|\+[0-9]{9,15}|00[0-9]{7,13})$")
Row = dict[str, Any]


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # in place of the body


class Refusal(Exception):
    def __init__(self, *params: tuple[str, str], status: int = 400, code: str = "invalid") -> None:
        self.status, self.code, self.params = status, code, params


IDENTIFIER = ("ObjectId", "CodeObjecttype", "CodeRegister", "CodeSoortObjectId")
FILTERS = {
    "klantcontacten": {"referentienummer", "kanaal", "onderwerp", "inhoud", "reactie", "plaatsgevondenOp", "vertrouwelijk",
                       "hadBetrokkene__uuid", "hadBetrokkene__wasPartij__uuid", "expand", "leiddeTotInterneTaken",
                       *(f"onderwerpobject__onderwerpobjectidentificator{part}" for part in IDENTIFIER)},
    "betrokkenen": {"hadKlantcontact__uuid", "hadKlantcontact__referentienummer", "wasPartij__uuid", "expand"},
    "actoren": {"naam", "soortActor", "indicatieActief", *(f"actoridentificator{part}" for part in IDENTIFIER)},
    "actorklantcontacten": {"actor__uuid", "klantcontact__uuid"},
    "internetaken": {"referentienummer", "status", "klantcontact__uuid", "aanleidinggevendKlantcontact__uuid"},
    "partijen": {"soortPartij", "expand", "partijIdentificator__codeRegister", "partijIdentificator__codeObjecttype",
                 "partijIdentificator__codeSoortObjectId", "partijIdentificator__objectId"},
    "digitaleadressen": {"adres", "soortDigitaalAdres", "verstrektDoorBetrokkene__uuid", "expand"},
    "onderwerpobjecten": {"klantcontact__uuid", *(f"onderwerpobjectidentificator{part}" for part in IDENTIFIER)},
    "bijlagen": {"klantcontact__uuid", *(f"bijlageidentificator{part}" for part in IDENTIFIER)},
}  # fmt: skip
EXPANDABLE = {
    "klantcontacten": {"gingOverOnderwerpobjecten", "hadBetrokkenen", "hadBetrokkenen.wasPartij", "hadBetrokkenen.digitaleAdressen",
                       "leiddeTotInterneTaken", "omvatteBijlagen"},
}  # fmt: skip
REQUIRED = {
    "klantcontacten": ("kanaal", "onderwerp", "taal", "vertrouwelijk"),
    "betrokkenen": ("hadKlantcontact", "rol", "initiator"),
    "actoren": ("naam", "soortActor"),
    "actorklantcontacten": ("actor", "klantcontact"),
    "internetaken": ("gevraagdeHandeling", "aanleidinggevendKlantcontact", "status"),
    "partijen": ("soortPartij", "indicatieActief"),
    "digitaleadressen": ("adres", "soortDigitaalAdres"),
    "onderwerpobjecten": (),
    "bijlagen": (),
}
LENGTHS = {
    "klantcontacten": {"kanaal": 50, "onderwerp": 200, "inhoud": 1000, "reactie": 4000, "taal": 3, "referentienummer": 10,
                       "hoofdOnderwerpType": 200},
    "internetaken": {"gevraagdeHandeling": 200, "toelichting": 1000, "referentienummer": 10},
    "actoren": {"naam": 200},
    "digitaleadressen": {"adres": 80, "omschrijving": 40},
}  # fmt: skip
CHOICES = {
    ("betrokkenen", "rol"): ("klant", "vertegenwoordiger"),
    ("actoren", "soortActor"): ("medewerker", "geautomatiseerde_actor", "organisatorische_eenheid"),
    ("internetaken", "status"): ("te_verwerken", "verwerkt"),
    ("partijen", "soortPartij"): ("persoon", "organisatie", "contactpersoon"),
    ("digitaleadressen", "soortDigitaalAdres"): ("email", "telefoonnummer", "overig"),
}
NOT_BLANK = ("kanaal", "onderwerp", "taal", "naam", "gevraagdeHandeling", "adres")
REFERENCES = {  # field → the resource that it refers to, and whether it may be null
    "hadKlantcontact": ("klantcontacten", False),
    "wasPartij": ("partijen", True),
    "actor": ("actoren", False),
    "klantcontact": ("klantcontacten", True),
    "wasKlantcontact": ("klantcontacten", True),
    "aanleidinggevendKlantcontact": ("klantcontacten", False),
    "verstrektDoorBetrokkene": ("betrokkenen", True),
    "verstrektDoorPartij": ("partijen", True),
    "wasBijlageVanKlantcontact": ("klantcontacten", True),
}
OF_KLANTCONTACT = {  # what is deleted with a klantcontact; a digitaaladres is not: it stays behind
    "betrokkenen": "hadKlantcontact", "actorklantcontacten": "klantcontact", "onderwerpobjecten": "klantcontact",
    "bijlagen": "wasBijlageVanKlantcontact", "internetaken": "aanleidinggevendKlantcontact",
}  # fmt: skip


class FakeOpenKlant:
    def __init__(self, version: str = "0.9.0") -> None:
        self.version = version
        self.rows: dict[str, list[Row]] = {name: [] for name in REQUIRED}
        self.calls: list[tuple[str, str]] = []  # method and path, as they came in
        self.bodies: list[tuple[str, str, Any]] = []
        self.queries: list[str] = []
        self.down = self.broken = self.denied = self.nonsense = self.busy = False
        self.slow = 0.0
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self.after: Callable[[str, str], None] = lambda _method, _path: None
        self.answers: dict[tuple[str, str], Answer] = {}  # to this method and path, whatever is asked
        self._lock = threading.Lock()

    # What there is, for assertions

    def all(self, name: str) -> list[Row]:
        """Oldest first."""
        return self.rows[name]

    def one(self, name: str) -> Row:
        (row,) = self.rows[name]
        return row

    def actors_of(self, klantcontact: Row) -> list[str]:
        names = {row["uuid"]: row["naam"] for row in self.rows["actoren"]}
        return [names[pair["actor"]["uuid"]] for pair in self.rows["actorklantcontacten"] if _refers(pair, "klantcontact", klantcontact)]

    # Answering

    def answer(self, method: str, target: str, token: str | None, body: bytes) -> Answer:
        """Raises what `before` and `after` raise, and ConnectionError when down."""
        if self.down:
            raise ConnectionError
        parts = urlsplit(target)
        path = parts.path.removeprefix(PATH).strip("/")
        self.before(method, path)
        with self._lock:
            self.calls.append((method, path))
            self.queries.append(parts.query)
            answer = self._answer(method, path, dict(parse_qsl(parts.query, keep_blank_values=True)), token, body)
        self.after(method, path)
        return Answer(answer.status, answer.body, {"API-version": self.version, **answer.headers}, answer.raw)

    def _answer(self, method: str, path: str, query: dict[str, str], token: str | None, body: bytes) -> Answer:
        if self.denied or token != f"Token {TOKEN}":
            return _problem(401, "not_authenticated")
        if self.busy:
            return Answer(503, {"detail": "busy"}, {"Retry-After": "7"})
        if self.broken:
            return _problem(500, "error")
        if self.nonsense:
            return Answer(200, raw=b"<html>onderhoud</html>")
        kind = path.partition("/")[0]
        if given := self.answers.get((method, kind)):
            return given
        try:
            given_body = json.loads(body) if body else None
            self.bodies.append((method, path, given_body))
            return self._carry_out(method, path, query, given_body)
        except Refusal as refusal:
            return _problem(refusal.status, refusal.code, refusal.params)

    def _carry_out(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        name, _, uuid = path.partition("/")
        if (method, path) == ("POST", "maak-klantcontact"):
            return Answer(201, self._make_contact(body))
        if name not in self.rows:
            return _problem(404, "not_found")
        if not uuid:
            return Answer(201, self._shown(name, self._make(name, body))) if method == "POST" else self._list(name, query)
        row = next((row for row in self.rows[name] if row["uuid"] == uuid), None)
        if row is None:
            return _problem(404, "not_found")
        if method == "GET":
            self._check_query(name, query, {"expand"} & FILTERS[name])
            return Answer(200, self._shown(name, row, query.get("expand")))
        if method == "PATCH":
            self._check(name, body, patch=row)
            row.update({key: value for key, value in body.items() if key not in ("uuid", "url")})
            return Answer(200, self._shown(name, row))
        self._delete(name, row)
        return Answer(204)

    def _list(self, name: str, query: dict[str, str]) -> Answer:
        self._check_query(name, query, FILTERS[name] | {"page", "pageSize"})
        found = [row for row in self.rows[name] if all(self._fits(row, key, value) for key, value in query.items())]
        if name == "klantcontacten":
            found.sort(key=lambda row: row["plaatsgevondenOp"])
        found.reverse()  # newest first
        size, page = min(int(query.get("pageSize", 100)), 500), int(query.get("page", 1))
        if page > 1 and (page - 1) * size >= len(found):
            return _problem(404, "not_found")
        more = page * size < len(found)
        shown = [self._shown(name, row, query.get("expand")) for row in found[(page - 1) * size : page * size]]
        following = f"http://testserver{PATH}/{name}?page={page + 1}" if more else None
        return Answer(200, {"count": len(found), "next": following, "previous": None, "results": shown})

    def _check_query(self, name: str, query: dict[str, str], known: set[str]) -> None:
        if unknown := set(query) - known:
            raise Refusal(*((key, "unknown-parameters") for key in sorted(unknown)), code="unknown-parameters")
        if wrong := {part for part in query.get("expand", "").split(",") if part} - EXPANDABLE.get(name, set()):
            raise Refusal(*(("expand", "invalid") for _ in wrong))

    def _fits(self, row: Row, key: str, value: str) -> bool:
        if key in ("page", "pageSize", "expand"):
            return True
        found: Any = row
        for part in _path_of(key, row):
            found = found.get(part) if isinstance(found, dict) else None
        if key.startswith("onderwerpobject__"):
            part = key.removeprefix("onderwerpobject__onderwerpobjectidentificator")
            objects = [one for one in self.rows["onderwerpobjecten"] if _refers(one, "klantcontact", row)]
            return any((one.get("onderwerpobjectidentificator") or {}).get(part[0].lower() + part[1:]) == value for one in objects)
        if key.startswith("partijIdentificator__"):
            part = key.removeprefix("partijIdentificator__")
            return any(one["partijIdentificator"][part] == value for one in row["partijIdentificatoren"])
        if key in ("hadBetrokkene__uuid", "hadBetrokkene__wasPartij__uuid"):
            own = [one for one in self.rows["betrokkenen"] if _refers(one, "hadKlantcontact", row)]
            wanted = "uuid" if key == "hadBetrokkene__uuid" else None
            return any((one["uuid"] if wanted else (one.get("wasPartij") or {}).get("uuid")) == value for one in own)
        return str(found) == value

    # Making and changing

    def _make_contact(self, body: Any) -> Row:
        """All or nothing."""
        before = {name: list(rows) for name, rows in self.rows.items()}
        try:
            if not isinstance(body, dict) or "klantcontact" not in body:
                raise Refusal(("klantcontact", "required"))
            try:
                contact = self._make("klantcontacten", body["klantcontact"])
            except Refusal as refusal:
                raise Refusal(*((f"klantcontact.{name}", code) for name, code in refusal.params), status=refusal.status) from None
            made = {"klantcontact": contact, "betrokkene": None, "onderwerpobject": None}
            mine = {"uuid": contact["uuid"]}
            if body.get("betrokkene"):
                made["betrokkene"] = self._make("betrokkenen", {**body["betrokkene"], "hadKlantcontact": mine})
            if body.get("onderwerpobject"):
                made["onderwerpobject"] = self._make("onderwerpobjecten", {**body["onderwerpobject"], "klantcontact": mine})
        except Refusal:
            self.rows = before
            raise
        return {**made, "klantcontact": self._shown("klantcontacten", contact)}

    def _make(self, name: str, body: Any) -> Row:
        self._check(name, body)
        row: Row = {"uuid": str(uuid4()), **body}
        row["url"] = f"http://testserver{PATH}/{name}/{row['uuid']}"
        if name == "klantcontacten":
            row.setdefault("plaatsgevondenOp", datetime.now(UTC).isoformat())
            for key in ("inhoud", "reactie"):
                row.setdefault(key, "")
            row.setdefault("referentienummer", None)
            row.setdefault("indicatieContactGelukt", None)
            row.setdefault("metadata", {})
        if name == "internetaken":
            row.setdefault("referentienummer", None)
            row["afgehandeldOp"] = datetime.now(UTC).isoformat() if row["status"] == "verwerkt" else None
        if name == "partijen":
            row["partijIdentificatoren"] = row.get("partijIdentificatoren") or []
        self.rows[name].append(row)
        return row

    def _check(self, name: str, body: Any, patch: Row | None = None) -> None:
        if not isinstance(body, dict):
            raise Refusal(("nonFieldErrors", "invalid"))
        wrong: list[tuple[str, str]] = []
        if patch is None:
            wrong += [(key, "required") for key in REQUIRED[name] if key not in body]
        for key, length in LENGTHS.get(name, {}).items():
            value = body.get(key)
            if isinstance(value, str) and len(value) > length:
                wrong.append((key, "max_length"))
            if isinstance(value, str) and "\x00" in value:
                wrong.append((key, "null_characters_not_allowed"))
        wrong += [(key, "blank") for key in NOT_BLANK if body.get(key) == ""]
        for (resource, key), allowed in CHOICES.items():
            if resource == name and key in body and body[key] not in allowed:
                wrong.append((key, "invalid_choice"))
        for key, (resource, nullable) in REFERENCES.items():
            if key in body and not (body[key] is None and nullable):
                wrong += self._check_reference(key, resource, body[key])
        if name == "klantcontacten" and body.get("verdereActieOndernomen") and body.get("indicatieContactGelukt"):
            wrong.append(("nonFieldErrors", "invalid"))
        wrong += _check_metadata(body) + _check_address(name, body) + self._check_own(name, body, patch)
        if wrong:
            raise Refusal(*wrong)

    def _check_reference(self, key: str, resource: str, value: Any) -> list[tuple[str, str]]:
        uuid = value.get("uuid") if isinstance(value, dict) else None
        if not isinstance(uuid, str):
            return [(f"{key}.uuid", "required")]
        return [] if any(row["uuid"] == uuid for row in self.rows[resource]) else [(f"{key}.uuid", "invalid")]

    def _check_own(self, name: str, body: Row, patch: Row | None) -> list[tuple[str, str]]:
        """What is unique, and what each resource asks of itself."""
        others = [row for row in self.rows[name] if row is not patch]
        for key in ("referentienummer", "nummer"):
            value = body.get(key)
            if value == "" and any(row.get(key) == "" for row in others):
                raise Refusal(status=500, code="error")  # a fault of the real one
            if value and not (isinstance(value, str) and value.isdecimal()):
                return [(key, "invalid")]
            if value and any(row.get(key) == value for row in others):
                return [(key, "unique")]
        if name == "actorklantcontacten" and patch is None:
            pair = (_id(body, "actor"), _id(body, "klantcontact"))
            if any((_id(row, "actor"), _id(row, "klantcontact")) == pair for row in others):
                return [("nonFieldErrors", "unique")]
        if name == "internetaken" and patch is None and ("toegewezenAanActoren" in body) == ("toegewezenAanActor" in body):
            return [("nonFieldErrors", "invalid")]
        if name == "internetaken":
            return [
                bad for one in body.get("toegewezenAanActoren", []) for bad in self._check_reference("toegewezenAanActoren", "actoren", one)
            ]
        if name == "partijen":
            return self._check_identificators(body, others)
        return []

    def _check_identificators(self, body: Row, others: list[Row]) -> list[tuple[str, str]]:
        for one in body.get("partijIdentificatoren") or []:
            given = one.get("partijIdentificator") or {}
            if {"codeObjecttype", "codeSoortObjectId", "objectId", "codeRegister"} - set(given):
                return [("partijIdentificatoren.0.partijIdentificator", "required")]
            if given["codeSoortObjectId"] == "bsn" and not passes_eleven_test(given["objectId"]):
                return [("partijIdentificatoren.0.partijIdentificator.objectId", "invalid")]
            if any(given == there["partijIdentificator"] for row in others for there in row["partijIdentificatoren"]):
                return [("__all__", "invalid")]
        return []

    def _delete(self, name: str, row: Row) -> None:
        self.rows[name].remove(row)
        if name == "klantcontacten":
            for resource, key in OF_KLANTCONTACT.items():
                gone = [one for one in self.rows[resource] if _refers(one, key, row)]
                self.rows[resource] = [one for one in self.rows[resource] if one not in gone]
                if resource == "betrokkenen":
                    self._set_free([one["uuid"] for one in gone])

    def _set_free(self, betrokkenen: list[str]) -> None:
        """Addresses stay, without anybody they are of."""
        for adres in self.rows["digitaleadressen"]:
            if _id(adres, "verstrektDoorBetrokkene") in betrokkenen:
                adres["verstrektDoorBetrokkene"] = None

    # Showing

    def _shown(self, name: str, row: Row, expand: str | None = None) -> Row:
        shown = dict(row)
        if name == "betrokkenen":
            shown["digitaleAdressen"] = self._of("digitaleadressen", "verstrektDoorBetrokkene", row)
        if name == "klantcontacten":
            shown["hadBetrokkenen"] = self._of("betrokkenen", "hadKlantcontact", row)
            shown["gingOverOnderwerpobjecten"] = self._of("onderwerpobjecten", "klantcontact", row)
            shown["omvatteBijlagen"] = self._of("bijlagen", "wasBijlageVanKlantcontact", row)
            shown["leiddeTotInterneTaken"] = self._of("internetaken", "aanleidinggevendKlantcontact", row)
            actors = {_id(pair, "actor") for pair in self.rows["actorklantcontacten"] if _refers(pair, "klantcontact", row)}
            shown["hadBetrokkenActoren"] = [actor for actor in self.rows["actoren"] if actor["uuid"] in actors]
            if expand:
                shown["_expand"] = self._expanded(row, expand.split(","))
        return shown

    def _of(self, name: str, key: str, row: Row) -> list[Row]:
        return [{"uuid": one["uuid"], "url": one["url"]} for one in self.rows[name] if _refers(one, key, row)]

    def _expanded(self, row: Row, wanted: list[str]) -> Row:
        found: Row = {}
        if any(part.startswith("hadBetrokkenen") for part in wanted):
            own = [one for one in self.rows["betrokkenen"] if _refers(one, "hadKlantcontact", row)]
            found["hadBetrokkenen"] = [self._shown("betrokkenen", one) for one in own]
            if "hadBetrokkenen.digitaleAdressen" in wanted:
                for one in found["hadBetrokkenen"]:
                    addresses = [adres for adres in self.rows["digitaleadressen"] if _refers(adres, "verstrektDoorBetrokkene", one)]
                    one["_expand"] = {"digitaleAdressen": addresses}
        for name, key, resource in (("leiddeTotInterneTaken", "aanleidinggevendKlantcontact", "internetaken"),
                                    ("omvatteBijlagen", "wasBijlageVanKlantcontact", "bijlagen"),
                                    ("gingOverOnderwerpobjecten", "klantcontact", "onderwerpobjecten")):  # fmt: skip
            if name in wanted:
                found[name] = [one for one in self.rows[resource] if _refers(one, key, row)]
        return found

    # In the process

    def transport(self) -> httpx.AsyncBaseTransport:
        return _Transport(self)

    # Over a socket

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its URL, without the path of the API."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, fake: FakeOpenKlant) -> None:
        self._fake = fake

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._fake.slow:
            await asyncio.sleep(0)
            raise httpx.ReadTimeout("slow", request=request)
        try:
            target = request.url.raw_path.decode()
            answer = self._fake.answer(request.method, target, request.headers.get("authorization"), await request.aread())
        except ConnectionError as error:
            raise httpx.ConnectError("down", request=request) from error
        return httpx.Response(answer.status, headers=answer.headers, content=_encoded(answer), request=request)


def _handler(fake: FakeOpenKlant) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answer = fake.answer(self.command, self.path, self.headers.get("Authorization"), body)
            except ConnectionError:
                self.close_connection = True
                return
            content = _encoded(answer)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815  http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _encoded(answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    return b"" if answer.status == 204 else json.dumps(answer.body).encode()


def _problem(status: int, code: str, params: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = {
        "type": "about:blank",
        "code": code,
        "title": "Fout",
        "status": status,
        "detail": "Er ging iets mis.",
        "instance": f"urn:uuid:{uuid4()}",
    }
    if params:
        body["invalidParams"] = [{"name": name, "code": given, "reason": "Dit is niet goed."} for name, given in params]
    return Answer(status, body)


def _check_metadata(body: Row) -> list[tuple[str, str]]:
    given = body.get("metadata", {})
    fine = isinstance(given, dict) and all(isinstance(value, str) and len(value) <= 255 for value in given.values())
    return [] if fine else [("metadata", "invalid")]


def _check_address(name: str, body: Row) -> list[tuple[str, str]]:
    if name == "digitaleadressen" and body.get("soortDigitaalAdres") == "telefoonnummer" and not PHONE.match(str(body.get("adres"))):
        return [("adres", "invalid")]
    if name == "digitaleadressen" and body.get("soortDigitaalAdres") == "email" and "@" not in str(body.get("adres")):
        return [("adres", "invalid")]
    return []


def _path_of(key: str, row: Row) -> list[str]:
    """The way to the value that a filter looks at: actoridentificatorObjectId → actoridentificator, objectId."""
    for group in ("actoridentificator", "bijlageidentificator", "onderwerpobjectidentificator"):
        if key.startswith(group) and key != group:
            rest = key.removeprefix(group)
            return [group, rest[0].lower() + rest[1:]]
    parts = key.split("__")
    if parts[0] == "klantcontact" and "klantcontact" not in row:
        parts[0] = "aanleidinggevendKlantcontact" if "aanleidinggevendKlantcontact" in row else "wasBijlageVanKlantcontact"
    return parts


def _id(row: Row, key: str) -> str | None:
    value = row.get(key)
    return value.get("uuid") if isinstance(value, dict) else None


def _refers(row: Row, key: str, to: Row) -> bool:
    return _id(row, key) == to["uuid"]
