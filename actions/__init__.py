"""Rasa's custom actions, served by the service itself. One file per subject; each decision is a pure function.

Every action sends exactly one turn, as one JSON message, and sets slots. No SQL and no I/O of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from actions import answer, callback, fallback, people, referral, smalltalk, thresholds, urgent
from actions.hearing import hear
from actions.turns import Decision, Desk, Desks, Heard, Reply, Voice, new_entities
from handover.content.library import Library

DECISIONS: dict[str, Decision] = {
    "action_answer": answer.answer,
    "action_referral": referral.referral,
    "action_offer_person": people.offer_person,
    "action_urgent": urgent.urgent,
    "action_smalltalk": smalltalk.smalltalk,
    "action_affirm": people.affirm,
    "action_deny": people.deny,
    "action_recap": people.recap,
    "action_fallback": fallback.fallback,
    "action_ask_phone": callback.ask_phone,
    "action_submit_callback": callback.submit,
}
UNDERSTANDING_NEEDED = {"action_answer", "action_referral", "action_smalltalk", "action_fallback"}
FOLLOW_UPS_POSSIBLE = {"action_referral", "action_smalltalk", "action_fallback"}

Served = Callable[[CollectingDispatcher, Tracker, dict[str, Any]], Awaitable[list[Any]]]


def register(executor: ActionExecutor, library: Library, desk: Desks) -> None:
    """Puts every action on `executor`, as functions that know the content and the desk."""
    for name in DECISIONS:
        executor.register_function(name, _served(name, library, desk))
    executor.register_function("validate_callback_form", validate_callback_form)


def decide(name: str, heard: Heard, library: Library, desk: Desk) -> Reply:
    """What action `name` says to `heard`."""
    voice = Voice(library, desk, heard.language, heard.by_ear)
    if name in UNDERSTANDING_NEEDED and heard.slot("callback_pending") and callback.stops(heard):
        return callback.cancelled(voice)
    if name in UNDERSTANDING_NEEDED and heard.foreign:
        return fallback.other_language(heard, voice)
    if name in FOLLOW_UPS_POSSIBLE and answer.asks_on(heard):
        return answer.answer(heard, voice)
    return DECISIONS[name](heard, voice)


def _served(name: str, library: Library, desk: Desks) -> Served:
    async def run(dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        heard = hear(tracker, thresholds.ANSWER)
        reply = decide(name, heard, library, desk.by_phone if heard.by_ear else desk)
        spoken = {"language": heard.language} if heard.language != heard.conversation_language else {}
        dispatcher.utter_message(json_message={"turn": {**spoken, **reply.turn}})
        # what this turn offers is all that "ja" can mean next
        return [SlotSet(slot, value) for slot, value in {"offered": None, **new_entities(heard), **reply.slots}.items()]

    return run


async def validate_callback_form(dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
    """The form's candidates come in as the last slot events; says nothing itself, the form asks again or goes on."""
    candidates = tracker.slots_to_validate()
    if "phone" not in candidates:
        return []
    kept = callback.validated(candidates["phone"], hear(tracker, thresholds.ANSWER))
    return [SlotSet(slot, value) for slot, value in kept.items()]
