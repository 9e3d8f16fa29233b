"""What the policy said, remembered: the same kinds of things in the same order lead to the same action, in any conversation.

Rules look at intents, entities, actions, the form, and the slots that influence a conversation; never at texts. Rasa works
it out anew for each action, from copies of the whole tracker, which is a tenth of a turn.
"""

import copy
from typing import Dict, Hashable, Optional, Tuple

from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

KEPT = 2000  # predictions; a hundred or so are ever made
EVENTS_AT_MOST = 40  # of a tracker; what was missed makes each longer one its own

Course = Tuple[Hashable, ...]


class Predictions:
    def __init__(self, domain: Domain) -> None:
        self._telling = {slot.name for slot in domain.slots if slot.has_features()} | {REQUESTED_SLOT}
        self._kept: Dict[Course, PolicyPrediction] = {}

    def course(self, tracker: DialogueStateTracker) -> Optional[Course]:
        """All that rules can see of what happened; None where that is not so simple."""
        if len(tracker.events) > EVENTS_AT_MOST or tracker.followup_action:
            return None
        try:
            return tuple(seen for event in tracker.events for seen in self._seen(event))
        except NotPlain:
            return None

    def get(self, course: Optional[Course]) -> Optional[PolicyPrediction]:
        """The tracker gets its own copies of the events."""
        kept = self._kept.get(course) if course else None
        return _copied(kept) if kept else None

    def keep(self, course: Optional[Course], prediction: PolicyPrediction) -> None:
        if course:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[course] = _copied(prediction)

    def _seen(self, event: Event) -> Tuple[Hashable, ...]:
        if isinstance(event, UserUttered):
            return (("user", event.intent_name, frozenset((e["entity"], e.get("role"), e.get("group")) for e in event.entities)),)
        if isinstance(event, ActionExecuted):
            return (("action", event.action_name, event.action_text),)
        if isinstance(event, SlotSet):
            return (("slot", event.key, repr(event.value)),) if event.key in self._telling else ()
        if isinstance(event, ActiveLoop):
            return (("loop", event.name),)
        if isinstance(event, ActionExecutionRejected):
            return (("rejected", event.action_name),)
        if isinstance(event, LoopInterrupted):
            return (("interrupted", event.is_interrupted),)
        if isinstance(event, DefinePrevUserUtteredFeaturization):
            return (("text", event.use_text_for_featurization),)
        if isinstance(event, BotUttered):
            return ()
        raise NotPlain(type(event).__name__)


class NotPlain(Exception):
    """An event that takes others back, or that is new: Rasa is asked."""


def _copied(prediction: PolicyPrediction) -> PolicyPrediction:
    copied = copy.copy(prediction)
    copied.events = [copy.copy(event) for event in prediction.events]
    return copied
