"""BOT-5, BOT-8: a person, at any time, who has the whole story."""

from handover.conversation.states import State
from tests.conversations.cast import refused


def test_asking_for_a_person_puts_fatma_in_the_queue(fatma, transcript):
    fatma.says("Mijn paspoort is gestolen")
    fatma.asks_for_a_person()
    assert transcript()[-1] == "Gemeente: (queue.entered)"
    assert (fatma.play.conversation.state, fatma.play.conversation.epoch) == (State.WAITING, 2)


def test_asking_twice_changes_nothing(fatma, transcript):
    fatma.asks_for_a_person()
    before = fatma.play.conversation
    fatma.asks_for_a_person()
    assert fatma.play.conversation == before


def test_it_works_before_a_word_was_said_and_keeps_the_conversation(fatma):
    fatma.asks_for_a_person()
    assert fatma.play.conversation.spoke
    assert "unused" not in fatma.play.conversation.timers


def test_what_was_asked_meanwhile_waits_for_the_person(fatma, bot, anja, transcript, file):
    fatma.says("Wat kost een paspoort?")
    fatma.asks_for_a_person()
    bot.answers("€ 83,87.")
    assert transcript() == ["Fatma: Wat kost een paspoort?", "Gemeente: (queue.entered)"]
    assert file()[-1] == "Assistent [suppressed]: € 83,87."


def test_the_packet_tells_what_the_bot_understood_and_tried(fatma, bot):
    fatma.says("Wat kost een rijbewijs?")
    slots = {
        "topic": "rijbewijs",
        "aspect": "kosten",
        "question": "Wat kost een rijbewijs?",
        "tried": [{"topic": "rijbewijs", "aspect": "kosten"}],
    }
    slots["entities"] = [{"entity": "postcode", "value": "1234 AB", "confidence": 0.8}]
    bot.answers("Een rijbewijs kost € 50.", memory={"slots": slots, "loop": None})
    fatma.asks_for_a_person()
    packet = fatma.play.conversation.packet
    assert packet["subject"] == {"topic": "rijbewijs", "aspect": "kosten", "upl_uri": "http://standaarden.overheid.nl/owms/terms/rijbewijs"}
    assert packet["question"] == "Wat kost een rijbewijs?"
    assert packet["tried"] == [{"topic": "rijbewijs", "aspect": "kosten"}]
    assert packet["slots"] == [{"name": "postcode", "value": "1234 AB", "confidence": 0.8, "source": "text"}]
    assert packet["understanding"] == [{"intent": "vraag", "confidence": 0.9}]
    assert packet["waiting_since"] == fatma.play.now.isoformat()
    assert set(packet) == {
        "reason", "subject", "question", "slots", "understanding", "tried", "channel", "language", "page", "identity", "waiting_since",
    }  # fmt: skip


def test_the_handover_is_written_down(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    asked, claimed = fatma.play.written("handover")
    assert (asked["team"], asked["reason"], asked["epoch"]) == ("kcc", "request", 2)
    assert claimed == {"claimed_at": fatma.play.now, "claimed_by": anja.person.staff}


def test_a_closed_conversation_hands_over_no_more(fatma):
    fatma.ends_it()
    with refused("closed"):
        fatma.asks_for_a_person()
