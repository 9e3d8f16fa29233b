"""Serves without TensorFlow, which our pipeline does not use: half of the memory, and most of the start.

Rasa imports TensorFlow with everything that could ever be in a pipeline. Five of its modules are needed by name only, in
annotations and in the list of what a training may hold; small stand-ins take their place, and an import of TensorFlow
itself fails. A model that does need it ends with `Needed`, and then the process starts again as Rasa ships it.
"""

import importlib.util
import sys
from types import ModuleType
from typing import Any, Dict, Iterator, Optional, Tuple

STANDS_IN: Dict[str, Tuple[str, ...]] = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
}


class Moved(RuntimeError):
    """Rasa no longer has what an adapter replaces: the adapter must be looked at before this release is used."""


class Needed(ImportError):
    """The model holds a component of TensorFlow's."""


class StandIn:
    """Has the name of a class of Rasa's; whoever wants more of it needs TensorFlow."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise Needed(type(self).__name__)

    @classmethod
    def load(cls, *_: Any, **__: Any) -> Any:
        raise Needed(cls.__name__)

    create = load


def leave_out_tensorflow() -> None:
    """To be called before anything of Rasa is imported. Raises `Moved` when Rasa no longer has what is replaced."""
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # Python's own way to make an import fail
    for module, names in STANDS_IN.items():
        if not set(names) <= set(_classes_of(module)):
            raise Moved(module)
        made = ModuleType(module, "A stand-in: see bot/light.py.")
        for name in names:
            setattr(made, name, type(name, (StandIn,), {"__module__": module}))
        sys.modules[module] = made


def _classes_of(module: str) -> Iterator[str]:
    """The classes that a module defines, read from its text: importing it would import TensorFlow."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # not even its folder is there
        return
    if found is None or found.origin is None:
        return
    with open(found.origin, encoding="utf-8") as source:
        for line in source:
            if line.startswith("class "):
                yield line[len("class ") :].split("(")[0].rstrip(":\n ")


def is_needed(error: Optional[BaseException]) -> bool:
    """Whether an error comes from TensorFlow having been left out; Rasa wraps it in errors of its own."""
    while error is not None:
        if isinstance(error, Needed) or (isinstance(error, ModuleNotFoundError) and error.name == "tensorflow"):
            return True
        error = error.__cause__ or error.__context__
    return False
