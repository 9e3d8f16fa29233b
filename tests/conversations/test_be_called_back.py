"""A call-back: stored as soon as there is a number, confirmed or mended afterwards."""


def test_a_number_is_kept_at_once_and_confirmed_later(fatma, bot):
    fatma.says("Kunt u mij bellen over mijn paspoort?")
    memory = {"slots": {"topic": "paspoort", "question": "Kunt u mij bellen over mijn paspoort?"}, "loop": "callback_form"}
    bot.answers("Op welk nummer?", kind="form", memory=memory)
    fatma.says("06 12345678")
    bot.answers("Klopt 06 12345678?", kind="form", memory=memory, callback={"phone": "+31612345678"})
    [asked] = fatma.play.written("callback")
    assert (asked["phone"], asked["status"], asked["topic"]) == ("+31612345678", "unconfirmed", "paspoort")
    assert asked["question"] == "Kunt u mij bellen over mijn paspoort?"
    fatma.says("ja")
    bot.answers("Wij bellen u.", kind="form", callback={"confirmed": True})
    assert fatma.play.written("callback")[-1]["status"] == "open"


def test_another_number_mends_the_same_request(fatma, bot):
    fatma.says("bel mij")
    bot.answers("Klopt het?", kind="form", callback={"phone": "+31612345678"})
    fatma.says("nee, 06 87654321")
    bot.answers("Klopt het?", kind="form", callback={"phone": "+31687654321"})
    first, second = [record for record in fatma.play.records if record.table == "callback"]
    assert second.id == first.values["id"]
    assert second.values["phone"] == "+31687654321"


def test_a_request_that_is_taken_back_is_cancelled_and_the_next_is_a_new_one(fatma, bot):
    for text, callback in (
        ("bel mij", {"phone": "+31612345678"}),
        ("toch niet", {"confirmed": False}),
        ("toch wel", {"phone": "+31612345678"}),
    ):
        fatma.says(text)
        bot.answers("Goed.", kind="form", callback=callback)
    made, cancelled, again = fatma.play.written("callback")
    assert cancelled["status"] == "cancelled"
    assert again["id"] != made["id"]


def test_an_answer_that_came_too_late_makes_no_request(fatma, bot):
    fatma.says("bel mij op 06 12345678")
    fatma.asks_for_a_person()
    bot.answers("Klopt het?", kind="form", callback={"phone": "+31612345678"})
    assert fatma.play.written("callback") == []
