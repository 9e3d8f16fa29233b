"""AudioCodes Bot API (VoiceAI Connect, Live Hub), HTTP mode: four endpoints, one bearer token, lists of activities.

In this mode a bot cannot speak first, so the gateway itself fills a long wait; and by default the gateway ends our
session with the transfer, whether or not anybody answers. So a call-back is drafted before that, and dropped when a
colleague takes the caller.
"""

import hashlib
import hmac
import json as json_module
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

from sanic import HTTPResponse, Request, json

from handover.channels.voice import events as e
from handover.channels.voice import speech
from handover.channels.voice.calls import FILLER_AFTER, Calls
from handover.channels.voice.events import CallId, Out
from handover.channels.voice.voices import Voices
from handover.channels.wire import moment
from handover.content.library import Library

GATEWAY = "audiocodes"
PATH = "/voice/audiocodes"
EXPIRES = 120  # seconds between signs of life
GIVE_UP = 15_000  # milliseconds without an answer of ours, after which the gateway gives up
ID_AT_MOST = 150
ACTIVITIES_AT_MOST = 20  # of one request
MESSAGE_AT_MOST = 20_000  # bytes

Json = dict[str, Any]


class AudioCodes:
    def __init__(self, calls: Calls, library: Library, voices: Voices, token: str | None, now: Callable[[], datetime]) -> None:
        self._calls, self._library, self._voices, self._now = calls, library, voices, now
        self._token = token.encode() if token else None

    def refuses(self, request: Request) -> int | None:
        if self._token is None:
            return 404
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        right = kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token)
        return None if right else 401

    # The endpoints

    async def check(self, request: Request) -> HTTPResponse:
        if refused := self.refuses(request):
            return HTTPResponse(status=refused)
        return json({"type": "ac-bot-api", "success": True})

    async def start(self, request: Request) -> HTTPResponse:
        """A new call. Asked again for the same one, the same is answered."""
        if refused := self.refuses(request):
            return HTTPResponse(status=refused)
        name = _object(request.body).get("conversation")
        if not isinstance(name, str) or not name:
            return json({"error": "conversation expected"}, status=400)
        call = CallId(GATEWAY, name[:ID_AT_MOST])
        await self._calls.take(call, "session", e.CallStarted(told=False), _nothing)
        base = f"conversation/{quote(name, safe='')}"
        urls = {f"{what}URL": f"{base}/{what}" for what in ("activities", "refresh", "disconnect")}
        return json({**urls, "expiresSeconds": EXPIRES})

    async def of_call(self, request: Request, name: str, what: str) -> HTTPResponse:
        """`what`: activities, refresh or disconnect."""
        if refused := self.refuses(request):
            return HTTPResponse(status=refused)
        body = _object(request.body)
        given = body.get("conversation", unquote(name))
        if not isinstance(given, str) or not given:
            return json({"error": "conversation expected"}, status=400)
        call = CallId(GATEWAY, given[:ID_AT_MOST])
        if what == "activities":
            return await self._activities(call, body)
        if not await self._calls.known(call):
            return json({"error": "unknown conversation"}, status=404)
        if what == "refresh":
            await self._calls.take(call, f"refresh:{uuid4()}", e.Refreshed(), _nothing)
            return json({"expiresSeconds": EXPIRES})
        by = "caller" if body.get("reasonCode") in (None, "client-disconnected") else "gateway"
        await self._calls.take(call, "disconnect", e.CallEnded(by, str(body.get("reason", ""))[:100]), _nothing)
        return json({})

    async def _activities(self, call: CallId, body: Json) -> HTTPResponse:
        """Each activity is answered on its own, in order; one that came before gets what it got then."""
        answers: list[Json] = []
        given = body.get("activities")
        for activity in given[:ACTIVITIES_AT_MOST] if isinstance(given, list) else []:
            event = _event(activity)
            if event is None:
                continue
            answer = await self._calls.take(call, _key(activity), event, lambda outs, event=event: self._render(outs, event))  # type: ignore[misc]
            answers += json_module.loads(await answer.rest if answer.rest is not None else answer.body)
        return json({"activities": answers} if answers else {}, dumps=_dumps)

    # Out

    def _render(self, outs: list[Out], event: e.In) -> str:
        for marks, at_most in ((self._voices.marks, speech.AT_MOST), (False, speech.AT_MOST), (False, 300), (False, 60)):
            body = _dumps(self._all(outs, event, marks, at_most))
            if len(body.encode()) <= MESSAGE_AT_MOST:
                break
        return body

    def _all(self, outs: list[Out], event: e.In, marks: bool, at_most: int) -> list[Json]:
        listen = next((out for out in outs if isinstance(out, e.Listen)), None)
        settings = self._listening(listen) if listen else {}
        found: list[Json] = []
        if isinstance(event, e.CallStarted):
            language = listen.language if listen else "nl"
            found.append({"type": "event", "name": "config", "sessionParams": {**self._of_the_call(language), **settings}})
        for out in outs:
            match out:
                case e.Say():
                    found.append(self._message(out, marks, at_most))
                case e.Transfer():
                    found.append(_transfer(out))
                case e.Hangup(reason):
                    found.append({"type": "event", "name": "hangup", "activityParams": {"hangupReason": reason or "over"}})
        if settings and found and not isinstance(event, e.CallStarted):
            found[-1]["sessionParams"] = settings
        at = moment(self._now())
        return [{"id": str(uuid4()), "timestamp": at, **activity} for activity in found]

    def _message(self, out: e.Say, marks: bool, at_most: int) -> Json:
        text = speech.cut(out.text, at_most)
        spoken = speech.ssml(text, out.language) if marks else speech.plain(text, out.language)
        whole = {} if out.interruptible else {"activityParams": {"bargeIn": False, "bargeInOnDTMF": False}}
        return {"type": "message", "text": spoken or " ", **whole}

    def _of_the_call(self, language: str) -> Json:
        """Barge-in from two words on, keys, and what the gateway says when we are slow."""
        filler = self._library.spoken("call.filler", language)
        return {
            "bargeIn": True, "bargeInOnDTMF": True, "bargeInMinWordCount": 2, "sendDTMF": True, "userNoInputRetries": 100,
            "userNoInputSendEvent": True, "botNoInputTimeoutMS": int(FILLER_AFTER * 1000), "botNoInputSpeech": filler,
            "botNoInputRetries": 1, "botNoInputGiveUpTimeoutMS": GIVE_UP,
        }  # fmt: skip

    def _listening(self, listen: e.Listen) -> Json:
        """What the gateway listens with from here on."""
        voice = self._voices.voice(listen.language)
        collect: Json = {"dtmfCollect": False}
        if listen.num_digits != 1:
            collect = {"dtmfCollect": True, "dtmfCollectMaxDigits": listen.num_digits or 14, "dtmfCollectSubmitDigit": "#",
                       "dtmfCollectInterDigitTimeoutMS": 4000}  # fmt: skip
        return {
            "language": self._voices.locale(listen.language), "userNoInputTimeoutMS": int(listen.timeout_s * 1000), **collect,
            **({"sttContextPhrases": list(listen.hints)} if listen.hints else {}), **({"voiceName": voice.name} if voice else {}),
        }  # fmt: skip


def _transfer(out: e.Transfer) -> Json:
    headers = [{"name": name, "value": value} for name, value in out.headers.items()]
    params: Json = {
        "transferTarget": out.target,
        "handoverReason": out.reason or "request",
        **({"transferSipHeaders": headers} if headers else {}),
    }
    return {"type": "event", "name": "transfer", "activityParams": params}


# In


def _event(activity: Any) -> e.In | None:
    """None for what we need not know."""
    if not isinstance(activity, dict):
        return None
    given = activity.get("parameters")
    parameters: Json = given if isinstance(given, dict) else {}
    language = activity.get("language") if isinstance(activity.get("language"), str) else None
    if activity.get("type") == "message" and isinstance(activity.get("text"), str):
        sure = parameters.get("confidence")
        confidence = float(sure) if isinstance(sure, int | float) and 0 <= sure <= 1 else None
        return e.Utterance(activity["text"], confidence, language)
    if activity.get("type") != "event" or not isinstance(activity.get("name"), str):
        return None
    value = activity.get("value")
    match activity["name"].lower():
        case "start":
            told = {name: parameters.get(name) if isinstance(parameters.get(name), str) else None for name in ("caller", "callee")}
            return e.CallStarted(told["caller"], told["callee"], None, parameters, language or "nl", told=False)
        case "dtmf":
            return e.Digits(str(value)[:100]) if isinstance(value, str | int) else e.Silence()
        case "nouserinput":
            return e.Silence(value if isinstance(value, int) else 1)
    return None


def _key(activity: Json) -> str:
    id = activity.get("id")
    return f"a:{id}"[:200] if isinstance(id, str) and id else f"h:{hashlib.sha256(_dumps(activity).encode()).hexdigest()}"


def _object(body: bytes) -> Json:
    try:
        found = json_module.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _dumps(value: Any) -> str:
    return json_module.dumps(value, ensure_ascii=False)


def _nothing(_outs: list[Out]) -> str:
    return "[]"
