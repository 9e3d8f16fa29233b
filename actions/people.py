"""A person, please; yes; no; and what was agreed with one."""

from actions.answer import ask_which, tell
from actions.callback import cancelled, confirmed, other_number
from actions.turns import Heard, Reply, Voice, turn

STORY = 8  # words: a request this long also says what it is about


def offer_person(heard: Heard, voice: Voice) -> Reply:
    """action_offer_person: one question at most before the handover (BOT-5), or honestly that nobody can be reached (BOT-7)."""
    story = {"question": heard.text} if len(heard.words) >= STORY and not heard.slot("question") else {}
    if not voice.desk.reachable():
        return Reply(turn("notice", voice.nobody(), choices=voice.ways_out()), story)
    if "human" in heard.offered or heard.by_ear:  # a caller who asks for a person is put through
        return accept(heard, voice)
    if heard.subkind == "phone":
        text, choices = voice.say("handover_offer.phone"), [voice.callback(), voice.human("request"), voice.no_human()]
    else:
        text, choices = voice.say("handover_offer.request"), [voice.human("request"), voice.no_human()]
    return Reply(turn("handover_offer", text, reason="request", choices=choices), {**story, "offered": {"human": {"reason": "request"}}})


def accept(heard: Heard, voice: Voice) -> Reply:
    """Yes in words: the conversation is handed over now."""
    reason = (heard.offered.get("human") or {}).get("reason") or "request"
    return Reply(turn("handover_offer", voice.say("handover_offer.yes"), reason=reason, accept=True), {"failures": 0})


def affirm(heard: Heard, voice: Voice) -> Reply:
    """action_affirm: yes to what was offered last."""
    pending = heard.slot("callback_pending")
    topics = heard.offered.get("topics") or []
    if pending and (heard.structured or not heard.offered):
        return confirmed(voice, pending["phone"])
    if "human" in heard.offered:
        return accept(heard, voice)
    if len(topics) == 1:
        return tell(heard, voice, topics[0]["topic"], topics[0]["aspect"], None)
    if topics:
        return ask_which(heard, voice)
    return Reply(turn("smalltalk", voice.say("smalltalk.yes_no_ok")))


def deny(heard: Heard, voice: Voice) -> Reply:
    """action_deny: no to what was offered last; in the call-back form it means stop."""
    pending = heard.slot("callback_pending")
    if heard.in_form and not heard.structured:
        return cancelled(voice)
    if heard.structured or "human" in heard.offered:
        return Reply(turn("smalltalk", voice.say("handover_offer.no")))
    if heard.offered.get("topics"):
        return Reply(turn("smalltalk", voice.say("clarify.none")))
    if pending:
        return cancelled(voice) if pending.get("denied") else other_number(voice, pending)
    return Reply(turn("smalltalk", voice.say("smalltalk.no")))


def recap(heard: Heard, voice: Voice) -> Reply:
    """action_recap: what a colleague said when handing the conversation back."""
    agreed = heard.slot("agreed")
    if not agreed:
        return Reply(turn("smalltalk", voice.say("recap.nothing"), choices=[voice.person()]))
    if not agreed.get("text"):
        return Reply(turn("smalltalk", voice.say("recap.silent", by=agreed["by"]), choices=[voice.person()]))
    return Reply(turn("smalltalk", voice.say("recap.agreed", by=agreed["by"], text=agreed["text"]), choices=[voice.person()]))
