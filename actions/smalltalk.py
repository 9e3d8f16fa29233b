"""Small talk: short and honest. Abuse is answered once; after that a person is offered."""

from actions.turns import Heard, Reply, Voice, turn


def smalltalk(heard: Heard, voice: Voice) -> Reply:
    """action_smalltalk"""
    if heard.subkind == "insult":
        return insult(heard, voice)
    key = f"smalltalk.{heard.subkind}"
    return Reply(turn("smalltalk", voice.say(key if voice.knows(key) else "smalltalk.default")))


def insult(heard: Heard, voice: Voice) -> Reply:
    key = "smalltalk.insult_again" if heard.slot("insulted") else "smalltalk.insult"
    return Reply(turn("smalltalk", voice.say(key), choices=[voice.person()]), {"insulted": True})
