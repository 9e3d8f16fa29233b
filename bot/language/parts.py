"""Takes a message apart where a second question may begin: "wat kost grofvuil en wanneer is de milieustraat open?"."""

import re
from typing import Iterable, List

PARTS_AT_MOST = 6
SHORTEST = 3  # letters of a part, as in "vog", "woz" and "wmo": less names no subject
SENTENCE_SHORTEST = 4  # letters: "hoi" is none

_sentence = re.compile(r"(?<=[?!.;])\s+|\n+")
# words that may join two questions; a comma alone mostly does not
_joined = re.compile(
    r"\s*,?\s+(?:en(?:\s+(?:ook|dan|verder|nog|daarnaast|trouwens|tevens|eh|uh))*|of|ook\s+nog|daarnaast|verder|tevens|trouwens|plus|and(?:\s+(?:also|then))?|also|besides)\s+",
    re.I,
)
_then_asked = re.compile(
    r",\s+(?=(?:hoe|wat|waar|wanneer|welke?|wie|waarom|mag|moet|kan|kun|krijg|is|zijn|how|what|where|when|which|who|why|can|may|must|do|does|is|are)\b)",
    re.I,
)
# what stands between two subjects where nothing else does: "ophaaldag gft, prijs extra container", "vog + afspraak"
_signs = re.compile(_sentence.pattern + r"|\s+[+/&|\u2013\u2014-]\s+|,\s+")

_begins_asking = re.compile(
    r"\W*(?:en |and |maar |but |dus |so )?(?:hoe|wat|waar|wanneer|welke?|wie|waarom|mag|moet|kan|kunnen|kunt|krijg|heb ik|is het|"
    r"graag|ik wil|how|what|where|when|which|who|why|can|may|must|do i|is it|i want)\b",
    re.I,
)

_question_words = re.compile(
    r"\b(?:hoe|wat|waar|wanneer|welke?|wie|waarom|hoeveel|mag|moet|moeten|kan|kunnen|kun|krijg|krijgen|how|what|where|when|which|who|why|"
    r"can|may|must|do|does|is|are|could|should|am)\b",
    re.I,
)


def asks(part: str) -> bool:
    """Whether it could be a question, rather than the story around one."""
    return "?" in part or bool(_question_words.search(part))


def sentences(text: str) -> List[str]:
    """The sentences of a message, without what is too short to say anything."""
    return [sentence for sentence in _sentence.split(text) if sum(map(str.isalpha, sentence)) >= SENTENCE_SHORTEST]


def parts(text: str) -> List[str]:
    """The parts that may each be a question of their own, in their order; empty where there is only one."""
    found = [piece for sentence in _sentence.split(text) for joined in _then_asked.split(sentence) for piece in _joined.split(joined)]
    pieces = _telling(found)
    if len(pieces) < 2:
        pieces = _telling(_signs.split(text))
    return pieces if 2 <= len(pieces) <= PARTS_AT_MOST else []


def _telling(pieces: Iterable[str]) -> List[str]:
    """Without what is too short to name a subject."""
    return [piece.strip(" ,") for piece in pieces if sum(map(str.isalpha, piece)) >= SHORTEST]


def asking_sentence(text: str) -> str:
    """The last sentence that asks, of a message with more than one; "" where there is none."""
    said = sentences(text)
    if len(said) < 2:
        return ""
    plain = [sentence for sentence in said if sentence.rstrip().endswith("?")]
    return plain[-1] if plain else next((sentence for sentence in reversed(said) if _begins_asking.match(sentence)), "")
