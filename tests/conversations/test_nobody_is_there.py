"""BOT-7: outside hours, or with nobody at a console, we say so and say when."""

import pytest

from handover.conversation.states import State


@pytest.fixture(autouse=True)
def _nobody(fatma):
    fatma.play.staff_are_there = False


def test_it_says_when_somebody_is_there_and_what_can_be_done_now(fatma, transcript):
    fatma.asks_for_a_person()
    assert transcript() == ["Assistent: (closed_now.closed 09:00)"]
    assert list(fatma.play.last_choices()) == ["(button.callback)", "(button.phone)", "(button.hours)"]
    assert fatma.play.turns[-1].data["opens_at"] == "2026-11-25T09:00:00+00:00"


def test_the_owner_stays_the_bot(fatma, bot):
    fatma.asks_for_a_person()
    assert (fatma.play.conversation.state, fatma.play.conversation.epoch) == (State.BOT, 1)
    fatma.says("Wat kost een paspoort?")
    assert bot.was_asked() == ["Wat kost een paspoort?"]


def test_a_question_under_way_is_still_answered(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.asks_for_a_person()
    bot.answers("€ 83,87.")
    assert transcript()[-1] == "Assistent: € 83,87."


def test_a_call_back_can_be_asked_for_at_once(fatma, bot):
    fatma.asks_for_a_person()
    fatma.chooses("(button.callback)")
    assert bot.was_asked() == ["callback"]
