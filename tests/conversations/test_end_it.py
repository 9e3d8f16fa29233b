"""A conversation ends: by the resident, by staff with a wrap-up. And then it stays ended."""

from datetime import timedelta

import pytest

from handover.conversation.states import State
from tests.conversations.cast import MORNING, refused


def test_the_resident_ends_it_and_gets_a_reference(fatma, transcript):
    fatma.says("Dank u")
    fatma.ends_it()
    assert transcript()[-1] == "Gemeente: (closed.resident 0000000001)"
    assert (fatma.play.conversation.state, fatma.play.conversation.end_reason) == (State.CLOSED, "resident")
    assert fatma.play.conversation.timers == {"destroy": MORNING + timedelta(days=28)}


def test_staff_wrap_up(fatma, anja, transcript):
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.wraps_up("Paspoort ligt klaar")
    assert transcript()[-1] == "Gemeente: (closed.staff Anja 0000000001)"
    [wrap_up] = fatma.play.written("wrap_up")
    assert (wrap_up["outcome"], wrap_up["summary"], wrap_up["subjects"], wrap_up["by_name"]) == (
        "resolved", "Paspoort ligt klaar", ["paspoort"], "Anja",
    )  # fmt: skip
    assert fatma.play.written("handover")[-1]["outcome"] == "closed"


def test_only_the_owner_wraps_up(fatma, anja, bram):
    with refused("not_owner"):
        anja.wraps_up("klaar")
    fatma.asks_for_a_person()
    anja.takes_over()
    with refused("not_owner", by="Anja"):
        bram.wraps_up("klaar")
    with refused("not_owner"):
        anja.wraps_up("klaar", epoch=1)


@pytest.mark.parametrize("stage", ["bot", "waiting", "staff"])
def test_closed_stays_closed(fatma, anja, bot, stage, transcript):
    fatma.says("Hallo")
    if stage != "bot":
        fatma.asks_for_a_person()
    if stage == "staff":
        anja.takes_over()
    fatma.ends_it()
    ended = transcript()
    for again in (lambda: fatma.says("Nog iets"), fatma.ends_it, fatma.leaves_the_queue, anja.takes_over, lambda: anja.says("Dag"),
                  anja.gives_back, lambda: anja.notes("x"), lambda: anja.wraps_up("x"), anja.is_not_heard_of):  # fmt: skip
        with refused("closed"):
            again()
    bot.answers("Hallo!")  # it was asked before the end
    fatma.waits(days=2)
    assert transcript() == ended
    assert fatma.play.conversation.state is State.CLOSED


def test_it_can_be_rated_afterwards_and_the_last_one_counts(fatma):
    fatma.says("Hallo")
    fatma.gives(2)
    fatma.ends_it()
    fatma.gives(5, "Toch fijn geholpen")
    rating = fatma.play.conversation.rating
    assert (rating["score"], rating["comment"]) == (5, "Toch fijn geholpen")


def test_what_was_never_used_is_removed_also_when_it_was_closed(fatma, joris):
    """Opened, not a word said: nothing is left of it after 24 hours."""
    fatma.ends_it()
    assert fatma.play.conversation.timers["unused"] == MORNING + timedelta(hours=24)
    assert joris.play.conversation.timers == {"unused": MORNING + timedelta(hours=24)}


def test_it_is_kept_longer_once_staff_had_it(fatma, anja, joris, bot):
    """PRV-5: bot-only chat 28 days, live chat 90."""
    fatma.asks_for_a_person()
    anja.takes_over()
    anja.wraps_up("Klaar")
    assert fatma.play.conversation.timers == {"transcript": MORNING + timedelta(days=90), "destroy": MORNING + timedelta(days=365)}
    assert (fatma.play.conversation.kept_as, fatma.play.conversation.destroy_at) == ("staff", MORNING + timedelta(days=365))
    joris.says("bel mij")
    bot.answers("Klopt het?", to=joris, kind="form", callback={"phone": "+31612345678"})
    joris.ends_it()
    assert joris.play.conversation.timers == {"transcript": MORNING + timedelta(days=90), "destroy": MORNING + timedelta(days=365)}
