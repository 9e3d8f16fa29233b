"""Serving without TensorFlow: it stays out, what needs it says so, and a Rasa that has moved on is noticed."""

import subprocess
import sys

import pytest
from bot import light

from conftest import ROOT


def run(code: str) -> subprocess.CompletedProcess:
    """In a process of its own: what was imported once cannot be left out any more."""
    start = "from bot.quiet import quiet; quiet()\nfrom bot.light import *\n"
    return subprocess.run([sys.executable, "-c", start + code], cwd=ROOT, capture_output=True, text=True, timeout=240)


def test_the_whole_server_is_there_without_tensorflow(model):
    done = run(
        "import sys; from bot.serve import make_app\n"
        f"make_app({str(model)!r}, 't', 'http://127.0.0.1:1/', 't')\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('keras', 'tensorflow', 'tensorflow_addons')))\n"
    )
    assert done.stdout.strip().splitlines()[-1:] == ["['tensorflow']"], done.stderr  # only the mark that it may not be imported


def test_what_needs_tensorflow_says_so():
    done = run(
        "leave_out_tensorflow()\n"
        "from rasa.nlu.classifiers.diet_classifier import DIETClassifier\n"
        "for use in (DIETClassifier, DIETClassifier.load, DIETClassifier.create):\n"
        "    try: use({}, None, None, None)\n"
        "    except Needed as error: print(is_needed(RuntimeError()) , is_needed(error))\n"
        "try: import rasa.core.policies.unexpected_intent_policy\n"
        "except ImportError as error: print(is_needed(error))\n"
    )
    assert done.stdout.split() == ["False", "True"] * 3 + ["True"], done.stderr


def test_an_error_that_wraps_it_is_recognised():
    wrapped = RuntimeError("Error initializing graph component")
    wrapped.__cause__ = light.Needed("DIETClassifier")
    assert light.is_needed(wrapped) and not light.is_needed(ValueError())


def test_a_class_that_moved_is_noticed(monkeypatch):
    monkeypatch.setattr(light, "STANDS_IN", {"rasa.nlu.classifiers.fallback_classifier": ("NoLongerThere",)})
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow"))
    with pytest.raises(light.Moved):
        light.leave_out_tensorflow()


def test_a_module_that_is_gone_is_noticed(monkeypatch):
    monkeypatch.setattr(light, "STANDS_IN", {"rasa.gone.altogether": ("Anything",)})
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow"))
    with pytest.raises(light.Moved):
        light.leave_out_tensorflow()
