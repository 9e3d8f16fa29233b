"""`open_klant` of the municipality's file: the defaults, and the line that a mistake gets."""

import pytest

from handover.content.facts import Facts
from handover.content.files import ContentError
from handover.registers.open_klant.rules import Rules, read_rules
from handover.settings import ROOT

WHOLE = (ROOT / "data" / "municipality.yml").read_text()
START, END = WHOLE.index("open_klant:"), WHOLE.index("# Offered as buttons in the greeting")


@pytest.fixture
def facts(tmp_path):
    """The example's facts with this in place of its own `open_klant`."""

    def make(text: str) -> Facts:
        path = tmp_path / "municipality.yml"
        path.write_text(WHOLE[:START] + text + "\n" + WHOLE[END:])
        return Facts(path)

    return make


def test_the_examples_own():
    found = read_rules(Facts(ROOT / "data" / "municipality.yml"))
    assert (found.anonymous, found.assistant, found.assistant_name) == ("minimal", "wegwijs-lindewaard", "Digitale assistent")
    assert found.channels["web"] == "Live chat"
    assert found.departments["kcc"] == "Klantcontactcentrum"


def test_without_it_the_defaults(facts):
    found = read_rules(facts(""))
    assert (found.anonymous, found.register, found.assistant) == (Rules().anonymous, "wegwijs", "wegwijs")
    assert found.team_names["kcc"] == "Klantcontactcentrum"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open_klant: aan", "open_klant should have keys of its own"),
        ("open_klant: {}", None),
        ("open_klant:\n  anoniem: none", "'anoniem' should be one of anonymous, register"),
        ("open_klant:\n  anonymous: soms", "anonymous: 'soms' should be one of none, minimal, full"),
        ("open_klant:\n  register: 5", "register should be a name"),
        ("open_klant:\n  assistant: ''", "assistant should be a name"),
        (f"open_klant:\n  assistant: {'x' * 101}", "assistant should be a name of at most 100"),
        ("open_klant:\n  channels: [web]", "channels should be ours and what Open Klant calls it"),
        (f"open_klant:\n  channels: {{web: {'x' * 51}}}", "50 characters"),
        ("open_klant:\n  departments: {kcc: 5}", "departments should be ours"),
    ],
)
def test_a_mistake_is_told_with_its_file(facts, text, expected):
    if expected is None:
        assert read_rules(facts(text))
        return
    with pytest.raises(ContentError) as caught:
        read_rules(facts(text))
    assert expected in str(caught.value)
    assert "municipality.yml" in str(caught.value)
