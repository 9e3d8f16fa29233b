"""Staff pass a conversation on: to a team's queue, or to a colleague by name."""

from handover.conversation.states import State
from tests.conversations.cast import refused


def test_to_a_team(fatma, anja, bram, transcript, file):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.passes_on_to("belastingen", "Gaat over de aanslag")
    conversation = fatma.play.conversation
    assert (conversation.state, conversation.team, conversation.owner, conversation.epoch) == (State.WAITING, "belastingen", None, 4)
    assert transcript()[-1] == "Gemeente: (staff.transferred)"
    assert file()[-2] == "Anja [note]: Gaat over de aanslag"
    bram.takes_over()
    assert conversation.packet["reason"] == "transfer"


def test_to_a_colleague(fatma, anja, bram, transcript):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.passes_on_to(bram, "Jij kent haar")
    conversation = fatma.play.conversation
    assert (conversation.state, conversation.owner, conversation.epoch) == (State.STAFF, bram.person, 4)
    assert transcript()[-1] == "Gemeente: (staff.transferred_to Bram)"
    with refused("not_owner", by="Bram"):
        anja.says("Nog iets")
    bram.says("Dag Fatma")


def test_each_part_is_a_handover_of_its_own(fatma, anja, bram):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.passes_on_to(bram, "Jij kent haar")
    first, _, ended, second, claimed = fatma.play.written("handover")
    assert ended["outcome"] == "transferred"
    assert first["id"] != second["id"]
    assert claimed["claimed_by"] == bram.person.staff


def test_not_by_somebody_else_nor_on_an_old_epoch_nor_to_oneself(fatma, anja, bram):
    fatma.asks_for_a_person()
    anja.takes_over()
    before = fatma.play.conversation
    with refused("not_owner", by="Anja"):
        bram.passes_on_to("belastingen", "reden")
    with refused("not_owner"):
        anja.passes_on_to("belastingen", "reden", epoch=before.epoch - 1)
    with refused("not_allowed"):
        anja.passes_on_to(anja, "reden")
    assert fatma.play.conversation is before
