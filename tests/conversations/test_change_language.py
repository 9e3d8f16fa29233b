"""Dutch or English, changed at any time while it is open."""

from tests.conversations.cast import refused


def test_what_follows_is_in_the_other_language(fatma, bot):
    fatma.says("Hello")
    fatma.speaks("en")
    bot.answers("Hello!")
    assert [turn.language for turn in fatma.play.turns] == ["nl", "nl", "en"]


def test_the_bot_may_answer_in_another_language_than_the_interface(fatma, bot):
    fatma.says("How much is a passport?")
    bot.answers("€83.87", language="en")
    assert fatma.play.turns[-1].language == "en"
    assert fatma.play.conversation.language == "nl"


def test_it_makes_no_turn_and_no_owner(fatma):
    before = len(fatma.play.turns)
    fatma.speaks("en")
    assert (len(fatma.play.turns), fatma.play.conversation.epoch) == (before, 1)


def test_not_after_the_end(fatma):
    fatma.ends_it()
    with refused("closed"):
        fatma.speaks("en")
