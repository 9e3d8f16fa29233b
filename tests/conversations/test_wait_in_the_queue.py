"""BOT-9: waiting is honest, ends by itself, and can be left at any time."""

from datetime import timedelta

from handover.conversation.states import State
from tests.conversations.cast import MORNING, refused


def test_what_is_said_while_waiting_is_kept_for_staff(fatma, bot, transcript):
    fatma.asks_for_a_person()
    fatma.says("Het is dringend")
    assert bot.was_asked() == []
    assert fatma.play.conversation.unread == 1
    assert transcript()[-1] == "Fatma: Het is dringend"


def test_a_long_wait_is_admitted_and_a_call_back_offered(fatma, transcript):
    fatma.asks_for_a_person()
    fatma.waits(minutes=3)
    assert transcript()[-1] == "Gemeente: (queue.long)"
    assert list(fatma.play.last_choices()) == ["(button.callback)", "(button.phone)", "(button.hours)"]
    fatma.waits(minutes=5)
    assert transcript()[-1] == "Gemeente: (queue.long)"  # said once


def test_after_ten_minutes_the_bot_takes_over_with_ways_on(fatma, transcript):
    fatma.asks_for_a_person()
    fatma.waits(minutes=10)
    assert transcript()[-1] == "Assistent: (queue.nobody_came)"
    assert (fatma.play.conversation.state, fatma.play.conversation.epoch) == (State.BOT, 3)
    assert "(button.human)" in fatma.play.last_choices()
    assert fatma.play.written("handover")[-1]["outcome"] == "nobody_came"


def test_the_queue_can_be_left(fatma, bot, transcript):
    fatma.asks_for_a_person()
    fatma.leaves_the_queue()
    assert transcript()[-1] == "Assistent: (queue.left)"
    fatma.says("Wat kost een paspoort?")
    assert bot.was_asked() == ["Wat kost een paspoort?"]


def test_a_call_back_instead_of_waiting_leaves_the_queue(fatma, bot):
    fatma.asks_for_a_person()
    fatma.waits(minutes=3)
    fatma.chooses("(button.callback)")
    assert fatma.play.conversation.state is State.BOT
    assert bot.was_asked() == ["callback"]


def test_phone_can_be_shown_without_losing_the_place(fatma, transcript):
    fatma.asks_for_a_person()
    fatma.waits(minutes=3)
    fatma.chooses("(button.phone)")
    assert transcript()[-1] == "Gemeente: (show.phone)"
    assert fatma.play.conversation.state is State.WAITING
    assert fatma.play.conversation.waiting_since == MORNING


def test_asking_again_later_waits_anew(fatma):
    fatma.asks_for_a_person()
    fatma.leaves_the_queue()
    fatma.waits(minutes=1)
    fatma.asks_for_a_person()
    assert fatma.play.conversation.waiting_since == MORNING + timedelta(minutes=1)


def test_who_does_not_wait_cannot_leave(fatma, anja):
    with refused("not_allowed"):
        fatma.leaves_the_queue()
    fatma.asks_for_a_person()
    anja.takes_over()
    with refused("not_allowed"):
        fatma.leaves_the_queue()
