"""What the networks learn from: an example, and the tables beside data/nlu (follow_ups.csv, two_subjects.csv, settled.csv)."""

import csv
from pathlib import Path
from typing import Dict, List, Tuple

Example = Tuple[str, str, str]  # text, label ("vraag/paspoort", "urgent/brand"), aspect or ""
QUESTION = "vraag"


def rows(path: Path) -> List[Dict[str, str]]:
    """Each line of a table by its columns; [] when there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
