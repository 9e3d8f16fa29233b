"""A11Y-11: nobody answers for half an hour: a warning with one button, then the end. Staff are never hurried."""

from handover.conversation.states import State


def test_a_warning_then_the_end(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    bot.answers("€ 83,87.")
    fatma.waits(minutes=30)
    assert transcript()[-1] == "Gemeente: (idle.warning)"
    fatma.waits(minutes=5)
    assert transcript()[-1] == "Gemeente: (closed.idle 0000000001)"
    assert fatma.play.conversation.end_reason == "idle"


def test_one_button_keeps_it(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    bot.answers("€ 83,87.")
    fatma.waits(minutes=31)
    fatma.chooses("(button.stay)")
    assert transcript()[-1] == "Assistent: (idle.stay)"
    fatma.waits(minutes=29)
    assert fatma.play.conversation.state is State.BOT


def test_any_word_keeps_it(fatma, bot):
    fatma.says("Hallo")
    bot.answers("Hallo!")
    fatma.waits(minutes=31)
    fatma.says("Ik ben er nog")
    bot.answers("Fijn.")
    fatma.waits(minutes=29)
    assert fatma.play.conversation.state is State.BOT


def test_no_clock_runs_while_staff_own_it(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    fatma.waits(hours=5)
    assert fatma.play.conversation.state is State.STAFF


def test_it_runs_again_once_the_bot_is_back(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.gives_back()
    fatma.waits(minutes=36)
    assert fatma.play.conversation.state is State.CLOSED
