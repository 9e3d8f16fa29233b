"""`wegwijs docs`: the parts of docs/ that are drawn from the code, so that they cannot say anything else than it does.

asyncapi.json has both sockets, openapi.json the routes over HTTP, states.md the table of owners. What only a person
can say (what a frame means, what an event is) stands in the tables below; a frame, event or limit without its line
there stops the command.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import msgspec

from handover.channels import frames
from handover.channels.console import messages as staff
from handover.channels.console.login import Credentials
from handover.channels.web import messages as resident
from handover.conversation import events as ev
from handover.conversation import states
from handover.conversation.events import Event
from handover.conversation.states import TRANSITIONS, State
from handover.settings import ROOT

Json = dict[str, Any]
FOLDER = ROOT / "docs"
LICENSE = {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"}

FROM_RESIDENT = {
    "hello": "The first frame: starts a conversation, or goes on with the one of `token`. `after` is the last `seq` that was seen.",
    "message": "What the resident wrote: at most 2,000 characters; more is answered with `too_long`.",
    "choose": "A button: the `seq` of its turn and its id. Becomes a turn with the label of the button as its text.",
    "human": "Asks for a person. Waits for one, or hears in a turn when there is one and what can be done until then.",
    "leave": "Leaves the queue; the bot has the conversation again.",
    "typing": "The resident types. Not stored and not acknowledged.",
    "language": "Another language for what comes from now on.",
    "rate": "What the resident thinks of it, also after it is closed. The last one counts.",
    "close": "Ends the conversation.",
    "call": "Wants to go on by telephone: answered with a `code` frame, if a gateway is connected, else `not_found`.",
    "code": "Has a code from a call: answered with `welcome`, the turns of that conversation and a token of its own. A wrong, a used "
    "and an old code get the same `not_found`.",
}
FROM_STAFF = {
    "presence": "Available or away. The console sends it in answer to every `presence` of the service: that is the heartbeat.",
    "open": "Read a conversation; written to the audit log. Answered with `context`, and kept up to date after that.",
    "claim": "Take it. Of any number of claims at once exactly one is acknowledged, the others get `taken`.",
    "reply": "To the resident: at most 4,000 characters.",
    "note": "For colleagues only; the resident never sees it.",
    "transfer": "To a `team` (an id) or to a colleague who is there now (`staff`: an id); one of the two. The reason becomes a note.",
    "return": "Back to the bot, with a last word or without one.",
    "close": "Wrap-up: how it ended, in a few words, and about which topics.",
    "typing": "This member of staff types. Shown to the resident. Not acknowledged.",
    "callbacks": "Asks for the call-back requests; without `status` those that are still to be done.",
    "callback_done": "The resident has been called back.",
    "code": "A code and a link with which the resident goes on in the chat. Written to the audit log.",
}

WHO_DOES_WHAT: dict[str, dict[type[Event], str]] = {
    "The resident": {
        ev.Said: "writes something",
        ev.Chose: "presses a button of a turn",
        ev.HumanAsked: "asks for a person, and somebody is available",
        ev.NobodyAvailable: "asks for a person, and nobody is available",
        ev.QueueLeft: "leaves the queue",
        ev.LanguageChanged: "chooses the other language",
        ev.Rated: "gives a rating",
        ev.Closed: "ends the conversation",
    },
    "The municipality's site": {
        ev.Identified: "says who the resident is, by a signed token",
    },
    "A caller": {
        ev.CallJoined: "goes on by telephone with what was a chat",
        ev.CallerKnown: "is told by number, after the call began",
        ev.Spoke: "says something; to whom it should have been put through, that failed",
        ev.Keyed: "presses keys; the same",
        ev.Silent: "says nothing; the same",
        ev.CodeRefused: "gave a code that is not right",
        ev.CallMoved: "gave a right code: the call goes on in another conversation",
        ev.WebJoined: "has the call in a chat as well",
        ev.TransferFailed: "could not be put through, and is with us again",
        ev.TransferDone: "has spoken with somebody; a colleague who took it wraps up",
        ev.StillThere: "is still there, says the gateway",
        ev.LineLost: "may still be there: the gateway is gone",
        ev.HungUp: "has hung up; what was a chat before stays one",
    },
    "The bot": {
        ev.BotAnswered: "answers (kept but not shown if the owner changed or the notice went out first)",
        ev.BotFailed: "cannot answer, or not in time",
    },
    "Staff": {
        ev.Claimed: "take the conversation",
        ev.Replied: "write to the resident",
        ev.Noted: "write a note for colleagues",
        ev.Transferred: "pass it on: to a team, which makes it wait, or to a colleague, who has it at once",
        ev.Returned: "give it back to the bot",
        ev.WrappedUp: "end it, with outcome and summary",
    },
    "Time": {
        ev.StaffLost: "nothing was heard of the owner's console",
        ev.AnswerOverdue: "the bot's answer is overdue, whatever became of the process that asked it",
        ev.WaitedLong: "the resident has waited long, and is offered a way out",
        ev.NobodyCame: "nobody took the conversation",
        ev.IdleWarned: "the resident has been silent with the bot, and is warned",
        ev.IdleClosed: "the resident stayed silent after the warning",
        ev.CallLost: "nothing was heard of a call, or nobody took over from one that is over",
    },
}
LIMITS = {
    "ANSWER_LIMIT": "for an answer of the bot; after it the resident gets a notice with ways on",
    "ANSWER_OVERDUE": "the same, kept in the database: it also holds when the process that asked is gone",
    "LONG_WAIT": "in the queue, after which the resident is offered a call-back instead",
    "NOBODY_CAME": "in the queue, after which the bot has the conversation again",
    "IDLE_WARNING": "of silence with the bot, after which the resident is warned",
    "IDLE_CLOSE": "after that warning, and the conversation is closed",
    "CALL_SILENT": "without an event of a call that the assistant has, after which it is over",
    "LINE_LOST": "for a gateway that is gone to come back with its calls",
    "CALL_AT_MOST": "of a caller who was put through, after which the call is over",
    "HANDOVER_OPEN": "after a caller who was put through hung up, for whoever answered to take it on the console",
    "CODE_VALID": "of a code with which a conversation goes on elsewhere",
    "STAFF_SILENCE": "without a sign of life of the owner, and the conversation goes to the top of the queue",
    "UNUSED": "after which a conversation in which the resident never said anything is deleted",
    "PUT_OFF": "until the next look at what may not be destroyed yet: a hold, or a call-back that is still to be done",
    "REPLAY_AFTER_CLOSING": "after closing, during which the token still shows the conversation and takes a rating",
}


class Undescribed(Exception):
    """Something of the code has no line in the tables above."""


def generated() -> dict[str, str]:
    """File name in docs/ → what it should hold. Raises Undescribed."""
    return {"asyncapi.json": _json(asyncapi()), "openapi.json": _json(openapi()), "states.md": state_page()}


def out_of_date(folder: Path = FOLDER) -> list[str]:
    """Names of the files that are missing or not what the code says."""
    return [name for name, text in generated().items() if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text]


def write(folder: Path = FOLDER) -> list[str]:
    """Writes what is out of date; the names."""
    changed = out_of_date(folder)
    folder.mkdir(exist_ok=True)
    for name in changed:
        (folder / name).write_text(generated()[name], "utf-8")
    return changed


def _json(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _info(title: str, description: str) -> Json:
    return {"title": title, "version": version("wegwijs"), "description": description, "license": LICENSE}


# The sockets


def asyncapi() -> Json:
    schemas: Json = {}
    messages: Json = {}
    channels = {
        "resident": _channel("resident", "/chat/ws", "Residents", _RESIDENT, messages, schemas),
        "staff": _channel("staff", "/console/ws", "Staff", _STAFF, messages, schemas),
    }
    return {
        "asyncapi": "3.0.0",
        "info": _info("Wegwijs: sockets", _SOCKETS),
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            f"{who}{does}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{who}"},
                "messages": [{"$ref": f"#/channels/{who}/messages/{name}"} for name in channel["messages"] if name.startswith(prefix)],
            }
            for who, channel in channels.items()
            for does, action, prefix in (("Sends", "receive", "from."), ("Hears", "send", "to."))
        },
        "components": {"messages": messages, "schemas": schemas},
    }  # fmt: skip


_SOCKETS = (
    "JSON text frames; `type` says which. `receive` and `send` are seen from the service. The handshake is refused unless "
    "`Origin` is allowed. `id` is a UUID that the client chooses: the same id again gets the first result again. Fields may be "
    "added; clients ignore what they do not know. Made by `wegwijs docs` from handover/channels; docs/protocol.md tells the rest."
)
_RESIDENT = "The first frame is `hello`; anything else first closes the socket with 1008. The token travels in that frame only."
_STAFF = "Opened with the session's cookie. Frames with an `id` are answered by `ack` or `error`."


def _channel(who: str, address: str, title: str, description: str, messages: Json, schemas: Json) -> Json:
    """The channel; its messages and their schemas are added to `messages` and `schemas`."""
    said, meaning, heard = {
        "resident": (resident.FromResident, FROM_RESIDENT, frames.ToResident),
        "staff": (staff.FromStaff, FROM_STAFF, frames.ToStaff),
    }[who]
    own: Json = {}
    for direction, union in (("from", said), ("to", heard)):
        schemas |= _schemas(list(get_args(union)), f"{who}.{direction}.")
        for kind in get_args(union):
            tag, name = kind.__struct_config__.tag, f"{direction}.{kind.__struct_config__.tag}"
            if direction == "from" and tag not in meaning:
                raise Undescribed(f"the frame '{tag}' of {who}s has no line in handover/docs.py")
            text = meaning[tag] if direction == "from" else " ".join(kind.__doc__.split())
            payload = {"$ref": f"#/components/schemas/{who}.{direction}.{kind.__name__}"}
            messages[f"{who}.{name}"] = {"name": tag, "summary": text, "payload": payload}
            own[name] = {"$ref": f"#/components/messages/{who}.{name}"}
    return {"address": address, "title": title, "description": description, "messages": own, "bindings": {"ws": {"method": "GET"}}}


def _schemas(types: list[type], prefix: str = "") -> Json:
    """Their JSON schemas and those of all they are made of, by name."""
    _, found = msgspec.json.schema_components(types, ref_template=f"#/components/schemas/{prefix}{{name}}")
    return {f"{prefix}{name}": _extensible(schema) for name, schema in found.items()}


def _extensible(schema: Any) -> Any:
    """Without `additionalProperties: false`: our own tests are strict, clients must not be."""
    if isinstance(schema, list):
        return [_extensible(item) for item in schema]
    if isinstance(schema, dict):
        return {key: _extensible(value) for key, value in schema.items() if not (key == "additionalProperties" and value is False)}
    return schema


# HTTP


def openapi() -> Json:
    cookie: list[Json] = [{"session": []}]
    return {
        "openapi": "3.1.0",
        "info": _info("Wegwijs: HTTP", "What is not on a socket. Every answer carries the usual security headers. Made by `wegwijs docs`."),
        "paths": {
            "/health": {"get": _operation("Whether residents can be answered", {
                200: ("`bot` is `down` while people can still be reached without the bot", frames.Health),
                503: ("Not ready yet", frames.Health),
            })},
            "/chat/info": {"get": _operation("What the widget shows before anything is said", {
                200: ("Shared by CORS with the sites of WEGWIJS_ORIGINS", frames.ChatInfo),
            }, parameters=[{"name": "language", "in": "query", "schema": {"enum": ["nl", "en"], "default": "nl"}}])},
            "/console/login": {"post": _operation("Log in; a foreign Origin is refused", {
                204: ("The session's cookie is set", None), 400: ("No name and password", frames.Wrong),
                401: ("Wrong name or password, or a disabled account", frames.Wrong), 403: ("A foreign Origin", frames.Problem),
                415: ("Not application/json", frames.Wrong), 429: ("Too many tries", frames.Wrong),
            }, body=Credentials)},
            "/console/logout": {"post": _operation("Log out; this person's sockets are closed", {
                204: ("The cookie is taken back", None), 403: ("A foreign Origin", frames.Problem),
            }, security=cookie)},
            "/console/me": {"get": _operation("Who is logged in", {
                200: ("This person", frames.MeOverHttp), 401: ("Nobody", frames.Wrong),
            }, security=cookie)},
            "/console/handovers/{code}": {"get": _operation("Whom a ringing telephone is about; a browser is taken to the console", {
                200: ("By the code of the SIP header, or, up to 5 minutes, by a caller's number", frames.Ringing),
                401: ("Nobody is logged in", frames.Wrong), 403: ("Of another team", frames.Wrong), 404: ("No such handover", frames.Wrong),
            }, security=cookie, parameters=[{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}])},
            **_mine(),
            "/metrics": {"get": _operation("Prometheus text, from loopback alone", {
                200: ("The metrics", "text/plain"), 403: ("Not from loopback, or another token", "text/plain"),
            }, security=[{"metrics": []}])},
            "/.well-known/security.txt": {"get": _operation("Where to report a weakness (RFC 9116)", {200: ("The text", "text/plain")})},
        },
        "components": {
            "schemas": _schemas([
                frames.Health, frames.ChatInfo, frames.MeOverHttp, frames.Ringing, frames.Wrong, frames.Problem, Credentials, *MINE,
            ]),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-wegwijs",
                            "description": "On loopback without TLS the cookie is called `wegwijs`."},
                "mine": {"type": "http", "scheme": "bearer", "description": "The secret of a conversation, or the token of /mine/session."},
                "metrics": {"type": "http", "scheme": "bearer", "description": "The token in secrets/metrics of the data folder."},
            },
        },
    }  # fmt: skip


MINE = [frames.MineSession, frames.MineContacts, frames.MineContact, frames.MineCorrection, frames.MineDetail, frames.MineRefusal]


def _mine() -> Json:
    """A resident's own contacts."""
    own: Json = {"security": [{"mine": []}]}
    refusal = frames.MineRefusal
    never: dict[int, Answer] = {
        401: ("No token, or one that holds nothing", refusal), 403: ("A foreign Origin", refusal), 429: ("Too often", refusal),
        503: ("The store is not there now", refusal),
    }  # fmt: skip
    one: Json = {**own, "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}]}
    gone: Answer = ("Not there, or somebody else's", refusal)
    return {
        "/mine/session": {"post": _operation("Exchange a signed token of the municipality's site, once", {
            200: ("A session", frames.MineSession), **never}, **own)},
        "/mine/contacts": {"get": _operation("What is kept, newest first", {200: ("All of it", frames.MineContacts), **never}, **own)},
        "/mine/contacts/{id}": {
            "get": _operation("One conversation with what was said", {200: ("It", frames.MineContact), 404: gone, **never}, **one),
            "delete": _operation("Erase it", {
                204: ("It is gone", None), 404: gone, 409: ("It must stay for now", refusal), **never}, **one),
        },
        "/mine/details/{id}": {"patch": _operation("Correct a contact detail", {
            200: ("As it stands now", frames.MineDetail), 400: ("That cannot be right", refusal), 404: gone,
            409: ("It is held", refusal), **never}, body=frames.MineCorrection, **one)},
        "/mine/export": {"get": _operation("Everything as a file: JSON, or words for who accepts text/plain alone", {
            200: ("The file", frames.MineContacts), **never}, **own)},
    }  # fmt: skip


Answer = tuple[str, type | str | None]  # a description, and a type (JSON), a media type or nothing


def _operation(summary: str, answers: dict[int, Answer], body: type | None = None, **rest: Any) -> Json:
    asked = {"requestBody": {"required": True, "content": _content(body)}} if body else {}
    responses = {
        str(status): {"description": description, **({"content": _content(what)} if what else {})}
        for status, (description, what) in answers.items()
    }
    return {"summary": summary, **rest, **asked, "responses": responses}


def _content(what: type | str) -> Json:
    if isinstance(what, str):
        return {what: {"schema": {"type": "string"}}}
    media = "application/problem+json" if what in (frames.Problem, frames.MineRefusal) else "application/json"
    return {media: {"schema": {"$ref": f"#/components/schemas/{what.__name__}"}}}


# Owners


def state_page() -> str:
    return "\n".join([*_STATES_BEGIN, *_diagram(), *_STATES_TABLE, *_rows(), *_STATES_LIMITS, *_limits(), ""])


_STATES_BEGIN = (
    "# Who owns a conversation",
    "",
    "Drawn by `wegwijs docs` from the table in handover/conversation/states.py, which is the whole state machine.",
    "An arrow is a change of owner; each makes the `epoch` one higher. What was decided under an older epoch is not carried out.",
    "",
)
_STATES_TABLE = (
    "",
    "## Every event in every state",
    "",
    "The new state stands in the column of the old one. `·`: allowed, the owner stays. Empty: refused, and nothing changes.",
    "",
    "| who | event | what | " + " | ".join(f"in {state.value}" for state in State) + " |",
    "| --- | --- | --- | " + " | ".join("---" for _ in State) + " |",
)
_STATES_LIMITS = (
    "",
    "## Time limits",
    "",
    "The conversation's own row says when the next of them is due, and a loop that may die at any moment works them off.",
    "Four are kept elsewhere: `ANSWER_LIMIT` by the task that asks the bot, `STAFF_SILENCE` by the heartbeat of the console,",
    "`CODE_VALID` by the code's own row, and `REPLAY_AFTER_CLOSING` by the moment of closing.",
    "",
    "| limit | time | what |",
    "| --- | --- | --- |",
)


def _diagram() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {State.BOT.value}")
    for state, row in TRANSITIONS.items():
        for target in State:
            names = [event.__name__ for event, to in row.items() if to is target and to is not state]
            if names:
                yield f"    {state.value} --> {target.value}: {', '.join(names)}"
    yield f"    {State.STAFF.value} --> {State.STAFF.value}: Transferred (to a colleague)"
    yield from (f"    {State.CLOSED.value} --> [*]", "```")


def _rows() -> Iterator[str]:
    described = {event for events in WHO_DOES_WHAT.values() for event in events}
    missing = set(Event.__subclasses__()) - described
    if missing:
        raise Undescribed(f"no line in handover/docs.py for {', '.join(sorted(event.__name__ for event in missing))}")
    for who, events in WHO_DOES_WHAT.items():
        for event, what in events.items():
            cells = (_cell(state, event) for state in State)
            yield f"| {who} | `{event.__name__}` | {what} | {' | '.join(cells)} |"


def _cell(state: State, event: type[Event]) -> str:
    target = TRANSITIONS[state].get(event)
    if event is ev.Transferred and target:
        return f"{target.value} or {State.STAFF.value}"
    return "" if target is None else "·" if target is state else target.value


def _limits() -> Iterator[str]:
    for name, value in vars(states).items():
        if isinstance(value, timedelta):
            if name not in LIMITS:
                raise Undescribed(f"the time limit {name} has no line in handover/docs.py")
            yield f"| `{name}` | {_spoken(value)} | {LIMITS[name]} |"


def _spoken(time: timedelta) -> str:
    """ "4.5 seconds", "10 minutes", "24 hours"."""
    seconds = time.total_seconds()
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {name}"
    return f"{seconds:g} seconds"
