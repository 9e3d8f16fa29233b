"""jambonz: its WebSocket API, and the same verbs over HTTP. Speaks the verbs of the open-source 0.9 line only.

An unknown property or verb makes the gateway reject the whole list, so nothing is sent here that its published
schemas do not know (a test holds every answer against them).
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json as json_module
import re
from typing import Any

import structlog
from sanic import HTTPResponse, Request
from sanic.exceptions import WebsocketClosed
from websockets.exceptions import ConnectionClosed

from handover.channels.voice import events as e
from handover.channels.voice import speech
from handover.channels.voice.calls import Answer, Calls
from handover.channels.voice.events import CallId, Out, said_while_listening
from handover.channels.voice.voices import Voices

log = structlog.get_logger()
GATEWAY = "jambonz"
SUBPROTOCOL = "ws.jambonz.org"
PATH = "/voice/jambonz"
TURN, TRANSFER, MORE = f"{PATH}/turn", f"{PATH}/transfer", f"{PATH}/more"
MESSAGE_AT_MOST = 20_000  # bytes; the gateway closes the socket above 24 KiB
SIGNED_WITHIN = 300  # seconds
ID_AT_MOST = 150
ENDED = ("completed", "failed", "busy", "no-answer")
RING = 30  # seconds
CLOSED = (ConnectionClosed, WebsocketClosed)

Json = dict[str, Any]


class Jambonz:
    def __init__(self, calls: Calls, voices: Voices, user: str | None, password: str | None, secret: str | None, now: Any) -> None:
        self._calls, self._voices, self._now = calls, voices, now
        self._basic = base64.b64encode(f"{user}:{password}".encode()) if user and password else None
        self._secret = secret.encode() if secret else None
        self._undelivered: dict[str, list[Json]] = {}  # verbs that a broken line kept from a call

    # Who may

    def refuses_socket(self, request: Request) -> int | None:
        """The status with which an upgrade is refused; None: welcome."""
        if self._basic is None:
            return 404
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic" or not hmac.compare_digest(given.strip().encode(), self._basic):
            return 401
        offered = [part.strip() for part in request.headers.get("sec-websocket-protocol", "").split(",")]
        return None if SUBPROTOCOL in offered else 400

    def _refuses(self, request: Request) -> int | None:
        if self._secret is None:
            return 404
        header = request.headers.get("jambonz-signature", "")
        times, signatures = re.findall(r"(?:^|,)\s*t=(\d{1,12})(?=,|$)", header), re.findall(r"(?:^|,)\s*v1=([0-9a-f]{64})(?=,|$)", header)
        if len(times) != 1 or not signatures or abs(self._now().timestamp() - int(times[0])) > SIGNED_WITHIN:
            return 401
        wanted = hmac.new(self._secret, times[0].encode() + b"." + request.body, hashlib.sha256).hexdigest()
        return None if any(hmac.compare_digest(wanted, given) for given in signatures) else 401

    # WebSocket

    async def socket(self, ws: Any) -> None:
        """One socket, one call. Frames are taken in the order in which they came, while we go on listening for more."""
        call: CallId | None = None
        ended = False
        log.info("voice.opened", gateway=GATEWAY)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while (text := await _received(ws)) is not None:
                frame = _object(text)
                sid = frame.get("call_sid") or _dict(frame.get("data")).get("call_sid")
                if not isinstance(sid, str) or not sid:
                    continue
                call = CallId(GATEWAY, sid[:ID_AT_MOST])
                ended = ended or _over(frame)
                task = asyncio.create_task(self._frame(ws, call, frame))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            log.info("voice.closed", gateway=GATEWAY)
            if call and not ended:
                self._calls.later(self._calls.take(call, f"lost:{id(ws)}:{self._now().timestamp()}", e.Disconnected(), _nothing))

    async def _frame(self, ws: Any, call: CallId, frame: Json) -> None:
        data, msgid = _dict(frame.get("data")), frame.get("msgid")
        kind = frame.get("type")
        key = str(msgid or "")[:100]
        match kind:
            case "session:new":
                await self._answer(ws, call, key, _started(data), first=True)
            case "session:reconnect":
                await self._resume(ws, call, key)
            case "session:redirect":
                await self._acknowledge(ws, call, key, [])
            case "verb:hook":
                await self._answer(ws, call, key, _event(str(frame.get("hook", "")), data))
            case "call:status" if _over(frame):
                await self._calls.take(call, f"end:{key}", _ended(data), _nothing)
                with contextlib.suppress(*CLOSED):
                    await ws.close(1000)
            case "jambonz:error":
                log.error("voice.gateway_complains", gateway=GATEWAY)

    async def _answer(self, ws: Any, call: CallId, key: str, event: e.In, *, first: bool = False) -> None:
        if not key:
            return
        answer: Answer = await self._calls.take(call, key, event, lambda outs: self._render(outs, on_socket=True))
        await self._acknowledge(ws, call, key, _verbs(answer.body))
        if answer.rest is not None:
            await self._command(ws, call, _verbs(await answer.rest))

    async def _resume(self, ws: Any, call: CallId, key: str) -> None:
        """Goes on without greeting again. What a broken line kept from the caller is said now."""
        greeted = await self._calls.greeted(call)
        answer = await self._calls.take(call, key, e.Resumed(), lambda outs: self._render(outs, on_socket=True))
        verbs = _verbs(answer.body) or self._undelivered.pop(call.id, [])
        if not greeted:
            await self._acknowledge(ws, call, key, verbs)
            return
        await self._acknowledge(ws, call, key, [])
        if verbs:
            await self._command(ws, call, verbs)

    async def _acknowledge(self, ws: Any, call: CallId, msgid: str, verbs: list[Json]) -> None:
        await self._send(ws, call, {"type": "ack", "msgid": msgid, "data": verbs}, verbs)

    async def _command(self, ws: Any, call: CallId, verbs: list[Json]) -> None:
        """After the filler, which is not cut off."""
        await self._send(ws, call, {"type": "command", "command": "redirect", "queueCommand": True, "data": verbs}, verbs)

    async def _send(self, ws: Any, call: CallId, frame: Json, verbs: list[Json]) -> None:
        try:
            await ws.send(json_module.dumps(frame, ensure_ascii=False))
            self._undelivered.pop(call.id, None)
        except CLOSED:
            if verbs:
                self._undelivered[call.id] = verbs
                if len(self._undelivered) > 1000:
                    self._undelivered.pop(next(iter(self._undelivered)))

    # HTTP

    async def http(self, request: Request, hook: str) -> HTTPResponse:
        """`hook`: what of PATH was called; "" for the calling webhook."""
        if refused := self._refuses(request):
            return HTTPResponse(status=refused)
        data = _object(request.body)
        sid = data.get("call_sid")
        if not isinstance(sid, str) or not sid:
            return HTTPResponse("call_sid expected", status=400)
        call = CallId(GATEWAY, sid[:ID_AT_MOST])
        key = hashlib.sha256(request.headers["jambonz-signature"].encode() + hook.encode()).hexdigest()
        if hook == "more":
            body = await self._calls.rest(call, str(request.args.get("event", ""))[:100])
            return _json(body or "[]")
        if hook == "status":
            if data.get("call_status") in ENDED:
                await self._calls.take(call, key, _ended(data), _nothing)
            return HTTPResponse(status=204)
        event = _event(f"{PATH}/{hook}", data) if hook else _started(data)
        return _json((await self._calls.take(call, key, event, lambda outs: self._render(outs, on_socket=False))).body)

    # Out

    def _render(self, outs: list[Out], *, on_socket: bool) -> str:
        """JSON of the verbs; with marks for the voice if that fits, shorter if it does not."""
        for marks, at_most in ((self._voices.marks, speech.AT_MOST), (False, speech.AT_MOST), (False, 300), (False, 60)):
            body = json_module.dumps(self._all(outs, marks, at_most, on_socket), ensure_ascii=False)
            if len(body.encode()) <= MESSAGE_AT_MOST:
                break
        return body

    def _all(self, outs: list[Out], marks: bool, at_most: int, on_socket: bool) -> list[Json]:
        verbs: list[Json] = []
        asked = said_while_listening(outs)
        for out in outs:
            match out:
                case e.Say() if out in asked:
                    continue
                case e.Say():
                    verbs.append({"verb": "say", **self._say(out, marks, at_most)})
                case e.Listen():
                    verbs.append(self._gather(out, asked, marks, at_most))
                case e.Transfer():
                    verbs.append(_dial(out))
                case e.Hangup():
                    verbs.append({"verb": "hangup"})
                case e.Wait(event) if not on_socket:
                    verbs.append({"verb": "redirect", "actionHook": f"{MORE}?event={event}"})
        return verbs

    def _say(self, say: e.Say, marks: bool, at_most: int) -> Json:
        text = speech.cut(say.text, at_most)
        spoken = speech.ssml(text, say.language) if marks else speech.plain(text, say.language)
        return {"text": spoken or " ", **self._synthesizer(say.language)}

    def _synthesizer(self, language: str) -> Json:
        voice = self._voices.voice(language)
        if voice is None:
            return {}
        return {"synthesizer": {"vendor": voice.vendor or "default", "language": self._voices.locale(language), "voice": voice.name}}

    def _gather(self, listen: e.Listen, asked: list[e.Say], marks: bool, at_most: int) -> Json:
        gather: Json = {
            "verb": "gather", "input": [*(["speech"] if listen.speech else []), *(["digits"] if listen.digits else [])],
            "actionHook": TURN, "timeout": listen.timeout_s, "bargein": listen.speech, "dtmfBargein": True, "minBargeinWordCount": 2,
            "listenDuringPrompt": True,
        }  # fmt: skip
        if listen.speech:
            hints = {"hints": list(listen.hints)} if listen.hints else {}
            gather["recognizer"] = {"vendor": "default", "language": self._voices.locale(listen.language), **hints}
        if listen.num_digits == 1:
            gather["numDigits"] = 1
        else:
            most = {"numDigits": listen.num_digits} if listen.num_digits else {"minDigits": 1, "maxDigits": 14}
            gather |= {**most, "finishOnKey": "#", "interDigitTimeout": 4}
        if asked:
            text = " ".join(say.text for say in asked)
            gather["say"] = self._say(e.Say(text, True, asked[-1].language), marks, at_most)
        return gather


def _dial(out: e.Transfer) -> Json:
    tel = out.target.startswith("tel:")
    target = {"type": "phone", "number": out.target.removeprefix("tel:")} if tel else {"type": "sip", "sipUri": out.target}
    headers = {"headers": out.headers} if out.headers else {}
    return {"verb": "dial", "target": [target], **headers, "answerOnBridge": True, "timeout": RING, "actionHook": TRANSFER}


# In


async def _received(ws: Any) -> str | bytes | None:
    try:
        found: str | bytes | None = await ws.recv()
    except CLOSED:
        return None
    return found


def _started(data: Json) -> e.CallStarted:
    headers = _dict(_dict(data.get("sip")).get("headers"))
    return e.CallStarted(_text(data.get("from")), _text(data.get("to")), _text(data.get("caller_name")), headers)


def _event(hook: str, data: Json) -> e.In:
    """What a hook tells: the end of a transfer, or what was heard."""
    if hook.startswith(TRANSFER) or "dial_call_status" in data:
        status = data.get("dial_call_status")
        sip = data.get("dial_sip_status")
        return e.TransferResult(status == "completed", sip if isinstance(sip, int) else None, str(status))
    reason = data.get("reason")
    transcript, confidence, language = _speech(data)
    digits = data.get("digits")
    if isinstance(digits, str) and digits and reason in ("dtmfDetected", None, ""):
        return e.Digits(digits[:100])
    if reason in ("stt-low-confidence", "error"):
        return e.LowConfidence(transcript)
    if transcript and reason != "timeout":
        return e.Utterance(transcript, confidence, language)
    return e.Silence()


def _speech(data: Json) -> tuple[str, float | None, str | None]:
    speech_data = _dict(data.get("speech"))
    alternatives = speech_data.get("alternatives")
    best = _dict(alternatives[0]) if isinstance(alternatives, list) and alternatives else {}
    confidence = best.get("confidence")
    sure = float(confidence) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else None
    return _text(best.get("transcript")) or "", sure, _text(speech_data.get("language_code"))


def _over(frame: Json) -> bool:
    return frame.get("type") == "call:status" and _dict(frame.get("data")).get("call_status") in ENDED


def _ended(data: Json) -> e.CallEnded:
    by = "caller" if data.get("call_termination_by", "caller") == "caller" else "gateway"
    duration = data.get("duration")
    return e.CallEnded(by, str(data.get("sip_reason", ""))[:100], duration if isinstance(duration, int) else None)


def _object(text: str | bytes | None) -> Json:
    """What is no JSON object is an empty one."""
    try:
        return _dict(json_module.loads(text or b"{}"))
    except (ValueError, RecursionError):
        return {}


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _verbs(body: str) -> list[Json]:
    found: list[Json] = json_module.loads(body)
    return found


def _nothing(_outs: list[Out]) -> str:
    return "[]"


def _json(body: str) -> HTTPResponse:
    return HTTPResponse(body, content_type="application/json")
