"""Which language a text is in: by its script; by py3langid, when it is neither Dutch nor English; and these two by words.

Short texts are uncertain, and say so. A foreign language must be sure, and hold few small words of ours; where a longer
text has none of these at all, likely is enough. A Dutch text that is taken for another language is not answered, while a
foreign text that is taken for Dutch is only not understood.
"""

import functools
import re
import unicodedata
from collections import Counter
from typing import Tuple

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.language.normalise import fold

SCRIPTS = {
    "ARABIC": "ar",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "HEBREW": "he",
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "DEVANAGARI": "hi",
    "ETHIOPIC": "ti",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "BENGALI": "bn",
    "TAMIL": "ta",
}
SMALL_WORDS = {
    "nl": """de het een en van ik mijn is dat die niet met voor op te zijn er hoe wat wanneer waar wie welke kan kun kunt moet mag
        mogen moeten wil wij we u uw jullie je jij hij zij ze aan als bij door dan dit om naar nog ook of maar heb heeft hebben
        geen wordt word worden uit over tot nu al na ben bent was waren zo veel hoeveel mij me onze ons hun haar iemand
        gemeente aanvragen nieuwe nieuw doen krijg krijgen vraag graag deze daar hier waarom kwijt betalen kosten weg
        meer alleen toch want anders gaat gaan komt komen staat ligt dag dank bedankt hallo goedemorgen alstublieft
        goedemiddag afspraak maken verhuizen verlengen aangeven melden zonder volgens binnen tussen""",
    "en": """the a an and of i my is that not with for on to are be there how what when where who which can could must may
        want we you your he she they at if by do does did this or but have has had no will would out over until now already
        after am was were so much many me our us their her someone council apply new get need please these here why lost pay
        cost more only because other go goes come it in from about should than hello thank thanks been any still before
        without within between appointment move renew register report hi yes help tonight right like just up""",
}
LETTERS = {
    "nl": ("ij", "aa", "oo", "ee", "uu", "sch", "ng ", "oe", "ui", "eu", "lijk", "ver", "ge", "heid", "tje", "gra", "kaart"),
    "en": ("th", "wh", "ing ", "tion", "sh", "ow", "ck", "ould", "ght", "y ", "ally", "ea", "qu", "ment", "ph"),
}
SPOKEN = tuple(SMALL_WORDS)
LATIN = ("de", "fr", "es", "pl", "tr", "it", "pt", "ro", "hu", "cs", "sk", "hr", "sq", "id", "lt", "lv")
FOREIGN_FROM = 0.9  # surer than this that it is neither Dutch nor English
STRANGE_FROM = 0.6  # the same for a text that has none of our small words …
STRANGE_WORDS_FROM = 5  # … among so many
WORDS_FROM = 3  # fewer words say too little
PLENTY = 6  # with fewer a known product counts for more: "naheffing parkeren bedrag" looks German
OURS_AT_MOST = 0.34  # share of small words of Dutch, or of English, in a text of another language
_small = {code: frozenset(words.split()) for code, words in SMALL_WORDS.items()}


@functools.cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*SPOKEN, *LATIN])
    return identifier


def script_of(text: str) -> str:
    """The code of the language that most letters point to, "" for the Latin script or no letters."""
    if text.isascii():
        return ""
    letters = [c for c in text if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    if not letters or latin * 2 >= len(letters):
        return ""
    groups = Counter(unicodedata.name(c, "OTHER").split()[0].split("-")[0] for c in letters)
    return SCRIPTS.get(groups.most_common(1)[0][0], "other")


def detect(text: str) -> Tuple[str, float]:
    """A language code and how sure, 0.5 to 1. What cannot be told apart counts as Dutch with 0.5."""
    other = script_of(text)
    if other:
        return other, 0.95
    words = re.findall(r"[a-z]+", fold(text))
    ours = {code: sum(word in small for word in words) for code, small in _small.items()}
    if len(words) >= WORDS_FROM and max(ours.values()) <= OURS_AT_MOST * len(words):
        code, chance = _identifier().classify(text.lower())
        strange = len(words) >= STRANGE_WORDS_FROM and not any(ours.values())
        if code not in SPOKEN and chance >= (STRANGE_FROM if strange else FOREIGN_FROM):
            return str(code), round(float(chance) if len(words) >= PLENTY else min(float(chance), FOREIGN_FROM), 2)
    padded = " " + " ".join(words) + " "
    scores = {code: ours[code] + 0.25 * min(6, sum(padded.count(group) for group in LETTERS[code])) for code in SPOKEN}
    code = "en" if scores["en"] > scores["nl"] else "nl"
    total = sum(scores.values())
    return code, round(max(scores.values()) / total, 2) if total and len(words) >= WORDS_FROM else 0.5
