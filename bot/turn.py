"""Takes one turn through Rasa, and turns what Rasa would swallow into an error.

Rasa answers a failing action with silence: it logs the exception and goes on. A resident would wait for an answer
that never comes. Here a turn has an answer or it raises `TurnFailed`.
"""

from typing import Any, Dict, List, Optional

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.graph import PlannedGraphRunner
from bot.predictions import Predictions
from bot.tracker_store import Memory, Snapshot, SnapshotTrackerStore, begin_turn, memory_of

CHANNEL = "wegwijs"
UNDERSTOOD = ("intent", "kind", "subkind", "topics", "aspects", "entities", "language", "language_confidence")


class TurnFailed(Exception):
    """The turn has no answer; the message is for the log and names no text of a resident."""


class Turns(OutputChannel):
    """Collects the turns that actions send; each comes whole, as one JSON message."""

    def __init__(self) -> None:
        self.turns: List[Dict[str, Any]] = []
        self.failure: Optional[BaseException] = None

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        turn = (message.get("custom") or {}).get("turn")
        if not isinstance(turn, dict):
            raise TurnFailed("an action sent something else than a turn")
        self.turns.append(turn)


class Watched(Action):
    """An action whose exception is kept; a rejection is no failure, it is how a form says that it got no answer."""

    def __init__(self, action: Action, output: Turns) -> None:
        self._action, self._output = action, output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    def name(self) -> str:
        return self._action.name()

    def event_for_successful_execution(self, prediction: Any) -> Any:
        return self._action.event_for_successful_execution(prediction)

    async def run(self, output_channel: Any, nlg: Any, tracker: Any, domain: Any) -> Any:
        try:
            return await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise
        except Exception as error:
            self._output.failure = error
            raise


class TurnProcessor(MessageProcessor):
    """Rasa's processor on a snapshot store, without locks (nothing is shared) and without silence."""

    def __init__(self, model: str, actions: EndpointConfig) -> None:
        super().__init__(
            model_path=model,
            tracker_store=SnapshotTrackerStore(Domain.empty()),
            lock_store=InMemoryLockStore(),
            generator=TemplatedNaturalLanguageGenerator({}),
            action_endpoint=actions,
        )
        self.tracker_store.domain = self.domain
        self.graph_runner = PlannedGraphRunner(self.graph_runner)
        self._predictions = Predictions(self.domain)

    def _check_for_unseen_features(self, parse_data: Dict[str, Any]) -> None:
        """Rasa would build an empty domain at every message to see whether ours is one. Our component's names are those of the domain."""

    def _predict_next_with_tracker(self, tracker: Any) -> PolicyPrediction:
        course = self._predictions.course(tracker)
        known = self._predictions.get(course)
        if known:
            return known
        prediction = super()._predict_next_with_tracker(tracker)
        self._predictions.keep(course, prediction)
        return prediction

    async def _run_action(self, action: Action, tracker: Any, output_channel: Turns, nlg: Any, prediction: Any) -> bool:
        if action.name() == ACTION_LISTEN_NAME:  # does nothing: no copy of the tracker is needed to do it on
            self._log_action_on_tracker(tracker, action, [], prediction)
            return False
        go_on = await super()._run_action(Watched(action, output_channel), tracker, output_channel, nlg, prediction)
        if output_channel.failure:
            raise TurnFailed(f"{action.name()} failed: {type(output_channel.failure).__name__}") from output_channel.failure
        return go_on

    async def take(self, conversation: str, message: UserMessage, memory: Optional[Memory], missed: List[Dict[str, Any]]) -> Dict[str, Any]:
        """The response of the contract: {"turns", "memory", "understanding"}. Raises `TurnFailed`."""
        snapshot, output = Snapshot(memory, missed), Turns()
        begin_turn(snapshot)
        message.output_channel, message.sender_id = output, conversation
        await self.handle_message(message)
        if not output.turns or snapshot.tracker is None:
            raise TurnFailed("no action answered")
        parsed = snapshot.tracker.latest_message.parse_data
        return {
            "turns": output.turns,
            "memory": memory_of(snapshot.tracker),
            "understanding": {name: parsed.get(name) for name in UNDERSTOOD},
        }
