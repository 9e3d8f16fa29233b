"""What callers say in answer to a question of ours, and sentences cut to what an ear can keep."""

import re

SENTENCES, WORDS = 2, 35  # of one idea


def normal(text: str) -> str:
    """Small letters without signs and without what people say while they think."""
    plain = "".join(c if c.isalnum() or c.isspace() else " " for c in text.lower().replace("'", ""))
    words = [word for word in plain.split() if word not in FILLERS]
    return " ".join(words)


def short(text: str) -> str:
    """The first sentences of a text: one idea, as long as an ear can keep."""
    kept: list[str] = []
    for sentence in _sentences(text):
        if kept and (len(kept) == SENTENCES or len(" ".join([*kept, sentence]).split()) > WORDS):
            break
        kept.append(sentence)
    return " ".join(kept)


def sentences(text: str, at_most: int) -> str:
    """Whole sentences of `text`, as many as fit in `at_most` characters."""
    kept = ""
    for sentence in _sentences(text):
        if kept and len(kept) + len(sentence) + 1 > at_most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept[:at_most]


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý“\"(0-9])|\n+", text) if part.strip()]


def is_yes(words: str) -> bool:
    return words in YES or (len(words.split()) <= 4 and words.split()[:1] in (["ja"], ["yes"], ["jawel"], ["graag"]))


def is_no(words: str) -> bool:
    return words in NO or (len(words.split()) <= 4 and words.split()[:1] in (["nee"], ["no"], ["neen"], ["nope"]))


FILLERS = {"eh", "uh", "uhm", "ehm", "hm", "hmm", "euh", "nou", "even", "maar", "please", "alstublieft", "alsjeblieft", "hoor", "hé", "he"}
YES = {"ja", "jazeker", "jawel", "zeker", "graag", "klopt", "dat klopt", "prima", "goed", "dat is goed", "oke", "oké", "doe", "is goed",
       "precies", "yes", "yeah", "yep", "sure", "right", "thats right", "correct", "okay", "ok", "that is right"}  # fmt: skip
NO = {"nee", "neen", "niet", "nee hoor", "klopt niet", "dat klopt niet", "fout", "onjuist", "liever niet", "hoeft niet", "dat was het",
      "dat was alles", "meer niet", "no", "nope", "not right", "thats wrong", "wrong", "that is all", "thats all", "nothing"}  # fmt: skip
COMMANDS: dict[str, set[str]] = {
    "human": {"medewerker", "een medewerker", "mens", "een mens", "persoon", "een persoon", "iemand", "doorverbinden",
              "medewerker spreken",
              "medewerker graag", "ik wil een medewerker", "ik wil een medewerker spreken", "een medewerker spreken",
              "kan ik een medewerker spreken", "ik wil iemand spreken", "ik wil een mens spreken", "echt mens",
              "een echt mens", "agent", "human", "a human", "operator",
              "person", "a person", "real person", "a real person", "representative", "someone", "staff", "member of staff",
              "talk to a person", "i want to talk to a person", "speak to a person", "speak to someone", "talk to someone"},
    "repeat": {"herhaal", "herhalen", "herhaal dat", "nog een keer", "nog eens", "opnieuw", "wat zei u", "wat zegt u", "pardon",
               "kunt u dat herhalen",
               "kunt u herhalen", "dat verstond ik niet", "ik verstond u niet", "wat", "repeat", "repeat that", "say that again", "again",
               "sorry what", "can you repeat that", "could you repeat that", "what did you say"},
    "stop": {"stop", "stoppen", "ik wil stoppen", "stop dan", "annuleren", "annuleer", "laat zitten", "cancel", "quit"},
    "bye": {"dag", "doei", "tot ziens", "ophangen", "ik hang op", "dag bedankt", "bedankt dag", "nee dank u dag", "bye", "goodbye",
            "bye bye",
            "hang up", "thank you bye", "thanks bye", "dank u wel dag"},
    "moment": {"moment", "een moment", "momentje", "een momentje", "wacht", "ogenblik", "een ogenblik", "ogenblikje",
               "ik pak het erbij", "hold on",
               "one moment", "just a moment", "wait", "wait a moment", "one second", "wacht een moment"},
    "web": {"chat", "verder in chat", "verder in de chat", "website", "link", "stuur een link", "een link", "stuur link", "op internet",
            "ik wil chatten", "send a link", "send me a link", "go on in the chat", "the chat", "op de website"},
    "code": {"code", "ik heb een code", "een code", "i have a code"},
    "english": {"english", "engels", "in english", "in het engels", "speak english", "do you speak english", "spreekt u engels"},
    "dutch": {"nederlands", "dutch", "in het nederlands", "in dutch"},
}  # fmt: skip
ORDINALS = {word: number for number, said in enumerate((
    ("een", "één", "1", "eerste", "de eerste", "het eerste", "one", "first", "the first", "the first one"),
    ("twee", "2", "tweede", "de tweede", "het tweede", "two", "second", "the second", "the second one"),
    ("drie", "3", "derde", "de derde", "het derde", "laatste", "de laatste", "three", "third", "the third", "the last one"),
), 1) for word in said}  # fmt: skip
WINDOWS = {
    "morning": {"ochtend", "ochtends", "morgens", "voormiddag", "vroeg", "morning"},
    "afternoon": {"middag", "middags", "namiddag", "afternoon"},
}
