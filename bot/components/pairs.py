"""Messages that ask about two subjects at once: what the networks learn from, and how likely it is that one does.

The examples are those of data/two_subjects.csv, and pairs of ordinary questions put together. Each is learnt twice, once
with each of its subjects: the chances of the networks then divide themselves between the two.
"""

import math
from pathlib import Path
from typing import List, Sequence

import numpy as np

from bot.components.examples import QUESTION, Example, rows
from bot.language.languages import detect

SHARE = 16  # one pair for so many ordinary examples
WORDS_AT_MOST = 14  # of a question that is put together with another one
JOINED = {
    "nl": (" en ", ", en ", ". ", ". En ", "? En ", ". Ook ", " en ook ", ". Verder ", " en dan nog ", ", trouwens ", ", ", " + "),
    "en": (" and ", ", and ", ". ", ". And ", "? And ", ". Also, ", " and also ", ". Besides, ", "? Then, ", ", by the way ", ", ", " + "),
}
# a logistic regression, fitted on messages of one and of two subjects that nothing was trained on
WEIGHTS = {"network": 0.78, "second": 0.35, "apart": -0.11, "parts": 0.37, "both_ask": 1.04, "length": -1.22}
BIAS = 2.29
SURE = 0.9999


def chance_of_two(network: float, second: float, parts: Sequence[float], apart: bool, both_ask: bool, words: int) -> float:
    """The chance that a message is two questions.

    `network` is what bot/components/word_order.py holds of it, as log odds, and `second` the chance of its second subject;
    `parts` that of each subject in what is said of it, `apart` whether each has a part of the message to itself, and
    `both_ask` whether both parts ask something.
    """
    score = WEIGHTS["network"] * network + WEIGHTS["second"] * _odds(second) + WEIGHTS["length"] * math.log(max(1, words)) + BIAS
    if apart:
        score += WEIGHTS["apart"] + WEIGHTS["parts"] * min(map(_odds, parts)) + WEIGHTS["both_ask"] * both_ask
    return 1 / (1 + math.exp(-score))


def most_of_two(network: float, second: float, words: int) -> float:
    """What `chance_of_two` becomes at most: when each part is wholly about one of the subjects, and asks something."""
    return chance_of_two(network, second, (SURE, SURE), apart=True, both_ask=True, words=words)


def _odds(chance: float) -> float:
    bounded = min(max(chance, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def examples(path: Path, ordinary: Sequence[Example]) -> List[Example]:
    """Those of the file (none where there is no such file) and the pairs, each twice; the same at every training."""
    written = rows(path)
    if not written:
        return []
    found = []
    for row in written:
        found += [
            (row["text"], f"{QUESTION}/{row['topic']}", row["aspect"]),
            (row["text"], f"{QUESTION}/{row['second_topic']}", row["second_aspect"]),
        ]
    random = np.random.RandomState(0)
    short = [example for example in ordinary if example[1].startswith(f"{QUESTION}/") and len(example[0].split()) <= WORDS_AT_MOST]
    chosen = [short[at] for at in random.permutation(len(short))[: 2 * (len(ordinary) // SHARE)]]
    for language in JOINED:
        spoken = [example for example in chosen if (detect(example[0])[0] == "en") == (language == "en")]
        for (first, *one), (second, *other) in zip(spoken[::2], spoken[1::2], strict=False):
            if one[0] != other[0]:
                joined = JOINED[language][random.randint(len(JOINED[language]))]
                text = first.rstrip(" ?!.") + joined + second
                found += [(text, *one), (text, *other)]
    return found
