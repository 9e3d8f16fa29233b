"""The only way into this process: POST /webhooks/wegwijs/webhook, one turn in and its answer out.

Resident text is data. It is stripped of leading slashes after everything invisible is gone, because Rasa executes
"/restart" and "/intent{...}". What a button means arrives as a structured message, and is never built from text.
"""

import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.language.normalise import without_command
from bot.turn import CHANNEL, TurnProcessor

logger = logging.getLogger(__name__)
LANGUAGES = ("nl", "en")
TEXT_AT_MOST = 2000  # characters
RASA_COMMANDS = ("restart", "back", "session_start", "nlu_fallback")  # every domain has these; nobody may send them


class BadBody(ValueError):
    """The body is not as the contract says; the message names the field."""


class WegwijsChannel(InputChannel):
    """Answers the service, and nobody without the token."""

    def __init__(self, token: str, processor: TurnProcessor) -> None:
        self._token, self._processor = token.encode(), processor

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("wegwijs_webhook")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"}) if self._knows(request) else _refused()

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            if not self._knows(request):
                return _refused()
            try:
                turn = read(request.json if request.body else None, self._processor.domain.intents)
            except BadBody as error:
                return response.json({"error": str(error)}, status=400)
            except Exception:  # not JSON at all; Sanic's own error page would repeat the body
                return response.json({"error": "the body is not JSON"}, status=400)
            try:
                return response.json(await self._processor.take(*turn))
            except Exception as error:
                # the types of error and cause are enough to find it; their texts may hold what a resident wrote
                logger.error("turn failed: %s from %s", type(error).__name__, type(error.__cause__).__name__)
                return response.json({"error": "generic"}, status=500)

        return routes

    def _knows(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return hmac.compare_digest(token.strip().encode(), self._token) and kind.lower() == "bearer"


def _refused() -> HTTPResponse:
    return response.json({"error": "unauthorised"}, status=401)


def read(body: Any, intents: List[str]) -> Tuple[str, UserMessage, Optional[Dict], List[Dict]]:
    """Conversation, message, memory and missed turns of a request body. Raises `BadBody`."""
    body = _expect(body, dict, "body")
    conversation = _expect(body.get("conversation"), str, "conversation")
    language = body.get("language", "nl")
    if not conversation or language not in LANGUAGES:
        raise BadBody("conversation is empty" if not conversation else "language is neither nl nor en")
    memory = body.get("memory")
    if memory is not None:
        _expect(_expect(memory, dict, "memory").get("slots", {}), dict, "memory.slots")
    missed = _expect(body.get("missed", []), list, "missed")
    for turn in missed:
        _expect(_expect(turn, dict, "missed").get("text", ""), str, "missed.text")
    slots = (memory or {}).get("slots", {})
    before = {name: slots[name] if isinstance(slots.get(name), str) else None for name in ("topic", "aspect")}
    metadata = {"language": language, "loop": (memory or {}).get("loop"), **before}
    return conversation, _message(_expect(body.get("message"), dict, "message"), intents, metadata), memory, missed


def _message(message: Dict[str, Any], intents: List[str], metadata: Dict[str, Any]) -> UserMessage:
    if "intent" in message:
        return structured(message["intent"], _expect(message.get("entities", {}), dict, "message.entities"), intents, metadata)
    text = _expect(message.get("text"), str, "message.text")
    if len(text) > TEXT_AT_MOST:
        raise BadBody("message.text is too long")
    return UserMessage(without_command(text), input_channel=CHANNEL, metadata=metadata)


def structured(intent: Any, entities: Dict[str, Any], intents: List[str], metadata: Dict[str, Any]) -> UserMessage:
    """What a button means, as parsed as a text would be: no text is involved, so none can pose as it."""
    if intent not in intents or intent in RASA_COMMANDS:
        raise BadBody("message.intent is unknown")
    sure = {"name": intent, "confidence": 1.0}
    parsed = {
        "text": "",
        "intent": sure,
        "intent_ranking": [sure],
        "kind": intent,
        "subkind": str(entities.get("subkind", "")),
        "topics": [{"topic": entities["topic"], "confidence": 1.0}] if "topic" in entities else [],
        "aspects": [{"aspect": entities["aspect"], "confidence": 1.0}] if "aspect" in entities else [],
        "entities": [{"entity": name, "value": value, "start": 0, "end": 0, "extractor": CHANNEL} for name, value in entities.items()],
        "language": metadata["language"],
        "language_confidence": 1.0,
        "structured": True,
    }
    return UserMessage("", parse_data=parsed, input_channel=CHANNEL, metadata=metadata)


def _expect(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise BadBody(f"{name} is missing or of the wrong type")
    return value
