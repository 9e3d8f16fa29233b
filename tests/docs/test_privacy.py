"""The drafts of docs/privacy say what the code does, where that can be told by a program (DOC-1)."""

import re

import pytest

from handover.content.facts import KEPT
from handover.history.retention import RULES
from handover.settings import ROOT

FOLDER = ROOT / "docs" / "privacy"
HEADINGS = [
    "Doel en impact", "Afwegingen", "Menselijke tussenkomst", "Risicobeheer", "Wettelijke basis", "Gegevens", "Techniek", "Leverancier",
]  # fmt: skip


def test_every_table_stands_in_the_table_of_terms_once() -> None:
    text = (FOLDER / "bewaartermijnen.md").read_text()
    assert re.findall(r"^\| `(\w+)` \| \S", text, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize(("setting", "days"), KEPT.items())
def test_every_term_stands_there_with_its_default(setting: str, days: int) -> None:
    text = (FOLDER / "bewaartermijnen.md").read_text()
    assert re.search(rf"\| `{setting}` \| {days} dagen \|", text)


def test_the_entry_for_the_algorithm_register_has_its_headings() -> None:
    text = (FOLDER / "algoritmeregister.md").read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS


def test_every_draft_is_in_the_list() -> None:
    text = (FOLDER / "README.md").read_text()
    assert {path.name for path in FOLDER.glob("*.md")} - {"README.md"} == set(re.findall(r"\]\((\w+\.md)\)", text))
