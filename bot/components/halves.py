"""The halves of messages about two subjects, each learnt alone: so is each read, when it is told what is asked about its subject.

Which part of a message is about which of its two subjects, a naive Bayes over the words of ordinary questions says.
"""

from pathlib import Path
from typing import Callable, Iterator, List, Sequence, Tuple

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from bot.components.examples import QUESTION, Example, rows
from bot.language.parts import parts

SPEAKS_FROM = 1.5  # log odds; a part that is less sure than this goes with the part before it, if there is one
SURE_FROM = 1.0  # log odds that a half is about its own subject
WORDS_AT_LEAST = 5  # of a half: a bare name asks what the other half asks


def examples(path: Path, ordinary: Sequence[Example], words: Callable[[str], str]) -> List[Example]:
    """Of the messages in the file that come apart; [] where there is no such file. `words` as in bot/components/understanding.py."""
    written = [(row, parts(row["text"])) for row in rows(path)]
    questions = [(text, label) for text, label, _ in ordinary if label.startswith(f"{QUESTION}/")]
    if not any(pieces for _, pieces in written) or not questions:
        return []
    texts, labels = zip(*questions, strict=True)
    counts = CountVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, binary=True)
    speaks = MultinomialNB(alpha=0.1, fit_prior=False).fit(counts.fit_transform(map(words, texts)), labels)
    chances = iter(speaks.predict_log_proba(counts.transform(words(piece) for _, pieces in written for piece in pieces)))
    column = {label: at for at, label in enumerate(speaks.classes_)}
    found = []
    for row, pieces in written:
        asked = [(f"{QUESTION}/{row[f'{which}topic']}", row[f"{which}aspect"]) for which in ("", "second_")]
        first, second = (column.get(label) for label, _ in asked)
        of_parts = [next(chances) for _ in pieces]
        if first is not None and second is not None:
            odds = [float(one[first] - one[second]) for one in of_parts]
            found += [(half, *asked[which]) for half, which in _halves(pieces, odds)]
    return found


def _halves(pieces: Sequence[str], odds: Sequence[float]) -> Iterator[Tuple[str, int]]:
    """Each half that speaks surely enough of its own subject, 0 or 1; none when all parts are about one. Odds are those of subject 0."""
    which: List[int] = []
    for one in odds:
        which.append(int(one < 0) if abs(one) > SPEAKS_FROM or not which else which[-1])
    if len(set(which)) < 2:
        return
    for subject, sign in ((0, 1), (1, -1)):
        half = " ".join(piece for piece, its in zip(pieces, which, strict=True) if its == subject)
        sure = sign * sum(one for one, its in zip(odds, which, strict=True) if its == subject)
        if sure >= SURE_FROM and len(half.split()) >= WORDS_AT_LEAST:
            yield half, subject
