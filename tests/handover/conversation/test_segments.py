"""The report of a contact moment: short enough for the standard, and without what identifies anybody."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handover.conversation.privacy import without_contact_details
from handover.conversation.segments import ANSWER_AT_MOST, REPORT_AT_MOST, Segment, cut, parts_of, row, summary

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NEW = Segment(id=UUID(int=1), number=1, subject="paspoort", from_pos=2, to_pos=2, started_at=NOW)


def say(library, language="nl"):
    return lambda key, **values: library.text(key, language, **values)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Mijn nummer is 06-12 34 56 78.", "12 34"),
        ("Bel +31 6 12345678 of 0031612345678", "1234"),
        ("bel 612345678", "612"),
        ("Mail naar jan.de.vries@example.nl alstublieft", "jan.de"),
        ("BSN 123456782", "1234"),
        ("NL91 ABNA 0417 1643 00", "0417"),
        ("Ik woon op 1234 AB 56 in Lindewaard", "1234"),
        ("Postcode 1234AB, nummer 7b", "1234"),
        ("030-2345678", "2345"),
        ("(030) 234 56 78", "234"),
        ("fatma punt yilmaz at voorbeeld punt nl", "yilmaz"),
        ("fatma@voorbeeld.co.uk", "fatma"),
        ("Dorpsstraat 12a, 1234 AB Lindewaard", "12a"),
        ("ik woon op 1234ab 7", "1234"),
    ],
)
def test_what_identifies_somebody_is_taken_out(text, gone):
    """PRV-3 and section 5: no BSN, IBAN, telephone number, mail address or postcode with house number in a report."""
    assert gone not in without_contact_details(text)
    assert "verwijderd]" in without_contact_details(text)


@pytest.mark.parametrize(
    "text",
    [
        "Het kost 83,25 euro.",
        "Op 24-11-2026 om 10.30 uur",
        "Zaak 2026-0012345",
        "Bel 14 0999",
        "Lijn 12",
        "in 2026 en 12 keer",
        "1500 kg 3 keer",
    ],
)
def test_what_identifies_nobody_stays(text):
    assert without_contact_details(text) == text


def test_a_report_of_the_bot(library):
    told = NEW.asked("Wat kost een paspoort? Bel mij op 06 12345678").answered(
        "Een paspoort kost 83 euro.\n\nU betaalt bij de balie.", "bot", ours=True
    )
    report = summary(told.closed(NOW, 3), say(library))
    assert report == (
        "Vraag: Wat kost een paspoort? Bel mij op [telefoonnummer verwijderd].\n"
        "Antwoord: Een paspoort kost 83 euro. U betaalt bij de balie."
    )
    assert "Question:" in summary(told, say(library, "en"))


def test_what_was_promised_and_what_was_not_answered(library):
    asked = NEW.asked("Wat kost het?").closed(NOW, 3)
    assert summary(asked, say(library)) == "Vraag: Wat kost het?\nDe digitale assistent had hier geen antwoord op."
    assert asked.outcome == "unanswered"
    promised = msgspec.structs.replace(NEW.asked("Wat kost het?").taken_over(3), promised="Wij bellen terug.").closed(NOW, 3)
    assert summary(promised, say(library)).endswith("Een medewerker heeft het gesprek overgenomen.\nAfspraak: Wij bellen terug.")
    assert promised.outcome == "callback"


def test_what_staff_wrote_is_the_report(library):
    told = msgspec.structs.replace(NEW.asked("Vraag"), report="Mevrouw belt vanaf 0612345678. " + "Lang verhaal. " * 200)
    report = summary(told, say(library))
    assert report.startswith("Mevrouw belt vanaf [telefoonnummer verwijderd].")
    assert len(report) <= REPORT_AT_MOST
    assert report.endswith("Lang verhaal.…")


@given(st.lists(st.text(max_size=3000), max_size=5), st.lists(st.text(max_size=3000), max_size=5), st.text(max_size=3000))
def test_nothing_is_longer_than_the_standard_allows(questions, answers, report):
    segment = NEW
    for question in questions:
        segment = segment.asked(question)
    for answer in answers:
        segment = segment.answered(answer, "Anja", ours=False)
    segment = msgspec.structs.replace(segment, report=report, subject=report or "x")
    values = row(segment.closed(NOW, 5), lambda key, **values: f"{key} {values}")
    assert len(values["summary"]) <= REPORT_AT_MOST
    assert len(values["answer"]) <= ANSWER_AT_MOST
    assert len(values["subject"]) <= 200
    assert not any("\0" in str(value) for value in values.values())


@given(st.text(max_size=400), st.integers(2, 300))
def test_cutting_keeps_the_beginning(text, at_most):
    assert len(cut(text, at_most)) <= at_most
    kept = cut(text, at_most).removesuffix("…")
    assert text.replace("\0", "").strip().startswith(kept)


def test_an_answer_about_two_subjects_is_taken_apart_by_its_titles():
    assert parts_of("Paspoort\nA\n\nB\n\nAfval\nC", ["Paspoort", "Afval"]) == ["A\n\nB", "C"]
    assert parts_of("Gewoon een antwoord", ["Paspoort", "Afval"]) == ["Gewoon een antwoord"] * 2
    assert parts_of("Gewoon een antwoord", ["Paspoort"]) == ["Gewoon een antwoord"]
