"""The one NLU component: reads kind, topic, aspect, language and entities off a message.

Two small neural networks over words from spaCy's Dutch tokenizer tell topics and subkinds apart ("vraag/paspoort",
"urgent/brand"), and aspects: one sees the words in a bag (bag_of_words.py), the other in their order
(word_order.py). Their chances are mixed. Reviewed word lists in bot/language stand beside them where a
missed case costs most: emergencies, requests for a person, yes and no, and nothing at all.
"""

import datetime
import functools
from collections import defaultdict
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple
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

from bot.components.bag_of_words import BagOfWords
from bot.components.context import Before, Context, titles
from bot.components.examples import QUESTION, Example
from bot.components.features import Features
from bot.components.pairs import chance_of_two
from bot.components.pairs import examples as pairs
from bot.components.word_order import WordOrder
from bot.language.emergencies import emergency, emergency_abroad
from bot.language.entities import find_entities
from bot.language.languages import FOREIGN_FROM, SPOKEN, detect
from bot.language.nonsense import nothing_said
from bot.language.normalise import normalise, readable
from bot.language.parts import asking_sentence, asks, parts, sentences
from bot.language.person import asks_for_person
from bot.language.yes_no import yes_or_no

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MAY_INTERRUPT = ("handover_request", "callback", "deny")  # a form, however unsure they are
NEEDS_NO_SUBJECT = ("chitchat", "handover_request", "urgent")  # are what they are, whatever was spoken of before
SUBJECTS_LIKELY = 5  # of which two may be asked about
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
    """Sets intent, intent_ranking, kind, subkind, topics, aspects, on_topic, two, language, language_confidence and entities."""

    @staticmethod
    def required_packages() -> List[str]:
        return ["sklearn", "spacy"]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "order_share": 0.4,  # of the network that sees the words in their order in what both say
            "certainty": 1.6,  # by which a topic's and an aspect's scores are multiplied: makes 0.8 mean right in 8 of 10 cases
            "sentence_share": 0.15,  # of the sentence that asks in what a longer message is about
            "answers": "data/answers",  # whose titles stand for subjects, see bot/components/context.py
            "follow_ups": "data/follow_ups.csv",  # the same
            "two_subjects": "data/two_subjects.csv",  # the same
            "plain_from": 0.95,  # surer than this of a kind that needs no subject, what was said before does not count
            "behind_share": 0.85,  # of a message read behind the subject so far, beside the message alone
            "second_from": 0.02,  # from this chance of a second subject a message is read in parts
            "urgent_from": 0.4,  # an emergency is assumed from this confidence
            "urgent_looked_for_from": 0.1,  # from here each sentence of a story is read alone too …
            "urgent_sentence_from": 0.85,  # … and one as sure as this makes it an emergency
            "urgent_foreign": 0.5,  # what the chance is worth in another language than our two, of which the networks know little
            "person_from": 0.4,  # a request for a person is assumed from this confidence
            "urgent_listed_from": 0.02,  # from here when the word list of emergencies names one: the list alone knows no context
            "person_listed_from": 0.1,  # the same for the list of requests for a person
            "question_from": 0.88,  # surer than this it is a question; else the likeliest other kind
            "form_interrupted_from": 0.9,  # in a form, a question less sure than this is an answer to the form
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage, self._resource = model_storage, resource
        self.words = Words()
        self.features, self.bag, self.order = Features(), BagOfWords(), WordOrder()
        self.context = Context({}, [])

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
        made.features, made.context = kept["features"], kept["context"]
        made.bag, made.order = BagOfWords.from_state(kept["bag"]), WordOrder.from_state(kept["order"])
        return made

    def train(self, training_data: TrainingData) -> Resource:
        self.learn([_example(message) for message in training_data.intent_examples])
        with self._storage.write_to(self._resource) as directory:
            networks = {"bag": self.bag.state(), "order": self.order.state()}
            joblib.dump(
                {"features": self.features, "context": self.context, **networks}, directory / "understanding.joblib"
            )  # Rasa packs it
        return self._resource

    def learn(self, examples: List[Example]) -> None:
        """`examples` are texts with a label ("vraag/paspoort", "urgent/brand") and an aspect, "" where there is none."""
        self.context = Context(titles(Path(self.config["answers"])), {aspect for _, _, aspect in examples if aspect})
        two = pairs(Path(self.config["two_subjects"]), examples)
        learnt = [*two, *examples, *self.context.examples(Path(self.config["follow_ups"]), examples)]
        texts, labels, aspects = zip(*learnt, strict=True)
        said = [self.words(text) for text in texts]
        self.bag.learn(self.features.learn(said), labels, aspects)
        self.order.learn(said, labels, aspects, [at < len(two) for at in range(len(learnt))])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get("text") or ""
            metadata = message.get("metadata") or {}
            before = Before(metadata["topic"], metadata.get("aspect")) if metadata.get("topic") in self.context else None
            found = self.understand(text, in_form=bool(metadata.get("loop")), before=before)
            for name, value in found.items():
                message.set(name, value, add_to_output=True)
        return messages

    def understand(
        self, text: str, in_form: bool = False, today: Optional[datetime.date] = None, before: Optional[Before] = None
    ) -> Dict[str, Any]:
        """Everything known about one message; `in_form` when the bot has just asked for a phone number, `before`: the subject so far."""
        language, language_confidence = detect(text)
        entities = find_entities(text, today or datetime.datetime.now(AMSTERDAM).date())
        read = self._reader()
        plain, aspects, _ = read(text)
        sentence = asking_sentence(text)
        if sentence:
            share, asked = self.config["sentence_share"], read(sentence)
            plain, aspects = _both(plain, asked[0], share), _both(aspects, asked[1], share)
        ranking = plain
        kinds = self._kinds(plain)
        if before and max(kinds.get(kind, 0.0) for kind in NEEDS_NO_SUBJECT) < self.config["plain_from"]:
            alarm = kinds["urgent"]  # an emergency is one whatever was spoken of before
            ranking, aspects = self._behind(read, text, before, language)
            kinds = self._kinds(ranking)
            kinds["urgent"] = (kinds["urgent"] * alarm) ** 0.5
        if language not in SPOKEN and language_confidence >= FOREIGN_FROM:
            kinds["urgent"] *= self.config["urgent_foreign"]
        elif kinds["urgent"] >= self.config["urgent_looked_for_from"]:
            kinds["urgent"] = max(kinds["urgent"], self._alarm(read, text))
        kind, confidence, subkind = self._kind(text, ranking, kinds, entities)
        if in_form and confidence < self.config["form_interrupted_from"] and not (kind in MAY_INTERRUPT or emergency(text)):
            kind, subkind = "nonsense", ""
        intents = {**{name: round(value, 4) for name, value in kinds.items()}, kind: round(confidence, 4)}
        others = sorted((n for n in intents if n != kind), key=lambda n: -intents[n])
        return {
            "intent": {"name": kind, "confidence": intents[kind]},
            "intent_ranking": [{"name": name, "confidence": intents[name]} for name in [kind, *others]],
            "kind": kind,
            "subkind": subkind,
            "topics": _first(self._surer(_topics(ranking)), 5, "topic"),
            "aspects": _first(self._surer(aspects), 3, "aspect"),
            "on_topic": round(dict(ranking).get(f"{QUESTION}/{before.topic}", 0.0), 4) if before and ranking is not plain else 0.0,
            "two": self._two(read, text) if kind == QUESTION and not in_form else None,
            "language": language,
            "language_confidence": language_confidence,
            "entities": entities,
        }

    def _alarm(self, read: Reader, text: str) -> float:
        """How urgent the most alarming sentence of a story is, alone or with the next one; 0 when none is surely so.

        Somebody in danger may well end with an ordinary question.
        """
        said = sentences(text)
        if len(said) < 2:
            return 0.0
        alone_or_two = [*said, *(f"{one} {following}" for one, following in pairwise(said))]
        most = max(self._kinds(read(one)[0])["urgent"] for one in alone_or_two)
        return most if most >= self.config["urgent_sentence_from"] else 0.0

    def _behind(self, read: Reader, text: str, before: Before, language: str) -> Tuple[Ranking, Ranking]:
        """Chances of the labels and of the aspects when the message is read behind the subject so far."""
        behind, aspects, _ = read(self.context.behind(before, text, language))
        return _both(read(text)[0], behind, self.config["behind_share"]), aspects

    def _reader(self) -> Reader:
        """Reads what belongs to one message: the whole and its sentences, each once however often it is asked for."""
        read = functools.lru_cache(maxsize=None)(self._read)
        return lambda text: read(self.words(text))

    def _read(self, words: str) -> Reading:
        """Chances of the labels and of the aspects, best first; and the log odds that there are two subjects."""
        labels_by_bag, aspects_by_bag = self.bag.scores(self.features.row(words))
        labels_by_order, aspects_by_order, two = self.order.scores(words)
        return (
            _ranked(dict(zip(self.bag.labels, self._mixed(labels_by_bag, labels_by_order), strict=True))),
            _ranked(dict(zip(self.bag.aspects, self._mixed(aspects_by_bag, aspects_by_order), strict=True))),
            two,
        )

    def _mixed(self, bag: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Chances: the weighted geometric mean of what both networks hold likely."""
        share = self.config["order_share"]
        return np.exp(_log_softmax((1 - share) * _log_softmax(bag) + share * _log_softmax(order)))

    def _surer(self, ranking: Iterable[Tuple[str, float]]) -> Ranking:
        """The same order, with chances that say how often they are right: the networks are too modest."""
        return _ranked({name: chance ** self.config["certainty"] for name, chance in ranking})

    def _two(self, read: Reader, text: str) -> Optional[Dict[str, Any]]:
        """The two likeliest subjects of a message in which there may be two, and the chance that both are asked about.

        {"chance", "subjects": [{"topic", "aspect"}, …]}, the likelier subject first. Each part of the message goes to the
        subject that it speaks of more; the aspect of a subject is that of its parts.
        """
        ranking, _, two = read(text)
        whole = dict(islice(_topics(ranking), SUBJECTS_LIKELY))
        if len(whole) < 2 or sorted(whole.values())[-2] < self.config["second_from"]:
            return None
        pieces = [(part, dict(read(part)[0])) for part in parts(text)]
        # what one part speaks of plainly may be a small share of the whole
        spoken = {t: (w * max([chances[f"{QUESTION}/{t}"] for _, chances in pieces] or [w])) ** 0.5 for t, w in whole.items()}
        topics = sorted(spoken, key=lambda topic: -spoken[topic])[:2]
        topics.sort(key=lambda topic: -whole[topic])
        labels = [f"{QUESTION}/{topic}" for topic in topics]
        said: Tuple[List[str], List[str]] = ([], [])
        for part, chances in pieces:
            said[chances[labels[1]] > chances[labels[0]]].append(part)
        apart = bool(said[0] and said[1])
        texts = [" ".join(one) or text for one in said]
        readings = [read(one) for one in texts]
        sure = tuple(dict(reading[0])[label] for reading, label in zip(readings, labels, strict=True))
        chance = chance_of_two(two, whole[topics[1]], sure, apart, all(map(asks, texts)), len(text.split()))
        subjects = [{"topic": topic, "aspect": reading[1][0][0]} for topic, reading in zip(topics, readings, strict=True)]
        return {"chance": round(chance, 4), "subjects": subjects}

    def _kinds(self, ranking: Ranking) -> Dict[str, float]:
        """How likely each kind is, weighed so that a question of `question_from` comes out as 0.5."""
        kinds, limit = _by_kind(ranking), self.config["question_from"]
        kinds[QUESTION] *= (1 - limit) / limit
        total = sum(kinds.values())
        return defaultdict(float, {name: value / total for name, value in kinds.items()})

    def _kind(self, text: str, ranking: Ranking, kinds: Dict[str, float], entities: List[Dict[str, Any]]) -> Tuple[str, float, str]:
        """The kind, how sure, and its subkind; what costs most when missed is looked for first."""
        listed = emergency(text) if kinds["urgent"] >= self.config["urgent_listed_from"] else ""
        danger = listed or emergency_abroad(text)
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
        other = max((name for name in kinds if name != QUESTION), key=lambda name: kinds[name])
        kind = QUESTION if kinds[QUESTION] >= 0.5 else other
        return kind, kinds[kind], "" if kind == QUESTION else _subkind(ranking, kind)


def _example(message: Message) -> Example:
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


def _topics(ranking: Ranking) -> Iterator[Tuple[str, float]]:
    return ((label.split("/", 1)[1], chance) for label, chance in ranking if label.startswith(QUESTION + "/"))


def _subkind(ranking: Ranking, kind: str) -> str:
    return next((label.split("/", 1)[1] for label, _ in ranking if label.startswith(kind + "/")), "")


def _ranked(chances: Dict[str, float]) -> Ranking:
    """Best first; the chances add up to 1."""
    total = sum(chances.values())
    return sorted(((name, float(chance / total)) for name, chance in chances.items()), key=lambda item: -item[1])


def _both(one: Ranking, other: Ranking, share: float) -> Ranking:
    """The weighted geometric mean of two rankings of the same names; `share` is what the other one counts."""
    others = dict(other)
    return _ranked({name: chance ** (1 - share) * others[name] ** share for name, chance in one})


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max()
    return shifted - np.log(np.exp(shifted).sum())


def _first(ranking: Ranking, count: int, name: str) -> List[Dict[str, Any]]:
    return [{name: label, "confidence": round(chance, 4)} for label, chance in ranking[:count]]


def _mostly_phone_number(text: str, entities: List[Dict[str, Any]]) -> bool:
    """A number with few words around it, and no question: the answer to "op welk nummer?"."""
    phones = [e for e in entities if e["entity"] == "phone"]
    if not phones or "?" in text:
        return False
    around = text[: phones[0]["start"]] + " " + text[phones[0]["end"] :]
    return len(normalise(around).split()) <= 8
