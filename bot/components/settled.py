"""What a resident says beside the question, about another subject: "De hond is aangemeld, maar …".

Such statements stand in data/settled.csv, each with the subject that it names. Put beside ordinary questions about other
subjects, they teach the networks that naming a subject is not asking about it.
"""

from pathlib import Path
from typing import List, Sequence

import numpy as np

from bot.components.examples import QUESTION, Example, rows
from bot.language.languages import detect

KINDS = (QUESTION, "out_of_scope", "urgent", "handover_request")  # that may be asked beside a statement: small talk and "ja" are not
SHARE = 24  # one in so many ordinary examples is also learnt beside a statement
WORDS_AT_MOST = 25  # of such an example
FIRST = 0.7  # share of those in which the statement comes before the question
THEN = {
    "nl": (". ", ", maar ", ", en ", ". Maar ", " en nu ", ". Nu ", ", alleen ", " "),
    "en": (". ", ", but ", ", and ", ". But ", " and now ", ". Now ", ", only ", "; "),
}


def examples(path: Path, ordinary: Sequence[Example]) -> List[Example]:
    """Some of the `ordinary` ones that ask, beside a statement of the file, [] where there is none; the same at every training."""
    statements = rows(path)
    asked = [example for example in ordinary if example[1].split("/")[0] in KINDS]
    said = {language: [row for row in statements if row["language"] == language] for language in THEN}
    random = np.random.RandomState(0)
    found = []
    for at in random.permutation(len(asked))[: len(asked) // SHARE]:
        text, label, aspect = asked[at]
        language = "en" if detect(text)[0] == "en" else "nl"
        if not said[language] or len(text.split()) > WORDS_AT_MOST:
            continue
        statement = said[language][random.randint(len(said[language]))]
        if label != f"{QUESTION}/{statement['topic']}":
            if random.rand() < FIRST:
                beside = statement["text"].rstrip(" .") + THEN[language][random.randint(len(THEN[language]))] + text
            else:
                beside = f"{text.rstrip(' .')}. {statement['text']}"
            found.append((beside, label, aspect))
    return found
