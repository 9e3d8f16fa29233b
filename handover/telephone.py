"""A telephone for developers and editors: plays a voice gateway and its caller against the adapters' real endpoints.

`wegwijs call` puts it in a terminal; tests and benchmarks call with it as well. It keeps to each gateway's protocol and
fails where a gateway would drop the call: an answer too late, too long, or not in its form.
"""

import asyncio
import base64
import hashlib
import hmac
import html
import json
import re
import time
from typing import Any
from urllib.parse import urlencode, urljoin
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

ANSWER_WITHIN = 5.0  # seconds; then jambonz goes on without us
MESSAGE_AT_MOST = 24 * 1024  # bytes


class Dropped(Exception):
    """What a gateway would end the call for."""


class Heard(msgspec.Struct, kw_only=True):
    """What a caller got for what they did. `raw`: as the gateway got it. `seconds`: until the first of it was there."""

    said: list[str] = []
    listens: dict[str, Any] | None = None
    transfer: dict[str, Any] | None = None  # {"target", "headers"}
    hung_up: bool = False
    raw: Any = None
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(self.said)


def words(marked: str) -> str:
    """SSML as a caller hears it: a pause is a comma."""
    plain = re.sub(r'<say-as interpret-as="characters">([^<]*)</say-as>', lambda found: " ".join(found[1]), marked)
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<break[^>]*>", ", ", plain))).strip()


class Line:
    """One call through one gateway."""

    def __init__(self, url: str, number: str | None = "+31612345678", callee: str = "+31201112222") -> None:
        self.url, self.number, self.callee = url.rstrip("/"), number, callee
        self.id = str(uuid4())

    async def start(self) -> Heard:
        raise NotImplementedError

    async def say(self, text: str, confidence: float | None = 0.93) -> Heard:
        raise NotImplementedError

    async def press(self, keys: str) -> Heard:
        raise NotImplementedError

    async def silence(self) -> Heard:
        raise NotImplementedError

    async def transferred(self, status: str) -> Heard:
        """`status`: completed, busy, no-answer, failed."""
        raise NotImplementedError

    async def hang_up(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """Lets go of the connection, without a word about the call."""


# jambonz over its socket


class JambonzLine(Line):
    """Does what the gateway's own client does: echo of the subprotocol, an ack for each message, verbs that replace each other."""

    def __init__(self, url: str, user: str, password: str, **caller: Any) -> None:
        super().__init__(url, **caller)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._ws: ClientConnection | None = None

    async def connect(self) -> None:
        url = self.url.replace("http", "ws", 1) + "/voice/jambonz"
        self._ws = await connect(url, additional_headers=self._headers, subprotocols=[Subprotocol("ws.jambonz.org")],
                                 max_size=MESSAGE_AT_MOST, open_timeout=15, compression=None)  # fmt: skip
        if self._ws.subprotocol != "ws.jambonz.org":
            raise Dropped("the subprotocol was not echoed")

    @property
    def facts(self) -> dict[str, Any]:
        return {"call_sid": self.id, "account_sid": "acc", "application_sid": "app", "direction": "inbound",
                "from": self.number or "anonymous", "to": self.callee, "call_id": f"sip-{self.id}", "sip_status": 100,
                "sip_reason": "Trying", "call_status": "in-progress"}  # fmt: skip

    async def start(self) -> Heard:
        await self.connect()
        data = {**self.facts, "call_status": "trying", "sip": {"headers": {}}, "defaults": {"synthesizer": {}, "recognizer": {}}}
        heard = await self.exchange({"type": "session:new", "data": data})
        if not heard.raw:
            raise Dropped("session:new was answered without a verb")
        return heard

    async def reconnect(self) -> Heard:
        """The gateway comes back on another socket."""
        await self.connect()
        return await self.exchange({"type": "session:reconnect", "data": {**self.facts, "sip": {"headers": {}}}}, more=False)

    async def redirected(self) -> Heard:
        """Waits for verbs that come without having been asked for."""
        verbs: list[dict[str, Any]] = []
        await self._commands(verbs)
        return heard_from_verbs(verbs)

    async def exchange(self, frame: dict[str, Any], *, msgid: str | None = None, more: bool = True) -> Heard:
        """Sends, and waits for the ack of it. `more`: if that ends in nothing to wait for, also for the redirect that must follow."""
        assert self._ws is not None  # noqa: S101
        id = msgid or uuid4().hex
        began = time.perf_counter()
        await self._ws.send(json.dumps({"msgid": id, "call_sid": self.id, "b3": "0", **frame}))
        ack = await self._received(began)
        if ack.get("type") != "ack" or ack.get("msgid") != id:
            raise Dropped(f"an ack of {id} was expected, not {ack.get('type')} {ack.get('msgid')}")
        seconds = time.perf_counter() - began
        verbs = list(ack.get("data") or [])
        if more and not any(verb["verb"] in ("gather", "dial", "hangup") for verb in verbs):
            await self._commands(verbs)
        heard = heard_from_verbs(verbs)
        heard.seconds = seconds
        return heard

    async def _commands(self, verbs: list[dict[str, Any]]) -> None:
        command = await self._received(time.perf_counter())
        if command.get("type") != "command" or command.get("command") != "redirect" or not isinstance(command.get("data"), list):
            raise Dropped("a redirect was expected")
        verbs += command["data"]

    async def _received(self, began: float) -> dict[str, Any]:
        assert self._ws is not None  # noqa: S101
        left = ANSWER_WITHIN - (time.perf_counter() - began)
        try:
            text = await asyncio.wait_for(self._ws.recv(), max(left, 0.01))
        except TimeoutError:
            raise Dropped(f"no answer within {ANSWER_WITHIN:g} s") from None
        found: dict[str, Any] = json.loads(text)
        return found

    async def hook(self, hook: str, msgid: str | None = None, **result: Any) -> Heard:
        return await self.exchange({"type": "verb:hook", "hook": hook, "data": {**self.facts, **result}}, msgid=msgid)

    async def say(self, text: str, confidence: float | None = 0.93, msgid: str | None = None) -> Heard:
        sure = {} if confidence is None else {"confidence": confidence}
        speech = {"is_final": True, "language_code": "nl-NL", "channel_tag": 1, "alternatives": [{"transcript": text, **sure}]}
        return await self.hook("/voice/jambonz/turn", msgid, reason="speechDetected", speech=speech)

    async def press(self, keys: str) -> Heard:
        return await self.hook("/voice/jambonz/turn", reason="dtmfDetected", digits=keys)

    async def silence(self) -> Heard:
        return await self.hook("/voice/jambonz/turn", reason="timeout")

    async def transferred(self, status: str) -> Heard:
        sip = {"completed": 200, "busy": 486, "no-answer": 480}.get(status, 500)
        return await self.hook("/voice/jambonz/transfer", dial_call_status=status, dial_sip_status=sip, dial_call_sid="d1")

    async def hang_up(self) -> None:
        assert self._ws is not None  # noqa: S101
        data = {**self.facts, "call_status": "completed", "call_termination_by": "caller", "duration": 42}
        await self._ws.send(json.dumps({"type": "call:status", "msgid": "end", "call_sid": self.id, "data": data}))
        await self._ws.wait_closed()

    async def close(self) -> None:
        if self._ws:
            await self._ws.close()

    def cut(self) -> None:
        """The socket is gone, without a word."""
        assert self._ws is not None  # noqa: S101
        self._ws.transport.abort()


def heard_from_verbs(verbs: list[dict[str, Any]]) -> Heard:
    heard = Heard(raw=verbs)
    for verb in verbs:
        match verb["verb"]:
            case "say":
                heard.said.append(words(verb["text"]))
            case "gather":
                heard.said += [words(verb["say"]["text"])] if "say" in verb else []
                heard.listens = verb
            case "dial":
                target = verb["target"][0]
                heard.transfer = {"target": target.get("sipUri") or f"tel:{target['number']}", "headers": verb.get("headers", {})}
            case "hangup":
                heard.hung_up = True
    return heard


class HttpLine(Line):
    """What the gateways over HTTP share."""

    def __init__(self, url: str, **caller: Any) -> None:
        super().__init__(url, **caller)
        self._client = httpx.AsyncClient(trust_env=False, timeout=15.0, limits=httpx.Limits(max_keepalive_connections=1))

    async def close(self) -> None:
        await self._client.aclose()


class JambonzHttpLine(HttpLine):
    """The same verbs, signed, over HTTP."""

    def __init__(self, url: str, secret: str, **caller: Any) -> None:
        super().__init__(url, **caller)
        self._secret = secret.encode()

    async def post(self, path: str, headers: dict[str, str] | None = None, **result: Any) -> httpx.Response:
        facts = {"call_sid": self.id, "from": self.number or "anonymous", "to": self.callee, "trace_id": str(uuid4())}
        body = json.dumps({**facts, **result}).encode()
        return await self._client.post(urljoin(self.url, path), content=body, headers=headers or self.signed(body))

    def signed(self, body: bytes, at: float | None = None) -> dict[str, str]:
        moment = str(int(at if at is not None else time.time()))
        signature = hmac.new(self._secret, moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"Jambonz-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"}

    async def _asked(self, path: str, **result: Any) -> Heard:
        began = time.perf_counter()
        answer = await self.post(path, **result)
        seconds = time.perf_counter() - began
        if answer.status_code != 200 or answer.headers.get("content-type") != "application/json":
            raise Dropped(f"answered {answer.status_code} {answer.headers.get('content-type')}")
        verbs = answer.json()
        heard = heard_from_verbs(verbs)
        heard.seconds = seconds
        if verbs and verbs[-1]["verb"] == "redirect":
            rest = await self._asked(verbs[-1]["actionHook"])
            rest.said, rest.seconds = heard.said + rest.said, seconds
            return rest
        return heard

    async def start(self) -> Heard:
        return await self._asked("/voice/jambonz", call_status="trying", direction="inbound")

    async def say(self, text: str, confidence: float | None = 0.93) -> Heard:
        speech = {"is_final": True, "alternatives": [{"transcript": text, "confidence": confidence}]}
        return await self._asked("/voice/jambonz/turn", reason="speechDetected", speech=speech)

    async def press(self, keys: str) -> Heard:
        return await self._asked("/voice/jambonz/turn", reason="dtmfDetected", digits=keys)

    async def silence(self) -> Heard:
        return await self._asked("/voice/jambonz/turn", reason="timeout")

    async def transferred(self, status: str) -> Heard:
        return await self._asked("/voice/jambonz/transfer", dial_call_status=status)

    async def hang_up(self) -> None:
        await self.post("/voice/jambonz/status", call_status="completed", call_termination_by="caller", duration=42)
        await self.close()


class AudioCodesLine(HttpLine):
    """The Bot API: a call is started, then each thing that happens is an activity."""

    def __init__(self, url: str, token: str, **caller: Any) -> None:
        super().__init__(url, **caller)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.base = f"{self.url}/voice/audiocodes"
        self.urls: dict[str, Any] = {}

    async def post(self, url: str, body: dict[str, Any]) -> httpx.Response:
        return await self._client.post(url, json=body, headers=self.headers)

    async def begin(self) -> None:
        answer = await self.post(self.base, {"conversation": self.id, "bot": "wegwijs", "capabilities": ["websocket"]})
        if answer.status_code != 200:
            raise Dropped(f"answered {answer.status_code}")
        self.urls = answer.json()
        if not {"activitiesURL", "refreshURL", "disconnectURL", "expiresSeconds"} <= set(self.urls):
            raise Dropped("an address is missing")

    def activity(self, **activity: Any) -> dict[str, Any]:
        return {"id": str(uuid4()), "timestamp": "2026-11-24T09:00:00.000Z", "language": "nl-NL", **activity}

    async def send(self, *activities: dict[str, Any]) -> Heard:
        url = f"{self.base}/{self.urls.get('activitiesURL', f'conversation/{self.id}/activities')}"
        began = time.perf_counter()
        answer = await self.post(url, {"conversation": self.id, "activities": list(activities)})
        seconds = time.perf_counter() - began
        if answer.status_code != 200:
            raise Dropped(f"answered {answer.status_code}")
        heard = heard_from_activities(answer.json().get("activities", []))
        heard.seconds = seconds
        return heard

    async def start(self) -> Heard:
        await self.begin()
        return await self.send(self.start_activity())

    def start_activity(self) -> dict[str, Any]:
        caller = {"caller": self.number} if self.number else {"caller": "anonymous"}
        return self.activity(type="event", name="start", parameters={"vaigConversationId": self.id, "callee": self.callee, **caller})

    async def say(self, text: str, confidence: float | None = 0.93) -> Heard:
        return await self.send(
            self.activity(type="message", text=text, parameters={} if confidence is None else {"confidence": confidence})
        )

    async def press(self, keys: str) -> Heard:
        return await self.send(self.activity(type="event", name="DTMF", value=keys))

    async def silence(self) -> Heard:
        return await self.send(self.activity(type="event", name="noUserInput", value=1))

    async def transferred(self, status: str) -> Heard:
        """A gateway that is set to give a caller back after a failed transfer has nobody talk; otherwise it is over."""
        if status == "completed":
            await self.hang_up()
            return Heard(hung_up=True)
        return await self.silence()

    async def hang_up(self) -> None:
        url = f"{self.base}/{self.urls.get('disconnectURL', f'conversation/{self.id}/disconnect')}"
        await self.post(url, {"conversation": self.id, "reason": "Client Side", "reasonCode": "client-disconnected"})


def heard_from_activities(activities: list[dict[str, Any]]) -> Heard:
    heard = Heard(raw=activities)
    for activity in activities:
        params = activity.get("activityParams", {})
        match activity.get("name", activity["type"]):
            case "message":
                heard.said.append(words(activity["text"]))
            case "transfer":
                headers = {one["name"]: one["value"] for one in params.get("transferSipHeaders", [])}
                heard.transfer = {"target": params["transferTarget"], "headers": headers}
            case "hangup":
                heard.hung_up = True
    if not heard.transfer and not heard.hung_up:
        heard.listens = {"always": True}  # this gateway listens as long as the call is there
    return heard


class TwimlLine(HttpLine):
    """Signed forms; the address of the next one stands in the answer to the last."""

    def __init__(self, url: str, token: str, public_url: str | None = None, **caller: Any) -> None:
        super().__init__(url, **caller)
        self._token, self._public_url = token.encode(), (public_url or self.url).rstrip("/")
        self.id = f"CA{uuid4().hex}"
        self.action = f"{self._public_url}/voice/twiml"
        self.dialled = ""

    def sign(self, url: str, fields: dict[str, str]) -> str:
        text = url + "".join(name + fields[name] for name in sorted(fields))
        return base64.b64encode(hmac.new(self._token, text.encode(), hashlib.sha1).digest()).decode()

    async def post(self, url: str, **fields: str) -> httpx.Response:
        """`url`: as the outside sees it."""
        form = {"CallSid": self.id, "AccountSid": "AC1", "From": self.number or "anonymous", "To": self.callee, "CallStatus": "in-progress",
                "Direction": "inbound", "ApiVersion": "2010-04-01", **fields}  # fmt: skip
        headers = {"X-Twilio-Signature": self.sign(url, form), "Content-Type": "application/x-www-form-urlencoded"}
        return await self._client.post(url.replace(self._public_url, self.url, 1), content=urlencode(form), headers=headers)

    async def _asked(self, url: str, **fields: str) -> Heard:
        began = time.perf_counter()
        answer = await self.post(url, **fields)
        seconds = time.perf_counter() - began
        if answer.status_code != 200 or not answer.headers.get("content-type", "").startswith("text/xml"):
            raise Dropped(f"answered {answer.status_code} {answer.headers.get('content-type')}")
        heard = self._heard(answer.text)
        heard.seconds = seconds
        if heard.listens is None and heard.raw.find("Redirect") is not None:
            rest = await self._asked(heard.raw.find("Redirect").text)
            rest.said, rest.seconds = heard.said + rest.said, seconds
            heard = rest
        return heard

    def _heard(self, document: str) -> Heard:
        tree = ElementTree.fromstring(document)  # noqa: S314 (of our own service)
        heard = Heard(raw=tree)
        for verb in tree:
            match verb.tag:
                case "Say":
                    heard.said.append(_words_of(verb))
                case "Gather":
                    heard.said += [_words_of(say) for say in verb]
                    heard.listens = dict(verb.attrib)
                    self.action = verb.attrib["action"]
                case "Dial":
                    target = verb[0].text or ""
                    address, _, query = target.partition("?")
                    headers = dict(pair.split("=", 1) for pair in query.split("&") if pair)
                    heard.transfer = {"target": address if verb[0].tag == "Sip" else f"tel:{address}", "headers": headers}
                    self.dialled = verb.attrib["action"]
                case "Hangup":
                    heard.hung_up = True
        return heard

    async def start(self) -> Heard:
        return await self._asked(f"{self._public_url}/voice/twiml", CallStatus="ringing")

    @property
    def next(self) -> str:
        """Where the gateway goes next; of a call that we do not know yet, somewhere in the middle."""
        return self.action if "?" in self.action else f"{self._public_url}/voice/twiml/turn?n=1"

    async def say(self, text: str, confidence: float | None = 0.93) -> Heard:
        return await self._asked(self.next, SpeechResult=text, **({} if confidence is None else {"Confidence": f"{confidence}"}))

    async def press(self, keys: str) -> Heard:
        return await self._asked(self.next, Digits=keys)

    async def silence(self) -> Heard:
        return await self._asked(self.next)

    async def transferred(self, status: str) -> Heard:
        return await self._asked(self.dialled, DialCallStatus=status, DialCallSid="CA2")

    async def hang_up(self) -> None:
        await self.post(f"{self._public_url}/voice/twiml/status", CallStatus="completed", CallDuration="42")


def _words_of(say: ElementTree.Element) -> str:
    return words("".join([say.text or "", *(ElementTree.tostring(child, "unicode") for child in say)]).replace("&", "&amp;amp;"))
