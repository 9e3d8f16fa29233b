"""Rasa between turns remembers nothing: each turn begins with the memory that the service hands in, and ends by giving it back.

The tracker of a turn is built from that memory at a turn boundary (what was missed, slots, active form, then
listening), so it has the same size at turn 5 and at turn 5,000, and any Rasa process can take any turn.
"""

from contextvars import ContextVar
from typing import Any, Dict, Iterable, List, Optional

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

MISSED_AT_MOST = 30  # turns; the service bounds it too

Memory = Dict[str, Any]


class Snapshot:
    """What one turn starts with, and the tracker as the turn left it."""

    def __init__(self, memory: Optional[Memory], missed: List[Dict[str, Any]]) -> None:
        self.memory = memory or {"slots": {}, "loop": None}
        self.missed = missed[-MISSED_AT_MOST:]
        self.tracker: Optional[DialogueStateTracker] = None


_turn: ContextVar[Snapshot] = ContextVar("turn")


def begin_turn(snapshot: Snapshot) -> None:
    """Binds the snapshot to the running task: turns at the same time, of one conversation even, never see each other's."""
    _turn.set(snapshot)


class SnapshotTrackerStore(TrackerStore):
    """Builds the tracker of the running turn; keeps nothing itself."""

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        snapshot = _turn.get()
        return snapshot.tracker or build(sender_id, snapshot, self.domain)

    async def save(self, tracker: DialogueStateTracker) -> None:
        _turn.get().tracker = tracker

    async def keys(self) -> Iterable[str]:
        return []


def build(sender_id: str, snapshot: Snapshot, domain: Domain) -> DialogueStateTracker:
    """A tracker that listens. Slots and forms that the domain does not know (an older release wrote them) are left out."""
    known = {slot.name for slot in domain.slots}
    loop = snapshot.memory.get("loop")
    events: List[Event] = [_missed(turn) for turn in snapshot.missed]
    events += [SlotSet(name, value) for name, value in (snapshot.memory.get("slots") or {}).items() if name in known]
    if loop in domain.form_names:
        events += [ActionExecuted(loop), ActiveLoop(loop)]
    tracker = DialogueStateTracker(sender_id, domain.slots)
    tracker.update_with_events([*events, ActionExecuted(ACTION_LISTEN_NAME)], domain)
    return tracker


def _missed(turn: Dict[str, Any]) -> Event:
    """A turn that the bot was not there for. Its metadata says who spoke, so that an action can tell it from the bot's own."""
    said_by = {"from": turn.get("from"), "name": turn.get("name"), "missed": True}
    if turn.get("from") == "resident":
        return UserUttered(turn.get("text"), intent={"name": None, "confidence": 0.0}, metadata=said_by)
    return BotUttered(turn.get("text"), metadata=said_by)


def memory_of(tracker: DialogueStateTracker) -> Memory:
    """What the next turn needs: the slots that have a value, and the active form."""
    slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None and not name.startswith("session_")}
    return {"slots": slots, "loop": tracker.active_loop_name}
