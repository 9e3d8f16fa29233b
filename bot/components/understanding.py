"""The one NLU component: reads kind, topic, aspect, language and entities off a message.

Two models over words from spaCy's Dutch tokenizer tell topics and subkinds apart ("vraag/paspoort", "urgent/brand"), and
aspects: a linear one (bot/components/linear.py), which has read the answers too, and a small neural network
(bot/components/network.py). Their chances are mixed. Reviewed word lists in bot/language stand beside them where a
missed case costs most: emergencies, requests for a person, yes and no, and nothing at all.
"""

import datetime
import functools
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple
from zoneinfo import ZoneInfo

import joblib
import numpy as np
import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.answers import readings, titles
from bot.components.features import Features
from bot.components.linear import Labels
from bot.components.network import Network
from bot.language.emergencies import emergency
from bot.language.entities import find_entities
from bot.language.languages import detect
from bot.language.nonsense import nothing_said
from bot.language.normalise import normalise, readable
from bot.language.parts import asking_sentence, asks, parts
from bot.language.person import asks_for_person
from bot.language.yes_no import yes_or_no

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
QUESTION = "vraag"
MAY_INTERRUPT = ("handover_request", "callback", "deny")  # a form, however unsure they are
SURE = 0.97  # said by a reviewed word list

Ranking = List[Tuple[str, float]]
Reading = Tuple[Ranking, Ranking, float]
Reader = Callable[[str], Reading]


class Words:
    """Text to the words that features are made of: addresses on the web and long numbers stand for their kind."""

    def __init__(self) -> None:
        self.tokenize = spacy.blank("nl").tokenizer

    def __call__(self, text: str) -> str:
        return normalise(" ".join(map(self._shown, self.tokenize(readable(text)))))

    @staticmethod
    def _shown(token: Any) -> str:
        if token.like_url:
            return "webadres"
        if token.like_email:
            return "mailadres"
        return "groot getal" if token.is_digit and len(token.text) > 4 else token.text


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent):
    """Sets intent, intent_ranking, kind, subkind, topics, aspects, parts, on_topic, language, language_confidence and entities."""

    @staticmethod
    def required_packages() -> List[str]:
        return ["sklearn", "spacy"]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "strength": 0.3,  # of the linear models: higher fits the examples more closely
            "network_share": 0.7,  # of the network in what both models say; the rest is the linear ones'
            "linear_certainty": 4.0,  # by which margins are multiplied before a softmax makes chances of them
            "certainty": 1.3,  # the same for the mixture: makes 0.8 mean right in 8 of 10 cases
            "sentence_share": 0.6,  # say of the sentence that asks in the aspect of a longer message
            "answers": "data/answers",  # read in training, beside the examples
            "urgent_from": 0.4,  # an emergency is assumed from this confidence
            "person_from": 0.4,  # a request for a person too
            "urgent_listed_from": 0.02,  # from here when the word list of emergencies names one: the list alone knows no context
            "person_listed_from": 0.1,  # the same for the list of requests for a person
            "question_from": 0.85,  # surer than this it is a question; else the likeliest other kind
            "nonsense_below": -0.9,  # nothing understood when the best label's margin is lower
            "form_interrupted_from": 0.9,  # in a form, a question less sure than this is an answer to the form
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage, self._resource = model_storage, resource
        self.words = Words()
        self.features, self.network = Features(), Network()
        self.titles: Dict[str, Dict[str, str]] = {}  # of each topic, in both languages
        self.labels, self.aspects = Labels(self.config["strength"], balanced=True), Labels(self.config["strength"])

    @classmethod
    def create(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> "Understanding":
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> "Understanding":
        made = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            kept = joblib.load(directory / "understanding.joblib")
        made.features, made.titles, made.network = kept["features"], kept["titles"], Network.from_state(kept["network"])
        made.labels, made.aspects = (Labels.from_state(kept[name]) for name in ("labels", "aspects"))
        return made

    def train(self, training_data: TrainingData) -> Resource:
        self.learn([_example(message) for message in training_data.intent_examples])
        with self._storage.write_to(self._resource) as directory:
            models = {name: getattr(self, name).state() for name in ("network", "labels", "aspects")}
            joblib.dump({"features": self.features, "titles": self.titles, **models}, directory / "understanding.joblib")  # Rasa packs it
        return self._resource

    def learn(self, examples: List[Tuple[str, str, str]]) -> None:
        """`examples` are texts with a label ("vraag/paspoort", "urgent/brand") and an aspect, "" where there is none."""
        self.titles = titles(Path(self.config["answers"]))
        learnt = examples + [(text, f"{QUESTION}/{topic}", aspect) for text, topic, aspect in readings(Path(self.config["answers"]))]
        texts, labels, aspects = zip(*learnt, strict=True)
        vectors = self.features.learn([self.words(text) for text in texts])
        self.labels.learn(vectors, labels)
        asked = [i for i, aspect in enumerate(aspects) if aspect]
        self.aspects.learn(vectors[asked], [aspects[i] for i in asked])
        said = len(examples)  # the network does not read the answers: nobody talks like that
        self.network.learn(vectors[:said], labels[:said], aspects[:said])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get("text") or ""
            metadata = message.get("metadata") or {}
            found = self.understand(text, in_form=bool(metadata.get("loop")), before=metadata.get("topic"))
            for name, value in found.items():
                message.set(name, value, add_to_output=True)
        return messages

    def understand(
        self, text: str, in_form: bool = False, today: Optional[datetime.date] = None, before: Optional[str] = None
    ) -> Dict[str, Any]:
        """Everything known about one message; `in_form` when the bot has just asked for a phone number, `before`: the topic so far."""
        language, language_confidence = detect(text)
        entities = find_entities(text, today or datetime.datetime.now(AMSTERDAM).date())
        read = self._reader()
        ranking, aspects, best = read(text)
        sentence = asking_sentence(text)
        if sentence:
            share = self.config["sentence_share"]
            asked = dict(read(sentence)[1])
            aspects = _ranked({name: chance ** (1 - share) * asked[name] ** share for name, chance in aspects})
        kinds = self._kinds(ranking)
        kind, confidence, subkind = self._kind(text, ranking, kinds, entities, best)
        if in_form and confidence < self.config["form_interrupted_from"] and not (kind in MAY_INTERRUPT or emergency(text)):
            kind, subkind = "nonsense", ""
        intents = {**{name: round(value, 4) for name, value in kinds.items()}, kind: round(confidence, 4)}
        others = sorted((n for n in intents if n != kind), key=lambda n: -intents[n])
        return {
            "intent": {"name": kind, "confidence": intents[kind]},
            "intent_ranking": [{"name": name, "confidence": intents[name]} for name in [kind, *others]],
            "kind": kind,
            "subkind": subkind,
            "topics": _first(((label.split("/", 1)[1], p) for label, p in ranking if label.startswith(QUESTION + "/")), 5, "topic"),
            "aspects": _first(iter(aspects), 3, "aspect"),
            "parts": [] if in_form or kind != QUESTION else self._parts(read, text, dict(ranking)),
            "on_topic": self._on_topic(read, text, before, language),
            "language": language,
            "language_confidence": language_confidence,
            "entities": entities,
        }

    def _on_topic(self, read: Reader, text: str, before: Optional[str], language: str) -> float:
        """The chance of the topic `before` when its title stands before the text: high unless the text names another one."""
        if before not in self.titles:
            return 0.0
        title = self.titles[before]["en" if language == "en" else "nl"]
        return round(dict(read(f"{title}. {text}")[0])[f"{QUESTION}/{before}"], 4)

    def _reader(self) -> Reader:
        """Reads what belongs to one message: the whole and its sentences, each once however often it is asked for."""
        read = functools.lru_cache(maxsize=None)(self._read)
        return lambda text: read(self.words(text))

    def _read(self, words: str) -> Reading:
        """Chances of the labels and of the aspects, best first; and the largest margin, low when nothing was recognised."""
        row = self.features.row(words)
        by_network, aspects_by_network = self.network.scores(row)
        margins, by_linear = self.labels.scores(row)
        labels = self._mixed(by_network, by_linear)
        aspects = self._mixed(aspects_by_network, self.aspects.scores(row)[1])
        return (
            _ranked(dict(zip(self.labels.names, labels, strict=True))),
            _ranked(dict(zip(self.aspects.names, aspects, strict=True))),
            float(margins.max()),
        )

    def _mixed(self, network: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """Chances: the weighted geometric mean of what both models hold likely."""
        share, config = self.config["network_share"], self.config
        mean = share * _log_softmax(network) + (1 - share) * _log_softmax(linear * config["linear_certainty"])
        return np.exp(_log_softmax(mean * config["certainty"]))

    def _parts(self, read: Reader, text: str, whole: Dict[str, float]) -> List[Dict[str, Any]]:
        """What each part of the message would be about if it stood alone.

        Each is {"words", "asks", "topic", "aspect", "confidence", "whole"}; `whole` is the chance of the topic by the
        message as a whole, of which `whole` are the chances of all labels.
        """
        found = []
        for part in parts(text):
            labels, aspects, _ = read(part)
            (label, chance), (aspect, _) = labels[0], aspects[0]
            if label.startswith(QUESTION + "/"):
                found.append(
                    {
                        "words": len(part.split()),
                        "asks": asks(part),
                        "topic": label.split("/", 1)[1],
                        "aspect": aspect,
                        "confidence": round(chance, 4),
                        "whole": round(whole[label], 5),
                    }
                )
        return found

    def _kinds(self, ranking: Ranking) -> Dict[str, float]:
        """How likely each kind is, weighed so that a question of `question_from` comes out as 0.5."""
        kinds, limit = _by_kind(ranking), self.config["question_from"]
        kinds[QUESTION] *= (1 - limit) / limit
        total = sum(kinds.values())
        return defaultdict(float, {name: value / total for name, value in kinds.items()})

    def _kind(
        self, text: str, ranking: Ranking, kinds: Dict[str, float], entities: List[Dict[str, Any]], best: float
    ) -> Tuple[str, float, str]:
        """The kind, how sure, and its subkind; what costs most when missed is looked for first."""
        danger = emergency(text) if kinds["urgent"] >= self.config["urgent_listed_from"] else ""
        if danger:
            return "urgent", max(SURE, kinds["urgent"]), danger
        if kinds["urgent"] >= self.config["urgent_from"]:
            return "urgent", kinds["urgent"], _subkind(ranking, "urgent")
        short = yes_or_no(text)
        if short:
            return short, SURE, "yes_no"
        if _mostly_phone_number(text, entities):
            return "callback", SURE, "callback"
        person = asks_for_person(text) if kinds["handover_request"] >= self.config["person_listed_from"] else ""
        if person:
            return "handover_request", max(SURE, kinds["handover_request"]), person
        if nothing_said(text):
            return "nonsense", SURE, "nonsense"
        if kinds["handover_request"] >= self.config["person_from"]:
            return "handover_request", kinds["handover_request"], _subkind(ranking, "handover_request")
        if best < self.config["nonsense_below"]:
            return "nonsense", 1 - kinds[QUESTION], "nonsense"
        other = max((name for name in kinds if name != QUESTION), key=lambda name: kinds[name])
        kind = QUESTION if kinds[QUESTION] >= 0.5 else other
        return kind, kinds[kind], "" if kind == QUESTION else _subkind(ranking, kind)


def _example(message: Message) -> Tuple[str, str, str]:
    """Text, label ("kind/topic" or "kind/subkind") and aspect of a training example."""
    kind = message.get("intent")
    told = (message.get("metadata") or {}).get("intent") or {}
    if kind == QUESTION and not (told.get("topic") and told.get("aspect")):
        raise ValueError(f"a question without topic or aspect in its metadata: {message.get('text')!r}")
    return (
        message.get("text"),
        f"{kind}/{told.get('topic') or told.get('subkind') or kind}",
        told.get("aspect", "") if kind == QUESTION else "",
    )


def _by_kind(ranking: Ranking) -> Dict[str, float]:
    total: Dict[str, float] = defaultdict(float)
    for label, chance in ranking:
        total[label.split("/", 1)[0]] += chance
    return total


def _subkind(ranking: Ranking, kind: str) -> str:
    return next((label.split("/", 1)[1] for label, _ in ranking if label.startswith(kind + "/")), "")


def _ranked(chances: Dict[str, float]) -> Ranking:
    """Best first; the chances add up to 1."""
    total = sum(chances.values())
    return sorted(((name, float(chance / total)) for name, chance in chances.items()), key=lambda item: -item[1])


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max()
    return shifted - np.log(np.exp(shifted).sum())


def _first(ranking: Any, count: int, name: str) -> List[Dict[str, Any]]:
    return [{name: label, "confidence": round(chance, 4)} for label, chance in islice(ranking, count)]


def _mostly_phone_number(text: str, entities: List[Dict[str, Any]]) -> bool:
    """A number with few words around it, and no question: the answer to "op welk nummer?"."""
    phones = [e for e in entities if e["entity"] == "phone"]
    if not phones or "?" in text:
        return False
    around = text[: phones[0]["start"]] + " " + text[phones[0]["end"] :]
    return len(normalise(around).split()) <= 8
