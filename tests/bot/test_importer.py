"""Our importer gives Rasa the same examples and rules as Rasa's own, and says which file is wrong."""

import pytest
from bot.importer import Importer
from bot.quiet import quiet

from conftest import ROOT

quiet()
from rasa.shared.importers.rasa import RasaFileImporter  # noqa: E402

FILES = [str(ROOT / "data/nlu/callback.yml"), str(ROOT / "data/nlu/affirm.yml"), str(ROOT / "data/rules")]


def test_examples_and_rules_are_those_of_rasas_own_importer():
    ours, rasas = (kind("config.yml", str(ROOT / "domain.yml"), FILES) for kind in (Importer, RasaFileImporter))

    def told(importer):
        return [message.data for message in importer.get_nlu_data().training_examples]

    def steps(importer):
        return [(step.block_name, [event.as_story_string() for event in step.events]) for step in importer.get_stories().story_steps]

    assert len(told(ours)) > 300
    assert sorted(map(str, told(ours))) == sorted(map(str, told(rasas)))
    assert steps(ours) == steps(rasas) and len(steps(ours)) > 10


def test_examples_are_not_copied_and_told_apart_by_what_they_say():
    first, second = Importer(training_data_paths=FILES).get_nlu_data().training_examples[:2]
    merged = Importer(training_data_paths=FILES).get_nlu_data().merge(Importer(training_data_paths=FILES).get_nlu_data())
    assert len(merged.training_examples) == len(Importer(training_data_paths=FILES).get_nlu_data().training_examples)
    assert first.fingerprint() != second.fingerprint()


@pytest.mark.parametrize(
    "content",
    [
        "nlu:\n- intent: vraag\n  examples: |\n    geen streepje\n",
        "nlu:\n- synonym: pas\n  examples: |\n    - kaart\n",
        "nlu:\n- intent: [\n",
        "nlu:\n",
    ],
)
def test_a_wrong_file_is_named(tmp_path, content):
    (tmp_path / "kapot.yml").write_text(f'version: "3.1"\n{content}')
    with pytest.raises(Exception, match=r"kapot\.yml"):
        Importer(training_data_paths=[str(tmp_path)]).get_nlu_data()
