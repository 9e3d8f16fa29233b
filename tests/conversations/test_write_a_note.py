"""Notes are for staff: a place in the file, none in what the resident sees."""

from tests.conversations.cast import refused


def test_a_note_is_not_for_the_resident(fatma, anja, transcript, file):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.notes("Heeft gisteren ook gebeld")
    anja.says("Dag Fatma")
    assert transcript() == ["Gemeente: (queue.entered)", "Gemeente: (staff.joined Anja)", "Anja: Dag Fatma"]
    assert "Anja [note]: Heeft gisteren ook gebeld" in file()
    assert [turn.seq for turn in fatma.play.turns] == [1, 2, 3, None, 4]
    assert [turn.pos for turn in fatma.play.turns] == [1, 2, 3, 4, 5]


def test_a_colleague_may_note_as_well_and_before_anybody_owns_it(fatma, anja, bram, file):
    fatma.asks_for_a_person()
    bram.notes("Ik ken deze zaak")
    anja.takes_over()
    bram.notes("Zie dossier")
    assert [line for line in file() if "[note]" in line] == ["Bram [note]: Ik ken deze zaak", "Bram [note]: Zie dossier"]


def test_the_bot_is_never_told_of_a_note(fatma, anja, bot):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.notes("Vertrouwelijk")
    anja.gives_back()
    fatma.says("Wat is er afgesproken?")
    assert "Vertrouwelijk" not in str(fatma.play.asked[0])


def test_there_are_no_notes_on_what_only_the_bot_has(fatma, anja):
    with refused("not_allowed"):
        anja.notes("Even kijken")
