"""A colleague takes a conversation: one of any number, and the bot falls silent."""

from handover.conversation.states import State
from tests.conversations.cast import refused


def test_an_answer_that_comes_after_the_takeover_is_not_shown(fatma, bot, anja, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.asks_for_a_person()
    anja.takes_over()
    bot.answers("Een paspoort kost …")
    anja.says("Goedemiddag, ik lees even mee.")
    assert transcript() == [
        "Fatma: Wat kost een paspoort?",
        "Gemeente: (queue.entered)",
        "Gemeente: (staff.joined Anja)",
        "Anja: Goedemiddag, ik lees even mee.",
    ]


def test_of_two_claims_one_wins(fatma, anja, bram):
    """SEC-17: and the other hears who it was."""
    fatma.asks_for_a_person()
    epoch = fatma.play.conversation.epoch
    anja.takes_over(epoch=epoch)
    with refused("taken", by="Anja"):
        bram.takes_over(epoch=epoch)
    assert fatma.play.conversation.owner == anja.person


def test_a_claim_on_what_the_queue_was_before_is_refused(fatma, anja):
    fatma.asks_for_a_person()
    epoch = fatma.play.conversation.epoch
    fatma.leaves_the_queue()
    with refused("taken"):
        anja.takes_over(epoch=epoch)
    fatma.asks_for_a_person()
    with refused("taken"):
        anja.takes_over(epoch=epoch)
    anja.takes_over(epoch=fatma.play.conversation.epoch)


def test_nobody_takes_what_does_not_wait(fatma, anja):
    with refused("not_allowed"):
        anja.takes_over()
    fatma.ends_it()
    with refused("closed"):
        anja.takes_over()


def test_the_bot_is_silent_while_staff_own_it(fatma, bot, anja, transcript):
    fatma.asks_for_a_person()
    anja.takes_over()
    fatma.says("Wat kost een paspoort?")
    fatma.says("medewerker")
    fatma.waits(hours=2)
    assert bot.was_asked() == []
    assert transcript()[-2:] == ["Fatma: Wat kost een paspoort?", "Fatma: medewerker"]
    assert fatma.play.conversation.state is State.STAFF


def test_staff_and_bot_are_told_apart(fatma, bot, anja):
    """BOT-3."""
    fatma.says("Hallo")
    bot.answers("Hallo!", kind="smalltalk")
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.says("Dag Fatma")
    authors = {(turn.author, turn.name) for turn in fatma.play.turns}
    assert authors == {("bot", "Assistent"), ("resident", "U"), ("system", "Gemeente"), ("staff", "Anja")}


def test_only_the_owner_speaks(fatma, anja, bram):
    with refused("not_owner"):
        anja.says("Goedemiddag")
    fatma.asks_for_a_person()
    with refused("not_owner"):
        anja.says("Goedemiddag")
    anja.takes_over()
    with refused("not_owner", by="Anja"):
        bram.says("Goedemiddag")


def test_a_reply_counts_what_fatma_wrote_as_read(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    fatma.says("Bent u daar?")
    fatma.says("Hallo?")
    assert fatma.play.conversation.unread == 2
    anja.says("Ja, ik ben er.")
    assert fatma.play.conversation.unread == 0
