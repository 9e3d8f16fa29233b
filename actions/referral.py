"""Another organisation's business: its name and address. What is nobody's business here is declined."""

from actions import thresholds as t
from actions.fallback import fallback, likely_question
from actions.turns import Heard, Reply, Voice, asked, turn

DECLINED = {"commercieel", "algemene_kennis", "weer_sport_recepten"}  # there is no organisation to refer to


def referral(heard: Heard, voice: Voice) -> Reply:
    """action_referral"""
    if heard.chance("vraag") >= t.OURS_TOO:
        return fallback(heard, voice)
    slots = {**asked(heard), "failures": 0}
    key = f"referral.{heard.subkind}.text"
    if heard.subkind in DECLINED:
        return Reply(turn("fallback", voice.say(key), choices=voice.library.top_choices(voice.language)[:3]), slots)
    if not voice.knows(key):
        return Reply(turn("referral", voice.say("referral.other"), choices=[voice.person()]), slots)
    # "mijn WW stopt, krijg ik bijstand?" names another organisation and is ours all the same: one button for that
    ours = [question for topic, chance in heard.topics[:1] if chance >= t.CLARIFY and (question := likely_question(heard, voice, topic))]
    return Reply(turn("referral", voice.say(key), link=link(heard.subkind, voice), choices=ours), slots)


def link(organisation: str, voice: Voice) -> dict[str, str] | None:
    """The organisation's own page; some (the resident's own bank or landlord) have none."""
    key = f"referral.{organisation}"
    if not voice.knows(f"{key}.url"):
        return None
    return {"url": voice.say(f"{key}.url"), "title": voice.say(f"{key}.title")}
