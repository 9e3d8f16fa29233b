"""Which language a text is in: by script, then by small words and letter groups. Short texts are uncertain, and say so."""

import re
import unicodedata
from collections import Counter
from typing import Tuple

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
    "de": """der die das und ich nicht ist ein eine mit fur auf zu wie wo wann kann muss mein meine sie haben wir sind bei auch einen den
        meinen brauche bitte ausweis wohnung anmelden anmeldung ummelden umzug melden gibt welche guten tag danke hilfe mochte""",
    "fr": "le la les et je ne pas est un une avec pour sur comment ou quand puis dois mon ma vous nous des du dans que qui avoir mes",
    "es": "el la los y yo no es un una con para como donde cuando puedo debo mi usted nosotros de del que en por tengo quiero mis",
    "pl": """i nie jest z na do jak gdzie kiedy moge musze moj moja czy sie mam prosze dla chce jestem mi mnie od co
        dzien dobry chcialbym chcialabym gminie gminy paszport dowod zarejestrowac ile kosztuje dziecko smieci potrzebuje dostac""",
    "tr": """ve bir bu ne icin nasil nerede zaman benim ben degil mi mu var yok istiyorum lazim misiniz evet hayir kimlik pasaport
        pasaportumu kaybettim yapmaliyim merhaba belediye istiyorum alabilirim gerekiyor kadar cop randevu cocuk ev tasindim""",
    "it": "il lo la gli e io non un una con per come dove quando posso devo mio mia lei noi di del che ho vorrei sono",
    "pt": "o os as e eu nao um uma com para como onde quando posso devo meu minha voce nos de do da que em quero tenho",
    "ro": "si eu nu este un o cu pentru cum unde cand pot trebuie meu mea dumneavoastra noi de la care am vreau sunt",
}
LETTERS = {
    "nl": ("ij", "aa", "oo", "ee", "uu", "sch", "ng ", "oe", "ui", "eu", "lijk", "ver", "ge", "heid", "tje", "gra", "kaart"),
    "en": ("th", "wh", "ing ", "tion", "sh", "ow", "ck", "ould", "ght", "y ", "ally", "ea", "qu", "ment", "ph"),
}
OWN_LETTERS = {"pl": "łżńćąęśź", "tr": "ğşıİ", "de": "ßäÄ", "es": "ñ¿¡", "ro": "ățș", "pt": "ãõ", "fr": "êœà"}
OWN_LETTER = 1.5  # what one such letter is worth in small words
_small = {code: frozenset(words.split()) for code, words in SMALL_WORDS.items()}


def script_of(text: str) -> str:
    """The code of the language that most letters point to, "" for the Latin script or no letters."""
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
    said = fold(text)
    words = re.findall(r"[a-z]+", said)
    scores = {code: float(sum(word in small for word in words)) for code, small in _small.items()}
    # a foreign word list is short and shares words with Dutch and English: it must win clearly
    for code in scores:
        if code not in LETTERS:
            scores[code] *= 0.8
    for code, own in OWN_LETTERS.items():
        scores[code] += OWN_LETTER * bool(set(own) & set(text))
    padded = " " + " ".join(words) + " "
    for code, groups in LETTERS.items():
        scores[code] += 0.25 * min(6, sum(padded.count(group) for group in groups))
    best = max(scores, key=lambda code: (scores[code], code == "nl"))
    rest = max(value for code, value in scores.items() if code != best)
    if best not in LETTERS and len(words) < 3:
        best = "en" if scores["en"] > scores["nl"] else "nl"
        return best, 0.5
    total = scores[best] + rest
    return best, round(0.5 + 0.5 * (scores[best] - rest) / total, 2) if total else 0.5
