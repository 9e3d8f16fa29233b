"""Content that cannot be used: the message names file and line and says what is expected. And edits without a restart."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from handover.content import answers as answers_module
from handover.content.answers import Answers
from handover.content.facts import Facts, euros
from handover.content.files import ContentError, read_yaml
from handover.content.library import Library
from handover.content.topics import read_aspects, read_topics

TODAY = date(2026, 11, 24)
FACTS: dict[str, Any] = {
    "name": "Gemeente Proef",
    "assistant": {"nl": "Digitale assistent", "en": "Digital assistant"},
    "phone": "14 0000",
    "phone_href": "tel:+31000000000",
    "website": "https://proef.example",
    "email": "info@proef.example",
    "address": "Plein 1",
    "privacy_url": "https://proef.example/privacy",
    "contact_url": "https://proef.example/contact",
    "balie_hours": {"nl": "Elke dag.", "en": "Every day."},
    "phone_hours": {"nl": "Elke dag.", "en": "Every day."},
    "opening_hours": {"monday": ["09:00-12:00"]},
    "kept_days": {"bot": 28, "staff": 90},
    "teams": [{"id": "kcc", "name": "KCC"}, {"id": "sociaal", "name": "Sociaal", "domains": ["sociaal_domein"]}],
    "top_questions": ["paspoort.kosten"],
    "links": {"paspoort": "https://proef.example/paspoort"},
    "paspoort": {"prijs": 83.87, "dagen": 5},
}
ANSWER = """\
topic: paspoort
title: {nl: Paspoort, en: Passport}
owner: Burgerzaken
checked_on: 2026-11-02
review_by: 2027-05-01
link: {url: "{links.paspoort}", nl: Aanvragen, en: Apply}
answers:
  kosten:
    nl: Een paspoort kost {paspoort.prijs}.
    en: A passport costs {paspoort.prijs}.
    next: [termijn]
  termijn:
    nl: Het duurt {paspoort.dagen} dagen.
    en: It takes {paspoort.dagen} days.
    spoken: {nl: Vijf dagen., en: Five days.}
    review_by: 2026-11-01
"""
TEXTS = """\
hello: {nl: "Hallo, <who>, van {name}", en: "Hello, <who>, from {name}"}
choice:
  no: {nl: Nee, en: No}
aspects:
  kosten: {nl: Wat kost het?, en: What does it cost?}
"""


def write_facts(folder: Path, **changed: Any) -> Path:
    path = folder / "municipality.yml"
    path.write_text(yaml.safe_dump({key: value for key, value in {**FACTS, **changed}.items() if value is not None}, sort_keys=False))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "topics.csv").write_text(
        "topic_id,upl_name,upl_uri,domain\npaspoort,paspoort,http://upl/paspoort,burgerzaken\nwmo,,,sociaal_domein\n"
    )
    (tmp_path / "aspects.csv").write_text("aspect_id,label\nkosten,Kosten\ntermijn,Termijn\n")
    (tmp_path / "texts.yml").write_text(TEXTS)
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "paspoort.yml").write_text(ANSWER)
    write_facts(tmp_path)
    return tmp_path


def open_library(data: Path) -> Library:
    return Library(data, data / "municipality.yml", "municipality")


def open_answers(data: Path, complaints: list[str] | None = None) -> Answers:
    said = complaints if complaints is not None else []
    return Answers(data / "answers", Facts(data / "municipality.yml"), {"paspoort", "wmo"}, {"kosten", "termijn"}, said.append)


# Facts


def test_facts_are_filled_in_by_language(data):
    facts = Facts(data / "municipality.yml")
    assert facts.fill("Bel {phone}: {assistant}, {paspoort.prijs}", "nl") == "Bel 14 0000: Digitale assistent, € 83,87"
    assert facts.fill("{assistant} {paspoort.prijs}, {paspoort.dagen}", "en") == "Digital assistant €83.87, 5"


@pytest.mark.parametrize(
    ("amount", "nl", "en"), [(0, "€ 0", "€0"), (12.5, "€ 12,50", "€12.50"), (40.0, "€ 40", "€40"), (1234.56, "€ 1.234,56", "€1,234.56")]
)
def test_euros(amount, nl, en):
    assert (euros(amount, "nl"), euros(amount, "en")) == (nl, en)


@pytest.mark.parametrize("key", ["onzin", "paspoort", "paspoort.onzin", "name.iets", "teams"])
def test_a_fact_that_is_none_is_a_key_error(data, key):
    with pytest.raises(KeyError):
        Facts(data / "municipality.yml").value(key, "nl")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"phone": None}, "the key 'phone' is missing"),
        ({"kept_days": 28}, "kept_days should be whole days for bot and for staff"),
        ({"kept_days": {"bot": 28}}, "kept_days should be whole days for bot and for staff"),
        ({"kept_days": {"bot": 28, "staff": "lang"}}, "kept_days should be whole days for bot and for staff"),
        ({"kept_days": {"bot": 0, "staff": 90}}, "kept_days should be whole days for bot and for staff"),
        ({"teams": []}, "there should be one team at least"),
        ({"teams": ["kcc"]}, "a team should have an id and a name"),
        ({"teams": [{"id": "kcc"}]}, "a team should have an id and a name"),
        ({"teams": "kcc"}, "teams should be a list"),
        ({"top_questions": ["paspoort"]}, "'paspoort' should be topic.aspect"),
        ({"top_questions": "paspoort.kosten"}, "top_questions should be a list"),
        ({"opening_hours": []}, "opening_hours should hold a line for each day"),
        ({"opening_hours": {}}, "one open day at least"),
        ({"opening_hours": {"maandag": ["09:00-12:00"]}}, "'maandag' should be a weekday"),
        ({"opening_hours": {"monday": "09:00-12:00"}}, "monday should be a list"),
        ({"opening_hours": {"monday": ["9-12"]}}, "monday: '9-12' should look like 08:30-17:00"),
        ({"opening_hours": {"monday": ["12:00-09:00"]}}, "ends before it begins"),
        ({"opening_hours": {"monday": ["09:00-12:00"], "closed_dates": ["morgen"]}}, "dates like 2026-12-24"),
        ({"opening_hours": {"monday": ["09:00-12:00"], "closed_on": ["Sinterklaas"]}}, "closed_on: 'sinterklaas' should be one of"),
    ],
)
def test_wrong_facts_name_the_file_and_what_is_expected(tmp_path, changed, problem):
    path = write_facts(tmp_path, **changed)
    with pytest.raises(ContentError) as error:
        Facts(path)
    assert str(error.value).startswith(str(path))
    assert problem in str(error.value)


def test_the_line_is_the_one_that_is_wrong(tmp_path):
    path = write_facts(tmp_path, opening_hours={"monday": ["09:00-12:00"], "tuesday": ["9"]})
    wrong = path.read_text().splitlines().index("  tuesday:") + 1
    with pytest.raises(ContentError, match=f"municipality.yml:{wrong}: tuesday"):
        Facts(path)


# YAML


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"a: 1\nb: ]", ":2: is not YAML"),
        (b"a: 1\nb: {c: 1, c: 2}", "'c' stands here twice"),
        (b"- a\n- b", ":1: should hold 'key: value' lines"),
        (b"", "should hold 'key: value' lines"),
        (b"a: \xff", "is not UTF-8 text"),
        (b"a: !!python/object:os.system {}", "is not YAML"),
    ],
)
def test_what_is_no_yaml_names_file_and_line(tmp_path, text, problem):
    path = tmp_path / "x.yml"
    path.write_bytes(text)
    with pytest.raises(ContentError) as error:
        read_yaml(path)
    assert str(path) in str(error.value)
    assert problem in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ContentError, match=r"x\.yml: cannot be read: No such file"):
        read_yaml(tmp_path / "x.yml")


def test_keys_are_what_is_written(tmp_path):
    """YAML takes `no` for false, which no editor means."""
    path = tmp_path / "x.yml"
    path.write_text("no: 1\non: 2\n3: 4\n")
    assert read_yaml(path) == {"no": 1, "on": 2, "3": 4}


# Answers


def test_an_answer_has_its_facts_link_and_date(data):
    """BOT-10: each answer shows source link and last-checked date."""
    found = open_answers(data).find("paspoort", "kosten", "nl", TODAY)
    assert found is not None
    assert found.text == found.spoken == "Een paspoort kost € 83,87."
    assert found.link == {"url": "https://proef.example/paspoort", "title": "Aanvragen"}
    assert (found.checked_on, found.owner, found.next) == (date(2026, 11, 2), "Burgerzaken", (("paspoort", "termijn"),))


def test_past_its_review_date_it_is_withheld_and_named(data):
    answers = open_answers(data)
    assert answers.find("paspoort", "termijn", "nl", date(2026, 11, 1)).spoken == "Vijf dagen."
    assert answers.find("paspoort", "termijn", "nl", TODAY) is None
    assert answers.overdue(TODAY) == [("paspoort", "termijn", "Burgerzaken")]


def test_what_is_not_written_is_none(data):
    answers = open_answers(data)
    assert answers.find("wmo", "kosten", "nl", TODAY) is None
    assert answers.aspects("wmo") == []
    assert answers.title("wmo", "nl") == "Wmo"


WRONG = [
    ("owner: Burgerzaken\n", "", 1, "the key 'owner' is missing"),
    ("topic: paspoort", "topic: rijbewijs", 1, "topic 'rijbewijs' should be one of topics.csv"),
    ("topic: paspoort", "topic: [paspoort]", 1, "should be one of topics.csv"),
    ("{nl: Paspoort, en: Passport}", "{nl: Paspoort}", 2, "'title' should have a text in 'en'"),
    ("{nl: Paspoort, en: Passport}", "Paspoort", 2, "title should hold 'key: value' lines"),
    ("checked_on: 2026-11-02", "checked_on: gisteren", 4, "checked_on should be a date like 2026-11-02"),
    ("review_by: 2027-05-01", "review_by: 2027-05-01 10:00:00", 5, "review_by should be a date"),
    ('{url: "{links.paspoort}", nl: Aanvragen, en: Apply}', "https://proef.example", 6, "link should hold"),
    ('url: "{links.paspoort}", ', "", 6, "link should have a url"),
    ("{links.paspoort}", "{links.onzin}", 6, "{links.onzin} is not in"),
    ("  kosten:", "  prijs:", 8, "'prijs' is no aspect of aspects.csv"),
    ("{paspoort.prijs}.\n    en: A", "{paspoort.prijs}.\n    de: A", 9, "'kosten' should have a text in 'en'"),
    ("A passport costs {paspoort.prijs}", "A passport costs {paspoort.kosten}", 10, "{paspoort.kosten} is not in"),
    ("next: [termijn]", "next: termijn", 11, "next should be a list"),
    ("next: [termijn]", "next: [wmo.kosten]", 8, "next: there is no answer 'wmo.kosten'"),
    ("spoken: {nl: Vijf dagen., en: Five days.}", "spoken: Vijf dagen.", 15, "spoken should hold"),
    ("answers:\n", "answers: geen\nrest:\n", 7, "answers should hold an entry for each aspect"),
]


@pytest.mark.parametrize(("old", "new", "line", "problem"), WRONG, ids=[problem for *_, problem in WRONG])
def test_wrong_answers_name_file_and_line(data, old, new, line, problem):
    path = data / "answers" / "paspoort.yml"
    assert old in ANSWER
    path.write_text(ANSWER.replace(old, new))
    with pytest.raises(ContentError) as error:
        open_answers(data)
    said = str(error.value)
    assert problem in said
    assert said.startswith(str(path))
    assert abs(int(said.removeprefix(f"{path}:").partition(":")[0]) - line) <= 1  # of a mapping, its first key


def test_no_answers_at_all(data):
    (data / "answers" / "paspoort.yml").unlink()
    with pytest.raises(ContentError, match="should hold a YAML file for each topic"):
        open_answers(data)


@pytest.fixture
def clock(monkeypatch):
    """Moves the answers' clock beyond the next look at the files."""
    passed = [1000.0]
    monkeypatch.setattr(answers_module.time, "monotonic", lambda: passed[0])

    def later() -> None:
        passed[0] += answers_module.LOOK_AGAIN + 1

    return later


def _edit(path: Path, old: str, new: str, at: int) -> None:
    import os

    path.write_text(path.read_text().replace(old, new))
    os.utime(path, (at, at))


def test_an_edit_is_used_without_a_restart(data, clock):
    """BOT-10: content can be corrected by an editor without a release."""
    answers = open_answers(data)
    clock()
    _edit(data / "answers" / "paspoort.yml", "Een paspoort kost", "Een paspoort kost nu", at=2_000_000_000)
    assert answers.find("paspoort", "kosten", "nl", TODAY).text == "Een paspoort kost nu € 83,87."


def test_a_new_file_is_found(data, clock):
    answers = open_answers(data)
    (data / "answers" / "wmo.yml").write_text(ANSWER.replace("topic: paspoort", "topic: wmo"))
    clock()
    assert answers.find("wmo", "kosten", "nl", TODAY) is not None


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"), [row for row in WRONG if "next: there" not in row[3]], ids=lambda value: str(value)[:30]
)
def test_a_broken_edit_is_reported_once_and_the_former_answers_stay(data, clock, old, new, line, problem):
    complaints: list[str] = []
    answers = open_answers(data, complaints)
    _edit(data / "answers" / "paspoort.yml", old, new, at=2_000_000_000)
    for _ in range(3):
        clock()
        assert answers.find("paspoort", "kosten", "nl", TODAY).text == "Een paspoort kost € 83,87."
    [complaint] = complaints
    assert problem in complaint
    assert "the former answers stay in use" in complaint


def test_a_file_that_goes_away_harms_nobody(data, clock):
    answers = open_answers(data)
    (data / "answers" / "paspoort.yml").unlink()
    clock()
    assert answers.find("paspoort", "kosten", "nl", TODAY) is not None


# The library


def test_texts_in_both_languages_with_facts_and_values(data):
    library = open_library(data)
    assert library.text("hello", "nl", who="Fatma") == "Hallo, Fatma, van Gemeente Proef"
    assert library.text("choice.no", "en") == "No"
    assert (library.has_text("choice.no"), library.has_text("choice"), library.has_text("x.y")) == (True, False, False)
    with pytest.raises(ContentError, match="there is no text 'x'"):
        library.text("x", "nl")


def test_what_a_resident_is_called_is_never_taken_for_a_fact(data):
    assert open_library(data).text("hello", "nl", who="{phone}") == "Hallo, {phone}, van Gemeente Proef"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{name}", "{naam}", "{naam} is not in"),
        ("no: {nl: Nee, en: No}", "no: {nl: Nee}", "'no' should have a text in 'en'"),
        ("no: {nl: Nee, en: No}", "no: Nee", "'no' should have a text in nl and en"),
    ],
)
def test_a_wrong_text_stops_the_start(data, old, new, problem):
    """A missing fact must not wait until a resident needs the text."""
    (data / "texts.yml").write_text(TEXTS.replace(old, new))
    with pytest.raises(ContentError) as error:
        open_library(data)
    assert problem in str(error.value)
    assert f"{data / 'texts.yml'}:" in str(error.value)


def test_a_top_question_that_has_no_answer_stops_the_start(data):
    write_facts(data, top_questions=["wmo.kosten"])
    with pytest.raises(ContentError, match=r"top_questions: there is no answer 'wmo\.kosten'"):
        open_library(data)


def test_buttons_teams_and_moments(data):
    library = open_library(data)
    [button] = library.top_choices("nl")
    assert button == {"label": "Paspoort: wat kost het?", "do": {"ask": {"topic": "paspoort", "aspect": "kosten"}}}
    assert (library.team_for("wmo"), library.team_for("paspoort"), library.team_for(None)) == ("sociaal", "kcc", "kcc")
    assert (library.upl_uri("paspoort"), library.upl_uri("wmo"), library.upl_uri("x")) == ("http://upl/paspoort", None, None)


def test_a_conversation_is_kept_as_long_as_the_municipality_says(data):
    """PRV-5."""
    library = open_library(data)
    assert (library.kept_for(with_staff=False).days, library.kept_for(with_staff=True).days) == (28, 90)


def test_moments_are_shown_in_dutch_local_time(data, now):
    """NFR-5."""
    library = open_library(data)
    assert library.moment(now, "nl") == "dinsdag 24 november om 10:00"
    assert library.moment(now, "en") == "Tuesday 24 November at 10:00"


def test_a_table_without_its_columns_is_refused(tmp_path):
    (tmp_path / "topics.csv").write_text("topic_id,domain\npaspoort,burgerzaken\n")
    with pytest.raises(ContentError, match=r"topics.csv:2: should have the columns"):
        read_topics(tmp_path / "topics.csv")
    with pytest.raises(ContentError, match="cannot be read"):
        read_aspects(tmp_path / "aspects.csv")


def test_the_example_municipality_is_complete(library):
    """Every topic of the vocabulary has answers, in both languages, and none is withheld on the day of this release."""
    assert set(library.answers.topics()) == set(library.topics)
    assert library.answers.overdue(TODAY) == []
    for topic in library.topics:
        for aspect in library.answers.aspects(topic):
            for language in ("nl", "en"):
                assert library.answers.find(topic, aspect, language, TODAY).text
