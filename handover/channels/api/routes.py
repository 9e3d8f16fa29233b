"""The routes of both APIs: who asks, what they may, what they get, and that it was written down before they got it."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import msgspec
import structlog
from sanic import HTTPResponse, Request, Sanic, json
from sanic.exceptions import SanicException

from handover.channels.api.asked import Query, read_body, read_query
from handover.channels.api.callers import Caller, Callers
from handover.channels.api.description import API_VERSION, TURNS_VERSION, gesprekken_api, klantinteracties_api
from handover.channels.api.gesprekken import BASE as TURNS_BASE
from handover.channels.api.gesprekken import Gesprekken
from handover.channels.api.klantinteracties import ACTOR_PARAMETERS, KLANTCONTACT, MAAK_KLANTCONTACT, PARTIJ, Klantinteracties, Resource
from handover.channels.api.problems import Problem, Wrong, problem, refused
from handover.channels.api.shapes import BASE, Json
from handover.conversation.conversation import Step
from handover.history.store import Conflict, Unavailable
from handover.perform import Performer
from handover.staff.tokens import READ, TURNS, WRITE

log = structlog.get_logger()
Handler = Callable[..., Awaitable[HTTPResponse]]
PARAMETERS_AT_MOST = 60


def is_api(path: str) -> bool:
    return path.startswith((f"{BASE}/", f"{TURNS_BASE}/"))


def add_api(
    app: Sanic, callers: Callable[[], Callers], moments: Callable[[], Klantinteracties], talks: Callable[[], Gesprekken],
    performer: Callable[[], Performer], shared_with: Callable[[str | None], bool],
) -> None:  # fmt: skip
    """The routes on `app`. What they need is there once the service has started, so it is asked for at each request.

    `shared_with`: whether pages of an origin may call it (CORS, SEC-12).
    """
    app.ctx.api_shared_with = shared_with

    def route(path: str, method: str, scope: str, name: str, version: str = API_VERSION) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            @functools.wraps(handler)
            async def answered(request: Request, **found: Any) -> HTTPResponse:
                try:
                    caller = await callers().admitted(request, scope)
                    response = await handler(request, caller, **found)
                except Problem as wrong:
                    response = refused(request, wrong)
                except Unavailable:
                    response = refused(request, Problem(503))
                response.headers.update({"API-version": version, "Cache-Control": "no-store", **_sharing(request)})
                return response

            app.add_route(answered, path, methods=[method], name=name)
            return handler

        return add

    async def noted(request: Request, caller: Caller, action: str, object: str, people: set[UUID], began: Any) -> None:
        await callers().note(request, caller, action, object, "ok", people, began)

    def add_resource(path: str) -> None:
        @route(f"{BASE}/{path}", "GET", READ, f"{path}_list")
        async def listing(request: Request, caller: Caller) -> HTTPResponse:
            resource, began = moments().resources[path], callers().now()
            query = _query(request, resource)
            shown, people = await moments().page(resource, query, caller.person)
            await noted(request, caller, f"{path}.lijst", f"{BASE}/{path}", people, began)
            return json(shown)

        @route(f"{BASE}/{path}/<id:str>", "GET", READ, f"{path}_one")
        async def detail(request: Request, caller: Caller, id: str) -> HTTPResponse:
            resource, began = moments().resources[path], callers().now()
            expand = read_query(_given(request), {}, resource.expand, paged=False).expand
            shown, people = await moments().one(resource, _id(id), expand, caller.person)
            await noted(request, caller, f"{path}.inzien", f"{path}/{id}", people, began)
            return json(shown)

    for path in ("klantcontacten", "betrokkenen", "bijlagen", "onderwerpobjecten", "internetaken", "partijen", "partij-identificatoren",
                 "digitaleadressen"):  # fmt: skip
        add_resource(path)

    @route(f"{BASE}/actoren", "GET", READ, "actoren_list")
    async def actors(request: Request, caller: Caller) -> HTTPResponse:
        began = callers().now()
        query = read_query(_given(request), ACTOR_PARAMETERS, (), paged=True)
        found = [one for one in (moments().shapes.actor(actor) for actor in await moments().actors()) if _fits(one, query.values)]
        shown = found[(query.page - 1) * query.size : query.page * query.size]
        answer = moments().listed("actoren", query, len(found), shown)
        await noted(request, caller, "actoren.lijst", f"{BASE}/actoren", set(), began)
        return json(answer)

    @route(f"{BASE}/actoren/<id:str>", "GET", READ, "actoren_one")
    async def actor(request: Request, caller: Caller, id: str) -> HTTPResponse:
        began, wanted = callers().now(), _id(id)
        read_query(_given(request), {}, (), paged=False)
        found = next((one for one in await moments().actors() if one["id"] == wanted), None)
        if not found:
            raise Problem(404)
        await noted(request, caller, "actoren.inzien", f"actoren/{id}", set(), began)
        return json(moments().shapes.actor(found))

    # Recording

    async def recorded(request: Request, caller: Caller, body: Json) -> tuple[Json, Step]:
        """The contact moment as a client reads it, stored."""
        began = callers().now()
        recording = await moments().recorded(body["klantcontact"], body.get("betrokkene"), body.get("onderwerpobject"), began)
        try:
            step = await performer().record(recording.conversation, recording.what, recording.beside)
        except Conflict:
            wrong = Wrong("klantcontact.referentienummer", "unique", "Er is al een klantcontact met dit referentienummer.")
            raise Problem(400, "", "invalid", [wrong]) from None
        shown, people = await moments().one(moments().resources["klantcontacten"], step.segments[0].id, EVERYTHING, None)
        await noted(request, caller, "klantcontacten.vastleggen", f"klantcontacten/{step.segments[0].id}", people, began)
        return shown, step

    @route(f"{BASE}/klantcontacten", "POST", WRITE, "klantcontacten_new")
    async def new_contact(request: Request, caller: Caller) -> HTTPResponse:
        read_query(_given(request), {}, (), paged=False)
        shown, _ = await recorded(request, caller, {"klantcontact": read_body(_body(request), KLANTCONTACT)})
        del shown["_expand"]
        return json(shown, status=201, headers={"Location": shown["url"]})

    @route(f"{BASE}/maak-klantcontact", "POST", WRITE, "maak_klantcontact")
    async def make_contact(request: Request, caller: Caller) -> HTTPResponse:
        read_query(_given(request), {}, (), paged=False)
        given = read_body(_body(request), MAAK_KLANTCONTACT)
        shown, _ = await recorded(request, caller, given)
        beside = shown.pop("_expand")
        objects = [one for one in beside["gingOverOnderwerpobjecten"] if given.get("onderwerpobject")]
        answer = {
            "klantcontact": shown,
            "betrokkene": next(iter(beside["hadBetrokkenen"]), None),
            "onderwerpobject": objects[-1] if objects else None,
        }
        return json(answer, status=201, headers={"Location": shown["url"]})

    @route(f"{BASE}/partijen", "POST", WRITE, "partijen_new")
    async def new_party(request: Request, caller: Caller) -> HTTPResponse:
        began = callers().now()
        read_query(_given(request), {}, (), paged=False)
        id = await moments().party(read_body(_body(request), PARTIJ), began)
        shown, people = await moments().one(moments().resources["partijen"], id, frozenset(), None)
        await noted(request, caller, "partijen.vastleggen", f"partijen/{id}", people, began)
        return json(shown, status=201, headers={"Location": shown["url"]})

    # Conversations

    @route(f"{TURNS_BASE}/<id:str>", "GET", TURNS, "gesprekken_one", TURNS_VERSION)
    async def talk(request: Request, caller: Caller, id: str) -> HTTPResponse:
        began = callers().now()
        read_query(_given(request), {}, (), paged=False)
        shown, person = await talks().one(_id(id), caller.person)
        await noted(request, caller, "gesprekken.inzien", f"gesprekken/{id}", {person} if person else set(), began)
        return json(shown)

    @route(f"{TURNS_BASE}/<id:str>/beurten", "GET", TURNS, "beurten_list", TURNS_VERSION)
    async def turns(request: Request, caller: Caller, id: str) -> HTTPResponse:
        began = callers().now()
        query = read_query(_given(request), {}, (), paged=True)
        shown, person = await talks().turns(_id(id), query, caller.person)
        await noted(request, caller, "gesprekken.beurten", f"gesprekken/{id}", {person} if person else set(), began)
        return json(shown)

    @app.get(f"{BASE}/openapi.json")
    async def described(_request: Request) -> HTTPResponse:
        return json(klantinteracties_api(moments()), headers={"API-version": API_VERSION, "Cache-Control": "max-age=300"})

    @app.get(f"{TURNS_BASE}/openapi.json")
    async def turns_described(_request: Request) -> HTTPResponse:
        return json(gesprekken_api(), headers={"API-version": TURNS_VERSION, "Cache-Control": "max-age=300"})


EVERYTHING = frozenset({"hadBetrokkenen", "gingOverOnderwerpobjecten"})
ACTOR_FIELDS: dict[str, Callable[[Json], Any]] = {
    "naam": lambda one: one["naam"],
    "soortActor": lambda one: one["soortActor"],
    "indicatieActief": lambda one: one["indicatieActief"],
    "actoridentificatorObjectId": lambda one: one["actoridentificator"]["objectId"],
    "actoridentificatorCodeObjecttype": lambda one: one["actoridentificator"]["codeObjecttype"],
    "actoridentificatorCodeRegister": lambda one: one["actoridentificator"]["codeRegister"],
    "actoridentificatorCodeSoortObjectId": lambda one: one["actoridentificator"]["codeSoortObjectId"],
}


def _fits(actor: Json, wanted: Json) -> bool:
    return all(value == "" or ACTOR_FIELDS[name](actor) == value for name, value in wanted.items())


def _given(request: Request) -> dict[str, list[str]]:
    try:
        return parse_qs(request.query_string, keep_blank_values=True, max_num_fields=PARAMETERS_AT_MOST, errors="replace")
    except ValueError:
        raise Problem(400, f"Er zijn meer dan {PARAMETERS_AT_MOST} parameters.", "invalid", []) from None


def _query(request: Request, resource: Resource) -> Query:
    return read_query(_given(request), resource.parameters, resource.expand, paged=True)


def _id(text: str) -> UUID:
    """What is no id is nothing's id."""
    try:
        return UUID(text) if len(text) == 36 else _no()
    except ValueError:
        raise Problem(404) from None


def _no() -> UUID:
    raise Problem(404)


def _body(request: Request) -> Any:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Problem(415)
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Problem(400, "De aanvraag is geen JSON.", "parse_error", []) from None


def _sharing(request: Request) -> dict[str, str]:
    """CORS, for the sites that may embed the chat; no other page's script reads an answer."""
    origin = request.headers.get("origin")
    if not origin or not request.app.ctx.api_shared_with(origin):
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "API-version, Location",
        "Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Authorization, Content-Type, traceparent",
    }  # fmt: skip


def failed(request: Request, error: Exception) -> HTTPResponse:
    """For what went wrong before or inside a route: generic, with a reference that stands in the log (SEC-19)."""
    status = error.status_code if isinstance(error, SanicException) else 500
    if status >= 500:
        log.error("request.failed", request_id=str(request.id), path=request.path, error=type(error).__name__, exc_info=error)
    headers = {name: str(value) for name, value in (getattr(error, "headers", None) or {}).items()} | _sharing(request)
    if request.method == "OPTIONS" and status == 405 and "Access-Control-Allow-Origin" in headers:
        return HTTPResponse(status=204, headers=headers)  # a browser asks beforehand
    version = TURNS_VERSION if request.path.startswith(TURNS_BASE) else API_VERSION
    return json(problem(request, status, wrong=[] if status == 400 else None), status=status, content_type="application/problem+json",
                headers={**headers, "API-version": version, "Cache-Control": "no-store"})  # fmt: skip
