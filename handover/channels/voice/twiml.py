"""TwiML webhooks: signed forms come in, one XML document goes out. Twilio's dialect, which other carriers speak too."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit
from xml.sax.saxutils import escape, quoteattr

from sanic import HTTPResponse, Request

from handover.channels.voice import events as e
from handover.channels.voice import speech
from handover.channels.voice.calls import Calls
from handover.channels.voice.events import CallId, Out, said_while_listening
from handover.channels.voice.voices import Voices

GATEWAY = "twiml"
PATH = "/voice/twiml"
ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
RING = 30  # seconds
ID_AT_MOST = 150
DOCUMENT_AT_MOST = 20_000  # bytes
HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}

Form = dict[str, list[str]]


class Signature:
    """How Twilio signs: the address as it called it, and every field by name, with the account's token.

    Carriers that sign in another way need another one of these; none is accepted without.
    """

    def __init__(self, token: str, public_url: str) -> None:
        self._token, self._public_url = token.encode(), public_url

    def holds(self, request: Request, form: Form) -> bool:
        given = request.headers.get("x-twilio-signature", "")
        algorithm = _algorithm(request.headers.get("x-twilio-webhooks-signature-settings", ""))
        if not given or algorithm not in HASHES:
            return False
        query = request.query_string
        # never from Host: that is what somebody else may write
        url = f"{self._public_url}{request.path}" + (f"?{query}" if query else "")
        wanted_hash = parse_qs(query).get("bodySHA256")
        if wanted_hash and not form and not hmac.compare_digest(hashlib.sha256(request.body).hexdigest(), wanted_hash[0].lower()):
            return False
        signed = [self.sign(address, form, algorithm) for address in _with_and_without_port(url)]
        return any(hmac.compare_digest(one.encode(), given.encode()) for one in signed)

    def sign(self, url: str, form: Form, algorithm: str = "HMAC_SHA1") -> str:
        text = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
        return base64.b64encode(hmac.new(self._token, text.encode(), HASHES[algorithm]).digest()).decode()


def _algorithm(settings: str) -> str:
    pairs = (part.partition("=") for part in settings.split(","))
    return next((value.strip().upper() for name, _, value in pairs if name.strip() == "algorithm" and value.strip()), "HMAC_SHA1")


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()


class Twiml:
    def __init__(self, calls: Calls, voices: Voices, token: str | None, public_url: str) -> None:
        self._calls, self._voices, self._public_url = calls, voices, public_url
        self._signature = Signature(token, public_url) if token else None

    async def answer(self, request: Request, hook: str) -> HTTPResponse:
        """`hook`: "" for a new call, turn, transfer, more or status."""
        if self._signature is None:
            return HTTPResponse(status=404)
        form = _form(request)
        if not self._signature.holds(request, form):
            return HTTPResponse(status=403)
        sid = _one(form, "CallSid")
        if not sid:
            return HTTPResponse("CallSid expected", status=400)
        call = CallId(GATEWAY, sid[:ID_AT_MOST])
        if hook == "status" or (hook == "" and _one(form, "CallStatus") in ENDED):
            if _one(form, "CallStatus") in ENDED:
                await self._calls.take(call, "end", _ended(form), _nothing)
            return HTTPResponse(status=204)
        number = _number(request)
        key = f"{hook or 'turn'}:{number}"
        if hook == "more":
            body = await self._calls.rest(call, str(request.args.get("event", ""))[:100])
            return _xml(body or self._render([], number))
        return _xml((await self._calls.take(call, key, _event(hook, form), lambda outs: self._render(outs, number + 1))).body)

    # Out

    def _render(self, outs: list[Out], number: int) -> str:
        """`number`: of the turn that comes next, so that a repeated request can be told from a new one."""
        for marks, at_most in ((self._voices.marks, speech.AT_MOST), (False, speech.AT_MOST), (False, 300), (False, 60)):
            document = self._document(outs, number, marks, at_most)
            if len(document.encode()) <= DOCUMENT_AT_MOST:
                break
        return document

    def _document(self, outs: list[Out], number: int, marks: bool, at_most: int) -> str:
        verbs: list[str] = []
        asked = said_while_listening(outs)
        for out in outs:
            match out:
                case e.Say() if out in asked:
                    continue
                case e.Say():
                    verbs.append(self._say(out, marks, at_most))
                case e.Listen():
                    verbs.append(self._gather(out, "".join(self._say(say, marks, at_most) for say in asked), number))
                case e.Transfer():
                    verbs.append(self._dial(out, number))
                case e.Hangup():
                    verbs.append("<Hangup/>")
                case e.Wait(event):
                    verbs.append(f'<Redirect method="POST">{escape(self._url("more", number - 1, event))}</Redirect>')
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{"".join(verbs)}</Response>'

    def _url(self, hook: str, number: int, event: str | None = None) -> str:
        more = f"&event={quote(event, safe='')}" if event else ""
        return f"{self._public_url}{PATH}/{hook}?n={number}{more}"

    def _say(self, say: e.Say, marks: bool, at_most: int) -> str:
        voice = self._voices.voice(say.language)
        named = f" voice={quoteattr(voice.name)}" if voice else ""
        text = speech.cut(say.text, at_most)
        # a carrier's basic voices know no marks: only for a voice that somebody chose
        words = speech.marked(text, say.language) if marks and voice else escape(speech.plain(text, say.language))
        return f'<Say language="{self._voices.locale(say.language)}"{named}>{words}</Say>'

    def _gather(self, listen: e.Listen, said: str, number: int) -> str:
        kinds = " ".join([*(["dtmf"] if listen.digits else []), *(["speech"] if listen.speech else [])])
        keys = ' numDigits="1" finishOnKey=""' if listen.num_digits == 1 else f' numDigits="{listen.num_digits or 14}" finishOnKey="#"'
        action = self._url("turn", number)
        hints = f" hints={quoteattr(', '.join(listen.hints))}" if listen.hints else ""
        return (
            f'<Gather input="{kinds}" language="{self._voices.locale(listen.language)}" speechTimeout="auto" timeout="{listen.timeout_s:g}"'
            f'{keys} actionOnEmptyResult="true" bargeIn="true"{hints} method="POST" action={quoteattr(action)}>{said}</Gather>'
            f'<Redirect method="POST">{escape(action)}</Redirect>'  # for a carrier that goes on where nothing was heard
        )

    def _dial(self, out: e.Transfer, number: int) -> str:
        if out.target.startswith("tel:"):
            target = f"<Number>{escape(out.target.removeprefix('tel:'))}</Number>"
        else:
            headers = "&".join(f"{name}={quote(value, safe='')}" for name, value in out.headers.items())
            target = f"<Sip>{escape(out.target + ('?' + headers if headers else ''))}</Sip>"
        action = quoteattr(self._url("transfer", number))
        return f'<Dial action={action} method="POST" timeout="{RING}" answerOnBridge="true">{target}</Dial>'


# In


def _form(request: Request) -> Form:
    """The fields of a form, each with all its values; nothing of another kind of body."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    found: Form = {}
    try:
        for name, value in parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=200):
            found.setdefault(name, []).append(value)
    except ValueError:
        return {}
    return found


def _one(form: Form, name: str) -> str | None:
    return form[name][0] if name in form else None


def _number(request: Request) -> int:
    given = str(request.args.get("n", "0"))
    return int(given) if given.isdecimal() and len(given) < 7 else 0


def _event(hook: str, form: Form) -> e.In:
    if hook == "":
        headers: dict[str, Any] = {
            name.removeprefix("SipHeader_"): values[0] for name, values in form.items() if name.startswith("SipHeader_")
        }
        return e.CallStarted(_one(form, "From"), _one(form, "To"), _one(form, "CallerName"), headers)
    if hook == "transfer":
        status = _one(form, "DialCallStatus")
        return e.TransferResult(status in ("completed", "answered"), None, str(status))
    if digits := _one(form, "Digits"):
        return e.Digits(digits[:100])
    if said := _one(form, "SpeechResult"):
        return e.Utterance(said, _confidence(_one(form, "Confidence")))
    return e.Silence()


def _confidence(given: str | None) -> float | None:
    try:
        sure = float(given or "")
    except ValueError:
        return None
    return sure if 0 <= sure <= 1 else None


def _ended(form: Form) -> e.CallEnded:
    duration = _one(form, "CallDuration") or ""
    return e.CallEnded("caller", _one(form, "CallStatus") or "", int(duration) if duration.isdecimal() and len(duration) < 9 else None)


def _nothing(_outs: list[Out]) -> str:
    return ""


def _xml(document: str) -> HTTPResponse:
    return HTTPResponse(document, content_type="text/xml; charset=utf-8")
