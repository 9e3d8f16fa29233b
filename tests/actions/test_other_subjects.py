"""Other organisations, emergencies and small talk: every subkind that understanding knows has its own text."""

from pathlib import Path

import pytest
import yaml

from actions.referral import DECLINED, referral
from actions.smalltalk import smalltalk
from actions.turns import Voice
from actions.urgent import TALKING_HELPS, urgent
from tests.actions.conftest import DATA, FakeDesk, does


def subkinds(intent: str) -> list[str]:
    found = set()
    for path in Path(DATA / "nlu").glob("*.yml"):
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        found |= {row["metadata"]["subkind"] for row in rows if row["intent"] == intent}
    return sorted(found)


WITHOUT_ADDRESS = {"woningcorporatie", "werkgever_bank"}


@pytest.mark.parametrize("subkind", subkinds("out_of_scope"))
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_other_organisation_has_a_text_and_an_address(hears, library, desk, subkind, language):
    voice = Voice(library, desk, language)
    reply = referral(hears("een vraag", intent="out_of_scope", subkind=subkind, slots={"failures": 1}), voice)
    assert reply.turn["text"] != voice.say("referral.other")
    assert reply.slots["failures"] == 0
    assert reply.turn["kind"] == ("fallback" if subkind in DECLINED else "referral")
    if subkind not in DECLINED | WITHOUT_ADDRESS:
        assert reply.turn["link"]["url"].startswith("https://")
        assert reply.turn["link"]["title"]


def test_an_unknown_organisation_is_admitted(hears, voice):
    reply = referral(hears("een vraag", subkind="marsbewoners"), voice)
    assert (reply.turn["kind"], reply.turn["text"], does(reply.turn)) == ("referral", voice.say("referral.other"), ["human"])


def test_a_referral_that_may_be_ours_offers_our_answer_too(hears, voice):
    heard = hears("mijn ww stopt, bijstand?", subkind="uwv", topics={"bijstandsuitkering": 0.3}, aspects={"aanvragen": 0.9})
    assert does(referral(heard, voice).turn) == ["ask bijstandsuitkering.aanvragen"]


NUMBERS = {
    "brand": "112", "gas": "0800 9009", "medisch": "112", "inbraak_nu": "112", "gevaar_op_straat": "112", "geweld_thuis": "112",
    "zelfmoord": "113", "kind_in_gevaar": "112", "dakloos_vannacht": "0800",
}  # fmt: skip


@pytest.mark.parametrize("subkind", subkinds("urgent"))
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_emergency_gets_its_number_at_once(hears, library, desk, subkind, language):
    """BOT-11"""
    voice = Voice(library, desk, language)
    reply = urgent(hears("help", intent="urgent", subkind=subkind, slots={"failures": 1}), voice)
    first_two = ". ".join(reply.turn["text"].replace("?", ".").split(". ")[:2])
    assert (reply.turn["kind"], reply.slots["failures"]) == ("urgent", 0)
    assert NUMBERS[subkind] in first_two
    assert does(reply.turn) == (["human"] if subkind in TALKING_HELPS else [])
    assert "{" not in reply.turn["text"]


def test_violence_suicide_and_children_name_who_listens(hears, voice):
    said = {kind: urgent(hears("help", subkind=kind), voice).turn["text"] for kind in ("geweld_thuis", "zelfmoord", "kind_in_gevaar")}
    assert "0800 2000" in said["geweld_thuis"]
    assert "0800 0113" in said["zelfmoord"]
    assert "112" in said["zelfmoord"]
    assert "0800 2000" in said["kind_in_gevaar"]


def test_an_emergency_offers_nobody_who_is_not_there(hears, library):
    voice = Voice(library, FakeDesk(within_hours=False), "nl")
    assert "choices" not in urgent(hears("help", subkind="geweld_thuis"), voice).turn


def test_an_unknown_emergency_gets_112(hears, voice):
    assert "112" in urgent(hears("help", subkind="iets"), voice).turn["text"]


@pytest.mark.parametrize("subkind", [*subkinds("chitchat"), "iets"])
def test_small_talk_is_answered_shortly(hears, voice, subkind):
    reply = smalltalk(hears("hoi", intent="chitchat", subkind=subkind), voice)
    assert reply.turn["kind"] == "smalltalk"
    assert len(reply.turn["text"].split()) <= 30


@pytest.mark.parametrize("subkind", ["who_are_you", "are_you_human", "how_are_you"])
def test_it_says_that_it_is_a_computer(hears, library, desk, subkind):
    """BOT-1"""
    assert "computer" in smalltalk(hears("?", subkind=subkind), Voice(library, desk, "nl")).turn["text"]
    assert "computer" in smalltalk(hears("?", subkind=subkind), Voice(library, desk, "en")).turn["text"]


def test_abuse_is_answered_once(hears, voice):
    first = smalltalk(hears("stomme bot", subkind="insult"), voice)
    again = smalltalk(hears("stomme bot", subkind="insult", slots=first.slots), voice)
    assert [reply.turn["text"] for reply in (first, again)] == [voice.say("smalltalk.insult"), voice.say("smalltalk.insult_again")]
