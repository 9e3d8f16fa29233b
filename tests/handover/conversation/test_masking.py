"""PRV-3, measured: how much of what must be masked is masked, and how much of what is masked had to be.

masking.txt is a labelled set of made-up messages, one a line. `⟨bsn|123456782⟩` marks what must go and why; everything else
stays as it is. It holds spellings, separators, dictated numbers, and look-alikes: telephone numbers, case numbers, dates,
amounts, licence plates. Nine digits of a case number that pass the eleven-test cannot be told from a BSN; they are in it too.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from handover.conversation.privacy import ADDRESS, BSN, CARD, EMAIL, IBAN, PHONE, mask, without_contact_details

HERE = Path(__file__).parent
MARK = re.compile(r"⟨(\w+)\|([^⟩]*)⟩")
WORDS = {"bsn": BSN, "iban": IBAN, "card": CARD, "phone": PHONE, "email": EMAIL, "address": ADDRESS}


class Measured:
    """Counts per kind: `right` masked, `missed` (digits of it are left), `wrong` (masked without a reason)."""

    def __init__(self, file: str, kinds: tuple[str, ...], masked: object) -> None:
        self.kinds, self.masked = kinds, masked
        self.right: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.faults: list[str] = []
        for line in (HERE / file).read_text(encoding="utf-8").splitlines():
            self._look_at(line)

    def _look_at(self, line: str) -> None:
        text = MARK.sub(lambda found: found[2], line)
        should = MARK.sub(lambda found: WORDS[found[1]] if found[1] in self.kinds else found[2], line)
        shown = self.masked(text)  # type: ignore[operator]
        if shown != should:
            self.faults.append(f"{text!r}\n   → {shown!r}")
        for kind in self.kinds:
            wanted, got = should.count(WORDS[kind]), shown.count(WORDS[kind])
            left = sum(found[2] in shown for found in MARK.finditer(line) if found[1] == kind)
            self.right[kind] += min(wanted, got, wanted - left)
            self.missed[kind] += max(wanted - got, left)
            self.wrong[kind] += max(got - wanted, 0)

    def recall(self, kind: str) -> float:
        return self.right[kind] / (self.right[kind] + self.missed[kind])

    def precision(self, kind: str) -> float:
        return self.right[kind] / (self.right[kind] + self.wrong[kind])

    def told(self, kind: str) -> str:
        figures = f"{self.right[kind]} right, {self.missed[kind]} missed, {self.wrong[kind]} wrong"
        return f"{kind}: recall {self.recall(kind):.3f}, precision {self.precision(kind):.3f} ({figures})"


@pytest.fixture(scope="module")
def numbers() -> Measured:
    return Measured("masking.txt", ("bsn", "iban", "card"), mask)


@pytest.mark.parametrize(
    ("kind", "recall", "precision", "at_least"), [("bsn", 0.97, 0.96, 100), ("iban", 0.96, 1.0, 50), ("card", 1.0, 1.0, 40)]
)
def test_what_is_masked_before_storage_is_measured(numbers: Measured, kind: str, recall: float, precision: float, at_least: int):
    """PRV-3: recall and precision per kind on the labelled set; `pytest -rP` shows the figures and every fault."""
    print(numbers.told(kind), *numbers.faults, sep="\n")
    assert numbers.right[kind] + numbers.missed[kind] >= at_least
    assert numbers.recall(kind) >= recall
    assert numbers.precision(kind) >= precision


@pytest.mark.parametrize(("kind", "recall", "precision"), [("phone", 0.9, 1.0), ("email", 1.0, 1.0), ("address", 0.85, 0.85)])
def test_what_is_taken_out_of_reports_and_exports_is_measured(kind: str, recall: float, precision: float):
    """Telephone numbers, mail addresses, postcodes with house numbers: staff see them, reports and other systems do not."""
    measured = Measured("contact_details.txt", ("bsn", "iban", "card", "phone", "email", "address"), without_contact_details)
    print(measured.told(kind), *measured.faults, sep="\n")
    assert measured.recall(kind) >= recall
    assert measured.precision(kind) >= precision
