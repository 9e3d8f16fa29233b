"""Staff hand back, and the bot knows what happened."""

from handover.conversation.states import State
from tests.conversations.cast import refused


def test_the_bot_says_that_it_is_back(fatma, anja, transcript):
    """BOT-3: the label is repeated after a human."""
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.gives_back("Uw paspoort ligt morgen klaar.")
    assert transcript()[-2:] == ["Anja: Uw paspoort ligt morgen klaar.", "Assistent: (staff.returned Anja)"]
    assert (fatma.play.conversation.state, fatma.play.conversation.epoch) == (State.BOT, 4)


def test_the_bot_knows_what_was_agreed_and_what_it_missed(fatma, anja, bot):
    fatma.says("Wat kost een paspoort?")
    bot.answers("€ 83,87.", memory={"slots": {"topic": "paspoort", "offered": {"human": {}}}, "loop": None})
    fatma.asks_for_a_person()
    anja.takes_over()
    fatma.says("Wanneer is het klaar?")
    anja.says("Morgen om tien uur.")
    anja.gives_back()
    fatma.says("Wat zei uw collega?")
    [asked] = fatma.play.asked
    assert asked.memory["slots"] == {"topic": "paspoort", "agreed": {"by": "Anja", "text": "Morgen om tien uur."}, "failures": 0}
    assert [said["text"] for said in asked.missed if said["from"] in ("resident", "staff")] == [
        "Wanneer is het klaar?",
        "Morgen om tien uur.",
    ]


def test_it_is_told_once(fatma, anja, bot):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.gives_back("Klaar.")
    fatma.says("Dank u")
    bot.answers("Graag gedaan.", kind="smalltalk")
    fatma.says("Dag")
    assert fatma.play.asked[0].missed == ()


def test_what_the_bot_missed_is_bounded(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    for number in range(50):
        fatma.says(f"bericht {number}")
    assert len(fatma.play.conversation.missed) == 20
    assert fatma.play.conversation.missed[-1]["text"] == "bericht 49"


def test_only_the_owner_gives_back(fatma, anja, bram):
    fatma.asks_for_a_person()
    with refused("not_owner"):
        anja.gives_back()
    anja.takes_over()
    with refused("not_owner", by="Anja"):
        bram.gives_back()
    with refused("not_owner"):
        anja.gives_back(epoch=1)
