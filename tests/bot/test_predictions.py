"""What the policy said is remembered only where it would say the same again."""

import asyncio

import pytest
from bot.quiet import quiet

quiet()
from bot import faster  # noqa: E402
from bot.channel import CHANNEL, read  # noqa: E402
from bot.predictions import Predictions  # noqa: E402
from bot.turn import TurnProcessor  # noqa: E402
from rasa.core import processor  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Restarted, SlotSet, UserUttered  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from conftest import ROOT, TOKEN  # noqa: E402

DOMAIN = Domain.load(str(ROOT / "domain.yml"))
DIALOGUES = [
    ["Wat kost een paspoort?", "hallo", "bedankt", "Ik wil een medewerker spreken", "ja"],
    [{"intent": "callback"}, "Wat kost een paspoort?", "0612345678", "en hoe lang duurt dat"],
    [{"intent": "callback"}, "weet ik niet", "mijn huis staat in brand!", "nee"],
    [{"intent": "callback"}, "nee", {"intent": "recap"}],
    [{"intent": "callback"}, "ik wil nu een mens spreken", "06 12 34 56 78"],
]


class Asks(TurnProcessor):
    """Writes down which action the policy chose, and forgets it if told to."""

    remembers = True

    def _predict_next_with_tracker(self, tracker):
        if not self.remembers:
            self._predictions._kept.clear()
        found = super()._predict_next_with_tracker(tracker)
        self.chosen.append((self.domain.action_names_or_texts[found.max_confidence_index], found.policy_name, found.hide_rule_turn))
        return found


async def talk(model, url, remembers, times):
    actions = faster.ActionServer(url, TOKEN)
    talking = Asks(str(model), actions)
    talking.remembers, talking.chosen, said = remembers, [], []
    try:
        for _ in range(times):
            for number, dialogue in enumerate(DIALOGUES):
                memory = None
                for message in dialogue:
                    message = {"text": message} if isinstance(message, str) else {"entities": {}, **message}
                    body = {"conversation": str(number), "language": "nl", "message": message, "memory": memory}
                    found = await talking.take(*read(body, talking.domain.intents))
                    memory = found["memory"]
                    said.append(([turn["kind"] for turn in found["turns"]], memory))
    finally:
        await actions.close()
    return talking.chosen, said


def test_remembering_changes_neither_actions_nor_answers_nor_memory(model, actions_url):
    worked_out = asyncio.run(talk(model, actions_url, False, 2))
    assert asyncio.run(talk(model, actions_url, True, 2)) == worked_out
    chosen, said = worked_out
    assert {"action_submit_callback", "callback_form", "action_deactivate_loop", "action_urgent", "action_listen"} <= {
        one for one, *_ in chosen
    }
    assert any(memory["loop"] for _, memory in said)


def tracker(*events):
    return DialogueStateTracker.from_events("c", list(events), DOMAIN.slots, domain=DOMAIN)


def said(intent, **entities):
    return UserUttered("x", {"name": intent}, [{"entity": name, "value": value} for name, value in entities.items()])


LISTEN = ActionExecuted("action_listen")


@pytest.mark.parametrize(
    "events",
    [
        [LISTEN, said("affirm")],
        [LISTEN, said("vraag", phone="0612345678")],
        [LISTEN, said("vraag"), ActionExecuted("action_answer")],
        [ActionExecuted("callback_form"), ActiveLoop("callback_form"), LISTEN, said("vraag")],
        [SlotSet("requested_slot", "phone"), LISTEN, said("vraag")],
    ],
)
def test_what_rules_can_see_makes_another_course(events):
    predictions = Predictions(DOMAIN)
    assert predictions.course(tracker(*events)) != predictions.course(tracker(LISTEN, said("vraag")))


def test_what_was_said_and_remembered_makes_none():
    predictions = Predictions(DOMAIN)
    other = tracker(SlotSet("topic", "woz"), LISTEN, UserUttered("y", {"name": "vraag", "confidence": 0.5}))
    assert predictions.course(other) == predictions.course(tracker(LISTEN, said("vraag")))


def test_what_takes_back_is_left_to_rasa():
    assert Predictions(DOMAIN).course(tracker(LISTEN, said("vraag"), Restarted())) is None


def test_events_of_one_tracker_are_not_those_of_another():
    predictions, course = Predictions(DOMAIN), ("a",)
    from rasa.core.policies.policy import PolicyPrediction

    predictions.keep(course, PolicyPrediction([1.0], "p", events=[SlotSet("topic", "woz")]))
    one, other = predictions.get(course), predictions.get(course)
    assert one.events == other.events and one.events[0] is not other.events[0]


def test_it_notices_a_copy_that_is_not_for_the_log(monkeypatch):
    monkeypatch.setattr(faster.inspect, "getsource", lambda _: "    kept = copy.copy(tracker)\n")
    with pytest.raises(faster.Moved):
        faster.log_without_copies()


def test_the_log_of_the_processor_gets_no_copies(monkeypatch):
    monkeypatch.setattr(processor, "copy", processor.copy)  # put back afterwards
    faster.log_without_copies()
    given = [CHANNEL]
    assert processor.copy.deepcopy(given) is given
