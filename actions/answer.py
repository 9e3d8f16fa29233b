"""A question on a municipal product: answer it, ask back, or say honestly that it is not understood."""

from dataclasses import dataclass

from actions import thresholds as t
from actions.fallback import failed, fallback
from actions.turns import Choice, Heard, Reply, Voice, asked, turn
from handover.content.answers import Answer

FOLLOW_UPS = 3
TRIED_AT_MOST = 10

# Where a topic says nothing about an aspect: what comes nearest, told with an honest first sentence
NEAREST = {
    "aanvragen": ("algemeen", "waar_wanneer", "voorwaarden"),
    "kosten": ("betalen", "algemeen"),
    "meenemen": ("voorwaarden", "aanvragen"),
    "termijn": ("geldigheid", "status", "aanvragen"),
    "waar_wanneer": ("aanvragen", "algemeen"),
    "voorwaarden": ("algemeen", "aanvragen"),
    "geldigheid": ("termijn", "voorwaarden"),
    "status": ("termijn", "probleem", "aanvragen"),
    "wijzigen_annuleren": ("aanvragen", "algemeen"),
    "verloren_gestolen": ("probleem", "aanvragen"),
    "betalen": ("kosten", "algemeen"),
    "bezwaar": ("probleem", "algemeen"),
    "probleem": ("verloren_gestolen", "aanvragen"),
    "algemeen": ("aanvragen", "voorwaarden"),
}

# How a question begins: small talk does not
ASKING = {
    "hoe", "hoelang", "hoeveel", "wat", "waar", "wanneer", "welke", "welk", "wie", "mag", "moet", "moeten", "kan", "kunnen", "krijg",
    "geldt", "telt", "how", "what", "when", "where", "which", "who", "can", "must", "do", "does", "would", "is",
}  # fmt: skip

OWN = {"ik", "mij", "me", "mijn", "mn", "wij", "we", "ons", "onze", "i", "my", "our", "us"}
SENSITIVE_DOMAIN = "sociaal_domein"
SENSITIVE_ASPECTS = {"status", "bezwaar", "voorwaarden", "probleem"}
STORY = 12  # words: an own story is told in no fewer


@dataclass(frozen=True)
class Choose:
    """What to do with a question: answer (topic, aspect), or ask back with candidates, or neither."""

    topic: str | None = None
    aspect: str = "algemeen"
    confidence: float | None = None
    candidates: tuple[str, ...] = ()


def is_follow_up(heard: Heard) -> bool:
    """Whether the message goes on about the subject before."""
    return not heard.structured and bool(heard.slot("topic")) and heard.on_topic >= t.ON_TOPIC


def asks_on(heard: Heard) -> bool:
    """Whether what was taken for small talk or for another's business is a question about the subject before."""
    fits = heard.on_topic >= t.SURELY_ON_TOPIC and heard.chance(heard.intent) < t.OTHER_KIND
    return fits and not heard.structured and bool(heard.slot("topic")) and bool(ASKING & set(heard.words))


def choose(heard: Heard) -> Choose:
    """Decides on the topic; the aspect is the likeliest one, whether there is an answer for it or not."""
    aspect = heard.aspects[0][0] if heard.aspects else "algemeen"
    if is_follow_up(heard):
        return Choose(heard.slot("topic"), aspect)
    if not heard.topics:
        return Choose()
    topic, confidence = heard.topics[0]
    if heard.structured or confidence >= t.ANSWER:
        return Choose(topic, aspect, None if heard.structured else confidence)
    if confidence < t.CLARIFY:
        return Choose()
    likely = tuple(name for name, chance in heard.topics if chance >= t.CANDIDATE)[: t.CANDIDATES_AT_MOST]
    return Choose(aspect=aspect, confidence=confidence, candidates=likely)


def nearest(wanted: str, aspects: tuple[tuple[str, float], ...], written: list[str]) -> tuple[str | None, bool]:
    """The aspect to answer out of those `written`, and whether it is what was asked; (None, False) if nothing is written."""
    if wanted in written:
        return wanted, True
    clear = not aspects or aspects[0][1] >= t.ASPECT_CLEAR
    meant = next((name for name, chance in aspects[1:] if name in written and chance >= t.ASPECT_POSSIBLE), None)
    if meant and not clear:
        return meant, True
    order = [*NEAREST.get(wanted, ()), "algemeen", *written]
    return next((name for name in order if name in written), None), False


def answer(heard: Heard, voice: Voice) -> Reply:
    """action_answer"""
    if not heard.structured and heard.chance("out_of_scope") >= t.ELSEWHERE and not is_follow_up(heard):
        return fallback(heard, voice)
    chosen, both = choose(heard), two_subjects(heard)
    if both and (told := tell_both(heard, voice, both)):
        return told
    if chosen.topic:
        unclear = not heard.structured and bool(heard.aspects) and heard.aspects[0][1] < t.ASPECT
        return (ask_aspect if unclear else tell)(heard, voice, chosen.topic, chosen.aspect, chosen.confidence)
    return clarify(heard, voice, chosen) if chosen.candidates else fallback(heard, voice)


def tell(heard: Heard, voice: Voice, topic: str, wanted: str, confidence: float | None) -> Reply:
    """The answer, or what comes nearest to it, or an honest "I do not know" with a person."""
    aspect, asked_for = nearest(wanted, heard.aspects, voice.written(topic))
    found = voice.find(topic, aspect) if aspect else None
    if not found:
        text = voice.say("fallback.no_answer", title=voice.title(topic))
        said = turn("fallback", text, topic=topic, confidence=confidence, choices=[voice.person()])
        return failed(heard, voice, said, {**asked(heard), "topic": topic})
    text = found.text if asked_for else f"{voice.say('fallback.no_aspect', title=voice.title(topic))}\n\n{found.text}"
    choices = follow_ups(voice, found)
    if sensitive(heard, voice, found):
        choices.append(voice.person("sensitive"))
    heard_as = found.spoken if asked_for else f"{voice.say('fallback.no_aspect', title=voice.title(topic))} {found.spoken}"
    spoken = heard_as if voice.by_ear else None
    said = turn("answer", text, topic=topic, aspect=found.aspect, spoken=spoken, link=found.link, checked_on=found.checked_on.isoformat(),
                choices=choices, confidence=confidence)  # fmt: skip
    tried = [*(heard.slot("tried") or []), {"topic": topic, "aspect": found.aspect}][-TRIED_AT_MOST:]
    return Reply(said, {**asked(heard), "topic": topic, "aspect": found.aspect, "tried": tried, "failures": 0, "clarified": None})


def two_subjects(heard: Heard) -> list[tuple[str, str]]:
    """(topic, aspect) of the two questions in one message, the weightier one first; [] where there is one."""
    likely = heard.chance_of_two >= t.TWO and not heard.structured and not is_follow_up(heard)
    return [(subject["topic"], subject["aspect"]) for subject in heard.subjects] if likely else []


def tell_both(heard: Heard, voice: Voice, both: list[tuple[str, str]]) -> Reply | None:
    """One turn with two answers, each under its title; None where something is not written for one of them."""
    answers = []
    for topic, wanted in both:
        aspect, _ = nearest(wanted, (), voice.written(topic))
        answers.append(voice.find(topic, aspect) if aspect else None)
    first, second = answers
    if not first or not second:
        return None
    text = "\n\n".join(f"{voice.title(found.topic)}\n{found.text}" for found in (first, second))
    choices = [*follow_ups(voice, first, 2, named=True), *follow_ups(voice, second, 2, named=True)]
    subjects = [{"topic": found.topic, "aspect": found.aspect} for found in (first, second)]
    if sensitive(heard, voice, first) or sensitive(heard, voice, second):
        choices.append(voice.person("sensitive"))
    spoken = f"{first.spoken} {second.spoken}" if voice.by_ear else None
    said = turn("answer", text, topic=first.topic, aspect=first.aspect, topics=subjects, spoken=spoken, link=first.link,
                checked_on=min(first.checked_on, second.checked_on).isoformat(), choices=choices)  # fmt: skip
    tried = [*(heard.slot("tried") or []), *subjects][-TRIED_AT_MOST:]
    return Reply(said, {**asked(heard), "topic": second.topic, "aspect": second.aspect, "tried": tried, "failures": 0, "clarified": None})


def follow_ups(voice: Voice, found: Answer, at_most: int = FOLLOW_UPS, *, named: bool = False) -> list[Choice]:
    """The questions that come next; `named`: the labels say of which topic, also where it is the same."""
    rows = [(topic, aspect) for topic, aspect in found.next if voice.find(topic, aspect)][:at_most]
    return [voice.question(topic, aspect, with_topic=named or topic != found.topic) for topic, aspect in rows]


def sensitive(heard: Heard, voice: Voice, found: Answer) -> bool:
    """An own story about income, care or debts: the rule is told, but a person looks at the case (BOT-11)."""
    known = voice.library.topics.get(found.topic)
    own_story = len(heard.words) >= STORY and bool(OWN & set(heard.words))
    return known is not None and known.domain == SENSITIVE_DOMAIN and found.aspect in SENSITIVE_ASPECTS and own_story


def clarify(heard: Heard, voice: Voice, chosen: Choose) -> Reply:
    """ "Bedoelt u …?" with the likeliest topics. It counts as failed until one is picked."""
    rows = [(topic, nearest(chosen.aspect, heard.aspects, voice.written(topic))[0]) for topic in chosen.candidates]
    options = [{"topic": topic, "aspect": aspect} for topic, aspect in rows if aspect]
    if not options:
        return fallback(heard, voice)
    said = _ask_back(voice, voice.say("clarify.one" if len(options) == 1 else "clarify.question"), options, confidence=chosen.confidence)
    return failed(heard, voice, said, {**asked(heard), "offered": {"topics": options}, "clarified": True})


def ask_aspect(heard: Heard, voice: Voice, topic: str, wanted: str, confidence: float | None) -> Reply:
    """The subject is clear, what about it is not: offers the likeliest questions. This too counts as failed until one is picked."""
    written = voice.written(topic)
    likely = [name for name, _ in heard.aspects if name in written]
    more = [name for name in ("algemeen", "aanvragen", "kosten") if name in written and name not in likely]
    options = [{"topic": topic, "aspect": name} for name in (likely + more)[: t.CANDIDATES_AT_MOST]]
    if len(options) <= 1:
        return tell(heard, voice, topic, wanted, confidence)
    said = _ask_back(voice, voice.say("clarify.aspect", title=voice.title(topic)), options, confidence=confidence)
    return failed(heard, voice, said, {**asked(heard), "topic": topic, "offered": {"topics": options}, "clarified": True})


def ask_which(heard: Heard, voice: Voice) -> Reply:
    """Yes to "one of these?": the same choices once more."""
    options: list[dict[str, str]] = heard.offered["topics"]
    return Reply(_ask_back(voice, voice.say("clarify.which"), options), {"offered": {"topics": options}})


def _ask_back(voice: Voice, text: str, options: list[dict[str, str]], confidence: float | None = None) -> dict[str, object]:
    topics = list(dict.fromkeys(option["topic"] for option in options))
    choices = [voice.question(option["topic"], option["aspect"], with_topic=len(topics) > 1 or len(options) == 1) for option in options]
    return turn("clarify", text, topic=topics[0], candidates=topics, confidence=confidence, choices=[*choices, voice.person()])
