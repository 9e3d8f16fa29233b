"""Nothing is heard of a colleague for a minute: back to the top of the queue."""

from handover.conversation.states import State
from tests.conversations.cast import MORNING, refused


def test_the_conversation_waits_again_first_in_line(fatma, anja, bram, transcript):
    fatma.asks_for_a_person()
    fatma.waits(minutes=2)
    anja.takes_over()
    fatma.waits(minutes=20)
    anja.is_not_heard_of()
    conversation = fatma.play.conversation
    assert (conversation.state, conversation.priority, conversation.waiting_since) == (State.WAITING, 1, MORNING)
    assert transcript()[-1] == "Gemeente: (staff.lost Anja)"
    bram.takes_over()
    bram.says("Ik neem het over")
    assert transcript()[-1] == "Bram: Ik neem het over"


def test_who_comes_back_is_no_longer_the_owner(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.is_not_heard_of()
    with refused("not_owner"):
        anja.says("Daar ben ik weer")
    anja.takes_over()
    anja.says("Daar ben ik weer")


def test_losing_somebody_else_changes_nothing(fatma, anja, bram):
    fatma.asks_for_a_person()
    anja.takes_over()
    with refused("not_owner"):
        bram.is_not_heard_of()
    assert fatma.play.conversation.owner == anja.person


def test_if_nobody_takes_it_the_bot_does(fatma, anja, transcript):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.is_not_heard_of()
    fatma.waits(minutes=10)
    assert transcript()[-1] == "Assistent: (queue.nobody_came)"
    assert fatma.play.conversation.priority == 0
