"""Short answers: yes, no, and nothing else. Longer texts are left to the classifier."""

import re

from bot.language.normalise import normalise

YES = """ja jaa jawel jazeker jep jup yep yes yeah yea ok oke okee okay prima akkoord graag zeker natuurlijk klopt
juist inderdaad correct sure absolutely precies goed mooi top doe please alstublieft fine right yup
""".split()
NO = "nee neen neu nope no nah niet nooit never niks nein".split()
# words that may stand beside them without changing what is meant
AROUND = """hoor dat is wel het u jij je dank bedankt maar zo goed prima doe ja nee hoeft thanks thank you please
alstublieft graag nou joh dan even ik wil bedoelde bedoel wat wel that is sounds good not it s do don t need meer no yes never
mind laat zitten klopt right okay ok that goed god lijkt me niet het met eens wil i
""".split()
_yes, _no, _around = set(YES), set(NO), set(AROUND)
NEVER_MIND = re.compile(
    r"^(?:laat (?:maar|zitten)(?: (?:maar|zitten|hoor))*|never mind|forget it|hoeft niet(?: hoor| meer)?|niet nodig|no need)[ !]*$"
)


def yes_or_no(text: str) -> str:
    """ "affirm", "deny", or "" when the text is anything more than a short answer."""
    said = normalise(text)
    if "\U0001f44d" in text and not said:
        return "affirm"
    if "\U0001f44e" in text and not said:
        return "deny"
    words = said.replace("!", "").split()
    if NEVER_MIND.match(said):
        return "deny"
    if not words or len(words) > 6 or "?" in words:
        return ""
    known = _yes | _no | _around
    if any(word not in known for word in words):
        return ""
    if any(word in _no for word in words):
        return "deny"
    return "affirm" if any(word in _yes for word in words) else ""
