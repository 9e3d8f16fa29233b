"""Danger: the number to call comes first, at once (BOT-11)."""

from actions.turns import Heard, Reply, Voice, asked, turn

# where a conversation helps beside the telephone; in a fire or a burglary it would only cost time
TALKING_HELPS = {"geweld_thuis", "zelfmoord", "kind_in_gevaar", "dakloos_vannacht", "gevaar_op_straat"}


def urgent(heard: Heard, voice: Voice) -> Reply:
    """action_urgent"""
    key = f"urgent.{heard.subkind}"
    text = voice.say(key if voice.knows(key) else "urgent.default")
    slots = {**asked(heard), "urgent_given": heard.subkind or "default", "failures": 0}
    if not voice.desk.reachable() or heard.subkind not in TALKING_HELPS:
        return Reply(turn("urgent", text), slots)
    said = turn("urgent", f"{text} {voice.say('urgent.talk')}", choices=[voice.human("urgent")])
    return Reply(said, {**slots, "offered": {"human": {"reason": "urgent"}}})
