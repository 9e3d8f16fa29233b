"""What becomes a contact moment: one for each subject of a conversation, with a report that the resident may read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from handover.conversation.conversation import Insert
from handover.conversation.events import Identified, Identity
from tests.conversations.cast import MORNING, Resident, refused

KNOWS_PASPOORT = {"slots": {"topic": "paspoort", "question": "Wat kost een paspoort?"}, "loop": None}


def moments(of: Resident) -> list[dict[str, Any]]:
    """The rows of `segment` as they are after everything that happened, in order."""
    rows: dict[UUID, dict[str, Any]] = {}
    for record in of.play.records:
        if record.table == "segment" and isinstance(record, Insert):
            rows[record.values["id"]] = dict(record.values)
        elif record.table == "segment":
            for row in rows.values():
                if record.id in (row["id"], row["conversation_id"]):
                    row |= record.values
    return sorted(rows.values(), key=lambda row: row["number"])


def test_a_question_and_its_answer_are_one(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    asked = fatma.play.turns[-1].pos
    bot.answers("Een paspoort kost 83 euro.", topic="paspoort", aspect="kosten")
    [moment] = moments(fatma)
    assert (moment["number"], moment["topic"], moment["aspect"], moment["subject"]) == (1, "paspoort", "kosten", "upl paspoort")
    assert moment["upl_uri"] == "http://standaarden.overheid.nl/owms/terms/paspoort"
    assert (moment["question"], moment["answer"]) == ("Wat kost een paspoort?", "Een paspoort kost 83 euro.")
    assert (moment["from_pos"], moment["ended_at"], moment["outcome"], moment["by"]) == (asked, None, None, "Assistent")


def test_a_second_question_about_it_goes_on_with_the_same_one(fatma, bot):
    for question, answer in (("Wat kost een paspoort?", "83 euro."), ("en hoe lang duurt dat?", "Vijf werkdagen.")):
        fatma.says(question)
        bot.answers(answer, topic="paspoort")
    fatma.ends_it()
    [moment] = moments(fatma)
    assert moment["question"] == "Wat kost een paspoort?\nen hoe lang duurt dat?"
    assert moment["answer"] == "83 euro.\n\nVijf werkdagen."
    assert (moment["outcome"], moment["ended_at"]) == ("answered", MORNING)
    assert moment["to_pos"] == fatma.play.turns[-2].pos  # all but the notice that it is closed


def test_another_subject_is_another_one_and_closes_the_first(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    bot.answers("83 euro.", topic="paspoort")
    fatma.says("Ik ga verhuizen")
    bot.answers("Geef dat binnen vijf dagen door.", topic="verhuizing")
    first, second = moments(fatma)
    assert (first["topic"], first["outcome"], second["topic"], second["outcome"]) == ("paspoort", "answered", "verhuizing", None)
    assert first["to_pos"] + 1 == second["from_pos"]


def test_two_subjects_in_one_message_are_two(fatma, bot):
    fatma.says("Wat kost een paspoort en wanneer wordt het afval gehaald?")
    both = [{"topic": "paspoort", "aspect": "kosten"}, {"topic": "afvalkalender", "aspect": "waar_wanneer"}]
    bot.answers("Paspoort\n83 euro.\n\nMeer regels.\n\nAfvalkalender\nOp dinsdag.", topic="paspoort", topics=both)
    first, second = moments(fatma)
    assert (first["topic"], first["answer"], first["outcome"]) == ("paspoort", "83 euro.\n\nMeer regels.", "answered")
    assert (second["topic"], second["answer"], second["outcome"]) == ("afvalkalender", "Op dinsdag.", None)
    assert first["question"] == second["question"]


def test_of_two_subjects_the_one_that_was_open_already_goes_on(fatma, bot):
    fatma.says("Wanneer wordt het afval gehaald?")
    bot.answers("Op dinsdag.", topic="afvalkalender")
    fatma.says("En welke bak, en wat kost een paspoort?")
    bot.answers("Beide.", topic="paspoort", topics=[{"topic": "paspoort", "aspect": None}, {"topic": "afvalkalender", "aspect": None}])
    assert [moment["topic"] for moment in moments(fatma)] == ["afvalkalender", "paspoort"]


def test_small_talk_a_question_back_and_what_is_not_understood_make_none(fatma, bot):
    for kind in ("smalltalk", "clarify", "fallback", "notice", "urgent", "handover_offer"):
        fatma.says("…")
        bot.answers("…", kind=kind, **({"topic": "paspoort"} if kind == "clarify" else {}))
    fatma.ends_it()
    assert moments(fatma) == []


def test_a_button_is_a_question_by_its_label(fatma, bot):
    fatma.chooses("Paspoort: aanvragen")
    bot.answers("Maak een afspraak.", topic="paspoort", aspect="aanvragen")
    assert moments(fatma)[0]["question"] == "Paspoort: aanvragen"


def test_another_organisations_business_is_one_of_its_own(fatma, bot):
    fatma.says("Hoe vraag ik een AOW aan?")
    bot.answers("Dat doet de SVB.", kind="referral")
    [moment] = moments(fatma)
    assert (moment["subject"], moment["outcome"], moment["topic"]) == ("(report.subject.referral)", "referred", None)


def test_a_handover_goes_on_with_the_subject_and_staff_report_on_it(fatma, bot, anja):
    fatma.says("Wat kost een paspoort?")
    bot.answers("83 euro.", topic="paspoort", memory=KNOWS_PASPOORT)
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.says("Voor u is het gratis.")
    anja.wraps_up("Mevrouw krijgt het paspoort gratis.")
    [moment] = moments(fatma)
    assert moment["answer"] == "83 euro.\n\nVoor u is het gratis."
    assert (moment["summary"], moment["outcome"], moment["by"]) == ("Mevrouw krijgt het paspoort gratis.", "resolved", "Anja")


def test_a_handover_without_a_subject_is_one_too(fatma, anja):
    fatma.asks_for_a_person()
    fatma.says("Ik wil klagen over de buren")
    [moment] = moments(fatma)
    assert (moment["subject"], moment["topic"]) == ("(report.subject.staff)", None)
    assert moment["question"] == "Ik wil klagen over de buren"
    fatma.ends_it()
    assert moments(fatma)[0]["outcome"] == "abandoned"


def test_staff_name_the_subject_that_was_not_known(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.wraps_up("Uitgelegd.")  # the cast wraps up about "paspoort"
    [moment] = moments(fatma)
    assert (moment["topic"], moment["subject"]) == ("paspoort", "upl paspoort")


def test_what_the_bot_answered_before_stays_its_own_when_staff_report_on_something_else(fatma, bot, anja):
    fatma.says("Ik ga verhuizen")
    bot.answers("Geef dat door.", topic="verhuizing", memory={"slots": {"topic": "verhuizing"}, "loop": None})
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.says("Een paspoort kost 83 euro.")
    anja.wraps_up("Prijs van het paspoort genoemd.")
    first, second = moments(fatma)
    assert (first["topic"], first["answer"], first["by"], first["outcome"]) == ("verhuizing", "Geef dat door.", "Assistent", "answered")
    assert (second["topic"], second["answer"], second["by"], second["outcome"]) == (
        "paspoort", "Een paspoort kost 83 euro.", "Anja", "resolved"
    )  # fmt: skip
    assert first["to_pos"] < second["from_pos"] <= second["to_pos"]


def test_a_call_back_is_a_promise_and_is_gone_when_it_is_cancelled(fatma, bot):
    fatma.says("Bel mij maar")
    bot.answers("Klopt 06 12345678?", kind="form", callback={"phone": "+31612345678"})
    [moment] = moments(fatma)
    [asked] = fatma.play.written("callback")
    assert (moment["subject"], moment["promised"]) == ("(report.subject.callback)", "(report.callback)")
    assert asked["segment_id"] == moment["id"]
    assert "0612345678" not in str(moment).replace(" ", "")
    fatma.says("nee, laat maar")
    bot.answers("Goed.", kind="form", callback={"confirmed": False})
    assert moments(fatma)[0]["promised"] is None


def test_a_promise_of_the_wrap_up(fatma, anja):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.wraps_up("Zoek ik uit.", outcome="callback")
    assert (moments(fatma)[0]["outcome"], moments(fatma)[0]["promised"]) == ("callback", "(report.callback)")


def test_silence_ends_it_when_the_silence_began(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    bot.answers("83 euro.", topic="paspoort")
    fatma.waits(minutes=36)
    assert moments(fatma)[0]["ended_at"] == MORNING


def test_an_answer_that_came_too_late_makes_none(fatma, bot):
    fatma.says("Wat kost een paspoort?")
    fatma.asks_for_a_person()
    before = len(moments(fatma))
    bot.answers("83 euro.", topic="paspoort")
    assert [moment["topic"] for moment in moments(fatma)] == [None] * before


def test_staff_are_participants_for_as_long_as_they_have_it(fatma, anja, bram):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.passes_on_to(bram, "Jij kent haar")
    fatma.ends_it()
    rows = {row["id"]: dict(row) for row in fatma.play.written("participant") if "id" in row}
    for record in fatma.play.records:
        if record.table == "participant" and not isinstance(record, Insert):
            rows[record.id] |= record.values
    assert [(row["kind"], row["name"], row["left_at"]) for row in rows.values()] == [
        ("resident", "U", MORNING), ("bot", "Assistent", MORNING), ("staff", "Anja", MORNING), ("staff", "Bram", MORNING)
    ]  # fmt: skip


def test_who_it_is_may_become_known_once_and_is_in_the_packet(fatma, bot):
    """SEC-13: a conversation never changes hands."""
    fatma.says("Wat kost een paspoort?")
    bot.answers("83 euro.", topic="paspoort")
    known = Identity(UUID(int=9), "digid-midden", MORNING)
    fatma.play.happens(Identified(known))
    assert moments(fatma)[0]["person_id"] == known.person
    with refused("not_allowed"):
        fatma.play.happens(Identified(Identity(UUID(int=10), "digid-midden", MORNING)))
    fatma.play.happens(Identified(Identity(UUID(int=9), "digid-hoog", MORNING + timedelta(minutes=1))))
    fatma.asks_for_a_person()
    assert fatma.play.conversation.packet["identity"]["level"] == "digid-hoog"
    assert [moment["person_id"] for moment in moments(fatma)] == [known.person]
