"""A real HTTP action server with rule-like replies, run as a program: `python -m tests.bot.action_server PORT`.

Every action answers with one turn of its own kind; the form's validation is rasa-sdk's. It asks for the token, keeps
connections open and can be told to fail: a text with "faal" makes any action answer 500.
"""

import asyncio
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionNotFoundException

KINDS = {
    "action_answer": "answer",
    "action_referral": "referral",
    "action_offer_person": "handover_offer",
    "action_urgent": "urgent",
    "action_smalltalk": "smalltalk",
    "action_affirm": "smalltalk",
    "action_deny": "smalltalk",
    "action_recap": "answer",
    "action_fallback": "fallback",
    "action_ask_phone": "form",
    "action_submit_callback": "form",
}


class ValidateCallback(FormValidationAction):
    def name(self) -> str:
        return "validate_callback_form"

    def validate_phone(self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict) -> Dict[str, Any]:
        digits = "".join(c for c in str(value) if c.isdigit())
        return {"phone": value if len(digits) >= 10 else None}


def run(call: Dict[str, Any]) -> Dict[str, Any]:
    name, tracker, dispatcher = call["next_action"], Tracker.from_dict(call["tracker"]), CollectingDispatcher()
    said = tracker.latest_message.get("text") or ""
    if "faal" in said:
        raise RuntimeError("told to fail")
    events: List[Dict[str, Any]] = []
    if name == "validate_callback_form":
        events = asyncio.run(ValidateCallback().run(dispatcher, tracker, call["domain"]))
    elif name in KINDS:
        missed = [e["text"] for e in tracker.events if (e.get("metadata") or {}).get("missed")]
        dispatcher.utter_message(
            json_message={
                "turn": {
                    "kind": KINDS[name],
                    "text": said,
                    "action": name,
                    "slots": {k: v for k, v in tracker.slots.items() if v is not None},
                    "missed": missed,
                    "latest": tracker.latest_message,
                    "conversation": tracker.sender_id,
                }
            }
        )
        if name == "action_answer":
            events = [{"event": "slot", "name": "question", "value": said}, {"event": "slot", "name": "topic", "value": "paspoort"}]
        if name == "action_submit_callback":
            events = [{"event": "slot", "name": "phone", "value": None}]
    else:
        raise ActionNotFoundException(name)
    return {"events": events, "responses": dispatcher.messages}


class Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        call = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers.get("X-Wegwijs-Token") != os.environ["WEGWIJS_ACTIONS_TOKEN"]:
            return self._answer(401, {"error": "unauthorised"})
        try:
            self._answer(200, run(call))
        except Exception as error:
            self._answer(500, {"error": type(error).__name__})

    def _answer(self, status: int, body: Dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        """Keeps the test's output readable."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Webhook).serve_forever()
