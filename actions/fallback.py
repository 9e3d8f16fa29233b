"""Not understood: said honestly, and twice in a row a person is offered (BOT-6)."""

from typing import Any

from actions import thresholds as t
from actions.turns import Choice, Heard, Reply, TurnDict, Voice, asked, turn

LIKELY_AT_LEAST, LIKELY_AT_MOST = 2, 3


def failed(heard: Heard, voice: Voice, said: TurnDict, slots: dict[str, Any]) -> Reply:
    """`said`, a turn that did not help; or, when the turn before it did not help either, the offer of a person."""
    failures = int(heard.slot("failures") or 0) + 1
    slots = {**slots, "failures": failures}
    if failures < t.GIVE_UP:
        return Reply(said, slots)
    return give_up(heard, voice, slots, again=failures > t.GIVE_UP)


def give_up(heard: Heard, voice: Voice, slots: dict[str, Any], *, again: bool) -> Reply:
    """Never a third "I do not understand": a person, beside the likeliest topics."""
    choices = likely_topics(heard, voice)
    if not voice.desk.reachable():
        text = voice.nobody() if again else f"{voice.say('fallback.gave_up')} {voice.nobody()}"
        return Reply(turn("notice", text, choices=[*choices, *voice.ways_out()][:5]), slots)
    text = voice.say("handover_offer.still_failing" if again else "handover_offer.two_failures")
    said = turn("handover_offer", text, reason="two_failures", choices=[*choices, voice.human("two_failures"), voice.no_human()])
    return Reply(said, {**slots, "offered": {"human": {"reason": "two_failures"}}})


def likely_topics(heard: Heard, voice: Voice) -> list[Choice]:
    """Buttons for the topics that were recognised best, each with its likeliest question; else for the most asked ones."""
    likely = [topic for topic, chance in heard.topics if chance >= t.CANDIDATE][:LIKELY_AT_MOST]
    choices = [question for topic in likely if (question := likely_question(heard, voice, topic))]
    more = [choice for choice in voice.library.top_choices(voice.language) if choice not in choices]
    return [*choices, *more][: max(len(choices), LIKELY_AT_LEAST)]


def likely_question(heard: Heard, voice: Voice, topic: str) -> Choice | None:
    """The button for the likeliest question about `topic`; None if nothing is written about it."""
    wanted = [name for name, _ in heard.aspects] + ["algemeen", "aanvragen"]
    aspect = next((name for name in wanted if voice.find(topic, name)), None)
    return voice.question(topic, aspect) if aspect else None


def fallback(heard: Heard, voice: Voice) -> Reply:
    """action_fallback: nothing understood."""
    said = turn("fallback", voice.say("fallback.first"), choices=[*likely_topics(heard, voice), voice.person()])
    keep = asked(heard) if heard.intent == "vraag" or not heard.slot("question") else {}
    return failed(heard, voice, said, keep)


def other_language(heard: Heard, voice: Voice) -> Reply:
    """A language that the bot does not speak: says so in that language where a text exists, else in English."""
    language = heard.foreign or "en"
    text = voice.library.text("fallback.language", language)
    if text == voice.library.text("fallback.language", "nl"):
        language, text = "en", voice.library.text("fallback.language", "en")
    choices = [voice.human("language"), voice.no_human()] if voice.desk.reachable() else voice.ways_out()
    offered = {"offered": {"human": {"reason": "language"}}} if voice.desk.reachable() else {}
    said = turn("fallback", text, choices=choices, language=language)
    return Reply(said, {**offered, "failures": int(heard.slot("failures") or 0) + 1, **asked(heard)})
