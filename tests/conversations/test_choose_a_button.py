"""Buttons: opaque on the wire, looked up by us, shown in the transcript by their label."""

from handover.conversation.states import State


def test_a_question_button_asks_the_bot_by_topic_and_aspect(fatma, bot, transcript):
    fatma.chooses("Paspoort: aanvragen")
    assert bot.was_asked() == ["vraag"]
    assert fatma.play.asked[0].ask.entities == {"topic": "paspoort", "aspect": "aanvragen"}
    bot.answers("Dat doet u aan de balie.")
    assert transcript() == ["Fatma: Paspoort: aanvragen", "Assistent: Dat doet u aan de balie."]


def test_every_choice_has_an_id_of_its_own(fatma, bot):
    fatma.says("iets")
    bot.answers("Bedoelt u …?", kind="clarify", choices=[{"label": "A", "do": {"again": "A"}}, {"label": "B", "do": {"again": "B"}}])
    ids = [choice["id"] for turn in fatma.play.turns for choice in turn.data.get("choices", [])]
    assert len(ids) == len(set(ids)) == 4


def test_phone_and_hours_are_shown_without_asking_the_bot(fatma, bot, transcript):
    fatma.says("hallo")
    bot.fails()
    fatma.chooses("(button.phone)")
    assert transcript()[-2:] == ["Fatma: (button.phone)", "Gemeente: (show.phone)"]
    assert bot.was_asked() == []


def test_the_button_for_a_person_is_a_turn_and_starts_the_handover(fatma, bot, transcript):
    fatma.says("dit lukt niet")
    bot.answers("Wilt u een medewerker?", kind="handover_offer", choices=[{"label": "Graag", "do": {"human": {"reason": "two_failures"}}}])
    fatma.chooses("Graag")
    assert transcript()[-2:] == ["Fatma: Graag", "Gemeente: (queue.entered)"]
    assert fatma.play.conversation.reason == "two_failures"


def test_a_question_button_while_staff_own_it_is_words_for_staff(fatma, anja, bot, transcript):
    fatma.asks_for_a_person()
    anja.takes_over()
    fatma.chooses("Paspoort: aanvragen")
    assert transcript()[-1] == "Fatma: Paspoort: aanvragen"
    assert bot.was_asked() == []
    assert fatma.play.conversation.state is State.STAFF
