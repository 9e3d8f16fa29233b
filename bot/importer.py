"""Reads the examples and rules for Rasa, each file once.

Rasa's own importer parses every file of examples five times, with a slow reader, to find out what it is and to check it: minutes
at 150,000 examples. `wegwijs content` and tests/bot check what is in them.
"""

import re
from pathlib import Path
from typing import Any, Iterator, List, Optional, Union

import yaml
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method
from rasa.shared.utils.io import get_text_hash

_has_examples = re.compile(r"^nlu:", re.M)


class Example(Message):
    """A message that nobody changes. Rasa copies and hashes all of them five times over while it puts the training data together."""

    def __deepcopy__(self, memo: Any) -> "Example":
        return self

    def fingerprint(self) -> str:
        return get_text_hash(str(self.data))


class Importer(RasaFileImporter):
    """Examples of intents, and rules; the rest of Rasa's format is an error here."""

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[Union[List[str], str]] = None,
    ) -> None:
        paths = [training_data_paths] if isinstance(training_data_paths, str) else training_data_paths or []
        files = [file for path in paths for file in ([Path(path)] if Path(path).is_file() else sorted(Path(path).rglob("*.yml")))]
        self._nlu_files = [str(file) for file in files if _has_examples.search(file.read_text(encoding="utf-8"))]
        self._story_files = [str(file) for file in files if str(file) not in self._nlu_files]
        self._conversation_test_files: List[str] = []
        self._domain_path, self.config_file = domain_path, config_file

    @cached_method
    def get_nlu_data(self, language: Optional[str] = "en") -> TrainingData:
        """Every example as Rasa's own importer gives it. Raises ValueError, or YAMLError, that names the file."""
        return TrainingData([message for file in self._nlu_files for message in _examples(file)])


def _examples(file: str) -> Iterator[Example]:
    with open(file, encoding="utf-8") as stream:  # as a stream, so that an error names the file
        content: Any = yaml.load(stream, yaml.CSafeLoader)
    if not isinstance(content["nlu"], list):
        raise ValueError(f"{file}: a list of blocks stands under nlu, not {str(content['nlu'])[:60]}")
    for block in content["nlu"]:
        if not isinstance(block, dict) or not block.get("intent") or not isinstance(block.get("examples"), str):
            raise ValueError(f"{file}: every block under nlu has an intent and its examples as a text, not {str(block)[:60]}")
        for line in block["examples"].splitlines():
            if not line.startswith("-"):
                raise ValueError(f"{file}: an example begins with a dash: {line[:60]!r}")
            yield Example.build(line[1:].strip(), block["intent"], [], block.get("metadata"))
