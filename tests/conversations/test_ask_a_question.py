"""A resident asks, the bot answers."""


def test_the_first_words_are_the_bots_and_say_so(fatma):
    """BOT-1, BOT-3: before any question, and labelled as what it is."""
    [greeting] = fatma.play.turns
    assert (greeting.author, greeting.kind, greeting.seq) == ("bot", "greeting", 1)
    assert greeting.text == "(greeting)"


def test_a_question_gets_an_answer(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    bot.answers("Een paspoort kost € 83,87.", topic="paspoort", aspect="kosten")
    assert transcript() == ["Fatma: Wat kost een paspoort?", "Assistent: Een paspoort kost € 83,87."]
    assert fatma.play.turns[-1].topic == "paspoort"


def test_questions_in_a_row_are_asked_one_at_a_time_and_answered_in_order(fatma, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    fatma.says("En hoe lang duurt dat?")
    assert bot.was_asked() == ["Wat kost een paspoort?"]
    bot.answers("Dat kost € 83,87.")
    assert bot.was_asked() == ["En hoe lang duurt dat?"]
    bot.answers("Vijf werkdagen.")
    assert transcript()[2:] == ["Assistent: Dat kost € 83,87.", "Assistent: Vijf werkdagen."]
    assert bot.was_asked() == []


def test_the_bot_gets_back_what_it_remembered(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    bot.answers("€ 83,87.", memory={"slots": {"topic": "paspoort"}, "loop": None})
    fatma.says("En voor een kind?")
    assert fatma.play.asked[0].memory == {"slots": {"topic": "paspoort"}, "loop": None}
    assert fatma.play.conversation.topic == "paspoort"


def test_what_one_resident_says_stays_with_them(fatma, joris, bot, transcript):
    fatma.says("Wat kost een paspoort?")
    joris.says("Wanneer komt het oud papier?")
    bot.answers("Morgen.", to=joris)
    bot.answers("€ 83,87.", to=fatma)
    assert transcript(fatma) == ["Fatma: Wat kost een paspoort?", "Assistent: € 83,87."]
    assert transcript(joris) == ["Joris: Wanneer komt het oud papier?", "Assistent: Morgen."]


def test_an_answer_is_given_once(fatma, bot, transcript, file):
    fatma.says("Wat kost een paspoort?")
    [asked] = fatma.play.asked
    bot.answers("€ 83,87.")
    fatma.play.asked.append(asked)  # a second process had asked the same
    bot.answers("Ongeveer € 83.")
    assert transcript() == ["Fatma: Wat kost een paspoort?", "Assistent: € 83,87."]
    assert file()[-1] == "Assistent [suppressed]: Ongeveer € 83."
