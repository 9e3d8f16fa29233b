"""When the bot does not answer: one honest notice in time, with ways on. Nothing that was asked is lost."""


def test_a_failure_is_told_at_once(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    bot.fails()
    assert transcript() == ["Fatma: Wat kost een paspoort?", "Assistent: (bot.down)"]
    assert list(fatma.play.last_choices())[:3] == ["(button.again)", "(button.human)", "(button.phone)"]


def test_silence_is_told_within_five_seconds(fatma, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.waits(seconds=5)
    assert transcript()[-1] == "Assistent: (bot.down)"


def test_the_second_of_two_questions_does_not_wait_longer_than_the_first(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    fatma.waits(seconds=3)
    fatma.says("Of een identiteitskaart?")
    fatma.waits(seconds=2)
    assert [turn.kind for turn in fatma.play.turns].count("notice") == 1
    assert fatma.play.conversation.asks == ()


def test_a_question_that_had_to_wait_for_its_turn_is_answered_in_time_too(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.waits(seconds=0.1)
    fatma.says("Of een identiteitskaart?")
    fatma.waits(seconds=3.9)
    bot.answers("€ 83,87.")
    fatma.waits(seconds=1)
    assert transcript()[-2:] == ["Assistent: € 83,87.", "Assistent: (bot.down)"]


def test_a_late_answer_is_kept_and_not_shown(fatma, bot, transcript, file):
    fatma.says("Wat kost een paspoort?")
    fatma.waits(seconds=5)
    bot.answers("€ 83,87.")
    assert transcript()[-1] == "Assistent: (bot.down)"
    assert file()[-1] == "Assistent [suppressed]: € 83,87."


def test_an_error_after_the_notice_is_no_second_notice(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.waits(seconds=5)
    fatma.says("Hallo?")
    bot.fails()  # the first question, which was given up already
    assert transcript() == ["Fatma: Wat kost een paspoort?", "Assistent: (bot.down)", "Fatma: Hallo?"]
    assert bot.was_asked() == ["Hallo?"]


def test_the_question_can_be_asked_again_with_one_button(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    bot.fails()
    fatma.chooses("(button.again)")
    assert bot.was_asked() == ["Wat kost een paspoort?"]
    bot.answers("€ 83,87.")
    assert transcript()[-2:] == ["Fatma: (button.again)", "Assistent: € 83,87."]


def test_a_button_can_be_pressed_again_too(fatma, bot):
    fatma.chooses("Paspoort: aanvragen")
    bot.fails()
    fatma.chooses("(button.again)")
    assert fatma.play.asked[0].ask.entities == {"topic": "paspoort", "aspect": "aanvragen"}


def test_staff_see_the_question_that_was_not_answered(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    bot.fails()
    fatma.chooses("(button.human)")
    assert fatma.play.conversation.packet["question"] == "Wat kost een paspoort?"
    assert fatma.play.conversation.packet["reason"] == "bot_down"
